"""Files that come past the API: an address of their own, for some minutes, for these bytes, once."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts import tenancy
from generations import file_check
from projects import services as projects
from projects import storage, uploads
from projects.models import Photo, Room
from projects.upload_rows import Upload
from tests import factories
from tests.factories import ApiClient, Studio
from tests.fakes import jpeg, png

pytestmark = pytest.mark.django_db


def announce(api: ApiClient, content: bytes = b"", **fields: Any) -> dict[str, Any]:
    asked = {"size": len(content or jpeg()), "content_type": "image/jpeg", **fields}
    answer = api.post("uploads", asked)
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


def put(made: dict[str, Any], content: bytes, **headers: str) -> Any:
    path = made["url"].removeprefix("http://testserver")
    media_type = headers.pop("content_type", "image/jpeg")
    return Client().put(path, content, content_type=media_type, headers=headers)


def a_room(studio: Studio) -> Room:
    project = projects.create_project(organization=studio.organization, name="Flat")
    return projects.create_room(project=project, name="Living room")


def the_upload(studio: Studio) -> Upload:
    with studio.enter():
        found: Upload = Upload.objects.of(studio.organization).get()
    return found


def files_of(studio: Studio) -> list[str]:
    where = f"{studio.organization.public_id}/uploads"
    if not default_storage.exists(where):
        return []
    folders, _ = default_storage.listdir(where)
    return [name for folder in folders for name in default_storage.listdir(f"{where}/{folder}")[1]]


def is_tidy(studio: Studio) -> bool:
    """Every row of the workspace has its file, and every file its row; other tests leave theirs."""
    found = file_check.check_files(now=timezone.now())
    astray = [*found.rows_without_file, *found.files_without_row]
    return not [name for name in astray if name.startswith(studio.organization.public_id)]


def test_a_photo_goes_to_its_own_address_and_becomes_a_photo_of_the_room(
    studio: Studio, django_capture_on_commit_callbacks: Any
) -> None:
    api, room, content = studio.api(), a_room(studio), jpeg(640, 480)
    made = announce(api, content, room=room.public_id, file_name="IMG_1.jpg")
    assert (made["state"], made["method"], made["headers"]) == (
        "waiting",
        "PUT",
        {"Content-Type": "image/jpeg"},
    )
    assert put(made, content).status_code == 204
    assert api.get(f"uploads/{made['id']}").json()["state"] == "received"
    with django_capture_on_commit_callbacks(execute=True):
        photo = api.post("photos", {"upload": made["id"]})
    assert photo.status_code == 201, photo.json()
    told = photo.json()
    assert (told["state"], told["width"], told["room"]) == ("ready", 640, room.public_id)
    after = api.get(f"uploads/{made['id']}").json()
    assert (after["state"], after["photo"]) == ("taken", told["id"])
    assert files_of(studio) == []
    assert is_tidy(studio)


def test_a_photo_of_no_room_or_of_another_than_was_said(studio: Studio) -> None:
    api, room = studio.api(), a_room(studio)
    made = announce(api)
    put(made, jpeg())
    assert api.post("photos", {"upload": made["id"]}).json()["room"] is None
    other = announce(api)
    put(other, jpeg())
    assert (
        api.post("photos", {"upload": other["id"], "room": room.public_id}).json()["room"] == room.public_id
    )


# --- What must never happen ------------------------------------------------------------------------------


def test_an_upload_of_another_workspace_is_not_there(studio: Studio, strange_studio: Studio) -> None:
    made = announce(studio.api())
    put(made, jpeg())
    stranger = strange_studio.api()
    assert stranger.get(f"uploads/{made['id']}").status_code == 404
    assert stranger.post("photos", {"upload": made["id"]}).status_code == 404
    with strange_studio.enter():
        assert Photo.objects.of(strange_studio.organization).count() == 0
        assert Upload.objects.filter(public_id=made["id"]).update(file="x") == 0, (
            "nor with the filter forgotten"
        )
    room = a_room(strange_studio)
    refused = studio.api().post("uploads", {"size": 9, "content_type": "image/png", "room": room.public_id})
    assert refused.status_code == 404
    assert studio.api().post("photos", {"upload": made["id"], "room": room.public_id}).status_code == 404


def test_an_address_takes_bytes_once(studio: Studio) -> None:
    api = studio.api()
    made = announce(api)
    assert put(made, jpeg()).status_code == 204
    again = put(made, jpeg())
    assert (again.status_code, again.json()["code"]) == (409, "upload_received")
    assert api.post("photos", {"upload": made["id"]}).status_code == 201
    assert put(made, jpeg()).status_code == 409


def test_an_upload_becomes_one_photo(studio: Studio) -> None:
    api = studio.api()
    made = announce(api)
    put(made, jpeg())
    photo = api.post("photos", {"upload": made["id"]}).json()
    again = api.post("photos", {"upload": made["id"]})
    assert (again.status_code, again.json()["code"], again.json()["photo"]) == (
        409,
        "upload_taken",
        photo["id"],
    )
    with studio.enter():
        assert Photo.objects.of(studio.organization).count() == 1


def test_an_address_ends_after_minutes(studio: Studio) -> None:
    api = studio.api()
    made = announce(api)
    with studio.enter():
        Upload.objects.of(studio.organization).update(expires_at=timezone.now() - timedelta(seconds=1))
    refused = put(made, jpeg())
    assert (refused.status_code, refused.json()["code"]) == (410, "upload_expired")
    assert api.get(f"uploads/{made['id']}").json()["state"] == "expired"
    unsent = api.post("photos", {"upload": made["id"]})
    assert (unsent.status_code, unsent.json()["code"]) == (409, "upload_not_received")


def test_what_ends_while_it_is_sent_is_not_kept(studio: Studio) -> None:
    made, content = announce(studio.api()), jpeg()

    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            with studio.enter():
                Upload.objects.of(studio.organization).update(
                    expires_at=timezone.now() - timedelta(seconds=1)
                )
            return super().read(size)

    with pytest.raises(uploads.AddressOver):
        uploads.receive(
            token=made["url"].rpartition("/")[2],
            content=Slow(content),
            length=len(content),
            media_type="image/jpeg",
            now=timezone.now(),
        )
    assert files_of(studio) == []


@pytest.mark.parametrize(
    ("sent", "headers", "code"),
    [
        (jpeg() + b"more", {}, "upload_not_as_announced"),
        (jpeg()[:-1], {}, "upload_not_as_announced"),
        (jpeg(), {"content_type": "image/png"}, "upload_not_as_announced"),
        (b"", {}, "upload_not_as_announced"),
    ],
    ids=["more", "fewer", "another type", "nothing"],
)
def test_what_is_not_as_announced_is_not_kept_and_the_address_is_as_good_as_before(
    studio: Studio, sent: bytes, headers: dict[str, str], code: str
) -> None:
    made = announce(studio.api())
    refused = put(made, sent, **headers)
    assert refused.status_code in (400, 411)
    assert refused.json()["code"] in (code, "length_required")
    assert files_of(studio) == []
    assert put(made, jpeg()).status_code == 204


@pytest.mark.parametrize(
    "content", [jpeg() + b"x" * 100_000, jpeg()[:100], b""], ids=["more", "fewer", "nothing"]
)
def test_a_liar_about_the_length_leaves_nothing_behind(studio: Studio, content: bytes) -> None:
    made = announce(studio.api())
    with pytest.raises(uploads.NotAsAnnounced):
        uploads.receive(
            token=made["url"].rpartition("/")[2],
            content=BytesIO(content),
            length=len(jpeg()),
            media_type="image/jpeg",
            now=timezone.now(),
        )
    assert files_of(studio) == []
    assert is_tidy(studio)


def test_the_reader_stops_where_the_announcement_does() -> None:
    endless = BytesIO(b"x" * 1_000_000)
    measured = uploads._Measured(endless, 1000)
    with pytest.raises(uploads.NotAsAnnounced):
        measured.read(64 * 1024)
    assert endless.tell() <= 64 * 1024


def test_a_hash_that_was_announced_is_checked(studio: Studio) -> None:
    content = jpeg()
    wrong = announce(studio.api(), sha256="00" * 32)
    assert put(wrong, content).json()["code"] == "upload_not_as_announced"
    right = announce(studio.api(), sha256=hashlib.sha256(content).hexdigest())
    assert put(right, content).status_code == 204


@pytest.mark.parametrize(
    "content",
    [b"GIF89a" + b"x" * 200, b"<html><script>alert(1)</script>" * 9, jpeg()[:400]],
    ids=["a GIF", "a page", "half a JPEG"],
)
def test_what_is_no_image_becomes_no_photo(studio: Studio, content: bytes) -> None:
    api = studio.api()
    made = announce(api, content)
    assert put(made, content).status_code == 204
    assert api.post("photos", {"upload": made["id"]}).status_code in (400, 415, 422)
    with studio.enter():
        assert not Photo.objects.of(studio.organization).filter(state=Photo.State.READY).exists()


def test_a_file_of_another_kind_than_was_said_is_read_for_what_it_is(studio: Studio) -> None:
    api, content = studio.api(), png()
    made = announce(api, content)
    put(made, content)
    assert api.post("photos", {"upload": made["id"]}).json()["state"] == "ready"


def test_more_than_the_largest_photo_is_refused_before_it_comes(studio: Studio) -> None:
    refused = studio.api().post("uploads", {"size": 30 * 2**20 + 1, "content_type": "image/jpeg"})
    assert (refused.status_code, refused.json()["code"]) == (413, "photo_too_large")
    for wrong in ({"size": 0}, {"content_type": "text/html"}, {"sha256": "abc"}, {"size": "many"}):
        asked = {"size": 10, "content_type": "image/jpeg", **wrong}
        assert studio.api().post("uploads", asked).status_code == 400


def test_uploads_that_wait_are_limited(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_WAITING", 1)
    announce(studio.api())
    refused = studio.api().post("uploads", {"size": 10, "content_type": "image/jpeg"})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_uploads")


def test_addresses_that_are_none_are_404_and_guesses_are_stopped(db: None) -> None:
    answers = [Client().put(f"/api/v1/incoming/guess{n}", b"x", content_type="image/png") for n in range(62)]
    assert {answer.status_code for answer in answers[:60]} == {404}
    assert answers[61].status_code == 429


def test_an_address_is_no_way_to_read(studio: Studio) -> None:
    made = announce(studio.api())
    put(made, jpeg())
    path = made["url"].removeprefix("http://testserver")
    for method in ("get", "post", "delete", "patch"):
        assert getattr(Client(), method)(path).status_code == 405


WRONG: dict[str, dict[str, Any]] = {
    "more than was said": {"received_bytes": F("size") + 1},
    "received after its time": {"received_at": F("expires_at") + timedelta(seconds=1)},
    "received and no file": {"file": ""},
    "no size": {"size": 0},
    "larger than any": {"size": 2**30, "received_bytes": 2**30},
}


@pytest.mark.parametrize("what", WRONG)
def test_the_database_refuses(studio: Studio, what: str) -> None:
    put(announce(studio.api()), jpeg())
    with pytest.raises(IntegrityError), studio.enter():
        Upload.objects.of(studio.organization).update(**WRONG[what])


def test_the_database_refuses_one_photo_for_two_uploads(studio: Studio) -> None:
    api = studio.api()
    for _ in range(2):
        put(announce(api), jpeg())
    first = api.post("photos", {"upload": api_upload(studio)}).json()
    with pytest.raises(IntegrityError), studio.enter():
        photo = Photo.objects.of(studio.organization).get(public_id=first["id"])
        Upload.objects.of(studio.organization).filter(photo=None).update(photo=photo, file="")


def api_upload(studio: Studio) -> str:
    with studio.enter():
        found: str = (
            Upload.objects.of(studio.organization).order_by("pk").values_list("public_id", flat=True)[0]
        )
    return found


# --- What nobody takes -----------------------------------------------------------------------------------


def test_what_nobody_takes_is_swept_with_its_file(
    studio: Studio, django_capture_on_commit_callbacks: Any
) -> None:
    api = studio.api()
    old, taken, fresh = announce(api), announce(api), announce(api)
    for each in (old, taken, fresh):
        put(each, jpeg())
    photo = api.post("photos", {"upload": taken["id"]}).json()
    with studio.enter():
        rows = Upload.objects.of(studio.organization).filter(public_id__in=[old["id"], taken["id"]])
        rows.update(created_at=timezone.now() - uploads.KEPT - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.sweep(now=timezone.now()) == 2
    storage.sweep(now=timezone.now())
    assert api.get(f"uploads/{old['id']}").status_code == 404
    assert api.get(f"uploads/{fresh['id']}").json()["state"] == "received"
    assert len(files_of(studio)) == 1
    assert api.get("photos").json()["results"][0]["id"] == photo["id"]
    assert is_tidy(studio)


def test_a_deleted_workspace_keeps_no_upload(studio: Studio, django_capture_on_commit_callbacks: Any) -> None:
    put(announce(studio.api()), jpeg())
    with django_capture_on_commit_callbacks(execute=True), tenancy.enter(studio.organization):
        uploads.erase(organization=studio.organization)
    assert files_of(studio) == []


# --- Races -----------------------------------------------------------------------------------------------


def at_once(*calls: Any) -> list[Any]:
    def run(call: Any) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_one_address_one_comes_through(settings: LazySettings) -> None:
    studio = factories.make_studio()
    made = announce(studio.api())
    answers = at_once(*[lambda: put(made, jpeg()).status_code] * 6)
    assert sorted(answers) == [204, *[409] * 5]
    assert len(files_of(studio)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_takers_one_gets_the_photo() -> None:
    studio = factories.make_studio()
    api = studio.api()
    made = announce(api)
    put(made, jpeg())
    answers = at_once(*[lambda: ApiClient(api.key).post("photos", {"upload": made["id"]}).status_code] * 4)
    assert sorted(answers) == [201, 409, 409, 409]
    with studio.enter():
        assert Photo.objects.of(studio.organization).count() == 1
