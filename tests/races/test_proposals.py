"""Withdrawal and acceptance, newer version and acceptance, in the same moment: one of them holds, whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.errors import Refusal
from generations import proposal_sending, proposals
from generations.models import Proposal, ProposalAnswer
from tests import factories
from tests.generations.proposing import make_job

ROUNDS = 6


def both(*acts: Callable[[], Any]) -> list[str]:
    """All at once; "done" or the refusal's code for each."""
    outcomes, gate = [""] * len(acts), threading.Barrier(len(acts))

    def one(number: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            act()
            outcomes[number] = "done"
        except Refusal as refusal:
            outcomes[number] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("against", ["withdrawal", "newer version", "acceptance"])
def test_an_acceptance_holds_or_is_refused_and_never_half(
    against: str, worker: Callable[[], int], settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    studio = factories.make_studio(credits=100)
    job = make_job(studio, pictures=1)
    job.decide(0)
    other: Callable[[], Any]
    for _round in range(ROUNDS):
        sent, now = job.sent(), timezone.now()
        if against == "withdrawal":
            other = lambda: proposal_sending.withdraw(proposal=sent, by_user=studio.owner, now=now)  # noqa: B023, E731
        elif against == "newer version":
            draft = job.fresh(proposals.new_version(proposal=sent, by_user=studio.owner, now=now))
            other = lambda: job.send(draft)  # noqa: B023, E731
        else:
            other = lambda: job.accept(sent, email="other@example.com")  # noqa: B023, E731
        outcomes = both(lambda: job.accept(sent), other)  # noqa: B023
        assert outcomes.count("done") == 1, outcomes
        with studio.enter():
            answers = ProposalAnswer.objects.filter(proposal=sent).count()
        accepted = job.fresh(sent).state == Proposal.State.ACCEPTED
        assert answers == int(accepted)
