"""What every endpoint of the REST API reads and lists with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

# What apps take out of an answer before its ETag is made: addresses that are signed anew although nothing has changed.
without_expiring: list[Callable[[bytes], bytes]] = []

_NOT_JSON = "The body is not valid JSON."


class StorableJSONParser(JSONParser):
    """JSON that a database can keep: no NUL and no half of a surrogate pair in any string."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The decoded body; ParseError (400) for one that is no JSON, too deep, or can't be kept."""
        body = stream.read()
        try:
            data: dict[str, Any] = self._quickly(body, parser_context or {})
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # It has no word for what the database can't keep, and knows no infinity: the usual one tells why.
            try:
                data = super().parse(BytesIO(body), media_type, parser_context)
            except (ParseError, RecursionError) as error:
                raise ParseError(_NOT_JSON) from error
        if not _is_storable(data):
            raise ParseError("The body has a character in a text that can't be kept (NUL or half an emoji).")
        return data

    @staticmethod
    def _quickly(body: bytes, context: Mapping[str, Any]) -> Any:
        if str(context.get("encoding") or "utf-8").lower() not in ("utf-8", "utf8"):
            raise msgspec.DecodeError
        return msgspec.json.decode(body)


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value))
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(_is_storable, value))


class NewestFirst(CursorPagination):
    """Pages that stay right while new rows come in; `?limit=` up to 100."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Cursor | None:
        """DRF's, for positions that are numbers alone: 404 for a cursor that was never given out."""
        cursor = super().decode_cursor(request)
        position = getattr(cursor, "position", None)
        if position is not None and not self.can_be(position):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def can_be(self, position: str) -> bool:
        """Whether a cursor that was given out can say so; the database is asked with nothing else."""
        return position.isascii() and position.isdigit() and len(position) < 19


class InOrder(NewestFirst):
    """As people have put them: by `position`, and what nobody has put anywhere in the order in which it came."""

    ordering = ("position", "id")
    offset_cutoff = 100_000  # many may stand where nobody has put them


class ByWords(NewestFirst):
    """By a text; of equals the older first."""

    offset_cutoff = 100_000

    def __init__(self, column: str) -> None:
        super().__init__()
        self.ordering = (column, "id")

    def can_be(self, position: str) -> bool:
        """Anything that a database can compare with."""
        return "\0" not in position


class ByDay(ByWords):
    """By a date; of equals the older first."""

    def can_be(self, position: str) -> bool:
        """A date."""
        try:
            return parse_date(position) is not None
        except ValueError:
            return False


def tag_of(data: Any) -> str:
    """The ETag of an answer with this content."""
    return _tag(JSONRenderer().render(data))


def state_in(tag: str) -> str:
    """The part of an ETag that changes with what is told alone, and not with addresses that expire: for `If-Match`."""
    return tag.split(".")[0].rstrip('"') + '"'


def _tag(content: bytes) -> str:
    lasting = content
    for without in without_expiring:
        lasting = without(lasting)
    renewed = "" if lasting == content else f".{_hash(content)[:8]}"
    return f'"{_hash(lasting)}{renewed}"'


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def with_etag(request: HttpRequest, response: Response) -> None:
    """Give an answer its `ETag`, unless it has one; a read that `If-None-Match` names is answered 304 instead."""

    def tag(rendered: Response) -> HttpResponse | None:
        etag = rendered.headers.get("ETag") or _tag(rendered.content)
        rendered["ETag"] = etag
        rendered["Cache-Control"] = "private, no-cache"
        known = {
            each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")
        }
        if etag not in known and "*" not in known:
            return None
        kept = {
            name: value for name, value in rendered.items() if name not in ("Content-Type", "Content-Length")
        }
        return HttpResponse(status=304, headers=kept)

    response.add_post_render_callback(tag)
