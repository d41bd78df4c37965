"""The root of every "no" the product can give."""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """This can't be done."""

    # The docstring of each subclass is the sentence a person reads; `code` is the word a program reads;
    # `title` is the short name of the problem that the API puts into `error`.
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"
    status: ClassVar[int] = 400

    def __init__(self, message: str = "", **facts: Any) -> None:
        """`message` replaces the docstring's sentence; `facts` are extra members of the API's answer."""
        self.english = message or " ".join((type(self).__doc__ or "").split())
        self.facts = facts
        super().__init__(self.english)

    @property
    def message(self) -> str:
        """The sentence in the language of the page; English for programs, workers and logs."""
        from accounts.wording import in_words  # here, as image processes know refusals and no Django

        return in_words(self.english)


class StorageAway(OSError):
    """Stored files can't be reached at this moment, whatever keeps them; trying again later may help."""
