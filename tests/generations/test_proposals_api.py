"""A workspace's program makes proposals: drafts, lines, sending, the client's answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from generations.models import ProposalLine
from projects import library
from projects.services import IncomingImage
from tests.factories import ApiClient, Studio
from tests.fakes import jpeg
from tests.generations.proposing import Job, make_job
from tests.generations.test_pictures_api import make_viewer

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def job(studio: Studio, worker: Work) -> Job:
    made = make_job(studio)
    made.decide(0)
    made.decide(1)
    return made


def send(api: ApiClient, method: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {api.key}"}
    verb = getattr(Client(), method)
    return verb(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


def begin(api: ApiClient, job: Job) -> dict[str, Any]:
    made = api.post("proposals", {"project": job.project.public_id})
    assert made.status_code == 201, made.content
    assert made.headers["Location"].endswith(f"/api/v1/proposals/{made.json()['id']}")
    told: dict[str, Any] = made.json()
    return told


def test_a_draft_has_what_was_approved_and_its_sums(studio: Studio, job: Job) -> None:
    api = studio.api()
    told = begin(api, job)
    assert (told["state"], told["number"], told["currency"]) == ("draft", None, "EUR")
    assert [row["picture"] for row in told["pictures"]] == [picture.public_id for picture in job.pictures]
    (line,) = told["lines"]
    assert (line["product"], line["unit_price"]) == (job.sofa.public_id, "1000.00")
    where = f"proposals/{told['id']}"
    changed = send(api, "patch", where, {"markup": "10", "tax": "19", "title": "For you"})
    assert changed.status_code == 200, changed.content
    read = api.get(where).json()
    assert (read["cost"], read["net"], read["tax_amount"], read["total"]) == (
        "1000.00",
        "1100.00",
        "209.00",
        "1309.00",
    )
    assert read["title"] == "For you"
    assert changed.headers["ETag"] == api.get(where).headers["ETag"]
    rows = api.get("proposals", project=job.project.public_id, state="draft").json()["results"]
    assert [row["id"] for row in rows] == [told["id"]]
    assert api.get("proposals", state="sent").json()["results"] == []


def test_lines_are_added_changed_and_taken_out(studio: Studio, job: Job) -> None:
    api = studio.api()
    where = f"proposals/{begin(api, job)['id']}"
    fee = api.post(f"{where}/lines", {"name": "Design fee", "unit_price": "250.50", "quantity": "2"})
    assert fee.status_code == 201, fee.content
    line = fee.json()["lines"][1]
    assert (line["product"], line["total"]) == (None, "501.00")
    one = f"{where}/lines/{line['id']}"
    changed = send(api, "patch", one, {"quantity": "3"}).json()["lines"][1]
    assert (changed["name"], changed["total"]) == ("Design fee", "751.50")
    assert api.delete(one).status_code == 204
    assert api.delete(one).status_code == 404
    sofa = api.get(where).json()["lines"][0]
    assert send(api, "patch", f"{where}/lines/{sofa['id']}", {"markup": "50"}).json()["net"] == "1500.00"
    assert send(api, "patch", f"{where}/lines/{sofa['id']}", {"markup": None}).json()["net"] == "1000.00"
    api.delete(f"{where}/lines/{sofa['id']}")
    again = api.post(f"{where}/lines", {"product": job.sofa.public_id})
    assert [row["name"] for row in again.json()["lines"]] == ["Sofa Ωmega"]
    api.delete(f"{where}/lines/{again.json()['lines'][0]['id']}")
    furniture = api.post(f"{where}/furniture", {}).json()
    assert (len(furniture["lines"]), furniture["left_out"]) == (1, [])


def test_what_can_not_be_a_line_is_refused(studio: Studio, job: Job) -> None:
    api = studio.api()
    where = f"proposals/{begin(api, job)['id']}"
    dollars = library.add_product(
        organization=studio.organization,
        by_user=studio.owner,
        image=IncomingImage(content=jpeg(), name="Lamp"),
        name="Lamp",
        price=Decimal(90),
        currency="USD",
    )
    mixed = api.post(f"{where}/lines", {"product": dollars.public_id})
    assert (mixed.status_code, mixed.json()["code"]) == (409, "mixed_currencies")
    unknown = api.post(f"{where}/lines", {"product": "prd_none"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (404, "#/product")
    assert api.post(f"{where}/lines", {"name": "Fee"}).json()["errors"][0]["pointer"] == "#/unit_price"
    assert send(api, "patch", where, {"currency": "USD"}).json()["code"] == "mixed_currencies"
    assert send(api, "patch", where, {"tax": "101"}).status_code == 400
    line = api.get(where).json()["lines"][0]["id"]
    assert send(api, "patch", f"{where}/lines/{line}", {"quantity": "0"}).status_code == 400


def test_the_pictures_of_a_draft_are_approved_ones(studio: Studio, job: Job) -> None:
    api = studio.api()
    where = f"proposals/{begin(api, job)['id']}"
    second = job.pictures[1].public_id
    chosen = send(api, "put", f"{where}/pictures", {"pictures": [{"picture": second, "caption": "Evening"}]})
    assert chosen.json()["pictures"] == [{"picture": second, "caption": "Evening"}]
    job.decide(0, "declined")
    refused = send(api, "put", f"{where}/pictures", {"pictures": [{"picture": job.pictures[0].public_id}]})
    assert (refused.status_code, refused.json()["code"]) == (409, "picture_not_approved")
    assert send(api, "put", f"{where}/pictures", {"pictures": []}).status_code == 400


def test_a_proposal_is_sent_read_by_its_link_and_withdrawn(studio: Studio, job: Job) -> None:
    api = studio.api()
    told = begin(api, job)
    where = f"proposals/{told['id']}"
    assert api.post(f"{where}/links", {}).json()["code"] == "proposal_not_sent"
    sent = api.post(f"{where}/send", {})
    assert (sent.status_code, sent.json()["state"], sent.json()["number"]) == (200, "sent", "P-0001")
    not_yet = api.get(f"{where}/pdf")
    assert (not_yet.status_code, not_yet.json()["code"]) == (409, "pdf_not_ready")
    link = api.post(f"{where}/links", {})
    assert link.status_code == 201
    assert Client().get(link.json()["url"]).status_code == 200
    assert [row["id"] for row in api.get(f"{where}/links").json()["results"]] == [link.json()["id"]]
    assert api.delete(f"{where}/links/{link.json()['id']}").status_code == 204
    assert Client().get(link.json()["url"]).status_code in (404, 410)
    for refused in (
        send(api, "patch", where, {"title": "Later"}),
        api.post(f"{where}/lines", {"name": "Fee", "unit_price": "1"}),
        api.delete(where),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "not_a_draft")
    version = api.post(f"{where}/versions", {})
    assert (version.status_code, version.json()["replaces"]) == (201, told["id"])
    with studio.enter():
        ids = list(ProposalLine.objects.of(studio.organization).values_list("public_id", flat=True))
    assert len(ids) == len(set(ids)) == 2
    withdrawn = api.post(f"{where}/withdraw", {})
    assert withdrawn.json()["state"] == "withdrawn"
    assert api.delete(f"proposals/{version.json()['id']}").status_code == 204


def test_the_paper_is_downloaded_and_the_answer_read(studio: Studio, job: Job) -> None:
    api = studio.api()
    sent = job.make(job.sent())
    where = f"proposals/{sent.public_id}"
    paper = api.get(f"{where}/pdf").json()
    assert paper["filename"] == "P-0001.pdf"
    file: Any = Client().get(paper["url"])
    assert b"".join(file.streaming_content).startswith(b"%PDF")
    assert api.get(where).json()["answer"] is None
    job.accept(sent, name="Mrs Winter")
    read = api.get(where).json()
    assert (read["state"], read["answer"]["accepted"], read["answer"]["name"]) == (
        "accepted",
        True,
        "Mrs Winter",
    )
    assert api.post(f"{where}/withdraw", {}).status_code == 409


def test_nothing_approved_and_no_address_are_refused(studio: Studio, job: Job) -> None:
    api = studio.api()
    where = f"proposals/{begin(api, job)['id']}"
    send(api, "patch", where, {"client_email": ""})
    assert api.post(f"{where}/send", {"mail_client": True}).json()["code"] == "no_client_address"
    past = (timezone.now().date().replace(year=2020)).isoformat()
    send(api, "patch", where, {"valid_until": past})
    assert api.post(f"{where}/send", {}).json()["code"] == "proposal_too_old"
    job.decide(0, "declined")
    job.decide(1, "declined")
    nothing = api.post("proposals", {"project": job.project.public_id})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_approved")


def test_what_drafts_begin_with_is_set_by_who_manages(studio: Studio, job: Job) -> None:
    from tests.accounts.test_accounts_api import manager

    api = manager(studio)
    assert api.get("proposal-settings").json()["currency"] == "EUR"
    changed = send(api, "patch", "proposal-settings", {"tax": "7.7", "accent": "#112233"})
    assert (changed.json()["tax"], changed.json()["logo_url"]) == ("7.70", None)
    assert begin(studio.api(), job)["tax"] == "7.70"
    assert send(api, "patch", "proposal-settings", {"accent": "red"}).status_code == 400
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    logo = SimpleUploadedFile("logo.jpg", jpeg(), "image/jpeg")
    put = Client().put(
        "/api/v1/proposal-settings/logo",
        encode_multipart(BOUNDARY, {"file": logo}),
        content_type=MULTIPART_CONTENT,
        headers={"authorization": f"Bearer {api.key}"},
    )
    assert put.status_code == 200, put.content
    assert put.json()["logo_url"]
    assert api.delete("proposal-settings/logo").status_code == 204
    assert api.get("proposal-settings").json()["logo_url"] is None
    assert studio.api().get("proposal-settings").json()["code"] == "scope_missing"


def test_another_workspace_and_a_viewer_have_no_part_in_it(
    studio: Studio, job: Job, strange_studio: Studio
) -> None:
    api, stranger = studio.api(), strange_studio.api()
    told = begin(api, job)
    at, line = f"proposals/{told['id']}", told["lines"][0]["id"]
    acts: list[tuple[str, str, dict[str, Any]]] = [
        ("post", "proposals", {"project": job.project.public_id}),
        ("patch", at, {"title": "Mine"}),
        ("post", f"{at}/lines", {"name": "Fee", "unit_price": "1"}),
        ("patch", f"{at}/lines/{line}", {"name": "Fee"}),
        ("delete", f"{at}/lines/{line}", {}),
        ("post", f"{at}/furniture", {}),
        ("put", f"{at}/pictures", {"pictures": [{"picture": job.pictures[0].public_id}]}),
        ("post", f"{at}/send", {}),
        ("post", f"{at}/withdraw", {}),
        ("post", f"{at}/versions", {}),
        ("post", f"{at}/links", {}),
        ("delete", at, {}),
    ]
    for method, path, body in acts:
        assert send(stranger, method, path, body).status_code == 404, (method, path)
    for path in (at, f"{at}/pdf", f"{at}/links"):
        assert stranger.get(path).status_code == 404
    assert stranger.get("proposals", project=job.project.public_id).json()["results"] == []
    make_viewer(studio)
    assert api.get(at).status_code == 200
    for method, path, body in acts:
        refused = send(api, method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_needed"), (method, path)
