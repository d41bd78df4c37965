"""Limits on requests: fixed windows of a minute, exact over any number of threads, processes and machines.

Every request gets a number of its own in the minute that runs, by one statement that locks the counter; those above the
quota are refused. The header fields are those of draft-ietf-httpapi-ratelimit-headers-11.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from accounts.errors import Refusal
from accounts.models import RateWindow

SECONDS = 60
PROBLEM = "https://iana.org/assignments/http-problem-types#quota-exceeded"
KEPT = timedelta(hours=1)

# Greatest: a clock a little behind counts in the minute that another has opened.
_COUNT = """
    INSERT INTO accounts_ratewindow AS counter (key, opened_at, count)
    SELECT key, %s, 1 FROM unnest(%s::text[]) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN counter.opened_at < EXCLUDED.opened_at THEN 1 ELSE counter.count + 1 END,
        opened_at = greatest(counter.opened_at, EXCLUDED.opened_at)
    RETURNING key, count
"""


class RateLimited(Refusal):
    """Too many requests in this minute. Wait, then try again."""

    code, title, status = "rate_limited", "Rate limited", 429


@dataclass(frozen=True)
class Rate:
    """A quota of requests a minute, and how much of it is left for how many seconds."""

    policy: str
    quota: int
    remaining: int
    reset: int


def seconds_left(now: datetime) -> int:
    """Whole seconds until the next minute begins, at least one."""
    return SECONDS - now.second


def refuse(message: str, *, policy: str, now: datetime) -> RateLimited:
    """The refusal to raise, with what a program needs to wait the right time."""
    facts = {"retry_after": seconds_left(now), "type": PROBLEM, "violated-policies": [policy]}
    return RateLimited(message, **facts)


def count(*, subjects: Mapping[str, str], quotas: Mapping[str, int], now: datetime) -> list[Rate]:
    """Count one request against each policy, for its subject. A policy is refused when `remaining` is below 0."""
    keys = {f"{policy}:{subject}": policy for policy, subject in subjects.items()}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [now.replace(second=0, microsecond=0), list(keys)])
        counted = dict(cursor.fetchall())
    left = seconds_left(now)
    return [Rate(policy, quotas[policy], quotas[policy] - counted[key], left) for key, policy in keys.items()]


def subject_of_address(address: str) -> str:
    """An address as it is counted: not readable from the row, and a whole /64 of IPv6 as one."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        number = ipaddress.IPv4Address(0)
    if isinstance(number, ipaddress.IPv6Address):
        number = number.ipv4_mapped or ipaddress.IPv6Network((int(number) >> 64 << 64, 64)).network_address
    return hmac.new(settings.SECRET_KEY.encode(), number.packed, hashlib.sha256).hexdigest()[:40]


def headers(rates: Iterable[Rate]) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`."""
    rates = list(rates)
    return {
        "RateLimit-Policy": ", ".join(f'"{rate.policy}";q={rate.quota};w={SECONDS}' for rate in rates),
        "RateLimit": ", ".join(
            f'"{rate.policy}";r={max(0, rate.remaining)};t={rate.reset}' for rate in rates
        ),
    }


def forget_old(*, now: datetime) -> int:
    """Remove counters of minutes long gone. Returns how many."""
    removed, _ = RateWindow.objects.filter(opened_at__lt=now - KEPT).delete()
    return removed
