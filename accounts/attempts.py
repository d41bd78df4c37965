"""Trying only so often: counters in the database, exact over any number of threads, processes and machines.

An attempt is counted before its outcome is known, so that many at once can't all be let through; who turns out to have
been right gives it back.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.http import HttpRequest

from accounts.errors import Refusal
from accounts.models import Attempts

KEPT = timedelta(days=2)  # longer than any limit counts

# One statement: the row is locked while it is counted, so each attempt gets a number of its own.
_COUNT = """
    INSERT INTO accounts_attempts AS counter (key, since, count) VALUES (%(key)s, %(now)s, 1)
    ON CONFLICT (key) DO UPDATE SET
        since = CASE WHEN counter.since <= %(begin)s THEN %(now)s ELSE counter.since END,
        count = CASE WHEN counter.since <= %(begin)s THEN 1 ELSE counter.count + 1 END
    RETURNING counter.count, counter.since
"""


class TooManyAttempts(Refusal):
    """That was tried too often. Wait a while, then try again."""

    code, title, status = "too_many_attempts", "Too many attempts", 429


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts of one kind by one subject in a window that opens with the first."""

    kind: str
    most: int
    within: timedelta


def count(*, limit: Limit, subject: str, now: datetime) -> None:
    """Count one attempt, in a transaction of its own or the caller's. Raises TooManyAttempts above the limit."""
    values: dict[str, Any] = {"key": _key(limit, subject), "now": now, "begin": now - limit.within}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        number, since = cursor.fetchone()
    if number > limit.most:
        raise TooManyAttempts(retry_after=max(1, math.ceil((since + limit.within - now).total_seconds())))


def give_back(*, limit: Limit, subject: str) -> None:
    """The attempt was a right one, so it does not count."""
    Attempts.objects.filter(key=_key(limit, subject), count__gt=0).update(count=F("count") - 1)


def forget_old(*, now: datetime) -> None:
    """Remove counters whose windows are long over."""
    Attempts.objects.filter(since__lt=now - KEPT).delete()


def address_of(request: HttpRequest) -> str:
    """Who asks, for counting: the address, of IPv6 the network of a household or a firm."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _key(limit: Limit, subject: str) -> bytes:
    text = f"{limit.kind}\0{subject}".encode()
    return hmac.new(b"attempts:" + settings.SECRET_KEY.encode(), text, hashlib.sha256).digest()
