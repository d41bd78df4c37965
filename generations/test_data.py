"""What test keys have made: rehearsals that end at once, and the removal of all of it in one go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from accounts import rates, tenancy
from accounts import services as accounts
from accounts.errors import Refusal
from accounts.models import ApiKey, Organization, User
from billing import budgets, credits
from generations import removal
from generations.engines import rehearsal
from generations.models import Generation
from generations.models.generation import GenerationQuerySet

DELETE_TASK = "generations.delete_test_data"
QUEUE = "upkeep"
_AT_ONCE = 100


class UnknownRehearsal(Refusal):
    """There is nothing of that name to simulate."""

    code, title, status = "unknown_simulation", "Unknown simulation", 400


def rehearse(*, api_key: ApiKey | None, prompt: str, price: int, now: datetime) -> None:
    """Raise what a test key asks for by its prompt and the answer itself can tell. Raises UnknownRehearsal."""
    word = rehearsal.word_of(prompt) if api_key is not None and not api_key.is_live else ""
    if not word:
        return
    if word not in rehearsal.WORDS:
        raise UnknownRehearsal(
            f"There is nothing called {word[:40]} to simulate. It can be one of: {', '.join(rehearsal.WORDS)}.",
            field="prompt",
            validValues=[rehearsal.PREFIX + each for each in rehearsal.WORDS],
        )
    refusals: dict[str, Callable[[], Refusal]] = {
        "insufficient_credits": lambda: credits.NotEnoughCredits(required=price, balance=0),
        "budget_exceeded": lambda: budgets.BudgetExceeded(required=price),
        "rate_limited": lambda: rates.refuse(
            "This is a simulated limit. Wait until the minute is over.", policy="generate", now=now
        ),
    }
    if word in refusals:
        raise refusals[word]()


def delete_all(*, organization: Organization, by_user: User, now: datetime) -> int:
    """Have everything removed that test keys have made and that has ended. Returns how many it is about."""
    with tenancy.enter(organization):
        number: int = _ended(organization).count()
        if number:
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="generation.test_data_deleted",
                now=now,
                number=number,
            )
            job = app.configure_task(DELETE_TASK, queue=QUEUE, allow_unknown=True)
            job.defer(organization_id=organization.pk)
    return number


def carry_out(*, organization_id: int) -> int:
    """Remove them one by one, newest first, so that no version of one stands in the way. Returns how many.

    What somebody relies on, a version in the making, a delivery or a public original, is left for another time.
    """
    organization = Organization.objects.get(pk=organization_id)
    removed, below = 0, None
    while True:
        with tenancy.enter(organization):
            rows = _ended(organization).select_related("organization")
            some = list((rows.filter(pk__lt=below) if below else rows).order_by("-pk")[:_AT_ONCE])
        for generation in some:
            below = generation.pk
            try:
                removal.delete_generation(
                    generation=generation, by_user=None, now=timezone.now(), is_noted=False
                )
            except removal.RELIED_ON:
                continue
            removed += 1
        if len(some) < _AT_ONCE:
            return removed


def _ended(organization: Organization) -> GenerationQuerySet:
    rows = Generation.objects.of(organization).kept().filter(is_test=True)
    return rows.exclude(finished_at=None)
