"""A workspace's own MeltFlex keys: put in, proven, paused, mended, removed. Two at most, side by side.

The text of a key is sealed before it reaches the database. `text_of` is its only reader, for the engine's call.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from procrastinate.contrib.django import app

from accounts import emails, lifecycle, secrets, tenancy
from accounts import services as accounts
from accounts.errors import Refusal
from accounts.models import Organization, Role, TenantQuerySet, User
from generations.engines import meltflex_account
from generations.engines.meltflex_account import Verdict
from generations.models import UpstreamCall, UpstreamKey
from generations.models.upstream import MAX_OWN_KEYS

PURPOSE = "upstream_key"
TELL_TASK = "generations.tell_key_paused"
_SHAPE = re.compile(r"[!-~]{1,200}")  # printable ASCII without spaces: what fits into the header
_TELLING = 12  # characters from which on the last four may be shown


class MalformedUpstreamKey(Refusal):
    """This can't be a MeltFlex key: a key is one line of up to 200 letters, digits and signs, without spaces."""

    code, title, status = "upstream_key_malformed", "Not a key", 400


class UpstreamKeyRefused(Refusal):
    """MeltFlex does not accept this key. Nothing was saved; check that it was copied whole and is not revoked."""

    code, title, status = "upstream_key_refused", "Key not accepted", 409


class MeltFlexNotReached(Refusal):
    """MeltFlex could not be asked about this key just now. Nothing was saved; try again in a few minutes."""

    code, title, status = "meltflex_not_reached", "MeltFlex not reached", 503


class TooManyUpstreamKeys(Refusal):
    """A workspace can have two MeltFlex keys, the one in use and its successor. Remove one first."""

    code, title, status = "too_many_upstream_keys", "Too many MeltFlex keys", 409


class UpstreamKeyKnown(Refusal):
    """This key is here already."""

    code, title, status = "upstream_key_known", "Key known", 409


class NoSuchUpstreamKey(Refusal):
    """There is no such MeltFlex key in this workspace, or it was removed."""

    code, title, status = "no_such_upstream_key", "Not found", 404


class UnreadableUpstreamKey(Refusal):
    """This key can't be opened any more: a secret of this instance has changed. Remove it and put it in again."""

    code, title, status = "upstream_key_unreadable", "Key unreadable", 409


class UpstreamKeyPaused(Refusal):
    """MeltFlex refused this workspace's own key, so no picture can be made and nothing was charged. An owner or
    admin can mend it under Settings › MeltFlex key."""

    code, title, status = "upstream_key_paused", "MeltFlex key paused", 503


# --- Which key makes the pictures ------------------------------------------------------------------------


Kind = Literal["platform", "own", "own_paused"]


@dataclass(frozen=True)
class KeyState:
    """Whose key makes the next picture: Roomwright's ("platform"), the workspace's, or nobody's while all its own
    are paused. `keys` are those kept, the newest first; `in_use` is the one that makes pictures now."""

    kind: Kind
    keys: tuple[UpstreamKey, ...] = ()
    in_use: UpstreamKey | None = None

    @property
    def has_preview(self) -> bool:
        """Roomwright's side has no key either: the embedded engine makes previews."""
        return self.kind == "platform" and settings.DEFAULT_ENGINE == "preview"


def kind_of(organization: Organization) -> Kind:
    """Only whose key makes the next picture, without reading the keys."""
    with tenancy.enter(organization, savepoint=False):
        paused = UpstreamKey.objects.of(organization).kept().values_list("paused_at", flat=True)
        pauses = list(paused)
    if not pauses:
        return "platform"
    return "own" if None in pauses else "own_paused"


def state_of(organization: Organization) -> KeyState:
    """As it is now."""
    with tenancy.enter(organization):
        kept = UpstreamKey.objects.of(organization).kept()
        keys = tuple(kept.select_related("organization", "created_by").order_by("-pk"))
    if not keys:
        return KeyState("platform")
    in_use = next((key for key in keys if key.paused_at is None), None)
    return KeyState("own" if in_use else "own_paused", keys, in_use)


def usable(organization: Organization) -> UpstreamKey | None:
    """The key to call with: the newest that is not paused."""
    return state_of(organization).in_use


