"""Identifiers in addresses: anything else is 404 before a view or the database sees it."""

from __future__ import annotations

import re

from django.urls import register_converter

_ID = r"[A-Za-z0-9_]{1,40}"


class PublicId:
    """The path converter `id`."""

    regex = _ID

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(PublicId, "id")


def id_or_nothing(text: str | None) -> str:
    """An identifier from a query or a form; "", which no row has, for text that can't be one."""
    return text if text and re.fullmatch(_ID, text) else ""


def number_or_none(text: str | None) -> int | None:
    """A row's number from a query; None for text that can't be one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
