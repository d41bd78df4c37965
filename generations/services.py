"""Verbs of a customer: ask for pictures, wait for them, cancel."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, connection
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services as accounts
from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import ApiKey, Organization, User
from billing import budgets, credits
from generations import admission, ending, outcomes, test_data, timing, upstream_keys
from generations.ask import Ask as Ask  # what callers hand to `request_generation`
from generations.deadline import check_deadline
from generations.models import Generation, GenerationReference, Picture, State
from generations.outage import is_away, through
from projects import services as projects
from projects.models import Photo


class KeyReused(Refusal):
    """This Idempotency-Key was used before with another body. Use a new key for a new request."""

    code, title, status = "idempotency_key_reused", "Idempotency key reused", 422


class NotAvailableHere(Refusal):
    """This option goes beyond the engine's documented contract and is switched off on this instance."""

    code, title, status = "option_not_available", "Option not available", 400


class NotStartedInTime(Refusal):
    """No picture could be started in time, so the request was canceled and nothing was charged. Try again later."""

    code, title, status = "not_started_in_time", "Rate limited", 429


class StillRunning(Refusal):
    """This generation is still running. Read it again under /api/v1/generations."""

    code, title, status = "still_running", "Still running", 504


class TooLateToCancel(Refusal):
    """This generation is being made or has ended, so it can't be canceled any more."""

    code, title, status = "too_late_to_cancel", "Too late to cancel", 409

    def __init__(self, generation: Generation) -> None:
        super().__init__(too_late_words(generation), generation=generation.public_id, state=generation.state)


def too_late_words(generation: Generation) -> str:
    """Why it can't be canceled any more, and what comes of it."""
    if generation.has_ended:
        words = _("This generation has ended already (%(state)s); nothing was changed.")
        return words % {"state": generation.state}
    if generation.deadline is not None:
        kept = _("It will be kept in the history if it is ready by its deadline.")
    else:
        kept = _("It will be kept in the history.")
    if generation.credits_held:
        charge = _("It is charged %(credits)s credits; if it fails, they come back.") % {
            "credits": generation.credits_held
        }
    else:
        charge = _("It costs nothing.")
    return " ".join([_("The picture is being made, so it is too late to cancel."), kept, charge])


class PictureRemoved(Refusal):
    """This picture was removed, by its workspace or at the end of the plan's retention. Ask for a new one."""

    code, title, status = "picture_removed", "Picture removed", 410


def engine_for(*, organization: Organization, api_key: ApiKey | None) -> tuple[str, bool]:
    """The engine's name, and whether it calls with the workspace's own key.

    Test keys always get the preview engine; a workspace with keys of its own MeltFlex with them; everybody else the
    instance's. Raises UpstreamKeyPaused while all of its own are paused: ours never stands in unasked.
    """
    if api_key is not None and not api_key.is_live:
        return "preview", False
    kind = upstream_keys.kind_of(organization)
    if kind == "own_paused":
        raise upstream_keys.UpstreamKeyPaused
    return ("meltflex", True) if kind == "own" else (settings.DEFAULT_ENGINE, False)


def request_generation(
    *,
    organization: Organization,
    ask: Ask,
    by_user: User,
    now: datetime,
    api_key: ApiKey | None = None,
    idempotency_key: str = "",
    request_sha256: str = "",
    deadline: datetime | None = None,
    is_awaited: bool = False,
    is_sample: bool = False,
) -> tuple[Generation, bool]:
    """Accept the work: row, hold and job in one transaction. Returns it, and whether it is new.

    The same idempotency key and body return the generation made then. What has not ended at `deadline` fails, credits
    back; `is_awaited` says that a caller waits who gets the picture in that time or never; `is_sample`, see
    `generations.samples`. Files go to storage
    before the transaction, and away again when it fails. Raises NotAvailableHere, KeyReused, InvalidDeadline,
    UpstreamKeyPaused, and what `credits.hold` and the images' checks raise; then nothing is charged and nothing is
    kept.
    """
    if replayed := _replay(organization, idempotency_key, request_sha256):
        return replayed, False
    test_data.rehearse(api_key=api_key, prompt=ask.prompt, price=ask.price, now=now)
    if deadline is not None and not is_awaited:
        check_deadline(deadline, now=now)
    incoming = ask.check()
    stored = projects.store_all(organization=organization, images=incoming)
    generation = Generation(
        organization=organization,
        room=ask.room,
        requested_by=by_user,
        api_key=api_key,
        is_test=api_key is not None and not api_key.is_live,
        parent=ask.parent,
        prompt=ask.prompt,
        mode=ask.mode,
        style=ask.style,
        resolution=ask.resolution,
        design_level=ask.design_level,
        mask=ask.mask,
        variations=ask.variations,
        price=ask.price,
        idempotency_key=idempotency_key,
        request_sha256=request_sha256,
        deadline=deadline,
        is_awaited=is_awaited,
        is_sample=is_sample,
    )
    try:
        with tenancy.enter(organization):
            return _accept(generation, ask, stored, by_user, now), True
    except BaseException as error:
        if is_away(error) and (accepted := _accepted_after_all(generation)):
            return accepted, True
        for kept in stored:
            kept.discard()
        same = isinstance(error, IntegrityError) and "generation_idempotency_key_once" in str(error)
        # The same request at the same moment: the other one made it.
        if same and (replayed := _replay(organization, idempotency_key, request_sha256)):
            return replayed, False
        raise


