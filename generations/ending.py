"""The one way in which a generation ends: state, credits, notice and the next in line, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from accounts import tenancy
from billing import credits
from generations import admission, engines, gates, mailing, outcomes, set_counting, telling
from generations.gates import Verdict
from generations.models import Generation, Picture, State, UpstreamCall
from generations.models.generation import GenerationQuerySet

TURNED_AWAY = ("busy", "not_started_in_time")


def end(
    *,
    generation: Generation,
    only: GenerationQuerySet,
    state: State,
    now: datetime,
    code: str = "",
    message: str = "",
    settled: int = 0,
    verdict: Verdict = Verdict.NOTHING,
    also: Callable[[], object] | None = None,
    pictures: Sequence[Picture] = (),
) -> bool:
    """End it if `only` still matches; False, and nothing changed, when somebody else was first.

    `settled` credits are taken for good and the rest of the hold goes back; `pictures` are its rows, not yet written;
    `also` runs in the same transaction.
    `verdict` is what its last call has shown about the upstream key, whose place is free again.
    """
    organization = generation.organization
    held = generation.credits_held
    with tenancy.enter(organization):
        # A request turned away for lack of room is forgotten, so that the same key may come again.
        forgotten = {"idempotency_key": ""} if code in TURNED_AWAY else {}
        changed = only.update(
            **forgotten,
            state=state,
            error_code=code,
            error_message=message[:400],
            credits_settled=settled,
            credits_released=held - settled,
            finished_at=now,
            lease_until=None,
        )
        if not changed:
            return False
        set_counting.note_end(generation=generation, now=now)
        if held and settled:
            credits.settle(
                organization=organization, reference=generation.public_id, credits=settled, now=now
            )
        elif held:
            credits.release(organization=organization, reference=generation.public_id, now=now)
        if also is not None:
            also()
        Picture.objects.bulk_create(pictures)
        mailing.arrange(generation=generation, state=state)
        told = telling.Told(state, code, message[:400], settled, pictures)
        telling.tell(generation=generation, told=told, now=now)
        outcomes.announce(generation.public_id)
        admission.admit(organization=organization, now=now)
        gates.leave(generation=generation, verdict=verdict, now=now, call_began=generation.calling_since)
    return True


def expire(*, generation: Generation, now: datetime) -> bool:
    """Its deadline has passed: failed, credits back, a running call's cost possible."""
    organization = generation.organization
    return end(
        generation=generation,
        only=Generation.objects.of(organization).not_ended().filter(pk=generation.pk),
        state=State.FAILED,
        code="deadline_passed",
        message="It was not ready by its deadline and was given up. Your credits are back.",
        now=now,
        also=lambda: mark_open_calls_unknown(generation=generation, now=now),
    )


def mark_open_calls_unknown(*, generation: Generation, now: datetime) -> int:
    """Calls that began and never came back: their cost is possible, but for an engine of our own. Returns how many."""
    calls = UpstreamCall.objects.of(generation.organization).filter(
        generation=generation, outcome=UpstreamCall.Outcome.OPEN
    )
    if engines.get(generation.engine).repeatable:
        return calls.update(outcome=UpstreamCall.Outcome.FAILED, detail="interrupted", ended_at=now)
    return calls.update(outcome=UpstreamCall.Outcome.UNKNOWN, possible_cost=generation.price, ended_at=now)
