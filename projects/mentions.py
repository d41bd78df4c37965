"""Who is meant by an @ in a text. Arithmetic on names; knows no rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def labels(people: Sequence[tuple[int, str, str]]) -> dict[int, str]:
    """What to write after the @ for each of (id, name, e-mail): the name where only one has it, else the e-mail."""
    names = [name.strip().casefold() for _, name, _ in people]
    return {
        who: name.strip() if name.strip() and names.count(name.strip().casefold()) == 1 else email
        for who, name, email in people
    }


def found_in(text: str, known: Mapping[int, str]) -> tuple[set[int], list[str]]:
    """The ids of who is mentioned, and the labels as they stand in the text.

    Case does not matter; of two labels that fit, the longer is meant; a label ends where a word ends.
    """
    by_length = sorted(known.items(), key=lambda each: -len(each[1]))
    who: set[int] = set()
    spelled: list[str] = []
    start = text.find("@")
    while start >= 0:
        after = start + 1
        if not text[max(0, start - 1) : start].isalnum():  # no e-mail address
            for person, label in by_length:
                end = start + 1 + len(label)
                if text[start + 1 : end].casefold() == label.casefold() and not text[end : end + 1].isalnum():
                    who.add(person)
                    spelled.append(text[start + 1 : end])
                    after = end
                    break
        start = text.find("@", after)
    return who, list(dict.fromkeys(spelled))
