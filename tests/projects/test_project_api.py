"""What the pages of projects can do, a program can do: change, order, find, duplicate, work together, delete."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Membership, Role, User
from tests.factories import ApiClient, Studio
from tests.fakes import jpeg

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def api(studio: Studio) -> ApiClient:
    return studio.api()


def made(api: ApiClient, name: str = "Flat", **facts: Any) -> str:
    answer = api.post("projects", {"name": name, **facts})
    assert answer.status_code == 201, answer.content
    assert answer["Location"].endswith(f"/api/v1/projects/{answer.json()['id']}")
    return str(answer.json()["id"])


def room_of(api: ApiClient, project: str, name: str = "Kitchen") -> str:
    return str(api.post("rooms", {"project": project, "name": name}).json()["id"])


def photo_of(api: ApiClient, room: str) -> str:
    upload = SimpleUploadedFile("room.jpg", jpeg(), "image/jpeg")
    answer = api.upload("photos", {"room": room, "file": upload})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["name"] for each in answer.json()["results"]]


def member_of(studio: Studio, person: User) -> Membership:
    with studio.enter():
        found: Membership = Membership.objects.of(studio.organization).get(user=person)
        return found


# --- One project -----------------------------------------------------------------------------------------


def test_a_project_is_read_and_changed_member_by_member(api: ApiClient) -> None:
    client = api.post("clients", {"name": "Ada"}).json()["id"]
    where = f"projects/{made(api, address='1 Quay', deadline='2027-01-31')}"
    assert api.get(where).json()["status"] == "new"
    changed = api.patch(where, {"client": client, "status": "review"})
    assert changed.status_code == 200
    told = changed.json()
    assert (told["client"], told["status"], told["name"]) == (client, "review", "Flat")
    assert (told["address"], told["deadline"]) == ("1 Quay", "2027-01-31")
    cleared = api.patch(where, {"client": None, "deadline": None, "name": "House"}).json()
    assert (cleared["client"], cleared["deadline"], cleared["name"]) == (None, None, "House")
    assert cleared["status"] == "review"
    assert api.get(where).json() == cleared


def test_a_wrong_change_names_its_field_and_changes_nothing(api: ApiClient) -> None:
    where = f"projects/{made(api)}"
    wrong = api.patch(where, {"name": "House", "status": "lost"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "#/status")
    nobody = api.patch(where, {"name": "House", "client": "cli_nobody"})
    assert (nobody.status_code, nobody.json()["errors"][0]["pointer"]) == (404, "#/client")
    room = room_of(api, made(api, "Other"))
    foreign = api.patch(where, {"name": "House", "cover": photo_of(api, room)})
    assert (foreign.status_code, foreign.json()["code"]) == (409, "not_in_project")
    assert api.get(where).json()["name"] == "Flat"


def test_a_photo_stands_for_its_project(api: ApiClient) -> None:
    project = made(api)
    photo = photo_of(api, room_of(api, project))
    assert api.patch(f"projects/{project}", {"cover": photo}).json()["cover"] == photo
    assert api.patch(f"projects/{project}", {"cover": None}).json()["cover"] is None


def test_a_project_goes_into_the_archive_and_comes_back(api: ApiClient) -> None:
    project, other = made(api), made(api, "House")
    for _ in range(2):
        assert api.post(f"projects/{project}/archive", {}).json()["archived"] is True
    assert names(api.get("projects", archived="true")) == ["Flat"]
    assert names(api.get("projects", archived="false")) == ["House"]
    assert names(api.get("projects")) == ["House", "Flat"]
    assert api.post(f"projects/{project}/restore", {}).json()["archived"] is False
    assert api.get(f"projects/{other}").json()["archived"] is False


def test_a_project_is_deleted_once_it_is_empty(studio: Studio, api: ApiClient) -> None:
    project = made(api)
    room = room_of(api, project)
    assert api.delete(f"projects/{project}").json()["code"] == "project_not_empty"
    assert api.delete(f"rooms/{room}").status_code == 204
    assert api.delete(f"projects/{project}").status_code == 204
    assert api.get(f"projects/{project}").status_code == 404


def test_a_project_is_made_once_more_with_its_photos(api: ApiClient) -> None:
    project = made(api, address="1 Quay")
    photo_of(api, room_of(api, project))
    copy = api.post(f"projects/{project}/duplicate", {"name": "Flat, upstairs"})
    assert copy.status_code == 201
    assert copy["Location"].endswith(copy.json()["id"])
    assert copy.json()["address"] == "1 Quay"
    [room] = api.get("rooms", project=copy.json()["id"]).json()["results"]
    assert len(api.get("photos", room=room["id"]).json()["results"]) == 1
    bare = api.post(f"projects/{project}/duplicate", {"name": "Bare", "with_photos": False}).json()["id"]
    assert api.get("photos", project=bare).json()["results"] == []
    assert len(api.get("photos", project=project).json()["results"]) == 1


# --- Finding ---------------------------------------------------------------------------------------------


def test_projects_are_found_by_words_client_and_status(api: ApiClient) -> None:
    client = api.post("clients", {"name": "Ada"}).json()["id"]
    flat, house = made(api, client=client), made(api, "House", address="Lindenstraße 5")
    api.patch(f"projects/{house}", {"status": "working"})
    assert names(api.get("projects", q="linden")) == ["House"]
    assert names(api.get("projects", q="ada")) == ["Flat"]
    assert api.get("projects", q="\0").json()["code"] == "invalid_parameter"
    assert names(api.get("projects", client=client)) == ["Flat"]
    assert names(api.get("projects", client="x'; --")) == []
    assert names(api.get("projects", status="working")) == ["House"]
    assert flat != house


def test_projects_come_in_the_order_that_is_asked_for_page_after_page(api: ApiClient) -> None:
    ada, zoe = (api.post("clients", {"name": name}).json()["id"] for name in ("Ada", "Zoë"))
    for name, client, due in (
        ("c", ada, None),
        ("a", zoe, "2027-02-01"),
        ("a", None, None),
        ("b", None, "2027-01-01"),
    ):
        made(api, name, client=client, deadline=due)

    def all_of(sort: str) -> list[tuple[str, str | None]]:
        found, query = [], {"sort": sort, "limit": "1"}
        while True:
            page = api.get("projects", **query).json()
            found += [(each["name"], each["deadline"]) for each in page["results"]]
            if page["next"] is None:
                return found
            query["cursor"] = page["next"].partition("cursor=")[2].partition("&")[0].replace("%3D", "=")

    assert all_of("name") == [("a", "2027-02-01"), ("a", None), ("b", "2027-01-01"), ("c", None)]
    assert all_of("deadline") == [("b", "2027-01-01"), ("a", "2027-02-01"), ("c", None), ("a", None)]
    assert all_of("client") == [("a", None), ("b", "2027-01-01"), ("c", None), ("a", "2027-02-01")]
    assert [name for name, _ in all_of("new")] == ["b", "a", "a", "c"]


@pytest.mark.parametrize("sort", ["new", "name", "deadline", "client"])
@pytest.mark.parametrize("position", ["", "x", "\0", "9" * 40, "2027-13-01", "2026-W01-1", "ü"])
def test_a_cursor_that_nobody_gave_out_is_not_found(api: ApiClient, sort: str, position: str) -> None:
    from base64 import b64encode
    from urllib.parse import urlencode

    cursor = b64encode(urlencode({"p": position}).encode()).decode()
    assert api.get("projects", sort=sort, cursor=cursor).status_code in (200, 404)


def test_what_one_is_assigned_to_is_found(studio: Studio, api: ApiClient) -> None:
    project, _ = made(api), made(api, "House")
    who = member_of(studio, studio.colleague).pk
    assert api.put(f"projects/{project}/team/{who}").status_code == 204
    assert names(studio.api(by=studio.colleague).get("projects", mine="true")) == ["Flat"]
    assert names(api.get("projects", mine="true")) == []


# --- Working together ------------------------------------------------------------------------------------


def test_members_are_put_on_a_project_and_taken_off(studio: Studio, api: ApiClient) -> None:
    project = made(api)
    who = member_of(studio, studio.colleague)
    candidates = api.get(f"projects/{project}/team/candidates").json()["results"]
    assert {each["member"] for each in candidates} >= {str(who.pk)}
    for _ in range(2):
        assert api.put(f"projects/{project}/team/{who.pk}").status_code == 204
    [on_it] = api.get(f"projects/{project}/team").json()["results"]
    assert (on_it["member"], on_it["email"], on_it["role"]) == (
        str(who.pk),
        studio.colleague.email,
        "designer",
    )
    candidates = api.get(f"projects/{project}/team/candidates").json()["results"]
    assert str(who.pk) not in [each["member"] for each in candidates]
    assert api.delete(f"projects/{project}/team/{who.pk}").status_code == 204
    assert api.delete(f"projects/{project}/team/{who.pk}").status_code == 404
    assert api.put(f"projects/{project}/team/999999999").status_code == 404


def test_a_note_tells_who_is_mentioned_and_they_read_it(studio: Studio, api: ApiClient) -> None:
    project, theirs = made(api), studio.api(by=studio.colleague)
    note = api.post(f"projects/{project}/notes", {"text": f"@{studio.colleague.email}, the sofa is late."})
    assert note.status_code == 201
    assert note.json()["mentions"] == [studio.colleague.email]
    assert theirs.get(note["Location"].partition("/api/v1/")[2]).json() == note.json()
    told = theirs.get("notifications").json()
    assert (told["unread"], told["results"][0]["type"]) == (1, "note.mentioned")
    assert "mentioned you" in told["results"][0]["text"]
    [line, *_] = api.get(f"projects/{project}/activity").json()["results"]
    assert (line["type"], line["project"]) == ("note.written", project)
    assert line["text"].endswith("wrote a note about Flat")
    where = f"projects/{project}/notes/{note.json()['id']}"
    assert theirs.delete(where).json()["code"] == "not_your_note"
    assert api.delete(where).status_code == 204
    assert api.get(f"projects/{project}/notes").json()["results"] == []
    assert theirs.get("notifications").json()["unread"] == 0


def test_notifications_are_read_one_by_one_or_up_to_what_was_seen(studio: Studio, api: ApiClient) -> None:
    project, theirs = made(api), studio.api(by=studio.colleague, scopes=["read"])
    for text in ("one", "two", "three"):
        api.post(f"projects/{project}/notes", {"text": f"@{studio.colleague.email} {text}"})
    newest, middle, oldest = theirs.get("notifications").json()["results"]
    for _ in range(2):
        assert theirs.post(f"notifications/{oldest['id']}/read", {}).status_code == 204
    assert [each["id"] for each in theirs.get("notifications", unread="true").json()["results"]] == [
        newest["id"],
        middle["id"],
    ]
    assert theirs.post("notifications/read", {"until": middle["id"]}).json() == {"read": 1}
    assert theirs.get("notifications").json()["unread"] == 1
    assert theirs.post("notifications/read", {}).json() == {"read": 1}
    assert theirs.get("notifications", unread="false").json()["results"][0]["read_at"]
    assert api.post(f"notifications/{newest['id']}/read", {}).status_code == 404, "not theirs"
    assert api.post("notifications/read", {"until": newest["id"]}).status_code == 404


def test_what_happened_in_the_workspace_is_told(studio: Studio, api: ApiClient) -> None:
    made(api)
    [line] = api.get("activity").json()["results"]
    assert line["type"] == "project.created"


# --- Who may not -----------------------------------------------------------------------------------------


def every_call(project: str, note: str, member: int) -> list[tuple[str, str, Any]]:
    one = f"projects/{project}"
    return [
        ("patch", one, {"name": "Mine"}),
        ("delete", one, None),
        ("post", f"{one}/archive", {}),
        ("post", f"{one}/restore", {}),
        ("post", f"{one}/duplicate", {"name": "Mine"}),
        ("put", f"{one}/team/{member}", None),
        ("delete", f"{one}/team/{member}", None),
        ("post", f"{one}/notes", {"text": "Hello"}),
        ("delete", f"{one}/notes/{note}", None),
    ]


def call(api: ApiClient, method: str, path: str, body: Any) -> Any:
    return getattr(api, method)(path) if body is None else getattr(api, method)(path, body)


def test_a_viewers_key_reads_and_changes_nothing(studio: Studio, api: ApiClient) -> None:
    project = made(api)
    note = api.post(f"projects/{project}/notes", {"text": "Hello"}).json()["id"]
    viewer = studio.api(by=studio.join(Role.VIEWER))
    assert viewer.get(f"projects/{project}").status_code == 200
    calls = every_call(project, note, member_of(studio, studio.colleague).pk)
    for method, path, body in [*calls, ("post", "projects", {"name": "Mine"})]:
        answer = call(viewer, method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_needed"), path


def test_a_strangers_key_finds_nothing(studio: Studio, strange_studio: Studio, api: ApiClient) -> None:
    project = made(api)
    note = api.post(f"projects/{project}/notes", {"text": "Hello"}).json()["id"]
    stranger = strange_studio.manager()
    for path in ("", "/team", "/team/candidates", "/notes", f"/notes/{note}", "/activity"):
        assert stranger.get(f"projects/{project}{path}").status_code == 404, path
    for method, path, body in every_call(project, note, member_of(studio, studio.colleague).pk):
        assert call(stranger, method, path, body).status_code == 404, path
    assert stranger.get("projects").json()["results"] == []


def test_a_key_that_may_only_read_changes_nothing(studio: Studio, api: ApiClient) -> None:
    project = made(api)
    reader = studio.api(scopes=["read"])
    assert reader.patch(f"projects/{project}", {"name": "Mine"}).json()["code"] == "scope_missing"


def test_a_deadline_is_a_day(api: ApiClient) -> None:
    assert api.get(f"projects/{made(api, deadline='2027-01-31')}").json()["deadline"] == str(
        date(2027, 1, 31)
    )
