"""Files and the rows that stand for them, kept together whatever is killed in between.

A file is announced (committed) before it is written and claimed in the transaction that writes its row; a file whose
row goes is doomed in that transaction and deleted after it. What nobody claimed in time, and what is doomed, the
sweep removes. So there is no row without a file, and no file without a row for long.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import Error as DatabaseTrouble
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.ids import random_base62
from projects import turnstile
from projects.models import UnclaimedFile

logger = logging.getLogger(__name__)

# No honest writer takes longer from the announcement to the claim: an attempt is given up before that.
CLAIM_WITHIN = timedelta(minutes=15)
_AT_ONCE = 200  # files of one round of the sweep
_ROUNDS = 50


# Written out: every picture has eight of these, and putting such a query together takes longer than answering it.
_ANNOUNCE = "INSERT INTO projects_unclaimedfile (name, doomed) SELECT unnest(%s::text[]), false"
_THERE = "SELECT name FROM projects_unclaimedfile WHERE name = ANY(%s) AND NOT doomed"
_CLAIM = "DELETE FROM projects_unclaimedfile WHERE name = ANY(%s) AND NOT doomed"


class ClaimedTooLate(RuntimeError):
    """The sweep has taken the file: whoever wrote it was away for too long."""


def new_name(folder: str, stem: str, extension: str) -> str:
    """A storage name that was never used and never will be, for example `ws_…/photos/pho_…/photo-3fK9xQ2a.jpg`."""
    return f"{folder}/{stem}-{random_base62(8)}{extension}"


def announce(names: Sequence[str]) -> None:
    """Say, before writing them, that these files will come. Outside of any transaction: it must be committed."""
    if not names:
        return
    with (
        transaction.atomic(durable=True) if connection.in_atomic_block else nullcontext()
    ):  # which it refuses
        _execute(_ANNOUNCE, names)


def write(name: str, content: bytes | BinaryIO | File[bytes]) -> None:
    """Put a file of an announced name into storage; a binary file is copied in pieces. Raises ClaimedTooLate."""
    put(name, content)
    confirm([name])


def put(name: str, content: bytes | BinaryIO | File[bytes]) -> None:
    """The first half of `write`, which asks the database nothing; `confirm` is to follow."""
    file = ContentFile(content) if isinstance(content, bytes) else File(content)
    with turnstile.aside():
        kept = default_storage.save(name, file)
    if kept != name:  # names are random: the storage itself changes them
        default_storage.delete(kept)
        raise RuntimeError(f"The storage kept {name} as {kept}.")


def confirm(names: Collection[str]) -> None:
    """Raises ClaimedTooLate, and leaves no file, when the sweep has been there while one of them was written.

    It deleted what was not yet written, so nobody else would ever find this file.
    """
    with connection.cursor() as cursor:
        cursor.execute(_THERE, [list(names)])
        there = {name for (name,) in cursor.fetchall()}
    if swept := [name for name in names if name not in there]:
        for name in swept:
            default_storage.delete(name)
        raise ClaimedTooLate(f"{', '.join(swept)}: swept while being written.")


def names() -> Iterator[str]:
    """Every file that is stored, one folder after the other; takes as long as there are files."""
    listing = getattr(default_storage, "names", None)  # a bucket tells a thousand at once
    yield from listing() if listing is not None else _walk("")


def answers() -> bool:
    """Whether files can be read and written now, as far as asking finds out within a few seconds."""
    asks = getattr(default_storage, "answers", None)
    if asks is not None:
        return bool(asks())
    place = Path(default_storage.path(""))
    while not place.exists() and place != place.parent:
        place = place.parent  # the folder itself comes with the first file
    return os.access(place, os.R_OK | os.W_OK)


def _walk(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:  # nothing was ever stored, or it went in this moment
        return
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in files)
    for name in folders:
        yield from _walk(prefix + name)


def claim(names: Sequence[str]) -> None:
    """From now on a row stands for these files; in the transaction that writes it. Raises ClaimedTooLate.

    One DELETE: against a sweep at the same moment either it comes first or it finds the file doomed.
    """
    claimed = _execute(_CLAIM, names)
    if claimed != len(names):
        raise ClaimedTooLate(f"{claimed} of {len(names)} files could be claimed.")


def _execute(statement: str, names: Sequence[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(names)])
        return int(cursor.rowcount)


def doom(names: Iterable[str]) -> None:
    """No row stands for these files any more; in the transaction that forgets them. "" stands for no file.

    They are deleted as soon as it has committed; what fails then, or is killed, the sweep does.
    """
    doomed = sorted({name for name in names if name})  # sorted: two at once shall not wait for each other
    UnclaimedFile.objects.bulk_create(
        [UnclaimedFile(name=name, doomed=True) for name in doomed],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["doomed"],
    )
    if doomed:
        # No partial: Django wants a name to log what it caught, or that error gets out.
        def delete() -> None:
            _delete(doomed)

        transaction.on_commit(delete, robust=True)


def discard(names: Sequence[str]) -> None:
    """Delete at once what was announced and not claimed; raises nothing. What fails, the sweep does later.

    A claimed file stays: when the database goes away during the commit, nobody here knows whether the row stands.
    """
    if not any(names):
        return
    try:
        with transaction.atomic():
            UnclaimedFile.objects.filter(name__in=names).update(doomed=True)
        _delete(UnclaimedFile.objects.filter(name__in=names, doomed=True).values_list("name", flat=True))
    except DatabaseTrouble:
        logger.warning("%d files could not be discarded; the sweep does it.", len(names), exc_info=True)


def sweep(*, now: datetime) -> int:
    """Delete files that are doomed or were never claimed. Returns how many."""
    swept = 0
    for _ in range(_ROUNDS):
        _doom_the_unclaimed(now)
        doomed = UnclaimedFile.objects.filter(doomed=True).order_by("since")
        names = list(doomed.values_list("name", flat=True)[:_AT_ONCE])
        gone = _delete(names)
        swept += gone
        if not gone or len(names) < _AT_ONCE:
            break
    return swept


def _doom_the_unclaimed(now: datetime) -> None:
    """What is being claimed in this moment is locked, and skipped."""
    with transaction.atomic():
        stale = UnclaimedFile.objects.filter(doomed=False, since__lt=now - CLAIM_WITHIN)
        old = stale.select_for_update(skip_locked=True).order_by("since").values_list("pk", flat=True)
        UnclaimedFile.objects.filter(pk__in=list(old[:_AT_ONCE])).update(doomed=True)


def _together(names: list[str]) -> Iterator[list[str]]:
    """What is deleted at once: a bucket takes many with one request, a disk one after the other."""
    step = _AT_ONCE if hasattr(default_storage, "delete_many") else 1
    return (names[start : start + step] for start in range(0, len(names), step))


def _delete(names: Iterable[str]) -> int:
    """The files first, then what tells of them: a crash in between repeats a harmless deletion. Returns how many."""
    gone, left = [], []
    for some in _together(list(names)):
        try:
            if len(some) == 1:
                default_storage.delete(some[0])
            else:
                default_storage.delete_many(some)  # type: ignore[attr-defined]
        except Exception:  # each storage has its own errors, and one file shall not keep the others
            logger.exception("%s could not be deleted; the sweep tries again.", ", ".join(some[:3]))
            left += some
        else:
            gone += some
    UnclaimedFile.objects.filter(name__in=gone, doomed=True).delete()
    if left:  # to the end of the line
        UnclaimedFile.objects.filter(name__in=left).update(since=Now())
    return len(gone)
