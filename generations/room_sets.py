"""One look over many photos of a project: asked for together, watched together, repeated where it failed.

All or none: rows, holds and jobs of the whole set are one transaction, and its price is refused or held as one sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import F

from accounts import activity, tenancy
from accounts import services as accounts
from accounts.errors import Refusal
from accounts.models import ApiKey, Organization, User
from billing import budgets, credits
from generations import admission, services, set_standing, test_data
from generations.ask import Ask
from generations.models import Generation, GenerationReference, RoomSet
from projects import services as projects
from projects.models import Photo, Project, Recipe, Room

MOST_PHOTOS = 500


class NoPhotos(Refusal):
    """Choose at least one photo."""

    code, title, status = "no_photos", "No photos chosen", 400


class TooManyForASet(Refusal):
    """A room set takes at most 500 photos. Choose fewer of them."""

    code, title, status = "too_many_photos", "Too many photos", 400


class PhotosChanged(Refusal):
    """Some of these photos were moved or deleted meanwhile, so nothing was started. Look at them again."""

    code, title, status = "photos_changed", "Photos changed", 409


class SetPriceChanged(Refusal):
    """The price is another one now, so nothing was started. Look at the button again, then press it."""

    code, title, status = "price_changed", "Price changed", 409


class NothingToRepeat(Refusal):
    """Nothing of this set has failed or was cancelled, so there is nothing to repeat."""

    code, title, status = "nothing_to_repeat", "Nothing to repeat", 409


@dataclass(frozen=True)
class Choice:
    """What a set is made of. `look` is an ask without a source; `agreed` is the sum that stood on the button."""

    project: Project
    photos: Sequence[Photo]
    look: Ask
    name: str
    agreed: int
    room: Room | None = None
    recipe: Recipe | None = None

    @property
    def price(self) -> int:
        """Credits, of all photos together."""
        return self.look.price * len(self.photos)


@dataclass(frozen=True)
class _By:
    """Who asks, with which key if any, and what makes the pictures."""

    user: User
    api_key: ApiKey | None
    engine: str
    own_key: bool

    @property
    def is_test(self) -> bool:
        """With a test key: nothing is charged."""
        return self.api_key is not None and not self.api_key.is_live


def begin(
    *, choice: Choice, by_user: User, key: str, now: datetime, api_key: ApiKey | None = None
) -> tuple[RoomSet, bool]:
    """Accept all of it or nothing. Returns the set, and whether it is new; the same key gives the set begun with it.

    A set that is asked for with a test key is test data, and free. Raises NoPhotos, TooManyForASet, PhotosChanged,
    SetPriceChanged, and what `services.request_generation` raises.
    """
    organization = choice.project.organization
    if begun := _begun(organization, key):
        return begun, False
    _check(choice)
    test_data.rehearse(api_key=api_key, prompt=choice.look.prompt, price=choice.price, now=now)
    by = _by(organization, choice.look, by_user, api_key)
    try:
        with tenancy.enter(organization):
            return _begin(choice, by, key, now=now), True
    except IntegrityError as error:
        if "room_set_key_once" in str(error) and (begun := _begun(organization, key)):
            return begun, False
        raise


def _check(choice: Choice) -> None:
    if not choice.photos:
        raise NoPhotos
    if len(choice.photos) > MOST_PHOTOS:
        raise TooManyForASet
    if choice.agreed != choice.price:
        raise SetPriceChanged
    choice.look.check()


def _by(organization: Organization, look: Ask, user: User, api_key: ApiKey | None) -> _By:
    engine, own_key = services.engine_for(organization=organization, api_key=api_key)
    if engine == "meltflex" and look.extensions and not settings.MELTFLEX_EXTENSIONS:
        raise services.NotAvailableHere(
            f"`{look.extensions[0]}` is switched off on this instance. Leave it out."
        )
    return _By(user, api_key, engine, own_key)


def _begun(organization: Organization, key: str) -> RoomSet | None:
    with tenancy.enter(organization):
        found: RoomSet | None = RoomSet.objects.of(organization).filter(idempotency_key=key).first()
    return found


def _begin(choice: Choice, by: _By, key: str, *, now: datetime) -> RoomSet:
    organization = choice.project.organization
    pieces = [piece.photo for piece in choice.look.tray if piece.photo is not None]
    _lock(choice, pieces)
    room_set: RoomSet = RoomSet.objects.create(
        organization=organization,
        project=choice.project,
        room=choice.room,
        recipe=choice.recipe,
        requested_by=by.user,
        name=choice.name[:120],
        photos=len(choice.photos),
        open=len(choice.photos),
        idempotency_key=key,
    )
    asks = [replace(choice.look, photo=photo, room=photo.room) for photo in choice.photos]
    wanted = [_row(room_set, ask, by) for ask in asks]
    _accept(room_set, wanted, lambda _: pieces, by, now)
    accounts.record(
        organization=organization,
        by_user=by.user,
        action="room_set.asked",
        target=room_set.public_id,
        now=now,
        photos=len(wanted),
        credits=choice.price,
    )
    activity.record(
        organization=organization,
        kind="room_set.started",
        subject=room_set.public_id,
        project=choice.project.public_id,
        by_user=by.user,
        now=now,
        data={"name": room_set.name, "photos": len(wanted)},
    )
    return room_set


def _lock(choice: Choice, pieces: Sequence[Photo]) -> None:
    """All that is started from is there, is still the project's, and stays until this transaction ends."""
    organization = choice.project.organization
    wanted = {photo.pk for photo in (*choice.photos, *pieces)}
    rows = Photo.objects.of(organization).filter(pk__in=wanted).exclude(state=Photo.State.GONE)
    locked = {photo.pk for photo in rows.select_for_update(no_key=True).order_by("pk").only("pk")}
    own = Photo.objects.of(organization).of_rooms().exclude(state=Photo.State.BAD)
    own = own.filter(pk__in=[photo.pk for photo in choice.photos], room__project=choice.project)
    if own.count() != len({photo.pk for photo in choice.photos}):
        raise PhotosChanged
    if locked != wanted:
        raise projects.PhotoRemoved("One of the pieces of furniture was removed. Choose another.")


