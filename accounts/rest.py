"""What every endpoint of the REST API reads and lists with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

_NOT_JSON = "The body is not valid JSON."


class StorableJSONParser(JSONParser):
    """JSON that a database can keep: no NUL and no half of a surrogate pair in any string."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The decoded body; ParseError (400) for one that is no JSON, too deep, or can't be kept."""
        try:
            data: dict[str, Any] = super().parse(stream, media_type, parser_context)
        except (ParseError, RecursionError) as error:
            raise ParseError(_NOT_JSON) from error
        if not _is_storable(data):
            raise ParseError("The body has a character in a text that can't be kept (NUL or half an emoji).")
        return data


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value))
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(_is_storable, value))


class NewestFirst(CursorPagination):
    """Pages that stay right while new rows come in; `?limit=` up to 100."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Cursor | None:
        """DRF's, for positions that are numbers alone: 404 for a cursor that was never given out."""
        cursor = super().decode_cursor(request)
        position = getattr(cursor, "position", None)
        if position is not None and not (position.isascii() and position.isdigit() and len(position) < 19):
            raise NotFound(self.invalid_cursor_message)
        return cursor


def with_etag(request: HttpRequest, response: Response) -> None:
    """Give a read its `ETag`, and answer 304 instead where `If-None-Match` names it."""

    def tag(rendered: Response) -> HttpResponse | None:
        etag = f'"{hashlib.sha256(rendered.content).hexdigest()[:32]}"'
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
