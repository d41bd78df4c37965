"""Addresses of stored files: signed, so that whoever has one may read that file for a while, and nothing else.

The engine, an <img> on a page and a program with an API key all read the same address.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

_SALT = "generations.files"
_TOKEN = re.compile(rb"(?<=/)[\w.-]+:\w+:[\w-]+(?=/)")  # as `sign_object` makes them
_STEP = 3600  # seconds; addresses made within the same hour are the same, so browsers keep what they have


class _HourlySigner(signing.TimestampSigner):
    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time()) // _STEP * _STEP)


def path(name: str, *, filename: str = "") -> str:
    """The path under which the stored file `name` can be read for `settings.FILE_URL_SECONDS`."""
    token = _HourlySigner(salt=_SALT).sign_object(name)
    return reverse("file", args=[token, filename or name.rpartition("/")[2]])


def url(request: HttpRequest, name: str, *, filename: str = "") -> str:
    """The whole address: under PUBLIC_BASE_URL if set, else under the host that the request came to."""
    where = path(name, filename=filename)
    return (
        f"{settings.PUBLIC_BASE_URL}{where}"
        if settings.PUBLIC_BASE_URL
        else request.build_absolute_uri(where)
    )


def public_url(name: str) -> str:
    """An address that the outside can reach, or "" when this instance has none."""
    return f"{settings.PUBLIC_BASE_URL}{path(name)}" if settings.PUBLIC_BASE_URL else ""


def expires_at() -> datetime:
    """When an address that is made now stops working."""
    made = int(time.time()) // _STEP * _STEP
    return datetime.fromtimestamp(made + _STEP + settings.FILE_URL_SECONDS, UTC)


def name_in(token: str) -> str | None:
    """The stored file that a token names; None when it is forged or too old."""
    try:
        name: str = _HourlySigner(salt=_SALT).unsign_object(token, max_age=settings.FILE_URL_SECONDS + _STEP)
    except signing.BadSignature:
        return None
    return name


def without_signatures(content: bytes) -> bytes:
    """An answer as it would be if its addresses, made just now, never expired; equal for as long as the files are."""
    made = expires_at().isoformat().replace("+00:00", "Z").encode()
    return _TOKEN.sub(_lasting, content.replace(b'"%b"' % made, b'""'))


def _lasting(found: re.Match[bytes]) -> bytes:
    token = found[0].decode()
    return found[0] if name_in(token) is None else token.partition(":")[0].encode()


def content_disposition(filename: str) -> str:
    """A header that makes browsers save the file under this name."""
    return f"attachment; filename*=UTF-8''{quote(filename)}"
