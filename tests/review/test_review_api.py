"""A workspace's program runs a review: opens the room, reads what the client said, goes into the next round."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client

from accounts.models import AuditEntry
from generations.models import ReviewLink, ReviewRoom
from projects import services as projects
from tests.factories import ApiClient, Studio
from tests.generations.test_pictures_api import make_viewer
from tests.review.conftest import ADA, Guest, Review, make_pictures


def patch(api: ApiClient, path: str, body: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {api.key}"}
    return Client().patch(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


def where(review: Review) -> str:
    return f"reviews/{review.room.public_id}"


def test_a_room_is_opened_and_its_link_told_once(studio: Studio, worker: Any, guest: Guest) -> None:
    project = projects.create_project(organization=studio.organization, name="Harbour 4")
    first, second = make_pictures(studio, project)
    api = studio.api()
    made = api.post(
        "reviews",
        {
            "project": project.public_id,
            "pictures": [second.public_id, first.public_id],
            "title": "Looks",
            "show_prices": True,
            "days": 7,
        },
    )
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["open"], told["show_prices"], told["asks_pin"]) == (True, True, False)
    assert made.headers["Location"].endswith(f"/api/v1/reviews/{told['id']}")
    assert guest.get(told["link"]["url"]).status_code == 200
    read = api.get(f"reviews/{told['id']}").json()
    assert "link" not in read
    items = api.get(f"reviews/{told['id']}/items").json()["results"]
    assert [item["picture"]["id"] for item in items] == [second.public_id, first.public_id]
    assert [row["id"] for row in api.get("reviews", project=project.public_id).json()["results"]] == [
        read["id"]
    ]
    assert api.get("reviews", project="prj_none").json()["results"] == []


def test_only_what_is_named_changes(studio: Studio, review: Review) -> None:
    api = studio.api()
    changed = patch(api, where(review), {"message": "Have a look", "pin": "1234"})
    assert (changed.status_code, changed.json()["message"]) == (200, "Have a look")
    assert (changed.json()["title"], changed.json()["asks_pin"]) == ("First looks", True)
    assert check_password("1234", review.reload().pin)
    assert patch(api, where(review), {"pin": None}).json()["asks_pin"] is False
    assert patch(api, where(review), {"pin": "12"}).status_code == 400
    assert patch(api, where(review), {"max_rounds": 99}).status_code == 400


def test_what_the_client_said_and_decided_is_read(studio: Studio, review: Review, guest: Guest) -> None:
    guest.post(f"{review.item_path()}/decide", {**ADA, "outcome": "declined", "reason": "Too dark"})
    guest.post(f"{review.item_path()}/decide", {**ADA, "outcome": "approved"})
    guest.post(f"{review.item_path()}/decide", {**ADA, "outcome": "declined", "reason": "No", "piece": 0})
    guest.post(f"{review.item_path()}/comment", {**ADA, "text": "Lighter?", "x": 25, "y": 50})
    api = studio.api()
    piece, last, first = api.get(f"{where(review)}/decisions").json()["results"]
    assert (first["outcome"], first["reason"], first["number"]) == ("declined", "Too dark", 1)
    assert (last["outcome"], last["number"], last["piece"]) == ("approved", 2, None)
    assert (piece["piece"], piece["reviewer_email"]) == (0, ADA["email"])
    second = review.items()[1].public_id
    assert api.get(f"{where(review)}/decisions", item=second).json()["results"] == []
    item = api.get(f"{where(review)}/items").json()["results"][0]
    assert (item["outcome"], item["open_comments"]) == ("approved", 1)
    assert item["pieces"][0]["outcome"] == "declined"
    (comment,) = api.get(f"{where(review)}/comments", resolved="false").json()["results"]
    assert (comment["text"], comment["x"], comment["by_member"]) == ("Lighter?", 0.25, False)

    at = f"{where(review)}/comments/{comment['id']}"
    reply = api.post(f"{at}/replies", {"text": "Tomorrow"})
    assert (reply.status_code, reply.json()["reply_to"], reply.json()["by_member"]) == (
        201,
        comment["id"],
        True,
    )
    assert b"Tomorrow" in guest.get(review.item_path()).content
    assert patch(api, at, {"resolved": True}).json()["resolved_at"]
    assert api.get(f"{where(review)}/comments", resolved="false").json()["results"] == []
    assert patch(api, at, {"resolved": False}).json()["resolved_at"] is None
    assert patch(api, f"{where(review)}/comments/com_none", {"resolved": True}).status_code == 404
    assert api.post(f"{where(review)}/comments/com_none/replies", {"text": "Hm"}).status_code == 404
    assert api.post(f"{at}/replies", {"text": " "}).status_code == 400


def test_rounds_are_closed_reopened_and_followed_by_the_next(studio: Studio, review: Review) -> None:
    api = studio.api()
    closed = api.post(f"{where(review)}/round/close", {})
    assert (closed.status_code, closed.json()["open"]) == (200, False)
    assert api.post(f"{where(review)}/round/reopen", {}).json()["open"] is True
    (newer,) = make_pictures(studio, review.project, 3)[4:]
    old = review.items()[0]
    wrong = api.post(
        f"{where(review)}/rounds", {"pictures": [{"picture": newer.public_id, "replaces": "rit_none"}]}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (404, "not_found")
    started = api.post(
        f"{where(review)}/rounds",
        {"pictures": [{"picture": newer.public_id, "replaces": old.public_id}], "message": "Better"},
    )
    assert started.status_code == 201, started.content
    assert (started.json()["current_round"], started.json()["message"]) == (2, "Better")
    items = api.get(f"{where(review)}/items").json()["results"]
    assert [(item["picture"]["id"], item["current"]) for item in items][-1] == (
        old.picture.public_id,
        False,
    )
    used_up = api.post(f"{where(review)}/rounds", {"pictures": []})
    assert (used_up.status_code, used_up.json()["code"]) == (409, "rounds_used_up")


def test_links_are_made_listed_mailed_renewed_and_revoked(
    studio: Studio, review: Review, guest: Guest
) -> None:
    api, links = studio.api(), f"{where(review)}/links"
    made = api.post(links, {"days": 7})
    assert made.status_code == 201
    assert guest.get(made.json()["url"]).status_code == 200
    listed = api.get(links).json()["results"]
    assert [row["id"] for row in listed] == [made.json()["id"], review_first(review)]
    assert "url" not in listed[0]
    assert api.delete(f"{links}/{made.json()['id']}").status_code == 204
    assert api.delete(f"{links}/{made.json()['id']}").status_code == 204  # twice is once
    assert guest.get(made.json()["url"]).status_code == 404
    with studio.enter():
        assert AuditEntry.objects.of(studio.organization).filter(action="review.link_revoked").count() == 1
    assert api.post(links, {"to": "bea@example.com"}).status_code == 202
    renewed = api.post(links, {"ends_others": True}).json()
    assert [row["id"] for row in api.get(links).json()["results"]] == [renewed["id"]]
    assert api.delete(f"{links}/rvl_none").status_code == 404


def review_first(review: Review) -> str:
    with review.studio.enter():
        links = ReviewLink.objects.of(review.studio.organization).filter(room=review.room)
        return str(links.earliest("pk").public_id)


def test_a_room_that_is_ended_opens_and_takes_nothing(studio: Studio, review: Review, guest: Guest) -> None:
    api = studio.api()
    ended = api.post(f"{where(review)}/revoke", {})
    assert (ended.status_code, ended.json()["open"]) == (200, False)
    assert api.post(f"{where(review)}/revoke", {}).json() == ended.json()
    assert guest.get(review.path).status_code == 404
    for answer in (
        patch(api, where(review), {"title": "Again"}),
        api.post(f"{where(review)}/links", {}),
        api.post(f"{where(review)}/round/close", {}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "review_revoked")
    assert api.get(f"{where(review)}/links").json()["results"] == []


@pytest.mark.parametrize("fields", [{"pictures": []}, {"pictures": ["pic_none"]}, {"project": "prj_none"}])
def test_a_room_without_pictures_of_its_project_is_refused(
    studio: Studio, review: Review, fields: dict[str, Any]
) -> None:
    body = {
        "project": review.project.public_id,
        "pictures": [review.items()[0].picture.public_id],
        "title": "Looks",
    }
    answer = studio.api().post("reviews", body | fields)
    assert answer.status_code in (404, 422)
    with studio.enter():
        assert ReviewRoom.objects.of(studio.organization).count() == 1


def test_another_workspace_and_a_viewer_have_no_part_in_it(
    studio: Studio, review: Review, guest: Guest, strange_studio: Studio
) -> None:
    guest.post(f"{review.item_path()}/comment", {**ADA, "text": "Lighter?"})
    api, stranger, at = studio.api(), strange_studio.api(), where(review)
    comment = api.get(f"{at}/comments").json()["results"][0]["id"]
    link, picture = review.link.public_id, review.items()[0].picture.public_id
    opening = {"project": review.project.public_id, "pictures": [picture], "title": "Mine"}
    reads = ("", "/items", "/decisions", "/comments", "/links", f"/comments/{comment}")
    for path in reads:
        assert stranger.get(f"{at}{path}").status_code == 404, path
    posts: dict[str, dict[str, Any]] = {
        "/revoke": {},
        "/rounds": {"pictures": []},
        "/round/close": {},
        "/round/reopen": {},
        "/links": {},
        f"/comments/{comment}/replies": {"text": "Hm"},
    }
    for path, body in posts.items():
        assert stranger.post(f"{at}{path}", body).status_code == 404, path
    assert stranger.post("reviews", opening).status_code == 404
    assert patch(stranger, at, {"title": "Mine"}).status_code == 404
    assert patch(stranger, f"{at}/comments/{comment}", {"resolved": True}).status_code == 404
    assert stranger.delete(f"{at}/links/{link}").status_code == 404
    make_viewer(studio)
    assert {api.get(f"{at}{path}").status_code for path in reads} == {200}
    refused = [api.post(f"{at}{path}", body) for path, body in posts.items()]
    refused += [
        api.post("reviews", opening),
        patch(api, at, {"title": "Mine"}),
        patch(api, f"{at}/comments/{comment}", {"resolved": True}),
        api.delete(f"{at}/links/{link}"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "role_needed")}
