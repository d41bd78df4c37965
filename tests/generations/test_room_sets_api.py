"""One look over many photos, over the API: priced, asked for, watched, repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generations.models import Generation, RoomSet
from projects import services as projects
from projects.models import Project, Room
from projects.services import IncomingImage
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg
from tests.generations.test_pictures_api import make_viewer

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def flat(studio: Studio, worker: Work) -> Project:
    """Two rooms: one photo in the first, two in the second."""
    project = projects.create_project(organization=studio.organization, name="Flat")
    for number in (1, 2):
        room = projects.create_room(project=project, name=f"Room {number}")
        for _ in range(number):
            projects.add_photo(
                organization=studio.organization,
                room=room,
                image=IncomingImage(jpeg()),
                by_user=studio.owner,
            )
    return project


def body(project: Project, **more: Any) -> dict[str, Any]:
    return {"project": project.public_id, "style": "japandi", "prompt": "Light oak", **more}


def test_a_set_is_priced_begun_watched_and_listed(studio: Studio, flat: Project, worker: Work) -> None:
    api = studio.api()
    told = api.post("room-sets/price", body(flat))
    assert told.status_code == 200, told.content
    price = told.json()
    assert (price["photos"], price["each"], price["price"], price["affordable"]) == (3, 10, 30, True)
    begun = api.post("room-sets", body(flat, price=30), **{"Idempotency-Key": "one"})
    assert begun.status_code == 201, begun.content
    assert (begun.json()["open"], begun.json()["name"]) == (3, "Japandi · Light oak")
    where = begun.headers["Location"].partition("/api/v1/")[2]
    assert studio.balance() == 70
    again = api.post("room-sets", body(flat, price=30), **{"Idempotency-Key": "one"})
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.json()["id"] == begun.json()["id"]
    other = api.post("room-sets", body(flat, variations=2), **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    worker()
    read = api.get(where).json()
    assert (read["done"], read["open"], read["failed"]) == (3, 0, 0)
    assert len(read["generations"]) == 3
    assert read["generations"][0]["pictures"][0]["url"]
    rows = api.get("room-sets", project=flat.public_id).json()["results"]
    assert [row["id"] for row in rows] == [read["id"]]


def test_what_failed_is_repeated_and_no_more(
    studio: Studio, flat: Project, worker: Work, engine: FakeEngine
) -> None:
    api = studio.api()
    begun = api.post("room-sets", body(flat)).json()
    where = f"room-sets/{begun['id']}"
    canceled = api.post(f"{where}/cancel", {})
    assert canceled.json() == {"canceled": 3}
    assert studio.balance() == 100
    read = api.get(where).json()
    assert (read["failed"], read["repeat_price"]) == (3, 30)
    changed = api.post(f"{where}/repeat", {"price": 8, "round": 1})
    assert (changed.status_code, changed.json()["code"]) == (409, "price_changed")
    first = api.post(f"{where}/repeat", {"price": 30, "round": 1})
    twice = api.post(f"{where}/repeat", {"price": 30, "round": 1})
    assert (first.status_code, twice.status_code) == (202, 200)
    worker()
    assert api.get(where).json()["done"] == 3
    nothing = api.post(f"{where}/repeat", {})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_repeat")
    assert studio.balance() == 70


def test_a_set_takes_one_room_or_the_photos_that_are_named(studio: Studio, flat: Project) -> None:
    api = studio.api()
    with studio.enter():
        second = Room.objects.of(studio.organization).latest("pk")
        photo = second.photos.first()
    assert photo is not None
    assert api.post("room-sets/price", body(flat, room=second.public_id)).json()["photos"] == 2
    assert api.post("room-sets/price", body(flat, photos=[photo.public_id])).json()["photos"] == 1
    wrong = api.post("room-sets", body(flat, photos=["pho_none"]))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "photos_changed")
    assert api.post("room-sets", body(flat, photos=[])).json()["code"] == "no_photos"
    assert api.post("room-sets", {"project": flat.public_id}).json()["code"] == "prompt_required"
    assert api.post("room-sets", body(flat, price=9)).json()["code"] == "price_changed"
    assert api.post("room-sets", body(flat, mode="region")).status_code == 400


def test_a_set_of_a_test_key_is_test_data_and_costs_nothing(
    studio: Studio, flat: Project, worker: Work
) -> None:
    begun = studio.api(live=False).post("room-sets", body(flat))
    assert begun.status_code == 201
    with studio.enter():
        rows = list(Generation.objects.of(studio.organization))
    assert {(row.engine, row.is_test, row.credits_held) for row in rows} == {("preview", True, 0)}
    assert (studio.balance(), studio.lines()) == (100, ["grant"])
    studio.api().post(f"room-sets/{begun.json()['id']}/cancel", {})
    assert studio.api().post(f"room-sets/{begun.json()['id']}/repeat", {}).status_code == 202
    assert studio.balance() == 100


def test_too_few_credits_begin_nothing(studio: Studio, flat: Project) -> None:
    answer = studio.api().post("room-sets", body(flat, variations=3, designLevel="pro"))
    assert (answer.status_code, answer.json()["required"]) == (402, 135)
    with studio.enter():
        assert not RoomSet.objects.of(studio.organization).exists()


def test_neither_a_stranger_nor_a_viewer_begins_or_repeats_a_set(
    studio: Studio, flat: Project, strange_studio: Studio
) -> None:
    api, stranger = studio.api(), strange_studio.api()
    begun = api.post("room-sets", body(flat)).json()["id"]
    assert stranger.post("room-sets", body(flat)).status_code == 404
    assert stranger.post("room-sets/price", body(flat)).status_code == 404
    assert stranger.get(f"room-sets/{begun}").status_code == 404
    assert stranger.get("room-sets", project=flat.public_id).json()["results"] == []
    for verb in ("cancel", "repeat"):
        assert stranger.post(f"room-sets/{begun}/{verb}", {}).status_code == 404
    make_viewer(studio)
    assert api.get(f"room-sets/{begun}").status_code == 200
    assert api.post("room-sets/price", body(flat)).status_code == 200
    for path in ("room-sets", f"room-sets/{begun}/cancel", f"room-sets/{begun}/repeat"):
        assert api.post(path, body(flat)).json()["code"] == "role_needed"
