"""What one process keeps between calls: the last few answers to expensive questions, by the content they are about."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Kept(Generic[Answer]):
    """At most `most` answers; the one that was not asked for longest goes before a new one is made.

    One process serves one call at a time, so there is no lock.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    def get(self, content: bytes, *about: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer for this content and what else it depends on, made if it is not kept."""
        key = (hashlib.sha256(content).digest(), *about)
        if key in self._answers:
            self._answers.move_to_end(key)
            return self._answers[key]
        while len(self._answers) >= self._most:
            self._answers.popitem(last=False)
        self._answers[key] = answer = make()
        return answer

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()
