"""Which engine, with whose key, through which gate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts import alerts, secrets
from accounts.errors import Refusal
from generations import engines, gates, upstream_keys
from generations.engines import rehearsal
from generations.engines.base import Engine
from generations.models import Generation, UpstreamKey

# A refused key is tried again by one call after so long: an empty account may be filled without a word to us.
TRY_AGAIN = {401: timedelta(minutes=15), 402: timedelta(minutes=5), 403: timedelta(minutes=15)}
_WHY = {
    401: "MeltFlex does not accept this key (401).",
    402: "The MeltFlex account has no credits left (402).",
    403: "MeltFlex does not allow this key to make pictures (403).",
}

UNAVAILABLE = "The design service is unavailable."


class NoUsableKey(Refusal):
    """Your workspace's MeltFlex key can't be used at the moment: see Settings › MeltFlex key."""

    code, title, status = "upstream_key_paused", "MeltFlex key paused", 503


@dataclass(frozen=True)
class Route:
    """`gate` is "" for an engine without limits; `key` is the workspace's own, None for the instance's."""

    engine: Engine
    gate: str
    key: UpstreamKey | None


def route_of(generation: Generation) -> Route:
    """How this generation's next call goes. Raises NoUsableKey when its workspace's own keys are all paused or gone."""
    if generation.engine != "meltflex":
        engine: Engine = engines.get(generation.engine)
        if generation.is_test and (word := rehearsal.word_of(generation.prompt)):
            engine = rehearsal.Rehearsal(word, engine)
        return Route(engine, "", None)
    if not generation.own_key:
        return Route(engines.get("meltflex"), platform_gate(), None)
    key = upstream_keys.usable(generation.organization)
    if key is None:
        raise NoUsableKey
    try:
        text = upstream_keys.text_of(key)
    except secrets.CannotOpen as error:
        problem = "A workspace's own MeltFlex key can't be opened: a key of SECRETS_KEYS is missing."
        alerts.raise_alert(code="secret_unreadable", subject=key.public_id, text=problem, now=timezone.now())
        raise NoUsableKey from error
    return Route(engines.get("meltflex", key=text), f"own:{key.public_id}", key)


def platform_gate() -> str:
    """The instance's key; another key is another gate, so changing it is a fresh start."""
    mark = hashlib.sha256(f"{settings.MELTFLEX_API_BASE} {settings.MELTFLEX_API_KEY}".encode()).hexdigest()
    return f"platform:{mark[:16]}"


def pause(route: Route, *, status_code: int, now: datetime) -> None:
    """The upstream has refused the key behind this route: nothing more is sent with it, and its owner is told."""
    reason = _WHY[status_code]
    if route.key is not None:
        if upstream_keys.pause(key=route.key, reason=reason, now=now):
            gates.disperse(gate=route.gate)
        return
    gates.pause(gate=route.gate, reason=reason, until=now + TRY_AGAIN[status_code], now=now)
    alerts.raise_alert(
        code="platform_key_refused",
        subject=f"meltflex {status_code}",
        text=f"{reason} Nothing is sent with it; one call tries it again in some minutes.",
        now=now,
    )
