"""What an opaque id is called: apps above register names for the ids that they put into references, labels and budgets.

Calls go up, imports never do: billing keeps `room_4fK…` in a label and learns here that it is “Bedroom”.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from accounts.models import Organization


@dataclass(frozen=True)
class Named:
    """A name for people; `url` is "" where there is no page (any more)."""

    text: str
    url: str = ""


class Namer(Protocol):
    """Names ids of one prefix in one workspace; `ids` is None for all that there are. Called inside `enter`."""

    def __call__(
        self, *, organization: Organization, ids: Collection[str] | None
    ) -> Mapping[str, Named]: ...  # pragma: no cover


_namers: dict[str, Namer] = {}


def register(prefix: str) -> Callable[[Namer], Namer]:
    """Use as a decorator: names ids that begin with `prefix` and an underscore."""

    def keep(namer: Namer) -> Namer:
        _namers[prefix] = namer
        return namer

    return keep


def names(*, organization: Organization, ids: Iterable[str]) -> dict[str, Named]:
    """A name for each id that somebody knows; one query for each kind among them."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for each in ids:
        kinds[each.partition("_")[0]].add(each)
    found: dict[str, Named] = {}
    for prefix, members in kinds.items():
        if namer := _namers.get(prefix):
            found |= namer(organization=organization, ids=members)
    return found


def everything(*, organization: Organization, prefix: str) -> dict[str, Named]:
    """All that there is of one kind in the workspace, in the order in which to list it."""
    namer = _namers.get(prefix)
    return dict(namer(organization=organization, ids=None)) if namer else {}
