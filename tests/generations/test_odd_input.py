"""Input that nobody means well: a clear answer, never a 500, and nothing charged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from tests.factories import Studio, body

SPENDING = ("generate", "generations")


def raw(studio: Studio, path: str, content: str | bytes, method: str = "POST", **headers: str) -> Any:
    return Browser().generic(
        method,
        f"/api/v1/{path}",
        content,
        content_type="application/json",
        headers={"authorization": f"Bearer {studio.key()}", **headers},
    )


@pytest.mark.parametrize("path", SPENDING)
@pytest.mark.parametrize("text", ["a\0b", "half an emoji \ud83d"], ids=["a NUL", "half a surrogate pair"])
@pytest.mark.parametrize("field", ["prompt", "room", "name"])
def test_text_that_can_not_be_kept_is_400(studio: Studio, path: str, text: str, field: str) -> None:
    fields: dict[str, Any] = {"referenceProducts": [{"name": text}]} if field == "name" else {field: text}
    response = raw(studio, path, json.dumps(body() | fields))
    assert response.status_code == 400
    assert response.json()["error"]
    assert studio.lines() == ["grant"]


@pytest.mark.parametrize("path", [*SPENDING, "clients"])
def test_json_nested_beyond_reason_is_400(studio: Studio, path: str) -> None:
    assert raw(studio, path, "[" * 100_000).status_code == 400
    assert raw(studio, path, '{"a":' * 5_000 + "1" + "}" * 5_000).status_code == 400


@pytest.mark.parametrize(
    "method", ["INITIAL", "DISPATCH", "CHECK_PERMISSIONS", "PERFORM_AUTHENTICATION", "PUT"]
)
def test_a_method_that_is_none_is_405(studio: Studio, method: str) -> None:
    assert raw(studio, "generate", json.dumps(body()), method=method).status_code == 405


@pytest.mark.parametrize("cursor", ["cD1hYmM=", "cD0xLjU=", "nonsense", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk="])
@pytest.mark.parametrize("noun", ["generations", "clients", "projects", "rooms", "photos"])
def test_a_cursor_that_was_never_given_out_is_404(studio: Studio, noun: str, cursor: str) -> None:
    assert studio.api().get(noun, cursor=cursor).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["generations?room=%00", "rooms?project=%00", "photos?room=%00", "generations/%00", "generations/a%00b"],
)
def test_a_nul_in_an_address_names_nothing(studio: Studio, path: str) -> None:
    assert raw(studio, path, b"", method="GET").status_code in (200, 400, 404)


def test_a_nul_in_the_address_of_a_page_is_404(studio: Studio, owner_client: Browser) -> None:
    home = f"/w/{studio.organization.public_id}"
    for path in ("/w/%00/studio", f"{home}/studio?photo=%00", f"{home}/generations/%00", f"{home}/rooms/%00"):
        assert owner_client.get(path).status_code == 404, path


@pytest.mark.parametrize("key", ["k" * 251, "schlüssel", "a\tb"])
def test_an_odd_idempotency_key_is_400(studio: Studio, key: str) -> None:
    response = raw(studio, "generations", json.dumps(body()), **{"idempotency-key": key})
    assert response.status_code == 400
    assert studio.lines() == ["grant"]


def test_long_idempotency_keys_that_differ_at_the_end_differ(studio: Studio) -> None:
    keys = ["k" * 249 + end for end in "ab"]
    made = {
        raw(studio, "generations", json.dumps(body()), **{"idempotency-key": k}).json()["id"] for k in keys
    }
    assert len(made) == 2


@pytest.mark.parametrize("spelling", ["chunked", "Chunked", "gzip, chunked"])
def test_a_body_without_a_length_is_411(studio: Studio, spelling: str) -> None:
    response = raw(studio, "generate", "{}", **{"transfer-encoding": spelling})
    assert (response.status_code, response.json()["code"]) == (411, "length_required")


def test_an_upload_beyond_the_limit_is_413_before_it_is_read(studio: Studio, owner_client: Browser) -> None:
    upload = SimpleUploadedFile("room.jpg", bytes(32 * 2**20), "image/jpeg")
    page = owner_client.post(
        f"/w/{studio.organization.public_id}/studio", {"prompt": "x", "key": "k", "photo": upload}
    )
    assert page.status_code == 413
    assert "31 MB" in page.content.decode()
    upload.seek(0)
    answer = Browser().post(
        "/api/v1/photos", {"room": "x", "file": upload}, headers={"authorization": f"Bearer {studio.key()}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_host_that_is_none_of_ours_is_400_in_the_shape_of_the_api(settings: Any, db: None) -> None:
    settings.ALLOWED_HOSTS = ["rooms.example"]
    response = Browser().get("/api/v1/credits", headers={"host": "evil.example"})
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    page = Browser().get("/accounts/login/", headers={"host": "evil.example"})
    assert page.status_code == 400


def test_a_stored_files_type_is_its_own_whatever_the_address_says(studio: Studio, worker: Any) -> None:
    api = studio.api()
    made = api.post("generations", body()).json()
    worker()
    url = api.get(f"generations/{made['id']}").json()["pictures"][0]["url"]
    dressed_up = url.rpartition("/")[0] + "/page.html"
    response: Any = Browser().get(dressed_up)
    assert response.headers["Content-Type"] == "image/png"
    b"".join(response.streaming_content)
    head = Browser().head(url)
    head.close()
    assert head.status_code == 200


@pytest.mark.parametrize("page", ["deliveries/new?project=%00", "generations?person=%00", "clients?q=%00"])
def test_a_nul_in_the_address_of_a_page_finds_nothing(
    studio: Studio, owner_client: Browser, page: str
) -> None:
    assert owner_client.get(f"/w/{studio.organization.public_id}/{page}").status_code in (200, 404)