def _accepted_after_all(generation: Generation) -> Generation | None:
    """The connection broke, perhaps during the commit: the row itself tells whether it went through."""
    if connection.in_atomic_block:
        return None
    organization = generation.organization

    def look() -> Generation | None:
        with tenancy.enter(organization):
            rows = Generation.objects.of(organization).select_related("organization", "room")
            found: Generation | None = rows.filter(public_id=generation.public_id).first()
        return found

    return through(look)


def _accept(
    generation: Generation, ask: Ask, stored: list[projects.StoredImage], by_user: User, now: datetime
) -> Generation:
    organization = generation.organization
    arriving = iter(stored)
    _choose_engine(generation, ask)
    _lock_source(organization, ask)
    if ask.image is not None:
        generation.photo = projects.create_photo(
            organization=organization, stored=next(arriving), by_user=by_user, room=ask.room
        )
    elif ask.photo is not None:
        generation.photo = ask.photo
    if not generation.is_free:
        generation.credits_held = generation.price
    if ask.paint is not None:
        generation.paint = _sent_along(generation, next(arriving), by_user)
    else:
        generation.paint = ask.painted
    generation.save(force_insert=True)
    for position, piece in enumerate(ask.tray):
        x, y = piece.at or (None, None)
        GenerationReference.objects.create(
            organization=organization,
            generation=generation,
            position=position,
            photo=piece.photo or _sent_along(generation, next(arriving), by_user),
            at_x=x,
            at_y=y,
            scale=piece.scale,
        )
    if not generation.is_free:
        labels = {"by": by_user.email} | (projects.labels_of(ask.room) if ask.room else {})
        keys = [budgets.member_key(by_user), f"client:{labels.get('client', '')}"]
        if generation.api_key is not None:
            keys.append(budgets.api_key_key(generation.api_key))
        credits.hold(
            organization=organization,
            credits=generation.price,
            reference=generation.public_id,
            now=now,
            budgets=budgets.existing(organization=organization, keys=keys),
            labels=labels,
        )
    if generation.pk in admission.admit(organization=organization, now=now):
        generation.state, generation.queued_at = State.QUEUED, now
    return generation


def _choose_engine(generation: Generation, ask: Ask) -> None:
    if generation.is_sample:
        generation.engine, generation.own_key = "preview", False
    else:
        engine, own_key = engine_for(organization=generation.organization, api_key=generation.api_key)
        generation.engine, generation.own_key = engine, own_key
    if generation.engine == "meltflex" and ask.extensions and not settings.MELTFLEX_EXTENSIONS:
        raise NotAvailableHere(f"`{ask.extensions[0]}` is switched off on this instance. Leave it out.")


def _sent_along(generation: Generation, stored: projects.StoredImage, by_user: User) -> Photo:
    return projects.create_photo(
        organization=generation.organization,
        stored=stored,
        by_user=by_user,
        kind=Photo.Kind.REFERENCE,
        room=generation.room,
    )


def _lock_source(organization: Organization, ask: Ask) -> None:
    """What it starts from is still there, and stays until this transaction ends and the removal sees it in use."""
    photos = Photo.objects.of(organization).exclude(state=Photo.State.GONE).select_for_update(no_key=True)
    if ask.parent is not None:
        pictures = Picture.objects.of(organization).kept().filter(pk=ask.parent.pk)
        if pictures.select_for_update(no_key=True).first() is None:
            raise PictureRemoved
    elif ask.image is None and ask.photo is not None and photos.filter(pk=ask.photo.pk).first() is None:
        raise projects.PhotoRemoved
    along = {photo.pk for photo in (ask.painted, *(piece.photo for piece in ask.tray)) if photo is not None}
    if along and len(photos.filter(pk__in=along).order_by("pk")) < len(along):
        raise projects.PhotoRemoved("One of the pieces of furniture was removed. Upload it again.")


