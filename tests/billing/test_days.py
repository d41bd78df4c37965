"""Sums of days: whatever moves, they are what the lines come to; nobody else writes or sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from accounts import tenancy
from billing import credits, ledger, statement
from billing.statement import Filters
from tests.factories import NOON, Studio, make_studio

FROM_LINES = """
    SELECT (at AT TIME ZONE 'UTC')::date, coalesce(-sum(allowance + purchased + held) FILTER (WHERE kind = 'settle'), 0)
    FROM billing_creditentry WHERE kind <> 'hold' AND labels->>'by' = 'ada@example.com' GROUP BY 1 ORDER BY 1
"""
FROM_DAYS = (
    "SELECT day, taken FROM billing_creditday WHERE key = 'by' AND value = 'ada@example.com' ORDER BY 1"
)


@pytest.fixture
def busy(db: None) -> Studio:
    """Three days with grants, a settled part of a hold, a release, a refund that made debt, an expiry."""
    studio = make_studio(credits=50)
    organization = studio.organization
    for number in range(6):
        now = NOON + timedelta(hours=9 * number)
        labels = {"by": "ada@example.com", "room": f"room_{number % 2}"} if number % 3 else {}
        reference = f"gen_{number}"
        credits.hold(organization=organization, credits=4, reference=reference, now=now, labels=labels)
        if number == 2:
            credits.release(organization=organization, reference=reference, now=now)
        else:
            credits.settle(organization=organization, reference=reference, now=now, credits=1 + number % 4)
    until = NOON + timedelta(days=1)
    credits.grant(
        organization=organization,
        allowance=30,
        allowance_until=until,
        fact="invoice:1",
        now=NOON + timedelta(hours=1),
    )
    credits.clawback(organization=organization, credits=50, fact="refund:1", now=NOON + timedelta(days=2))
    credits.grant(organization=organization, purchased=20, fact="pack:1", now=NOON + timedelta(days=2))
    credits.expire_allowances(now=NOON + timedelta(days=2))
    return studio


def read(studio: Studio, sql: str) -> list[tuple[object, ...]]:
    with studio.enter(), connection.cursor() as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]


def test_they_are_what_the_lines_of_the_day_come_to(busy: Studio) -> None:
    assert ledger.drift() == []
    assert read(busy, FROM_DAYS) == read(busy, FROM_LINES) != []


def test_a_sum_that_was_tampered_with_is_found(busy: Studio) -> None:
    with busy.enter(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_creditday SET taken = taken + 1 WHERE key = '' AND day = %s", [NOON.date()]
        )
    (told,) = ledger.drift()
    assert "sum of a day differs from its lines" in told


def test_another_workspace_neither_sees_nor_moves_them(busy: Studio) -> None:
    before = read(busy, FROM_DAYS)
    other = make_studio(credits=50)
    credits.hold(
        organization=other.organization,
        credits=5,
        reference="gen_x",
        now=NOON,
        labels={"by": "ada@example.com"},
    )
    credits.settle(organization=other.organization, reference="gen_x", now=NOON)
    assert read(busy, FROM_DAYS) == before
    assert [row[1] for row in read(other, FROM_DAYS)] == [5]
    with tenancy.enter(other.organization), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_creditday SET taken = 0 WHERE organization_id = %s", [busy.organization.pk]
        )
        assert cursor.rowcount == 0


def test_the_chart_of_a_person_under_a_label_is_counted_too(busy: Studio) -> None:
    def taken(by: str = "", label: str = "") -> int:
        filters = Filters(by=by, label=label)
        usage = statement.usage(organization=busy.organization, filters=filters, now=NOON)
        return sum(credits for _, credits in usage)

    # Numbers 1, 2, 4, 5 are Ada's; 1 and 5 in room_1; 2 was released.
    assert taken(by="ada@example.com") == 2 + 1 + 2
    assert taken(label="room:room_1") == 2 + 2
    assert taken(by="ada@example.com", label="room:room_1") == 2 + 2


def test_pages_of_a_statement_hold_every_line_once(busy: Studio) -> None:
    for filters in (Filters(), Filters(month=statement.start_of_month(NOON.date()))):
        seen, turned, before = [], [], None
        while True:
            with busy.enter():
                page = statement.page_of(
                    organization=busy.organization, filters=filters, before=before, size=3
                )
            turned.append([line.number for line in page.lines])
            seen += turned[-1]
            if page.older is None:
                break
            before = page.older
        back, after = [turned[-1]], page.newer
        while after is not None:
            with busy.enter():
                page = statement.page_of(organization=busy.organization, filters=filters, after=after, size=3)
            back.insert(0, [line.number for line in page.lines])
            after = page.newer
        assert back == turned
        with busy.enter():
            total = len(statement.select(organization=busy.organization, filters=filters))
        assert len(set(seen)) == len(seen) == total
