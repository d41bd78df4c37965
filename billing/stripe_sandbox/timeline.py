"""What happens by itself as time goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from billing.stripe_sandbox import checkout, subscriptions
from billing.stripe_sandbox.core import DAY, Core
from billing.stripe_sandbox.typed import Json

Step = tuple[int, Callable[[], object]]


def travel(core: Core, seconds: int) -> None:
    """Move the clock on, stopping at each moment at which something is due."""
    until = core.now + seconds
    while due := min(
        (step for step in _steps(core) if step[0] <= until), key=lambda step: step[0], default=None
    ):
        core.offset += max(due[0] - core.now, 0)
        due[1]()
    core.offset += max(until - core.now, 0)


def is_due(core: Core) -> bool:
    """Whether something should have happened by now."""
    with core.lock:
        return any(moment <= core.now for moment, _step in _steps(core))


def _steps(core: Core) -> Iterator[Step]:
    for session in core.all("checkout.session"):
        if session["status"] == "open":
            yield session["expires_at"], partial(checkout.expire, core, session)
    for sub in core.all("subscription"):
        if sub["status"] in subscriptions.ALIVE:
            yield from _steps_of(core, sub)


def _steps_of(core: Core, sub: Json) -> Iterator[Step]:
    ends = sub["items"]["data"][0]["current_period_end"]
    if sub["status"] == "trialing" and not core.secret_of(sub).get("warned"):
        yield sub["trial_end"] - 3 * DAY, partial(subscriptions.warn_of_trial_end, core, sub)
    if sub["status"] in ("trialing", "active", "past_due"):
        yield ends, partial(subscriptions.renew, core, sub)
    invoice = core.rows["invoice"].get(sub["latest_invoice"] or "", {})
    if invoice.get("status") == "open" and invoice.get("next_payment_attempt"):
        yield invoice["next_payment_attempt"], partial(subscriptions.try_again, core, sub)
