"""The statement as a table for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from billing.statement import Line

COLUMNS = (
    *("Number", "Date (UTC)", "What", "Details", "For", "Reference", "Person", "Room", "Project", "Client"),
    *("Change", "Set aside", "Owed", "Balance after", "Set aside after", "Owed after"),
)
# What makes a spreadsheet take a text for a formula; the wide ones are turned into the narrow by some.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(text: str) -> str:
    """The text, in a form that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Echo:
    """What csv.writer writes to: hands each row back."""

    def write(self, row: str) -> str:
        return row


def rows(lines: Iterable[Line]) -> Iterator[str]:
    """One text for each row, the columns' names first. The column “Change” adds up to the balance."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)  # the mark tells Excel that it is UTF-8
    for line in lines:
        yield writer.writerow(_cells(line))


def _cells(line: Line) -> list[Any]:
    words = [line.what, line.detail, line.about.text, line.reference, line.by]
    words += [line.labels[key].text if key in line.labels else "" for key in ("room", "project", "client")]
    return [
        "" if line.number is None else line.number,
        f"{line.at:%Y-%m-%d %H:%M:%S}",
        *map(safe, words),
        *(line.change, line.held, line.debt, line.balance_after, line.held_after, line.debt_after),
    ]
