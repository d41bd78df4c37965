"""Clients, rooms, photos, products and recipes over the API: what their pages can do, a program can do."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from accounts import fetching
from accounts.models import Role
from generations import files
from projects.models import Photo, Product
from tests.factories import ApiClient, Studio
from tests.fakes import jpeg, png


@pytest.fixture(autouse=True)
def _inline_images(worker: object) -> None:
    """Images are made ready in this process."""


@pytest.fixture
def api(studio: Studio) -> ApiClient:
    return studio.api()


def upload(content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile("room.jpg", content or jpeg(), "image/jpeg")


def fetched(url: str, kind: str = "image/jpeg") -> bytes:
    answer = Browser().get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    return bytes(answer.getvalue())


def made(api: ApiClient, noun: str, body: Any) -> str:
    answer = api.post(noun, body)
    assert answer.status_code == 201, answer.content
    assert answer["Location"].endswith(f"/api/v1/{noun}/{answer.json()['id']}")
    assert api.get(f"{noun}/{answer.json()['id']}").json() == answer.json()
    return str(answer.json()["id"])


def listed(api: ApiClient, noun: str, **query: str) -> list[str]:
    answer = api.get(noun, **query)
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()["results"]]


@pytest.fixture
def project(api: ApiClient) -> str:
    return made(api, "projects", {"name": "Flat"})


@pytest.fixture
def room(api: ApiClient, project: str) -> str:
    return made(api, "rooms", {"project": project, "name": "Kitchen"})


@pytest.fixture
def add_photo(api: ApiClient, room: str) -> Callable[[], str]:
    def add() -> str:
        answer = api.upload("photos", {"room": room, "file": upload()})
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    return add


# --- Clients ---------------------------------------------------------------------------------------------


def test_a_client_is_changed_member_by_member(api: ApiClient) -> None:
    where = f"clients/{made(api, 'clients', {'name': 'Ada', 'email': 'ada@example.com'})}"
    changed = api.patch(where, {"accent": "#24584A", "brand_name": "Ada’s homes"}).json()
    assert (changed["accent"], changed["brand_name"]) == ("#24584a", "Ada’s homes")
    assert (changed["name"], changed["email"]) == ("Ada", "ada@example.com")
    pale = api.patch(where, {"accent": "#ffffaa", "name": "Pale"})
    assert (pale.status_code, pale.json()["code"]) == (400, "colour_too_pale")
    assert api.get(where).json() == changed


def test_a_client_is_archived_found_and_deleted(api: ApiClient) -> None:
    ada, bea = (made(api, "clients", {"name": name}) for name in ("Ada", "Bea"))
    assert api.post(f"clients/{ada}/archive", {}).json()["archived"] is True
    assert listed(api, "clients", archived="false") == [bea]
    assert listed(api, "clients", archived="true", q="ad") == [ada]
    assert listed(api, "clients", q="nobody") == []
    assert api.post(f"clients/{ada}/restore", {}).json()["archived"] is False
    made(api, "projects", {"name": "Flat", "client": ada})
    assert api.delete(f"clients/{ada}").json()["code"] == "client_not_empty"
    assert api.delete(f"clients/{bea}").status_code == 204
    assert listed(api, "clients") == [ada]


def test_a_logo_is_set_shown_and_removed(api: ApiClient) -> None:
    client = made(api, "clients", {"name": "Ada"})
    answer = api.upload(f"clients/{client}/logo", {"file": upload(png())}, method="put")
    assert answer.status_code == 200, answer.content
    assert fetched(answer.json()["logo_url"], "image/png")
    broken = api.upload(f"clients/{client}/logo", {"file": upload(b"no picture")}, method="put")
    assert broken.status_code == 400
    assert api.get(f"clients/{client}").json()["logo_url"] is not None
    for _ in range(2):
        assert api.delete(f"clients/{client}/logo").status_code == 204
    assert api.get(f"clients/{client}").json()["logo_url"] is None


def test_what_may_be_spent_for_a_client_is_set_by_admins_and_read_by_all(studio: Studio) -> None:
    api, theirs = studio.manager(), studio.manager(by=studio.colleague)
    where = f"clients/{made(api, 'clients', {'name': 'Ada'})}/budget"
    assert api.get(where).status_code == 404
    told = api.put(where, {"cap": 50}).json()
    assert (told["cap"], told["used"], told["left"], told["counted"]) == (50, 0, 50, "month")
    assert (told["name"], told["key"].partition(":")[0]) == ("Ada", "client")
    assert api.put(where, {"cap": 80, "counted": "total"}).json()["counted"] == "total"
    assert theirs.get(where).json()["cap"] == 80
    assert theirs.put(where, {"cap": 1}).json()["code"] == "role_needed"
    assert studio.api().put(where, {"cap": 1}).json()["code"] == "scope_missing"
    assert api.put(where, {"cap": -1}).status_code == 400
    for _ in range(2):
        assert api.delete(where).status_code == 204
    assert api.get(where).status_code == 404


# --- Rooms -----------------------------------------------------------------------------------------------


def test_rooms_are_renamed_moved_put_in_order_and_deleted(api: ApiClient, project: str, room: str) -> None:
    bath, hall = (made(api, "rooms", {"project": project, "name": name}) for name in ("Bath", "Hall"))
    assert api.patch(f"rooms/{bath}", {"name": "Bathroom"}).json()["name"] == "Bathroom"
    assert listed(api, "rooms", project=project) == [hall, bath, room]
    assert listed(api, "rooms", project=project, sort="position") == [room, bath, hall]
    assert api.post(f"rooms/{hall}/place", {"before": room}).json()["position"] == 0
    assert listed(api, "rooms", project=project, sort="position") == [hall, room, bath]
    assert api.post(f"rooms/{hall}/place", {"by": 1}).json()["position"] == 1
    assert api.post(f"rooms/{hall}/place", {"before": None}).json()["position"] == 2
    assert listed(api, "rooms", project=project, sort="position") == [room, bath, hall]
    for wrong in ({}, {"by": 1, "before": None}, {"by": "x"}):
        assert api.post(f"rooms/{hall}/place", wrong).status_code == 400
    other = made(api, "projects", {"name": "House"})
    elsewhere = made(api, "rooms", {"project": other, "name": "Loft"})
    assert api.post(f"rooms/{hall}/place", {"before": elsewhere}).status_code == 404
    moved = api.patch(f"rooms/{hall}", {"project": other}).json()
    assert (moved["project"], moved["position"], moved["name"]) == (other, None, "Hall")
    assert api.delete(f"rooms/{hall}").status_code == 204
    assert api.get(f"rooms/{hall}").status_code == 404
    assert listed(api, "rooms", project=other) == [elsewhere]


# --- Photos ----------------------------------------------------------------------------------------------


def test_a_photo_is_looked_at_moved_put_in_order_and_deleted(
    api: ApiClient, project: str, room: str, add_photo: Callable[[], str]
) -> None:
    first, second, third = add_photo(), add_photo(), add_photo()
    told = api.get(f"photos/{first}").json()
    assert (told["state"], told["room"], told["position"]) == ("ready", room, None)
    assert told["expires_at"]
    for name in ("url", "thumbnail_url"):
        assert fetched(told[name])
    assert api.patch(f"photos/{first}", {"name": "The window"}).json()["name"] == "The window"
    assert api.post(f"photos/{third}/place", {"before": first}).json()["position"] == 0
    assert listed(api, "photos", room=room, sort="position") == [third, first, second]
    assert api.post(f"photos/{third}/place", {"by": 5}).json()["position"] == 2
    bath = made(api, "rooms", {"project": project, "name": "Bath"})
    moved = api.patch(f"photos/{second}", {"room": bath}).json()
    assert (moved["room"], moved["position"]) == (bath, None)
    assert listed(api, "photos", room=bath) == [second]
    assert len(listed(api, "photos", project=project)) == 3
    assert api.post(f"photos/{third}/place", {"before": second}).status_code == 404
    assert api.delete(f"photos/{first}").status_code == 204
    assert api.get(f"photos/{first}").status_code == 404
    assert api.patch(f"photos/{third}", {"room": "room_none"}).json()["errors"][0]["pointer"] == "#/room"


# --- Products --------------------------------------------------------------------------------------------


def test_addresses_that_expire_renew_the_etag_but_do_not_make_a_change_late(
    api: ApiClient, add_photo: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"photos/{add_photo()}"

    def read(known: str = "") -> Any:
        headers = {"authorization": f"Bearer {api.key}", "If-None-Match": known}
        return Browser().get(f"/api/v1/{where}", headers=headers)

    def rename(name: str, known: str) -> Any:
        headers = {"authorization": f"Bearer {api.key}", "If-Match": known}
        return Browser().patch(
            f"/api/v1/{where}", {"name": name}, content_type="application/json", headers=headers
        )

    seen = read()
    assert read().headers["ETag"] == seen.headers["ETag"]
    later = time.time() + 3600
    monkeypatch.setattr(files, "time", SimpleNamespace(time=lambda: later))
    again = read(seen.headers["ETag"])
    assert again.status_code == 200, "who keeps what it has read needs the new addresses"
    assert again.json()["url"] != seen.json()["url"]
    assert again.headers["ETag"] != seen.headers["ETag"]
    assert read(again.headers["ETag"]).status_code == 304
    changed = rename("Window", seen.headers["ETag"])
    assert changed.status_code == 200, changed.content
    late = rename("Door", seen.headers["ETag"])
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")


def test_a_piece_of_furniture_is_added_as_a_file_changed_and_removed(studio: Studio, api: ApiClient) -> None:
    fields = {"name": "Sofa", "price": "499.90", "currency": "EUR", "link": "https://shop.example/sofa"}
    answer = api.upload("products", {**fields, "file": upload()})
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert {name: told[name] for name in fields} == fields
    assert fetched(told["thumbnail_url"])
    where = answer["Location"].partition("/api/v1/")[2]
    assert api.get(where).json() == told
    assert api.patch(where, {"price": "450"}).json()["price"] == "450.00"
    assert api.patch(where, {"name": "Grey sofa"}).json()["link"] == fields["link"]
    free = api.patch(where, {"price": None}).json()
    assert (free["price"], free["currency"]) == (None, "")
    assert api.patch(where, {"price": "-1"}).status_code == 400
    assert api.patch(where, {"price": "12"}).json()["currency"] == "EUR"
    assert listed(api, "products", q="grey") == [told["id"]]
    assert listed(api, "products", q="lamp") == []
    assert api.delete(where).status_code == 204
    assert api.get(where).status_code == 404
    assert listed(api, "products") == []


def test_a_piece_of_furniture_is_fetched_from_an_address(
    studio: Studio, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "fetch", lambda url, **limits: jpeg())
    answer = api.post("products", {"name": "Lamp", "image_url": "https://93.184.215.14/lamp.jpg"})
    assert answer.status_code == 201, answer.content
    assert fetched(answer.json()["url"])


def test_a_piece_that_can_not_be_had_is_not_added(
    studio: Studio, api: ApiClient, settings: LazySettings
) -> None:
    private = api.post("products", {"name": "Lamp", "image_url": "http://169.254.169.254/latest"})
    assert (private.status_code, private.json()["code"]) == (400, "bad_source")
    settings.FETCH_ALLOW_LOOPBACK = True
    gone = api.post("products", {"name": "Lamp", "image_url": "http://127.0.0.1:9/lamp.jpg"})
    assert gone.status_code == 400, gone.content
    broken = api.upload("products", {"name": "Lamp", "file": upload(jpeg()[:600])})
    assert broken.status_code == 400, broken.content
    both = api.upload(
        "products", {"name": "Lamp", "file": upload(), "image_url": "https://shop.example/lamp.jpg"}
    )
    assert both.status_code == api.post("products", {"name": "Lamp"}).status_code == 400
    with studio.enter():
        assert not Product.objects.of(studio.organization).exists()
        assert not Photo.objects.of(studio.organization).exists()


# --- Recipes ---------------------------------------------------------------------------------------------


def test_a_look_is_saved_changed_and_removed(api: ApiClient) -> None:
    sofa, lamp = (
        api.upload("products", {"name": name, "file": upload()}).json()["id"] for name in ("Sofa", "Lamp")
    )
    look = {"name": "Oak", "mode": "restyle", "prompt": "Warm oak", "variations": 2, "products": [lamp, sofa]}
    where = f"recipes/{made(api, 'recipes', look)}"
    told = api.get(where).json()
    assert {name: told[name] for name in look} == look
    assert (told["locked"], told["keep_structure"], told["design_level"]) == (False, True, "quick")
    changed = api.patch(where, {"prompt": "Pale oak", "products": [sofa]}).json()
    assert (changed["prompt"], changed["products"], changed["variations"]) == ("Pale oak", [sofa], 2)
    assert api.patch(where, {"products": []}).json()["products"] == []
    made(api, "recipes", {"name": "Linen"})
    for answer in (api.patch(where, {"name": "Linen"}), api.post("recipes", {"name": "Oak"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "recipe_name_taken")
    for wrong in ({"mode": "x"}, {"style": "x"}, {"variations": 4}, {"products": ["prd_none"]}):
        answer = api.patch(where, wrong)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == f"#/{next(iter(wrong))}"
    assert api.get(where).json() == {**changed, "products": []}
    assert api.delete(where).status_code == 204
    assert api.get(where).status_code == 404


def test_a_locked_look_is_changed_by_admins_alone(studio: Studio, api: ApiClient) -> None:
    where = f"recipes/{made(api, 'recipes', {'name': 'Standard'})}"
    theirs = studio.api(by=studio.colleague)
    assert theirs.post(f"{where}/lock", {}).json()["code"] == "role_needed"
    assert api.post(f"{where}/lock", {}).json()["locked"] is True
    for answer in (theirs.patch(where, {"prompt": "Mine"}), theirs.delete(where)):
        assert (answer.status_code, answer.json()["code"]) == (403, "recipe_locked")
    assert api.patch(where, {"prompt": "Ours"}).json()["prompt"] == "Ours"
    assert api.post(f"{where}/unlock", {}).json()["locked"] is False
    assert theirs.patch(where, {"prompt": "Mine"}).status_code == 200


# --- Who may not -----------------------------------------------------------------------------------------


def everything(studio: Studio, api: ApiClient, photo: str) -> list[tuple[str, str, Any]]:
    """Each call that changes something, and reads (with None) of the same things."""
    client = f"clients/{made(api, 'clients', {'name': 'Ada'})}"
    room = f"rooms/{api.get(f'photos/{photo}').json()['room']}"
    product = f"products/{api.upload('products', {'name': 'Sofa', 'file': upload()}).json()['id']}"
    recipe = f"recipes/{made(api, 'recipes', {'name': 'Oak'})}"
    one = f"photos/{photo}"
    calls: list[tuple[str, str, Any]] = [
        ("patch", each, {"name": "Mine"}) for each in (client, room, one, product, recipe)
    ]
    calls += [("post", f"{client}/{verb}", {}) for verb in ("archive", "restore")]
    calls += [("post", f"{each}/place", {"by": 1}) for each in (room, one)]
    calls += [("delete", each, None) for each in (f"{client}/logo", one, room, product, recipe, client)]
    return calls


def call(api: ApiClient, method: str, path: str, body: Any) -> Any:
    return getattr(api, method)(path) if body is None else getattr(api, method)(path, body)


def test_a_viewers_key_looks_at_all_of_it_and_changes_nothing(
    studio: Studio, api: ApiClient, add_photo: Callable[[], str]
) -> None:
    calls = everything(studio, api, add_photo())
    viewer = studio.api(by=studio.join(Role.VIEWER))
    for method, path, body in calls:
        answer = call(viewer, method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_needed"), path
        if path.count("/") == 1:
            assert viewer.get(path).status_code == 200
    for noun in ("clients", "recipes"):
        assert viewer.post(noun, {"name": "Mine"}).status_code == 403
    for method, path, body in calls:
        assert call(api, method, path, body).status_code in (200, 204), path


def test_a_strangers_key_finds_none_of_it(
    studio: Studio, strange_studio: Studio, api: ApiClient, add_photo: Callable[[], str]
) -> None:
    stranger = strange_studio.manager()
    photo = add_photo()
    for method, path, body in everything(studio, api, photo):
        assert call(stranger, method, path, body).status_code == 404, path
        assert stranger.get(path).status_code in (404, 405), path
    client = listed(api, "clients")[0]
    for method, body in (("get", None), ("put", {"cap": 1}), ("delete", None)):
        assert call(stranger, method, f"clients/{client}/budget", body).status_code == 404
    assert stranger.upload(f"clients/{client}/logo", {"file": upload()}, method="put").status_code == 404
    for noun in ("clients", "rooms", "photos", "products", "recipes"):
        assert stranger.get(noun).json()["results"] == []
    own = made(stranger, "projects", {"name": "Mine"})
    room = listed(api, "rooms")[0]
    assert stranger.post("rooms", {"project": listed(api, "projects")[0], "name": "x"}).status_code == 404
    assert stranger.patch(f"projects/{own}", {"cover": photo}).status_code == 404
    assert stranger.upload("photos", {"room": room, "file": upload()}).status_code == 404


def test_who_left_the_workspace_leaves_a_key_that_designs(studio: Studio) -> None:
    person = studio.join(Role.ADMIN)
    key = studio.manager(by=person)
    with studio.enter():
        person.memberships.all().delete()
    client = made(key, "clients", {"name": "Ada"})
    assert key.put(f"clients/{client}/budget", {"cap": 5}).json()["code"] == "role_needed"