def _row(room_set: RoomSet, ask: Ask, by: _By, *, round_: int = 0, was_test: bool = False) -> Generation:
    is_test = by.is_test or was_test
    return Generation(
        organization=room_set.organization,
        room_set=room_set,
        set_round=round_,
        room=ask.room,
        requested_by=by.user,
        api_key=by.api_key,
        engine="preview" if is_test else by.engine,
        own_key=by.own_key and not is_test,
        is_test=is_test,
        photo=ask.photo,
        prompt=ask.prompt,
        mode=ask.mode,
        style=ask.style,
        resolution=ask.resolution,
        design_level=ask.design_level,
        variations=ask.variations,
        price=ask.price,
        credits_held=0 if is_test else ask.price,
    )


def _accept(
    room_set: RoomSet,
    rows: Sequence[Generation],
    pieces_of: Callable[[Generation], Sequence[Photo]],
    by: _By,
    now: datetime,
) -> None:
    """Rows, furniture, holds and places in the line: a number of statements that does not grow with the photos."""
    organization = room_set.organization
    Generation.objects.bulk_create(rows)
    GenerationReference.objects.bulk_create(
        GenerationReference(organization=organization, generation=row, position=position, photo=photo)
        for row in rows
        for position, photo in enumerate(pieces_of(row))
    )
    labels = _labels(rows, by.user)
    clients = {budgets.client_key(each["client"]) for each in labels if "client" in each}
    keys = [budgets.member_key(by.user), *sorted(clients)]
    if by.api_key is not None:
        keys.append(budgets.api_key_key(by.api_key))
    wanted = [
        credits.Wanted(row.public_id, row.price, label)
        for row, label in zip(rows, labels, strict=True)
        if not row.is_free
    ]
    if wanted:
        credits.hold_all(
            organization=organization,
            wanted=wanted,
            now=now,
            budgets=budgets.existing(organization=organization, keys=keys),
        )
    admission.admit(organization=organization, now=now)


def _labels(rows: Sequence[Generation], by_user: User) -> list[dict[str, str]]:
    """What each is filed under. All rooms are of one project, so the first tells for all of them."""
    common: dict[str, str] = {}
    labels = []
    for row in rows:
        if row.room is not None and not common:
            common = projects.labels_of(row.room)
        of_room = common | {"room": row.room.public_id} if row.room is not None else {}
        labels.append({"by": by_user.email} | of_room)
    return labels


