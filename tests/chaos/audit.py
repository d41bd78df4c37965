"""Counting afterwards: rows, ledger lines, files and the upstream's own list, laid side by side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

ENDED = ("succeeded", "failed", "canceled")
MAY_HAVE_COST = ("succeeded", "unknown", "discarded")  # outcomes that admit that the upstream charged


@dataclass(frozen=True)
class Finding:
    """A number; with `wrong`, the cases that may not be there."""

    what: str
    value: object
    wrong: tuple[str, ...] = ()
    is_check: bool = True

    def __str__(self) -> str:
        mark = "" if not self.is_check else " ok" if not self.wrong else " WRONG"
        return f"  {self.what:<68} {self.value}{mark}"


def fact(what: str, value: object) -> Finding:
    return Finding(what, value, is_check=False)


def none_of(what: str, cases: Iterable[object]) -> Finding:
    """There should be none."""
    found = tuple(str(case) for case in cases)
    return Finding(what, len(found), found)


class Books:
    """Everything that the database says, read once."""

    def __init__(self, database: psycopg.Connection[Any]) -> None:
        self._database = database
        self.generations = {
            row["public_id"]: row
            for row in self._rows(
                """SELECT g.id, g.public_id, prompt, state, error_code, finished_at, credits_held, credits_settled,
                          credits_released, attempt, (SELECT count(*) FROM generations_picture p
                          WHERE p.generation_id = g.id) AS pictures
                   FROM generations_generation g"""
            )
        }
        self.calls = defaultdict(list)
        for row in self._rows(
            """SELECT c.*, g.public_id, g.prompt FROM generations_upstreamcall c
               JOIN generations_generation g ON g.id = c.generation_id ORDER BY c.attempt, c.number"""
        ):
            self.calls[row["public_id"]].append(row)

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        with self._database.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            return cursor.execute(sql).fetchall()

    def ends(self) -> list[Finding]:
        """How generations ended."""
        rows = self.generations.values()
        states = Counter(row["state"] for row in rows)
        codes = Counter(row["error_code"] for row in rows if row["state"] == "failed")
        return [
            fact("generations accepted", len(rows)),
            *(fact(f"  {state}", count) for state, count in sorted(states.items())),
            fact("  failed, by reason", dict(codes.most_common())),
            none_of(
                "generations not in exactly one end state",
                (
                    row["public_id"]
                    for row in rows
                    if row["state"] not in ENDED
                    or row["finished_at"] is None
                    or (row["state"] == "succeeded") != (row["pictures"] > 0)
                    or (row["state"] == "failed")
                    != (row["error_code"] not in ("", "canceled", "not_started_in_time"))
                ),
            ),
        ]

    def holds(self) -> list[Finding]:
        """Each hold against its closing line and its generation."""
        lines = self._rows(
            """SELECT h.reference, -h.allowance - h.purchased AS held, count(c.id) AS closings,
                      coalesce(sum(c.allowance + c.purchased), 0) AS returned
               FROM billing_creditentry h LEFT JOIN billing_creditentry c ON c.hold_id = h.id
               WHERE h.kind = 'hold' GROUP BY h.id"""
        )
        by_reference = Counter(line["reference"] for line in lines)
        disagree = [
            f"{line['reference']}: {line}"
            for line in lines
            if (row := self.generations.get(line["reference"])) is None
            or (row["credits_held"], row["credits_released"]) != (line["held"], line["returned"])
        ]
        paid = [row for row in self.generations.values() if row["credits_held"]]
        return [
            fact("holds", len(lines)),
            none_of(
                "holds without exactly one closing line",
                (f"{line['reference']}: {line['closings']}" for line in lines if line["closings"] != 1),
            ),
            none_of("holds that disagree with their generation", disagree),
            none_of(
                "generations without exactly one hold",
                (row["public_id"] for row in paid if by_reference[row["public_id"]] != 1),
            ),
        ]

    def upstream_calls(self) -> list[Finding]:
        """Rows of calls."""
        calls = [call for of_one in self.calls.values() for call in of_one]
        outcomes = Counter(call["outcome"] for call in calls)
        unclear = {
            public_id: sum(call["outcome"] in ("unknown", "discarded") for call in of_one)
            for public_id, of_one in self.calls.items()
        }
        after = [
            f"{public_id}: {[call['outcome'] for call in of_one]}"
            for public_id, of_one in self.calls.items()
            if any(call["outcome"] != "failed" for call in of_one[:-1])
        ]
        return [
            fact("upstream calls", f"{len(calls)} {dict(outcomes)}"),
            fact(
                "upstream calls of unknown outcome, at most per generation", max(unclear.values(), default=0)
            ),
            none_of("generations with more than one of them", (key for key, n in unclear.items() if n > 1)),
            none_of(
                "upstream calls still open",
                (call["public_id"] for call in calls if call["outcome"] == "open"),
            ),
            none_of("calls sent after one that may have been charged", after),
        ]

    def against(self, calls: dict[str, int], charged: dict[str, int]) -> list[Finding]:
        """Our rows beside the upstream's own count by prompt: calls that reached it, and charges after refunds.

        A generation may be charged once, whatever happened to it, and a row must admit it: a call that succeeded,
        whose outcome is unknown, or whose picture was discarded.
        """
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        generations = Counter(row["prompt"] for row in self.generations.values())
        for of_one in self.calls.values():
            rows[of_one[0]["prompt"]] += of_one
        admitted = {p: sum(row["outcome"] in MAY_HAVE_COST for row in rows[p]) for p in charged}
        return [
            fact(
                "calls that reached the upstream, charged", f"{sum(calls.values())}, {sum(charged.values())}"
            ),
            none_of(
                "calls that reached the upstream without a row",
                (f"{p}: {n} calls, {_told(rows[p])}" for p, n in calls.items() if n > len(rows[p])),
            ),
            none_of(
                "generations charged twice upstream",
                (
                    f"{p}: {n} times, {_told(rows[p])}"
                    for p, n in charged.items()
                    if n > max(1, generations[p])
                ),
            ),
            none_of(
                "charges that no row admits",
                (f"{p}: {n} charged, {_told(rows[p])}" for p, n in charged.items() if n > admitted[p]),
            ),
        ]

    def leftovers(self) -> list[Finding]:
        """What should be gone."""
        turns = self._rows("SELECT generation_id FROM generations_upstreamturn")
        return [none_of("turns left at the gates", (row["generation_id"] for row in turns))]

    def files(self, media: Path) -> list[Finding]:
        """Storage beside the rows. A file that is not claimed yet, or doomed, is accounted for: the sweep has it."""
        named = {
            (row["name"])
            for row in self._rows(
                """SELECT unnest(ARRAY[original, image, thumbnail]) AS name FROM projects_photo UNION ALL
                   SELECT unnest(ARRAY[image, thumbnail]) FROM generations_picture"""
            )
            if row["name"]
        }
        unclaimed = {row["name"] for row in self._rows("SELECT name FROM projects_unclaimedfile")}
        there = {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}
        return [
            fact("files, of them for the sweep to remove", f"{len(there)}, {len(there & unclaimed)}"),
            none_of("rows without a file", named - there),
            none_of("files without a row", there - named - unclaimed),
        ]

    def answers(self, ids: Iterable[str], finished: dict[str, bool]) -> list[Finding]:
        """What callers were told beside what came of it."""
        ids = set(ids)
        states = {public_id: row["state"] for public_id, row in self.generations.items()}
        return [
            fact("ids that callers were given", len(ids)),
            none_of("of them missing in the database", ids - set(states)),
            none_of("of them followed by neither picture nor reason", self._silent(ids)),
            none_of(
                "synchronous answers that disagree with the row",
                (
                    f"{i}: {states.get(i)}"
                    for i, good in finished.items()
                    if good != (states.get(i) == "succeeded")
                ),
            ),
        ]

    def _silent(self, ids: Iterable[str]) -> list[str]:
        known = [self.generations[i] for i in ids if i in self.generations]
        return [row["public_id"] for row in known if not row["pictures"] and not row["error_code"]]


def _told(calls: list[dict[str, Any]]) -> list[str]:
    return [f"{call['attempt']}/{call['number']} {call['outcome']} {call['detail'][:80]}" for call in calls]
