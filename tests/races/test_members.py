"""Two at the same moment: owners who leave, and the last seat."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import invitations, members
from accounts.errors import Refusal
from accounts.models import Invitation, Membership, Organization, Role, User
from generations import samples
from tests import factories
from tests.factories import NOON, Studio

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run them together; what each returned or raised."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait()
        try:
            return act()
        except (Refusal, IntegrityError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def owners(studio: Studio) -> int:
    with studio.enter():
        return int(Membership.objects.of(studio.organization).filter(role=Role.OWNER).count())


@pytest.fixture
def two_owners() -> Studio:
    studio = factories.make_studio()
    with studio.enter():
        Membership.objects.filter(user=studio.colleague).update(role=Role.OWNER)
    return studio


def test_of_two_owners_who_leave_at_once_one_stays(two_owners: Studio) -> None:
    for _ in range(5):
        results = at_once(
            *(
                lambda who=who: members.leave(organization=two_owners.organization, by_user=who, now=NOON)
                for who in (two_owners.owner, two_owners.colleague)
            )
        )
        assert [isinstance(result, members.LastOwner) for result in results].count(True) == 1
        assert owners(two_owners) == 1
        with two_owners.enter():
            for who in (two_owners.owner, two_owners.colleague):
                Membership.objects.get_or_create(
                    organization=two_owners.organization, user=who, defaults={"role": Role.OWNER}
                )


def test_code_that_forgets_the_lock_is_stopped_by_the_database(two_owners: Studio) -> None:
    inside = threading.Barrier(2)

    def demote(who: User) -> None:
        with transaction.atomic(), two_owners.enter():
            Membership.objects.filter(user=who).update(role=Role.VIEWER)
            inside.wait()  # both have changed their row, neither has committed

    results = at_once(lambda: demote(two_owners.owner), lambda: demote(two_owners.colleague))
    assert [isinstance(result, IntegrityError) for result in results].count(True) == 1
    assert owners(two_owners) == 1


def test_eight_invitations_for_the_last_two_seats_are_two() -> None:
    studio = factories.make_studio()
    Organization.objects.filter(pk=studio.organization.pk).update(seats=4)

    def invite(number: int) -> object:
        return invitations.invite(
            organization=studio.organization,
            by_user=studio.owner,
            email=f"guest{number}@example.com",
            role=Role.VIEWER,
            base="",
            now=timezone.now(),
        )

    results = at_once(*(lambda number=number: invite(number) for number in range(8)))
    assert [isinstance(result, members.SeatsFull) for result in results].count(True) == 6


def test_a_link_that_two_open_at_once_lets_one_in() -> None:
    studio, token = factories.make_studio(), "t" * 40
    invitation = invitations.invite(
        organization=studio.organization,
        by_user=studio.owner,
        email="guest@example.com",
        role=Role.VIEWER,
        base="",
        now=timezone.now(),
    )
    with studio.enter():
        Invitation.objects.filter(pk=invitation.pk).update(token_sha256=sha256(token.encode()).digest())
    people = [factories.make_person() for _ in range(4)]

    def accept(person: User) -> object:
        return invitations.accept(token=token, user=person, now=timezone.now())

    results = at_once(*(lambda person=person: accept(person) for person in people))
    assert [isinstance(result, invitations.InvitationOver) for result in results].count(True) == 3
    with studio.enter():
        assert Membership.objects.of(studio.organization).filter(user__in=people).count() == 1


def test_a_sample_asked_for_by_eight_clicks_is_made_once() -> None:
    studio = factories.make_studio(credits=0, plan="free")

    def ask(_: int) -> object:
        return samples.request_sample(
            organization=studio.organization, look="", by_user=studio.owner, now=timezone.now()
        )

    results = at_once(*(lambda number=number: ask(number) for number in range(8)))
    assert [isinstance(result, samples.SampleUsed) for result in results].count(True) == 7
    assert len(studio.generations()) == 1
