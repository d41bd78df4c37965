"""Does every row have its files, and every file its row? Read-only, for operators and tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Q

from accounts import tenancy
from accounts.models import Export, TenantQuerySet
from generations import proposal_files
from generations.models import Delivery, DeliveryItem, OriginalPage, Picture, Rendition
from projects import storage
from projects.models import Client, Photo, UnclaimedFile
from projects.upload_rows import Upload

# Every column that names a stored file.
_COLUMNS: tuple[tuple[type[Any], str], ...] = (
    (Picture, "image"),
    (Picture, "thumbnail"),
    (Rendition, "file"),
    (OriginalPage, "before"),
    (OriginalPage, "after"),
    (Delivery, "archive"),
    (DeliveryItem, "file"),
    (DeliveryItem, "preview"),
    (Export, "file"),
    (Photo, "original"),
    (Photo, "image"),
    (Photo, "thumbnail"),
    *((model, column) for model, columns in proposal_files.COLUMNS for column in columns),
    (Client, "logo"),
    (Upload, "file"),
)
_AT_ONCE = 500  # names of one look-up


@dataclass(frozen=True)
class FileCheck:
    """`rows` and `files` are counted by file name, so they are equal when all is well and nothing waits to be swept."""

    rows: int
    files: int
    rows_without_file: list[str] = field(default_factory=list)
    files_without_row: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing is missing and nothing is too many."""
        return not self.rows_without_file and not self.files_without_row

    def __str__(self) -> str:
        return (
            f"rows {self.rows}, files {self.files}, "
            f"rows without a file {len(self.rows_without_file)}, "
            f"files without a row {len(self.files_without_row)}"
        )


def check_files(*, now: datetime, ignore_younger: float = 0.0) -> FileCheck:
    """Compare all rows with all of storage, in every workspace.

    Whatever disagrees is looked at a second time, so work going on meanwhile is no finding. Rows and files younger
    than `ignore_younger` seconds are none either.
    """
    made_before = now - timedelta(seconds=ignore_younger)
    with tenancy.system("check of files"):
        named = {name for rows, column in _named_files() for name in _names(rows, column)}
    stored = set(storage.names())
    missing = [name for name in sorted(named - stored) if not default_storage.exists(name)]
    unknown = [name for name in sorted(stored - named) if _is_older(name, made_before)]
    with tenancy.system("check of files"):
        return FileCheck(
            rows=len(named),
            files=len(stored),
            rows_without_file=sorted(_known(missing, Q(created_at__lte=made_before))),
            files_without_row=sorted(set(unknown) - _unclaimed(unknown) - _known(unknown)),
        )


def _named_files() -> Iterator[tuple[TenantQuerySet, str]]:
    for model, column in _COLUMNS:
        yield model.objects.exclude(**{column: ""}), column


def _names(rows: TenantQuerySet, column: str) -> Iterator[str]:
    return rows.values_list(column, flat=True).iterator(chunk_size=10_000)


def _known(names: list[str], which: Q | None = None) -> set[str]:
    """Those of the names that a row stands for in this moment."""
    found: set[str] = set()
    for some in _in_pieces(names):
        for rows, column in _named_files():
            found.update(_names(rows.filter(which or Q(), **{f"{column}__in": some}), column))
    return found


def _unclaimed(names: list[str]) -> set[str]:
    found: set[str] = set()
    for some in _in_pieces(names):
        found.update(UnclaimedFile.objects.filter(name__in=some).values_list("name", flat=True))
    return found


def _in_pieces(names: list[str]) -> Iterable[list[str]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))


def _is_older(name: str, moment: datetime) -> bool:
    """False also when the file is gone by now."""
    try:
        return default_storage.get_modified_time(name) <= moment
    except FileNotFoundError:
        return False
