"""Sets begun and repeated, photos put in order, by many at once, on real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.errors import Refusal
from billing import budgets, ledger
from generations import ending, room_sets, set_standing
from generations.ask import Ask
from generations.models import Generation, RoomSet, State
from projects import arranging
from projects import services as projects
from projects.models import Photo, Room
from tests import factories
from tests.factories import Studio

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads gets; a refusal's code where it was refused."""
    gate = threading.Barrier(number)

    def one(place: int) -> Any:
        gate.wait()
        try:
            return act(place)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))


def a_flat(studio: Studio, photos: int) -> tuple[room_sets.Choice, Room]:
    organization = studio.organization
    client = projects.create_client(organization=organization, name="Ada")
    project = projects.create_project(organization=organization, name="Flat", client=client)
    room = projects.create_room(project=project, name="Living room")
    with studio.enter():
        Photo.objects.bulk_create(
            Photo(
                organization=organization,
                room=room,
                name=f"p{number}",
                image="x.jpg",
                thumbnail="x.jpg",
                width=64,
                height=48,
                state=Photo.State.READY,
            )
            for number in range(photos)
        )
        rows = list(Photo.objects.of(organization).select_related("room", "organization").order_by("pk"))
    look = Ask(prompt="Oak")
    agreed = look.price * photos
    return room_sets.Choice(project=project, photos=rows, look=look, name="Oak", agreed=agreed), room


def begin(studio: Studio, choice: room_sets.Choice, key: str) -> int:
    begun, _ = room_sets.begin(choice=choice, by_user=studio.owner, key=key, now=timezone.now())
    return begun.pk


def test_eight_presses_of_one_button_begin_one_set() -> None:
    studio = factories.make_studio(credits=1000)
    choice, _ = a_flat(studio, 5)
    begun = at_once(8, lambda _: begin(studio, choice, "same"))
    assert len(set(begun)) == 1
    assert studio.lines().count("hold") == 5
    assert ledger.drift() == []


def test_of_six_sets_at_once_a_budget_lets_only_as_many_begin_as_fit_whole() -> None:
    studio = factories.make_studio(credits=1000)
    choice, _ = a_flat(studio, 5)
    assert choice.project.client is not None
    budgets.set_budget(
        organization=studio.organization,
        key=budgets.client_key(choice.project.client.public_id),
        cap=2 * choice.price + 1,
        is_total=True,
        by_user=studio.owner,
        now=timezone.now(),
    )
    begun = at_once(6, lambda place: begin(studio, choice, f"key {place}"))
    assert begun.count("budget_exceeded") == 4
    assert studio.lines().count("hold") == 10
    with studio.enter():
        assert RoomSet.objects.of(studio.organization).count() == 2
    assert ledger.drift() == []


def test_ends_at_once_are_all_counted_and_the_last_finishes_the_set_once() -> None:
    studio = factories.make_studio(credits=1000)
    choice, _ = a_flat(studio, 8)
    pk = begin(studio, choice, "k")
    with studio.enter():
        rows = list(Generation.objects.of(studio.organization).select_related("organization"))

    def fail(place: int) -> bool:
        return ending.end(
            generation=rows[place],
            only=Generation.objects.of(studio.organization).not_ended().filter(pk=rows[place].pk),
            state=State.FAILED,
            code="engine_failed",
            message="The design service is unavailable.",
            now=timezone.now(),
        )

    assert at_once(8, fail) == [True] * 8
    with studio.enter():
        room_set = RoomSet.objects.of(studio.organization).select_related("organization").get(pk=pk)
        assert room_set.open == 0
        assert room_set.finished_at is not None
        price = set_standing.standing(room_set=room_set).repeat_price
    again = at_once(
        6,
        lambda _: room_sets.repeat(
            room_set=room_set, round_=1, agreed=price, by_user=studio.owner, now=timezone.now()
        ),
    )
    assert sorted(again) == [False] * 5 + [True]
    assert studio.lines().count("hold") == 16
    assert ledger.drift() == []


def test_photos_moved_by_many_at_once_are_all_there_each_in_a_place_of_its_own() -> None:
    studio = factories.make_studio()
    choice, room = a_flat(studio, 6)

    def move(place: int) -> None:
        photo = choice.photos[place % 6]
        if place % 2:
            arranging.shift_photo(photo=photo, by=1)
        else:
            arranging.place_photo(photo=photo, before=choice.photos[(place + 3) % 6])

    at_once(12, move)
    with studio.enter():
        places = Photo.objects.of(studio.organization).filter(room=room).in_order()
        assert list(places.values_list("position", flat=True)) == [0, 1, 2, 3, 4, 5]


def test_a_set_of_300_photos_begins_in_less_than_a_request_may_take() -> None:
    studio = factories.make_studio(credits=5000)
    choice, _ = a_flat(studio, 300)
    before = timezone.now()
    begin(studio, choice, "k")
    took = (timezone.now() - before).total_seconds()
    print(f"300 photos were accepted in {took:.2f} s")  # noqa: T201
    assert took < 10, "generous: machines differ"
    assert studio.lines().count("hold") == 300
