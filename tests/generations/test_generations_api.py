"""Generations as a resource: start, read, list, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.test import Client

from generations.models import Generation
from projects import services as projects
from tests.factories import Studio, body

Work = Callable[[], int]


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_starting_one_is_202_with_its_address(studio: Studio) -> None:
    response = studio.api().post("generations", body())
    answer = response.json()
    assert response.status_code == 202
    assert response.headers["Location"].endswith(f"/api/v1/generations/{answer['id']}")
    assert (answer["state"], answer["error"], answer["pictures"]) == ("queued", None, [])
    assert answer["credits"] == {"held": 10, "settled": 0, "released": 0}


def test_reading_it_is_always_200_and_its_pictures_can_be_fetched(studio: Studio, worker: Work) -> None:
    api = studio.api()
    made = api.post("generations", body()).json()
    assert api.get(f"generations/{made['id']}").json()["state"] == "queued"
    worker()
    done = api.get(f"generations/{made['id']}").json()
    assert (done["state"], done["credits"]["settled"]) == ("succeeded", 10)
    picture = done["pictures"][0]
    assert (picture["width"], picture["height"]) == (64, 48)
    fetched = Client().get(picture["url"])
    assert fetched.status_code == 200
    assert content_of(fetched).startswith(b"\x89PNG")
    thumbnail = Client().get(picture["thumbnail_url"])
    assert thumbnail.headers["Content-Type"] == "image/jpeg"
    assert content_of(thumbnail).startswith(b"\xff\xd8")


def test_a_forged_file_address_is_404(studio: Studio, worker: Work) -> None:
    api = studio.api()
    made = api.post("generations", body()).json()
    worker()
    url = api.get(f"generations/{made['id']}").json()["pictures"][0]["url"]
    token = url.split("/files/")[1].split("/")[0]
    forged = token[:-3] + ("aaa" if token[-3:] != "aaa" else "bbb")
    assert Client().get(url.replace(token, forged)).status_code == 404


def test_the_list_goes_by_cursor_newest_first(studio: Studio) -> None:
    api = studio.api()
    made = [api.post("generations", body()).json()["id"] for _ in range(3)]
    first = api.get("generations", limit=2).json()
    assert [row["id"] for row in first["results"]] == made[:0:-1]
    rest = api.get("generations", **dict(parse_qsl(urlsplit(first["next"]).query))).json()
    assert [row["id"] for row in rest["results"]] == made[:1]


def test_the_synchronous_call_makes_the_same_rows(studio: Studio, worker: Work) -> None:
    api = studio.api()
    api.post("generate", body())
    rows = api.get("generations").json()["results"]
    assert [row["state"] for row in rows] == ["succeeded"]


def test_a_generation_may_belong_to_a_room_of_the_workspace_only(
    studio: Studio, strange_studio: Studio
) -> None:
    def room_of(owner: Studio) -> str:
        project = projects.create_project(organization=owner.organization, name="Flat")
        return projects.create_room(project=project, name="Living").public_id

    api, mine, theirs = studio.api(), room_of(studio), room_of(strange_studio)
    made = api.post("generations", body(room=mine)).json()
    assert made["room"] == mine
    assert [row["id"] for row in api.get("generations", room=mine).json()["results"]] == [made["id"]]
    assert api.post("generations", body(room=theirs)).status_code == 400


def test_canceling_is_free_until_it_starts(studio: Studio, worker: Work) -> None:
    api = studio.api()
    first, second = (api.post("generations", body()).json()["id"] for _ in range(2))
    assert api.post(f"generations/{first}/cancel", {}).json()["state"] == "canceled"
    worker()
    assert api.post(f"generations/{second}/cancel", {}).status_code == 409
    assert studio.balance() == 90


def test_a_stranger_gets_404(studio: Studio, strange_studio: Studio) -> None:
    mine = studio.api().post("generations", body()).json()["id"]
    theirs = strange_studio.api()
    assert theirs.get(f"generations/{mine}").status_code == 404
    assert theirs.post(f"generations/{mine}/cancel", {}).status_code == 404
    assert theirs.get("generations").json()["results"] == []
    with studio.enter():
        assert Generation.objects.get().state == "queued"


def test_the_same_key_starts_one(studio: Studio) -> None:
    api = studio.api()
    made = {api.post("generations", body(), **{"idempotency-key": "k"}).json()["id"] for _ in range(3)}
    assert len(made) == 1
    assert studio.balance() == 90