def has_keys(organization: Organization) -> bool:
    """Whether the workspace brought keys of its own, paused ones included: then ours makes none of its pictures."""
    return kind_of(organization) != "platform"


def text_of(key: UpstreamKey) -> str:
    """The key itself, for the header of a call and nothing else. Raises secrets.CannotOpen, also once removed."""
    return secrets.open(key.sealed, organization=key.organization, purpose=PURPOSE)


# --- What owners and admins do ---------------------------------------------------------------------------


@sensitive_variables("text")
def add(*, organization: Organization, text: str, by_user: User, now: datetime) -> UpstreamKey:
    """Prove a key by MeltFlex's free call and keep it. Not inside a transaction.

    Where there is no free call it is kept unproven (`verified_at` None) until its first picture. Raises
    MalformedUpstreamKey, UpstreamKeyKnown, TooManyUpstreamKeys, UpstreamKeyRefused and MeltFlexNotReached; then
    nothing was saved.
    """
    if not _SHAPE.fullmatch(text):
        raise MalformedUpstreamKey
    _free_slot(organization, text)  # before MeltFlex is asked for nothing
    verdict = meltflex_account.verify(key=text)
    if verdict is Verdict.REFUSED:
        raise UpstreamKeyRefused
    if verdict is Verdict.NO_ANSWER:
        raise MeltFlexNotReached
    with tenancy.enter(organization):
        # One at a time: a double click must find the first one's key.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        key: UpstreamKey = UpstreamKey.objects.create(
            organization=organization,
            created_by=by_user,
            ending=text[-4:] if len(text) >= _TELLING else "",
            sealed=secrets.seal(text, organization=organization, purpose=PURPOSE),
            slot=_free_slot(organization, text),
            verified_at=now if verdict is Verdict.ACCEPTED else None,
        )
        _record(key, "added", by_user, now)
    return key


def remove(*, organization: Organization, key_id: str, by_user: User, now: datetime) -> None:
    """Wipe the sealed text at once; the row stays for the calls made with it. Raises NoSuchUpstreamKey."""
    with tenancy.enter(organization):
        kept = UpstreamKey.objects.of(organization).kept().filter(public_id=key_id)
        if not kept.update(removed_at=now, sealed=b""):
            raise NoSuchUpstreamKey
        _record(_find(organization, key_id), "removed", by_user, now)


def resume(*, organization: Organization, key_id: str, by_user: User, now: datetime) -> UpstreamKey:
    """Prove a kept key once more by the free call, and use it again if it was paused. Not inside a transaction.

    Raises NoSuchUpstreamKey, UpstreamKeyRefused and MeltFlexNotReached; then nothing has changed.
    """
    with tenancy.enter(organization):
        key = _find(organization, key_id)
    if key.removed_at is not None:
        raise NoSuchUpstreamKey
    try:
        verdict = meltflex_account.verify(key=text_of(key))
    except secrets.CannotOpen as error:
        raise UnreadableUpstreamKey from error
    if verdict is Verdict.REFUSED:
        raise UpstreamKeyRefused("MeltFlex still does not accept this key. Mend it there, or put in another.")
    if verdict is Verdict.NO_ANSWER:
        raise MeltFlexNotReached("MeltFlex could not be asked about this key just now. Nothing has changed.")
    proven = {"verified_at": now} if verdict is Verdict.ACCEPTED else {}
    with tenancy.enter(organization):
        # Only while it is as it was before the call: a pause that came meanwhile stays.
        same = UpstreamKey.objects.of(organization).kept().filter(pk=key.pk, paused_at=key.paused_at)
        if same.update(paused_at=None, paused_reason="", **proven):
            _record(key, "checked" if key.paused_at is None else "resumed", by_user, now)
        return _find(organization, key_id)


# --- What workers do -------------------------------------------------------------------------------------


