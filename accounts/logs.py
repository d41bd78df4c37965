"""What the log says: of which request, workspace and picture a line is, and never a secret.

Two formats, a line for people and JSON for programs (`LOG_FORMAT`); both take out what looks like a secret, and the
very values of the secrets that this instance has. Knows no rows, so that anything may use it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

GONE = "[redacted]"
SHORTEST_SECRET = 8  # characters; a shorter value would take ordinary words out of the log
LONGEST_LINE = 20_000  # characters; a picture in base64 is no news

# What stands before is kept where it tells something: which kind of key, whose address.
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), kept)
    for pattern, kept in (
        (r"\b(mf_sk_(?:live|test)_)[A-Za-z0-9_-]{6,}", r"\1"),
        (r"\b(rw_app_)[A-Za-z0-9._-]{6,}", r"\1"),
        (r"\b((?:sk|rk|pk)_(?:live|test)_)[A-Za-z0-9]{6,}", r"\1"),
        (r"\b(whsec_)[A-Za-z0-9+/=_-]{6,}", r"\1"),
        (r"\b((?:Bearer|Basic|Token)\s+)[A-Za-z0-9._~+/=-]{8,}", r"\1"),
        (r"\b([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)", r"\1"),
        (
            r"((?:password|passwd|secret|api_?key|sessionid|csrftoken|csrfmiddlewaretoken)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&;,}]{4,}",
            r"\1",
        ),
        (r"(data:[a-z0-9.+/-]+;base64,)[A-Za-z0-9+/=]{16,}", r"\1"),
        # Addresses that open something for whoever has them.
        (r"(/(?:s|r|p|d|invitations|incoming|files|news/stop)/)[A-Za-z0-9_:.-]{16,}", r"\1"),
        (r"(/accounts/(?:confirm-email|password/reset/key)/)[^\s/?\"']{8,}", r"\1"),
        (r"(/(?:confirm-email)/)[^\s/?\"']{8,}", r"\1"),
        (r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", r"\1"),
    )
)
_values: tuple[str, ...] = ()

_ids: ContextVar[dict[str, str] | None] = ContextVar("ids of the log", default=None)


def hide(values: Iterable[str]) -> None:
    """These very texts are taken out of every line from now on: the instance's own secrets."""
    global _values
    _values = tuple(
        sorted({value for value in values if len(value) >= SHORTEST_SECRET}, key=len, reverse=True)
    )


def redacted(text: str) -> str:
    """The text without secrets."""
    for value in _values:
        if value in text:
            text = text.replace(value, GONE)
    for pattern, kept in _PATTERNS:
        text = pattern.sub(kept + GONE, text)
    return text


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Lines written inside say so: `request`, `workspace`, `generation`. Ids only, nothing that is anybody's."""
    token = _ids.set({**current(), **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def note(**ids: str) -> None:
    """The same from here to the end of the surrounding `about`."""
    if (inside := _ids.get()) is not None:
        inside.update(ids)


def current() -> dict[str, str]:
    """The ids that a line written now would carry."""
    return dict(_ids.get() or {})


class LineFormatter(logging.Formatter):
    """For people."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback below it."""
        ids = "".join(f" {name}={value}" for name, value in current().items())
        head, _, rest = super().format(record).partition("\n")
        return redacted(f"{head}{ids}\n{rest}" if rest else head + ids)[:LONGEST_LINE]


class JsonFormatter(logging.Formatter):
    """For programs: one object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Each text is cleaned before it is encoded."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage())[:LONGEST_LINE],
            **current(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            said["exception"] = redacted(self.formatException(record.exc_info))[:LONGEST_LINE]
        return json.dumps(said, ensure_ascii=False, default=str)
