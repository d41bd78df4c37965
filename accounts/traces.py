"""What took how long, for a collector of traces where there is one (`config/tracing.py`); else nothing happens.

A span carries the ids that a line of the log would (`accounts/logs.py`) and facts that code gives it: routes, codes,
numbers. Never what somebody wrote, an address as it was called, or an error's own words. Knows no library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Literal, Protocol

from accounts import logs

Kind = Literal["server", "client", "consumer", "internal"]
Facts = dict[str, str | int | float | bool]


class Span(Protocol):
    """One thing that takes time."""

    def call(self, name: str) -> None:
        """Give it another name than it began with."""

    def tell(self, facts: Facts) -> None:
        """Say more about it."""


class _Silent:
    def call(self, name: str) -> None:
        pass

    def tell(self, facts: Facts) -> None:
        pass


_open: Callable[[str, Kind], AbstractContextManager[Span]] | None = None
_inside: ContextVar[Span | None] = ContextVar("the span that is open", default=None)
SILENT = _Silent()


def use(opener: Callable[[str, Kind], AbstractContextManager[Span]] | None) -> None:
    """Spans of this process are opened by this from now on; by nothing with None."""
    global _open
    _open = opener


@contextmanager
def span(name: str, kind: Kind, facts: Facts | None = None) -> Iterator[Span]:
    """What happens inside is one span, below the one that is open here."""
    if _open is None:
        yield SILENT
        return
    with _open(name, kind) as opened:
        token = _inside.set(opened)
        try:
            opened.tell(facts or {})
            yield opened
        finally:
            _inside.reset(token)
            opened.tell(ids())


def tell(facts: Facts) -> None:
    """The same about the innermost span that is open."""
    if (opened := _inside.get()) is not None:
        opened.tell(facts)


def ids() -> Facts:
    """What the log would say of this moment, under the names that it has in traces."""
    return {f"roomwright.{name}": value for name, value in logs.current().items()}


def job(call_next: Callable[[], Any], context: Any, worker: Any) -> Any:  # noqa: ARG001 — procrastinate's signature
    """Middleware of the queue: each job is a span, named for its task; its arguments are not told."""
    one = context.job
    facts: Facts = {
        "messaging.destination.name": one.queue,
        "roomwright.job": one.id,
        "roomwright.try": one.attempts,
    }
    with span(one.task_name, "consumer", facts):
        return call_next()