def _replay(organization: Organization, idempotency_key: str, request_sha256: str) -> Generation | None:
    if not idempotency_key:
        return None
    with tenancy.enter(organization):
        found: Generation | None = (
            Generation.objects.of(organization).filter(idempotency_key=idempotency_key).first()
        )
    if found is not None and found.request_sha256 != request_sha256:
        raise KeyReused
    if found is not None and found.deleted_at is not None:
        raise PictureRemoved  # never made anew, and charged anew, under the same key
    return found


def reload(generation: Generation) -> Generation:
    """The row as it is now, with its pictures."""
    return through(
        partial(_reload, generation)
    )  # it has been accepted: a restart of the database is no answer


def _reload(generation: Generation) -> Generation:
    organization = generation.organization
    rows = Generation.objects.of(organization).prefetch_related(
        Prefetch("pictures", Picture.objects.order_by("position"))
    )
    if generation.room_id is not None:
        rows = rows.select_related("room")
    with tenancy.enter(organization):
        fresh: Generation = rows.get(pk=generation.pk)
    fresh.organization = (
        organization  # every answer tells of it, and a join takes longer than what it is about
    )
    return fresh


def cancel(*, generation: Generation, by_user: User | None, now: datetime) -> Generation:
    """End, for free, a generation for which no engine call is under way. Raises TooLateToCancel."""
    current = generation
    while not _cancel(current, by_user, now):
        current = reload(current)
        if not current.is_cancelable:  # if it is, its call failed at this very moment
            raise TooLateToCancel(current)
    return reload(current)


def _cancel(generation: Generation, by_user: User | None, now: datetime) -> bool:
    organization = generation.organization
    return ending.end(
        generation=generation,
        only=Generation.objects.of(organization).cancelable().filter(pk=generation.pk),
        state=State.CANCELED,
        code="canceled",
        message="Canceled before the picture was begun. Nothing was charged.",
        now=now,
        also=lambda: accounts.record(
            organization=organization,
            by_user=by_user,
            action="generation.canceled",
            target=generation.public_id,
            now=now,
        ),
    )


def watch(*, generation: Generation, until: datetime) -> Generation:
    """Block until the generation has ended, or `until`, holding no database connection; as it is then."""
    while True:
        current = reload(generation)
        now = timezone.now()
        if current.has_ended or now >= until:
            return current
        _sleep(current, until - now)


def await_end(*, generation: Generation, start_by: datetime, until: datetime) -> Generation:
    """Block until the generation has ended, holding no database connection; at most until `until`.

    One that was accepted for a waiting caller (`is_awaited`) and has not started at `start_by` is canceled, and
    NotStartedInTime raised; at its deadline it ends as failed with the code `deadline_passed`, credits back.
    Any other goes on without us: StillRunning.
    """
    # It was accepted a moment ago: what it has become is looked at when something was heard of it.
    current = generation if not generation.has_ended else reload(generation)
    while True:
        if current.has_ended:
            return current
        now = timezone.now()
        ours = current.is_awaited
        if ours and current.started_at is None and now >= start_by:
            if through(partial(_turn_away, current, now)):
                raise NotStartedInTime(retry_after=10)
        elif now >= until:
            if not ours:
                raise _still_running(current, now)
            through(partial(ending.expire, generation=current, now=now))
        else:
            wake_at = until if current.started_at or not ours else min(start_by, until)
            _sleep(current, wake_at - now)
        current = reload(generation)


def _sleep(generation: Generation, time: timedelta) -> None:
    tenancy.release_connection()
    age = (timezone.now() - generation.created_at).total_seconds()
    outcomes.wait(generation.public_id, min(time.total_seconds(), outcomes.patience(age)))


def _still_running(generation: Generation, now: datetime) -> StillRunning:
    estimate = through(partial(timing.estimate, generation, now=now))
    return StillRunning(generation=generation.public_id, retry_after=estimate.retry_after if estimate else 1)


def _turn_away(generation: Generation, now: datetime) -> bool:
    return ending.end(
        generation=generation,
        only=Generation.objects.of(generation.organization).never_started().filter(pk=generation.pk),
        state=State.CANCELED,
        code="not_started_in_time",
        message="It could not be started in time. Nothing was charged.",
        now=now,
    )
