"""What a picture file says of how it was made: asked by anybody, only so often, and nothing of it is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.errors import Refusal
from generations import provenance

OFTEN = attempts.Limit("verify", most=20, within=timedelta(minutes=10))  # by one address


class NoFile(Refusal):
    """Choose a picture file first."""

    code, title, status = "no_file", "No file", 400


class FileTooLarge(Refusal):
    """The file is too large."""

    code, title, status = "file_too_large", "File too large", 413


def report_of(*, upload: UploadedFile[bytes] | None, address: str, now: datetime) -> provenance.Report:
    """Its marks, read. Not inside a transaction. Raises NoFile, FileTooLarge, TooManyAttempts, PhotoRefused."""
    if upload is None:
        raise NoFile
    if (upload.size or 0) > settings.PHOTO_BYTES:
        raise FileTooLarge(
            _("The file is larger than %(most)d MB.") % {"most": settings.PHOTO_BYTES // 2**20}
        )
    attempts.count(limit=OFTEN, subject=address, now=now)
    return provenance.verify(content=upload.read())
