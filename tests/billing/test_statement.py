"""The statement in words: page, API and CSV, for the right people only."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from accounts import tenancy
from accounts.models import Membership, Role
from billing import credits, statement, statement_csv
from billing.statement import Filters
from projects import services as projects
from projects.models import Room
from tests import factories
from tests.billing.test_ledger_machine import LedgerMachine
from tests.factories import NOON, Studio
from tests.fakes import FakeEngine

Work = Callable[[], int]


def make_room(studio: Studio, *, room: str = "Bedroom", client: str = "Mrs Winter") -> Room:
    organization = studio.organization
    buyer = projects.create_client(organization=organization, name=client)
    project = projects.create_project(organization=organization, name="A flat", client=buyer)
    return projects.create_room(project=project, name=room)


def spend(studio: Studio, credits_: int, reference: str, *, now: datetime = NOON, **labels: Any) -> None:
    at: dict[str, Any] = {"organization": studio.organization, "reference": reference, "now": now}
    credits.hold(credits=credits_, labels=labels, **at)
    credits.settle(**at)


def table(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_page_says_what_each_line_was_for_and_who_caused_it(
    studio: Studio, owner_client: Browser, home: str, worker: Work
) -> None:
    made = studio.ask("Warm oak", room=make_room(studio))
    worker()
    page = owner_client.get(f"{home}/credits").content.decode()
    for words in (
        "Warm oak",
        "Bedroom",
        "A flat",
        "Mrs Winter",
        studio.owner.email,
        "Set aside",
        "Picture paid",
    ):
        assert words in page, words
    assert f"{home}/generations/{made.public_id}" in page
    assert "10 of the 10 set aside" in page


def test_a_generations_page_shows_its_own_lines(
    studio: Studio, owner_client: Browser, home: str, worker: Work
) -> None:
    made, other = studio.ask("Warm oak"), studio.ask("Other")
    worker()
    lines = statement.lines_for(organization=studio.organization, reference=made.public_id)
    assert [(line.kind, line.change, line.balance_after) for line in lines] == [
        ("hold", -10, 90),
        ("settle", 0, 80),
    ]
    page = owner_client.get(f"{home}/generations/{made.public_id}").content.decode()
    assert page.count("statement-change") == 2
    assert statement.lines_for(organization=studio.organization, reference=other.public_id) != lines


def test_a_deleted_redesign_is_named_so_and_has_no_link(
    studio: Studio, owner_client: Browser, home: str, worker: Work
) -> None:
    made = studio.ask("Secret wish")
    worker()
    owner_client.post(f"{home}/generations/{made.public_id}/delete")
    page = owner_client.get(f"{home}/credits").content.decode()
    assert "A redesign that was deleted" in page
    assert "Secret wish" not in page
    assert f"generations/{made.public_id}" not in page


def test_month_person_and_label_narrow_page_api_and_table_alike(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    room = make_room(studio)
    january = NOON.replace(year=2027, month=1)
    spend(studio, 1, "gen_a", by="ada@example.com", room=room.public_id)
    spend(studio, 2, "gen_b", by="bea@example.com", room=room.public_id)
    spend(studio, 3, "gen_c", by="ada@example.com", now=january)
    api = studio.api()
    for query, wanted in (
        ({"month": "2026-11"}, {"gen_a", "gen_b"}),
        ({"month": "2027-01"}, {"gen_c"}),
        ({"by": "ada@example.com"}, {"gen_a", "gen_c"}),
        ({"label": f"room:{room.public_id}"}, {"gen_a", "gen_b"}),
        ({"by": "ada@example.com", "label": f"room:{room.public_id}"}, {"gen_a"}),
        ({"by": "nobody@example.com"}, set()),
    ):
        answer = api.get("credits/lines", **query).json()["results"]
        assert {line["reference"] for line in answer if line["kind"] != "grant"} == wanted, query
        rows = table(owner_client.get(f"{home}/credits/statement.csv", query))
        assert {row["Reference"] for row in rows if row["What"] != "Credits added"} == wanted, query
        page = owner_client.get(f"{home}/credits", query).content.decode()
        assert {name for name in ("gen_a", "gen_b", "gen_c") if name in page} == wanted, query


@pytest.mark.parametrize(
    "query", [{"month": "2026-13"}, {"month": "soon"}, {"label": "by:x"}, {"label": "room"}, {"by": "\0"}]
)
def test_a_filter_that_cant_be_read_is_refused_and_shows_no_lines(
    studio: Studio, owner_client: Browser, home: str, query: dict[str, str]
) -> None:
    answer = studio.api().get("credits/lines", **query)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, list(query))
    page = owner_client.get(f"{home}/credits", query)
    assert page.status_code == 422
    assert "statement-change" not in page.content.decode()
    assert owner_client.get(f"{home}/credits/statement.csv", query).status_code == 422


def test_the_api_pages_through_every_line_once(studio: Studio) -> None:
    for number in range(6):
        spend(studio, 1, f"gen_{number}")
    api = studio.api()
    answer = api.get("credits/lines", limit=5).json()
    numbers = [line["number"] for line in answer["results"]]
    while answer["next"]:
        cursor = re.search(r"cursor=([^&]+)", answer["next"])
        assert cursor
        answer = api.get("credits/lines", limit=5, cursor=cursor[1].replace("%3D", "=")).json()
        numbers += [line["number"] for line in answer["results"]]
    assert numbers == list(range(13, 0, -1))


def test_what_the_api_says_of_a_line(studio: Studio) -> None:
    room = make_room(studio)
    labels: dict[str, Any] = projects_labels(studio, room)
    spend(studio, 4, "gen_a", by="ada@example.com", **labels)
    line = studio.api().get("credits/lines").json()["results"][0]
    assert line["labels"]["client"]["name"] == "Mrs Winter"
    assert line["labels"]["room"] == {"id": room.public_id, "name": "Bedroom"}
    facts = {
        key: line[key] for key in ("kind", "by", "change", "taken", "held", "balance_after", "held_after")
    }
    assert facts == {
        "kind": "settle",
        "by": "ada@example.com",
        "change": 0,
        "taken": 4,
        "held": -4,
        "balance_after": 96,
        "held_after": 0,
    }


def projects_labels(studio: Studio, room: Room) -> dict[str, str]:
    with studio.enter():
        return projects.labels_of(room)


def test_strangers_see_no_statement(
    studio: Studio, stranger_client: Browser, home: str, strange_studio: Studio
) -> None:
    spend(studio, 4, "gen_a")
    for page in ("credits", "credits/statement.csv"):
        assert stranger_client.get(f"{home}/{page}").status_code == 404
    lines = strange_studio.api().get("credits/lines").json()["results"]
    assert [line["kind"] for line in lines] == ["grant"]


def test_who_only_looks_may_read_the_statement(studio: Studio, home: str) -> None:
    viewer = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
    browser = factories.browser_of(viewer)
    assert browser.get(f"{home}/credits").status_code == 200
    assert table(browser.get(f"{home}/credits/statement.csv"))


# --- The table adds up -----------------------------------------------------------------------------------


class StatementMachine(LedgerMachine):
    """Any history of the ledger, read as a table after every step."""

    @rule(days=st.integers(min_value=16, max_value=40))
    def wait_long(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def the_table_adds_up(self) -> None:
        told = list(statement.every_line(organization=self.organization, filters=Filters(), now=self.now))
        rows = list(csv.DictReader(io.StringIO("".join(statement_csv.rows(told)).removeprefix("\ufeff"))))
        have = credits.balance(organization=self.organization, now=self.now)
        assert sum(int(row["Change"]) for row in rows) == have.spendable
        assert sum(int(row["Set aside"]) for row in rows) == have.held
        assert sum(int(row["Owed"]) for row in rows) == have.debt
        if rows:
            assert int(rows[-1]["Balance after"]) == have.spendable
        months = {statement.start_of_month(line.at.date()) for line in told}
        apart = [
            line.change
            for month in months
            for line in statement.every_line(
                organization=self.organization, filters=Filters(month=month), now=self.now
            )
        ]
        assert sum(apart) == have.spendable


@pytest.mark.slow
def test_the_table_adds_up_to_the_balance_whatever_happened(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "CHUNK", 3)
    run_state_machine_as_test(
        StatementMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_lines_that_come_while_the_table_is_read_are_not_half_in_it(studio: Studio) -> None:
    told = statement.every_line(organization=studio.organization, filters=Filters(), now=NOON)
    first = next(told)
    spend(studio, 5, "gen_late")
    assert [line.kind for line in (first, *told)] == ["grant"]


@pytest.mark.parametrize("wish", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_a_wish_is_no_formula_in_a_spreadsheet(
    studio: Studio, owner_client: Browser, home: str, engine: FakeEngine, wish: str
) -> None:
    studio.ask(wish)
    cells = [row["For"] for row in table(owner_client.get(f"{home}/credits/statement.csv"))]
    assert cells[-1] == f"'{wish}"


# --- The chart -------------------------------------------------------------------------------------------


def test_the_chart_counts_what_was_taken_by_day_and_by_month(studio: Studio) -> None:
    spend(studio, 5, "gen_a", now=NOON)
    spend(studio, 7, "gen_b", now=NOON + timedelta(days=1), by="ada@example.com")
    organization = studio.organization
    november = statement.start_of_month(NOON.date())
    days = statement.usage(organization=organization, filters=Filters(month=november), now=NOON)
    assert len(days) == 30
    assert {day.day: taken for day, taken in days if taken} == {23: 5, 24: 7}
    months = statement.usage(organization=organization, filters=Filters(by="ada@example.com"), now=NOON)
    assert (len(months), months[-1]) == (12, (november, 7))


def test_the_chart_is_drawn_without_styles_and_told_as_a_table(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    spend(studio, 5, "gen_a", now=timezone.now())
    page = owner_client.get(f"{home}/credits").content.decode()
    assert page.count('class="chart-bar"') == 12
    assert "style=" not in page
    assert re.search(r"<th scope=\"row\">\w+ \d{4}</th><td class=\"number\">5</td>", page)


def test_a_page_of_lines_costs_the_same_queries_however_many(
    studio: Studio, owner_client: Browser, home: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(25):
        spend(studio, 1, f"gen_{number}", room="room_x", project="prj_x", client="cli_x")
    with django_assert_max_num_queries(40):
        owner_client.get(f"{home}/credits")


def test_the_lines_of_one_thing_are_found_by_an_index(studio: Studio) -> None:
    from django.db import connection

    with tenancy.enter(studio.organization), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM billing_creditentry e JOIN billing_creditaccount a ON a.id = e.account_id"
            " WHERE e.organization_id = %s AND a.organization_id = %s AND e.kind = 'hold' AND e.reference = 'gen_a'",
            [studio.organization.pk] * 2,
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "credit_entry_one_hold_per_reference" in plan


def test_the_page_is_turned_to_the_oldest_line_and_back(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    for number in range(60):
        spend(studio, 1, f"gen_{number}", now=NOON + timedelta(minutes=number))
    seen: list[int] = []
    address, pages = f"{home}/credits", 0
    while address:
        page = owner_client.get(address)
        seen += [line.number for line in page.context["lines"]]
        text, pages = page.content.decode(), pages + 1
        found = re.search(r'href="([^"]*[?&;]before=\d+[^"]*)"', text)
        address = f"{home}/credits{found[1].replace('&amp;', '&')}" if found else ""
        assert pages < 10
    assert seen == list(range(121, 0, -1))  # sixty holds, sixty ends and the grant, each once
    assert f'href="{home}/credits"' in text
    while found := re.search(r'href="([^"]*[?&;]after=\d+[^"]*)"', text):
        page = owner_client.get(f"{home}/credits{found[1]}")
        seen, text = [line.number for line in page.context["lines"]], page.content.decode()
    assert seen == list(range(121, 71, -1))