# --- Once more, or no more -----------------------------------------------------------------------------


def repeat(
    *,
    room_set: RoomSet,
    round_: int,
    agreed: int,
    by_user: User,
    now: datetime,
    api_key: ApiKey | None = None,
) -> bool:
    """Ask once more for those that failed or were cancelled, and no others; False when this round was begun before.

    `round_` is the number that the page offered: one conditional update lets one request begin it. What was test data
    is test data again. Raises
    NothingToRepeat, SetPriceChanged, and what `begin` raises; then nothing is charged and nothing changed.
    """
    organization = room_set.organization
    by = _by(organization, _look_of(room_set), by_user, api_key)
    with tenancy.enter(organization):
        mine = RoomSet.objects.of(organization).filter(pk=room_set.pk)
        if not mine.filter(rounds=round_ - 1).update(rounds=round_):
            return False
        current = set_standing.standing(room_set=mine.select_related("organization", "project").get())
        failed = current.failed
        if not failed:
            raise NothingToRepeat
        if agreed != current.repeat_price:
            raise SetPriceChanged
        pieces = _pieces_of(organization, failed)
        _lock_again(organization, failed, pieces)
        mine.update(open=F("open") + len(failed), finished_at=None)
        rows = {
            each.photo_id: _row(current.room_set, _once_more(each), by, round_=round_, was_test=each.is_test)
            for each in failed
        }
        before = {each.photo_id: each.pk for each in failed}
        _accept(
            current.room_set,
            list(rows.values()),
            lambda row: pieces.get(before[row.photo_id], []),
            by,
            now,
        )
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="room_set.repeated",
            target=room_set.public_id,
            now=now,
            photos=len(rows),
            credits=agreed,
        )
    return True


def _look_of(room_set: RoomSet) -> Ask:
    """Its options, for what the engine allows; its prompt is each generation's own."""
    with tenancy.enter(room_set.organization):
        rows = Generation.objects.of(room_set.organization).filter(room_set=room_set)
        one = rows.select_related("photo", "room").first()
    return _once_more(one) if one else Ask(prompt="")


def _once_more(generation: Generation) -> Ask:
    options: dict[str, Any] = {
        "resolution": generation.resolution,
        "design_level": generation.design_level,
        "variations": generation.variations,
    }
    usual = {"resolution": "", "design_level": "quick", "variations": 1}
    return Ask(
        prompt=generation.prompt,
        photo=generation.photo,
        room=generation.room,
        mode=generation.mode,
        style=generation.style,
        extensions=[name for name, value in options.items() if value != usual[name]],
        **options,
    )


def _pieces_of(organization: Organization, failed: Sequence[Generation]) -> dict[int, list[Photo]]:
    rows = GenerationReference.objects.of(organization).filter(generation__in=failed)
    pieces: dict[int, list[Photo]] = {}
    for row in rows.select_related("photo").order_by("position"):
        if row.photo.state != Photo.State.GONE:
            pieces.setdefault(row.generation_id, []).append(row.photo)
    return pieces


def _lock_again(
    organization: Organization, failed: Sequence[Generation], pieces: dict[int, list[Photo]]
) -> None:
    wanted = {each.photo_id for each in failed} | {photo.pk for some in pieces.values() for photo in some}
    rows = Photo.objects.of(organization).filter(pk__in=wanted).exclude(state=Photo.State.GONE)
    if len(rows.select_for_update(no_key=True).order_by("pk").only("pk")) < len(wanted):
        raise PhotosChanged


def cancel_rest(*, room_set: RoomSet, by_user: User, now: datetime) -> int:
    """End, for free, all of it that no engine works on yet. Returns how many that were."""
    organization = room_set.organization
    with tenancy.enter(organization):
        rows = Generation.objects.of(organization).filter(room_set=room_set).cancelable()
        # The last in the line first: no other is admitted in vain.
        left = list(rows.select_related("organization", "room").order_by("-pk"))
    canceled = 0
    for generation in left:
        try:
            services.cancel(generation=generation, by_user=by_user, now=now)
            canceled += 1
        except services.TooLateToCancel:
            continue
    if canceled:
        with tenancy.enter(organization):
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="room_set.canceled",
                target=room_set.public_id,
                now=now,
                photos=canceled,
            )
    return canceled
