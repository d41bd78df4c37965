"""Outward identifiers: a prefix that says what it is, and 22 random base-62 characters (131 bits)."""

from __future__ import annotations

import secrets
import string

from django.contrib.postgres.functions import RandomUUID
from django.db.models import CharField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, Replace

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def random_base62(length: int) -> str:
    """`length` characters from the operating system's randomness; 5.95 bits each."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def new_id(prefix: str) -> str:
    """For example `gen_4fK…`: unique without asking the database, and not guessable."""
    return f"{prefix}_{random_base62(22)}"


def an_id(prefix: str) -> Combinable:
    """The same made by the database, of a random UUID: for rows that were there before they had one."""
    digits = Replace(Cast(RandomUUID(), CharField()), Value("-"), Value(""))
    return Concat(Value(f"{prefix}_"), digits)
