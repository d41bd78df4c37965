"""The audit log: for admins, newest first, narrowed by person, kind and days, in pages."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import audit, services
from tests.factories import NOON, Studio


def write(
    studio: Studio, action: str, *, days_ago: int = 0, by_colleague: bool = False, **details: str
) -> None:
    with studio.enter():
        services.record(
            organization=studio.organization,
            by_user=studio.colleague if by_colleague else studio.owner,
            action=action,
            target=details.pop("target", ""),
            now=NOON - timedelta(days=days_ago),
            **details,
        )


def page_of(studio: Studio) -> str:
    return f"/w/{studio.organization.public_id}/settings/audit-log"


def shown(client: Client, studio: Studio, **query: str | int) -> list[str]:
    return [words for _, words in client.get(page_of(studio), query).context["lines"]]


def test_it_tells_in_words_who_did_what(studio: Studio, owner_client: Client) -> None:
    write(studio, "member.role_changed", target="bea@example.com", before="viewer", after="admin")
    write(studio, "something.new")
    page = owner_client.get(page_of(studio)).content.decode()
    assert "Changed the role of" in page
    assert "bea@example.com" in page
    assert "after: admin" in page
    assert studio.owner.email in page
    assert "something.new" in page, "an action without words is shown by its name"


def test_it_is_narrowed_by_person_kind_and_days(studio: Studio, owner_client: Client) -> None:
    write(studio, "invitation.sent", days_ago=3)
    write(studio, "plan.upgraded", days_ago=2)
    write(studio, "generation.deleted", by_colleague=True, days_ago=1)
    everything = shown(owner_client, studio)
    assert everything[0] in ("Opened the workspace", "Deleted a picture")
    assert shown(owner_client, studio, who=studio.colleague.pk) == ["Deleted a picture"]
    assert shown(owner_client, studio, kind="plan") == ["Moved up to the plan"]
    days: dict[str, str | int] = {"first": "2026-11-20", "last": "2026-11-21"}
    assert shown(owner_client, studio, **days) == ["Moved up to the plan", "Invited"]
    nonsense: dict[str, str | int] = {"who": "x", "kind": "y", "first": "z", "page": "many"}
    assert shown(owner_client, studio, **nonsense) == everything


def test_it_is_for_admins_and_shows_nothing_of_another_workspace(
    studio: Studio,
    strange_studio: Studio,
    owner_client: Client,
    colleague_client: Client,
    stranger_client: Client,
) -> None:
    write(strange_studio, "budget.set", target="secret")
    assert colleague_client.get(page_of(studio)).status_code == 403
    assert stranger_client.get(page_of(studio)).status_code == 404
    assert b"secret" not in owner_client.get(page_of(studio)).content
    assert shown(owner_client, studio, who=strange_studio.owner.pk) == shown(owner_client, studio)


def test_long_logs_come_in_pages_and_cost_no_more_questions(studio: Studio, owner_client: Client) -> None:
    owner_client.get(page_of(studio))
    with CaptureQueriesContext(connection) as few:
        owner_client.get(page_of(studio))
    for _ in range(120):
        write(studio, "generation.canceled")
    with CaptureQueriesContext(connection) as many:
        assert len(shown(owner_client, studio, kind="")) == 50
    assert len(many) == len(few)
    assert len(shown(owner_client, studio, page=3)) == 21
    second: dict[str, str | int] = {"kind": "generation", "page": 2}
    page = owner_client.get(page_of(studio), second).content.decode()
    assert "kind=generation&amp;page=1" in page


def test_every_kind_has_words_and_every_word_a_kind() -> None:
    assert {action.partition(".")[0] for action in audit.WORDS} <= set(audit.KINDS)
