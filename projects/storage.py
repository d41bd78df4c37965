"""Files and the rows that stand for them, kept together whatever is killed in between.

A file is announced (committed) before it is written and claimed in the transaction that writes its row; a file whose
row goes is doomed in that transaction and deleted after it. What nobody claimed in time, and what is doomed, the
sweep removes. So there is no row without a file, and no file without a row for long.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction

from accounts.ids import random_base62
from projects.models import UnclaimedFile

logger = logging.getLogger(__name__)

# No honest writer takes longer from the announcement to the claim: an attempt is given up before that.
CLAIM_WITHIN = timedelta(minutes=15)
_AT_ONCE = 200  # files of one round of the sweep


class ClaimedTooLate(RuntimeError):
    """The sweep has taken the file: whoever wrote it was away for too long."""


def new_name(folder: str, stem: str, extension: str) -> str:
    """A storage name that was never used and never will be, for example `ws_…/photos/pho_…/photo-3fK9xQ2a.jpg`."""
    return f"{folder}/{stem}-{random_base62(8)}{extension}"


def announce(names: Sequence[str]) -> None:
    """Say, before writing them, that these files will come. Outside of any transaction: it must be committed."""
    with transaction.atomic(durable=True):
        UnclaimedFile.objects.bulk_create(UnclaimedFile(name=name) for name in names)


def write(name: str, content: bytes | BinaryIO) -> None:
    """Put a file of an announced name into storage; a binary file is copied in pieces."""
    file = ContentFile(content) if isinstance(content, bytes) else File(content)
    kept = default_storage.save(name, file)
    if kept != name:  # names are random: the storage itself changes them
        default_storage.delete(kept)
        raise RuntimeError(f"The storage kept {name} as {kept}.")


def claim(names: Sequence[str]) -> None:
    """From now on a row stands for these files; in the transaction that writes it. Raises ClaimedTooLate."""
    claimed, _ = UnclaimedFile.objects.filter(name__in=names, doomed=False).delete()
    if claimed != len(names):
        raise ClaimedTooLate(f"{claimed} of {len(names)} files could be claimed.")


def doom(names: Sequence[str]) -> None:
    """No row stands for these files any more; in the transaction that forgets them. The sweep deletes them."""
    UnclaimedFile.objects.bulk_create(
        [UnclaimedFile(name=name, doomed=True) for name in names if name],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["doomed"],
    )


def discard(names: Sequence[str]) -> None:
    """Delete at once what was announced and will not be claimed. What fails, the sweep does later."""
    doom(names)
    _delete(names)


def sweep(*, now: datetime) -> int:
    """Delete files that are doomed or were never claimed. Returns how many."""
    with transaction.atomic():
        stale = UnclaimedFile.objects.filter(doomed=False, since__lt=now - CLAIM_WITHIN)
        old = stale.select_for_update(skip_locked=True).order_by("since").values_list("pk", flat=True)
        UnclaimedFile.objects.filter(pk__in=list(old[:_AT_ONCE])).update(doomed=True)
    doomed = list(
        UnclaimedFile.objects.filter(doomed=True).order_by("since").values_list("name", flat=True)[:_AT_ONCE]
    )
    _delete(doomed)
    return len(doomed)


def _delete(names: Sequence[str]) -> None:
    """The files first, then what tells of them: a crash in between repeats a harmless deletion."""
    gone = []
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:
            logger.exception("The file %s could not be deleted; the sweep tries again.", name)
        else:
            gone.append(name)
    UnclaimedFile.objects.filter(name__in=gone, doomed=True).delete()