def pause(*, key: UpstreamKey, reason: str, now: datetime) -> bool:
    """Send nothing more with this key; owners and admins get a mail. False when it was paused or removed before.

    `reason` is a sentence of ours that they read, never the upstream's own words.
    """
    organization = key.organization
    with tenancy.enter(organization):
        running = UpstreamKey.objects.of(organization).kept().filter(pk=key.pk, paused_at=None)
        if not running.update(paused_at=now, paused_reason=reason[:200]):
            return False
        _record(key, "paused", None, now, reason=reason[:200])
        app.configure_task(TELL_TASK, queue=emails.QUEUE, allow_unknown=True).defer(
            key_id=key.pk, organization_id=organization.pk
        )
    return True


def note_proof(*, key: UpstreamKey, now: datetime) -> None:
    """A picture was made with it; inside the transaction that keeps the picture. At most once an hour."""
    old = Q(verified_at=None) | Q(verified_at__lt=now - timedelta(hours=1))
    UpstreamKey.objects.of(key.organization).kept().filter(old, pk=key.pk).update(verified_at=now)


def tell_paused(*, key_id: int, organization_id: int) -> None:
    """Mail owners and admins about a paused key, unless it has been mended or removed meanwhile."""
    organization = Organization.objects.get(pk=organization_id)
    state = state_of(organization)
    key = next((key for key in state.keys if key.pk == key_id), None)
    if key is None or key.paused_at is None:
        return
    path = reverse("meltflex-key", kwargs={"workspace": organization.public_id})
    emails.send_to_members(
        organization=organization,
        role=Role.ADMIN,
        template="meltflex_key_paused",
        context={
            "key": key,
            "successor": state.in_use,
            "address": f"{settings.PUBLIC_BASE_URL}{path}" if settings.PUBLIC_BASE_URL else "",
        },
    )


@lifecycle.secrets_rotated.register
def reseal_all(*, tally: secrets.Rotation) -> None:
    """Every kept key, each in a transaction of its own."""
    with tenancy.system("rotation of secrets"):
        kept = list(UpstreamKey.objects.kept().select_related("organization").order_by("pk"))
    for key in kept:
        try:
            if not secrets.needs_resealing(key.sealed):
                tally.current += 1
                continue
            sealed = secrets.reseal(key.sealed, organization=key.organization, purpose=PURPOSE)
        except secrets.CannotOpen:
            tally.unreadable.append(key.public_id)
            continue
        with tenancy.enter(key.organization):
            # Kept still: a key removed in this moment must stay wiped.
            same = UpstreamKey.objects.of(key.organization).kept().filter(pk=key.pk)
            tally.resealed += same.update(sealed=sealed)


# --- Parts -----------------------------------------------------------------------------------------------


def _find(organization: Organization, key_id: str) -> UpstreamKey:
    keys = UpstreamKey.objects.of(organization).select_related("organization")
    key: UpstreamKey | None = keys.filter(public_id=key_id).first()
    if key is None:
        raise NoSuchUpstreamKey
    return key


@sensitive_variables("text")
def _free_slot(organization: Organization, text: str) -> int:
    """Raises UpstreamKeyKnown or TooManyUpstreamKeys."""
    keys = state_of(organization).keys
    if any(_is_same(key, text) for key in keys):
        raise UpstreamKeyKnown
    taken = {key.slot for key in keys}
    free = [slot for slot in range(1, MAX_OWN_KEYS + 1) if slot not in taken]
    if not free:
        raise TooManyUpstreamKeys
    return free[0]


@sensitive_variables("text")
def _is_same(key: UpstreamKey, text: str) -> bool:
    try:
        return hmac.compare_digest(text_of(key), text)
    except secrets.CannotOpen:  # its ring is lost: the new one takes its place
        return False


def _record(key: UpstreamKey, what: str, by_user: User | None, now: datetime, **details: str) -> None:
    accounts.record(
        organization=key.organization,
        by_user=by_user,
        action=f"upstream_key.{what}",
        target=key.public_id,
        now=now,
        ending=key.ending,
        **details,
    )


def uncertain_calls(organization: Organization) -> TenantQuerySet:
    """Calls with the workspace's own keys that MeltFlex may have charged for without a picture."""
    outcomes = (UpstreamCall.Outcome.UNKNOWN, UpstreamCall.Outcome.DISCARDED)
    return UpstreamCall.objects.of(organization).filter(key__isnull=False, outcome__in=outcomes)
