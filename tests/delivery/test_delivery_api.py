"""A workspace's program hands pictures over: profiles, deliveries, pages of originals, marks read back."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generations import delivery_making, test_data
from generations.models import Delivery, Picture
from tests.accounts.test_accounts_api import manager
from tests.delivery.delivering import made
from tests.factories import ApiClient, Studio, body
from tests.fakes import jpeg
from tests.generations.test_pictures_api import make_viewer

Work = Callable[[], int]


def send(api: ApiClient, method: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {api.key}"}
    verb = getattr(Client(), method)
    return verb(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


def content_of(url: str) -> bytes:
    answer: Any = Client().get(url)
    assert answer.status_code == 200
    content: bytes = b"".join(answer.streaming_content)
    return content


def deliver(api: ApiClient, pictures: list[Picture], /, **more: Any) -> Any:
    wanted = {
        "pictures": [picture.public_id for picture in pictures],
        "profile": "label",
        "title": "Final pictures",
        "confirm_unapproved": True,
    }
    return api.post("deliveries", wanted | more)


def make_files(studio: Studio) -> None:
    """What the job does."""
    from django.utils import timezone

    with studio.enter():
        found = list(Delivery.objects.of(studio.organization).filter(state="making"))
    for delivery in found:
        delivery_making.make(
            delivery_id=delivery.pk, organization_id=studio.organization.pk, now=timezone.now()
        )


def test_a_profile_is_made_changed_and_removed(studio: Studio) -> None:
    api = studio.api()
    built_in = api.get("export-profiles").json()["results"]
    assert {"label", "label-qr"} <= {row["id"] for row in built_in if row["built_in"]}
    assert api.get("export-profiles/label-qr").json()["qr"] is True
    new = api.post("export-profiles", {"name": "Portal", "width": 1600, "height": 900})
    assert new.status_code == 201, new.content
    assert new.headers["Location"].endswith(f"/export-profiles/{new.json()['id']}")
    where = f"export-profiles/{new.json()['id']}"
    changed = send(api, "patch", where, {"format": "png"})
    assert (changed.json()["format"], changed.json()["width"]) == ("png", 1600)
    nothing = send(api, "patch", where, {"label": "", "caption": False})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "profile_discloses_nothing")
    twin = api.post("export-profiles", {"name": "portal"})
    assert (twin.status_code, twin.json()["code"]) == (409, "profile_exists")
    assert api.post("export-profiles", {"name": "Odd", "width": 1600}).json()["code"] == "bad_profile"
    for refused in (
        send(api, "patch", "export-profiles/label", {"qr": True}),
        api.delete("export-profiles/label"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "built_in_profile")
    assert api.delete(where).status_code == 204
    assert api.get(where).status_code == 404


def test_a_delivery_is_made_read_opened_and_withdrawn(studio: Studio, worker: Work) -> None:
    pictures, api = made(studio, worker, 2), studio.api()
    new = deliver(api, pictures, days=30)
    assert new.status_code == 201, new.content
    told = new.json()
    where = f"deliveries/{told['id']}"
    assert new.headers["Location"].endswith(f"/api/v1/{where}")
    assert (told["state"], told["live"], told["has_link"]) == ("making", True, True)
    assert api.get(f"{where}/archive").json()["code"] == "archive_not_ready"
    assert Client().get(told["link"]["url"]).status_code == 200
    make_files(studio)
    read = api.get(where).json()
    assert (read["state"], len(read["files"]), "link" in read) == ("ready", 2, False)
    assert content_of(read["files"][0]["url"])[:2] == b"\xff\xd8"
    assert read["files"][0]["original_url"].startswith("http")
    archive = api.get(f"{where}/archive").json()
    assert archive["filename"] == "final-pictures.zip"
    names = ZipFile(io.BytesIO(content_of(archive["url"]))).namelist()
    assert "manifest.csv" in names
    assert [row["id"] for row in api.get("deliveries", state="ready").json()["results"]] == [told["id"]]
    renewed = api.post(f"{where}/link", {})
    assert renewed.status_code == 201
    assert Client().get(told["link"]["url"]).status_code == 404
    assert Client().get(renewed.json()["url"]).status_code == 200
    assert api.post(f"{where}/withdraw", {}).status_code == 400
    withdrawn = api.post(f"{where}/withdraw", {"reason": "Wrong room"}).json()
    assert (withdrawn["live"], withdrawn["withdrawn_reason"]) == (False, "Wrong room")
    assert [file["url"] for file in withdrawn["files"]] == [None, None]
    assert api.post(f"{where}/release", {}).json()["code"] == "delivery_not_live"


def test_a_watermark_stays_until_the_release(studio: Studio, worker: Work) -> None:
    pictures, api = made(studio, worker), studio.api()
    told = deliver(api, pictures, has_watermark=True, pin="1234").json()
    assert (told["released_at"], told["asks_pin"]) == (None, True)
    assert api.post(f"deliveries/{told['id']}/release", {}).json()["released_at"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"confirm_unapproved": False}, 422, "not_approved"),
        ({"profile": "wild"}, 404, "not_found"),
        ({"pictures": ["pic_none"]}, 404, "not_found"),
        ({"project": "prj_none"}, 404, "not_found"),
        ({"pictures": []}, 400, "invalid"),
        ({"pin": "12"}, 400, "invalid"),
    ],
)
def test_a_delivery_that_can_not_be_is_refused(
    studio: Studio, worker: Work, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = deliver(studio.api(), made(studio, worker), **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    with studio.enter():
        assert not Delivery.objects.of(studio.organization).exists()


def test_an_original_is_published_put_into_words_and_retracted(studio: Studio, worker: Work) -> None:
    (picture,), api = made(studio, worker), studio.api()
    where = f"pictures/{picture.public_id}/original"
    assert api.get(where).status_code == 404
    published = send(api, "put", where, {})
    assert published.status_code == 201, published.content
    page = published.json()
    assert Client().get(page["url"]).status_code == 200
    again = send(api, "put", where, {"altered": "A sofa was added."})
    assert (again.status_code, again.json()["url"]) == (200, page["url"])
    assert api.get(where).json()["altered"] == "A sofa was added."
    assert api.delete(where).json()["code"] == "reason_needed"
    deliver(api, [picture])
    assert api.get(where).json()["delivered"] is True
    warned = api.delete(f"{where}?reason=Sold")
    assert (warned.status_code, warned.json()["code"]) == (409, "original_delivered")
    assert api.delete(f"{where}?reason=Sold&confirmed=true").status_code == 204
    assert Client().get(page["url"]).status_code == 410
    assert api.get(where).json()["reason"] == "Sold"
    back = send(api, "put", where, {})
    assert (back.status_code, back.json()["url"]) == (201, page["url"])


def test_a_file_says_what_it_is(studio: Studio, worker: Work) -> None:
    (picture,), api = made(studio, worker), studio.api()
    ours = content_of(api.get(f"pictures/{picture.public_id}").json()["url"])

    def verify(content: bytes) -> Any:
        file = SimpleUploadedFile("picture.png", content, "image/png")
        headers = {"authorization": f"Bearer {api.key}"}
        return Client().post("/api/v1/verify", {"file": file}, headers=headers)

    told = verify(ours).json()
    assert (told["verdict"], told["failures"]) == ("ours", [])
    assert verify(jpeg()).json()["verdict"] == "unmarked"
    refused = verify(b"no picture")
    assert refused.status_code == 400
    headers = {"authorization": f"Bearer {api.key}"}
    assert Client().post("/api/v1/verify", {}, headers=headers).status_code == 400


def test_test_data_is_deleted_by_who_manages(studio: Studio, worker: Work) -> None:
    studio.api(live=False).post("generations", body())
    worker()
    assert studio.api().delete("test-data").json()["code"] == "scope_missing"
    answer = manager(studio).delete("test-data")
    assert (answer.status_code, answer.json()) == (202, {"generations": 1})


def test_test_data_that_somebody_relies_on_stays_until_that_has_ended(studio: Studio, worker: Work) -> None:
    for _ in range(3):
        studio.api(live=False).post("generations", body())
    worker()
    with studio.enter():
        delivered, public, _free = list(Picture.objects.of(studio.organization).order_by("pk"))
    api = studio.api()
    delivery = deliver(api, [delivered]).json()["id"]
    original = f"pictures/{public.public_id}/original"
    assert send(api, "put", original, {}).status_code < 300
    assert test_data.carry_out(organization_id=studio.organization.pk) == 1
    assert api.delete(f"{original}?reason=Sold").status_code == 204
    assert api.post(f"deliveries/{delivery}/withdraw", {"reason": "Sold"}).status_code == 200
    assert test_data.carry_out(organization_id=studio.organization.pk) == 2


def test_another_workspace_and_a_viewer_hand_nothing_over(
    studio: Studio, worker: Work, strange_studio: Studio
) -> None:
    (picture,), api, stranger = made(studio, worker), studio.api(), strange_studio.api()
    profile = api.post("export-profiles", {"name": "Portal"}).json()["id"]
    at = f"deliveries/{deliver(api, [picture]).json()['id']}"
    original = f"pictures/{picture.public_id}/original"
    send(api, "put", original, {})
    acts: list[tuple[str, str, dict[str, Any]]] = [
        ("patch", f"export-profiles/{profile}", {"qr": True}),
        ("delete", f"export-profiles/{profile}", {}),
        ("post", f"{at}/release", {}),
        ("post", f"{at}/withdraw", {"reason": "Mine"}),
        ("post", f"{at}/link", {}),
        ("put", original, {}),
        ("delete", f"{original}?reason=Mine&confirmed=true", {}),
    ]
    for method, path, sent in acts:
        assert send(stranger, method, path, sent).status_code == 404, (method, path)
    assert deliver(stranger, [picture]).status_code == 404
    for path in (at, f"{at}/archive", original, f"export-profiles/{profile}"):
        assert stranger.get(path).status_code == 404, path
    make_viewer(studio)
    assert api.get(at).status_code == 200
    refused = [send(api, *act) for act in acts]
    refused += [deliver(api, [picture]), api.post("export-profiles", {"name": "Other"})]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "role_needed")}
