"""From the words of a prompt to a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generations.engines.preview import vocabulary as words
from generations.engines.preview.colours import COLOURS
from generations.engines.preview.modes import BEYOND, CANNOT, MODES, ONLY, SEASON_WORDS
from generations.engines.preview.plan import Plan
from generations.engines.preview.styles import STYLE_ALIASES, STYLES
from generations.modes import KEEP_STRUCTURE

_TAKING_AWAY = ("remove", "replace")
_RUGS = {"rug": "rug", "rugs": "rug"}
_LONGEST = 4000  # characters of a prompt that are read
_NEAR = 3  # words between a colour or material and the surface that it belongs to


def read_prompt(prompt: str) -> Plan:
    """The plan for an English prompt of any length."""
    prompt = prompt.replace(KEEP_STRUCTURE, " ")  # it names walls and doors, and asks for nothing that we do
    return _Reader(prompt).plan()


def modified(paint: str, word: str) -> str:
    """The sRGB colour `paint` as a word before it changes it: "deep", "pale", "muted"."""
    lighter, strength = words.MODIFIERS[word]
    channels = [int(paint[at : at + 2], 16) for at in (0, 2, 4)]
    grey = sum(channels) / 3
    goal = 255 if lighter > 0 else 0
    out = [grey + (channel - grey) * strength for channel in channels]
    return "".join(f"{round(min(max(c + (goal - c) * abs(lighter), 0), 255)):02x}" for c in out)


# Said with a colour, these mean their walls.
_ROOMS = {
    "room",
    "bedroom",
    "kitchen",
    "office",
    "hallway",
    "study",
    "nursery",
    "lounge",
    "bathroom",
    "space",
}


class _Reader:
    """One pass over the words, longest phrases first; every word ends as used, filler or ignored."""

    def __init__(self, prompt: str) -> None:
        text = prompt[:_LONGEST].lower().replace("’", "'")
        self.tokens: list[str] = re.findall(r"[a-zà-ÿ0-9]+(?:'[a-zà-ÿ0-9]+)*|[.,;:!?]", text)
        self.used = [False] * len(self.tokens)
        self.understood: list[str] = []
        self.wishes: dict[str, str] = {}
        self.keep: list[str] = []
        self.refused: list[str] = []
        self.only: list[str] = []
        self.cannot: list[str] = []
        self.furnishings: list[str] = []

    def plan(self) -> Plan:
        self._negations()
        self._kinds_of_work()
        self._seasons()
        # A mood of two words first, so that "golden light" is not a gold ceiling; a style before its parts.
        self._moods(longer_than=1)
        self._styles()
        self._rug()
        self._materials()
        self._colours()
        self._shades()
        self._moods(longer_than=0)
        self._furnishings()
        ignored = [
            token
            for token, used in zip(self.tokens, self.used, strict=True)
            if not used and token not in words.FILLERS and token[0].isalnum()
        ]
        return Plan(
            **self.wishes,
            only=tuple(dict.fromkeys(self.only)),
            cannot=tuple(dict.fromkeys(self.cannot)),
            furnishings=tuple(dict.fromkeys(self.furnishings)),
            keep=tuple(dict.fromkeys(self.keep)),
            refused=tuple(dict.fromkeys(self.refused)),
            understood=tuple(dict.fromkeys(self.understood)),
            ignored=tuple(dict.fromkeys(ignored)),
        )

    # Matching

    def _at(self, start: int, lexicon: Mapping[str, Any]) -> int:
        """How many unused words from `start` make the longest entry of `lexicon`."""
        for length in (4, 3, 2, 1):
            phrase = self.tokens[start : start + length]
            if (
                len(phrase) == length
                and not any(self.used[start : start + length])
                and " ".join(phrase) in lexicon
            ):
                return length
        return 0

    def _wish(self, name: str, value: str, start: int, length: int, said: str = "") -> None:
        """Marks the words as used. The first wish for a thing wins: people put the important one first."""
        self.used[start : start + length] = [True] * length
        self.wishes.setdefault(name, value)
        self.understood.append(said or " ".join(self.tokens[start : start + length]))

    def _surface_of(self, start: int, length: int) -> str:
        """The surface that the words at `start` describe: the next one named, else the one named before.

        "furnishing" when it is a thing the engine can't restyle.
        """
        fallback = ""
        for step in (1, -1):
            index = start + length if step == 1 else start - 1
            for _ in range(_NEAR):
                if not 0 <= index < len(self.tokens) or not self.tokens[index][0].isalnum():
                    break
                term = self.tokens[index]
                if term in words.FURNISHINGS:
                    return "furnishing"
                if term in words.ACCENTS and step == 1:
                    return ""
                if words.SURFACES.get(term) in ("walls", "floor", "ceiling", "rug"):
                    return words.SURFACES[term]
                if step == 1 and self._ends_a_wish(index):
                    break
                if term in words.FLOORS and step == 1:
                    fallback = "floor"  # "grey carpet", unless a wall comes after it
                index += step
        return fallback

    def _ends_a_wish(self, index: int) -> bool:
        """ "White walls and oak" ends at the "and"; "black and white walls" does not."""
        after = self.tokens[index + 1] if index + 1 < len(self.tokens) else ""
        return self.tokens[index] == "with" or (self.tokens[index] == "and" and after not in COLOURS)

    # Readings

    def _negations(self) -> None:
        keeping = dict.fromkeys(words.KEEPING)
        refusing = dict.fromkeys(words.REFUSING)
        index = 0
        while index < len(self.tokens):
            if length := self._at(index, keeping):
                index = self._kept(index, length)
            elif length := self._at(index, refusing):
                index = self._refused(index, length)
            else:
                index += 1

    def _kept(self, start: int, length: int) -> int:
        """ "keep the oak floor and the walls": everything up to the last surface named stays as it is."""
        between = {
            "the",
            "my",
            "our",
            "existing",
            "original",
            "current",
            "same",
            "and",
            "or",
            ",",
            "old",
            "present",
        }
        end, index = start + length, start + length
        kept: list[str] = []
        while index < len(self.tokens):
            term = self.tokens[index]
            if term in words.SURFACES:
                kept.append(words.SURFACES[term])
                end = index + 1
            elif term == ",":
                if not self._list_goes_on(index + 1):
                    break
            elif term not in between and term not in COLOURS and term not in words.FLOORS:
                break
            index += 1
        if not kept:
            return start + length
        self.keep += kept
        self.used[start:end] = [True] * (end - start)
        self.understood.append("keep " + " and ".join(dict.fromkeys(kept)))
        return end

    def _list_goes_on(self, index: int) -> bool:
        """ "Keep the floor, the walls" goes on after the comma; "keep the walls, oak floor" starts a wish."""
        articles = ("the", "my", "our", "and")
        return index < len(self.tokens) and (
            self.tokens[index] in articles or self.tokens[index] in words.SURFACES
        )

    def _refused(self, start: int, length: int) -> int:
        """ "no rug", "without marble": the thing is neither added nor read as a wish."""
        index = start + length
        while index < len(self.tokens) and self.tokens[index] in ("a", "an", "the", "any"):
            index += 1
        known: dict[str, str] = (
            {name: name for name in STYLES} | STYLE_ALIASES | words.MOODS | COLOURS | words.FLOORS
        )
        found = self._at(index, known | _RUGS | dict.fromkeys(words.FURNISHINGS, ""))
        if not found:
            return start + length
        end = index + found
        said = " ".join(self.tokens[index:end])
        if self.tokens[start] in _TAKING_AWAY and (said in _RUGS or said in words.FURNISHINGS):
            self.cannot.append("declutter")
        if said in words.FURNISHINGS:
            pass  # none is added anyway
        elif said in _RUGS:
            self.keep.append("rug")
        else:
            self.refused.append(known[said])
            if self._surface_of(index, found) in ("floor", "walls"):
                end = min(end + 1, len(self.tokens))  # the surface's own word goes with it
        self.used[start:end] = [True] * (end - start)
        self.understood.append(f"no {said}")
        return end

    def _kinds_of_work(self) -> None:
        """Lead-ins such as "Virtual staging:", and things that the preview can't show."""
        for index in range(len(self.tokens)):
            if length := self._at(index, MODES):
                said = " ".join(self.tokens[index : index + length])
                self._kind_of_work(MODES[said], index, length)
            elif length := self._at(index, BEYOND):
                self.cannot.append(BEYOND[" ".join(self.tokens[index : index + length])])
                self.used[index : index + length] = [True] * length
            elif self.tokens[index] in ("only", "just"):
                surface = self._surface_of(index, 1)
                if surface in ("walls", "floor", "ceiling"):
                    self.only.append(surface)
                    self.understood.append(f"only the {surface}")

    def _kind_of_work(self, mode: str, start: int, length: int) -> None:
        self.used[start : start + length] = [True] * length
        if self.wishes.get("mode", "restyle") == "restyle":  # "redesign this kitchen" is about a kitchen
            self.wishes["mode"] = mode
        if mode != "restyle":
            self.understood.append(mode)
        if mode in CANNOT:
            self.cannot.append(mode)
        if mode in ONLY and self.wishes["mode"] == mode:
            self.only.append(ONLY[mode])

    def _seasons(self) -> None:
        for index in range(len(self.tokens)):
            if length := self._at(index, SEASON_WORDS):
                said = " ".join(self.tokens[index : index + length])
                self._wish("season", SEASON_WORDS[said], index, length)
                self.cannot.append("decorations")

    def _furnishings(self) -> None:
        for index, token in enumerate(self.tokens):
            if token in words.FURNISHINGS and token not in words.FILLERS and not self.used[index]:
                self.furnishings.append(token)
                self.used[index] = True

    def _styles(self) -> None:
        lexicon = {name.replace("-", " "): name for name in STYLES} | {name: name for name in STYLES}
        lexicon |= STYLE_ALIASES
        found: list[tuple[bool, int, int]] = []
        for index in range(len(self.tokens)):
            if length := self._at(index, lexicon):
                said = " ".join(self.tokens[index : index + length])
                found.append((lexicon[said] in words.VAGUE_STYLES, index, length))
        # A style with a name of its own says more than "modern" or "elegant" beside it.
        for _, index, length in sorted(found):
            if not any(self.used[index : index + length]):
                self._wish("style", lexicon[" ".join(self.tokens[index : index + length])], index, length)

    def _rug(self) -> None:
        for index, token in enumerate(self.tokens):
            if token not in ("rug", "rugs") or self.used[index]:
                continue
            for length in (2, 1):
                start = index - length
                if (
                    start >= 0
                    and " ".join(self.tokens[start:index]) in COLOURS
                    and not any(self.used[start:index])
                ):
                    self._wish("rug", COLOURS[" ".join(self.tokens[start:index])], start, length + 1)
                    break
            else:
                self._wish("rug", "style", index, 1)

    def _materials(self) -> None:
        lexicon = words.FLOORS | words.WALL_FINISHES
        for index in range(len(self.tokens)):
            length = self._at(index, lexicon)
            if not length:
                continue
            said = " ".join(self.tokens[index : index + length])
            surface = self._surface_of(index, length)
            if surface == "walls" and said in words.WALL_FINISHES:
                self._wish("wall_finish", words.WALL_FINISHES[said], index, length, f"{said} walls")
            elif (surface == "floor" or (not surface and said not in COLOURS)) and said in words.FLOORS:
                # A pattern says more than a species: "herringbone oak floor" is herringbone.
                if words.FLOORS[said] in ("herringbone", "checkerboard"):
                    self.wishes.pop("floor", None)
                self._wish("floor", words.FLOORS[said], index, length, f"{said} floor")

    def _colours(self) -> None:
        names = {"walls": "wall", "floor": "floor_colour", "ceiling": "ceiling", "rug": "rug", "": "accent"}
        for index in range(len(self.tokens)):
            length = self._at(index, COLOURS)
            if not length:
                continue
            said = " ".join(self.tokens[index : index + length])
            surface = self._surface_of(index, length)
            if surface not in names:
                continue
            if (
                not surface
                and index > 1
                and self.tokens[index - 1] == "in"
                and self.tokens[index - 2] in _ROOMS
            ):
                surface = "walls"  # "a bedroom in sage green"
            paint, start = COLOURS[said], index
            if index and not self.used[index - 1] and self.tokens[index - 1] in words.MODIFIERS:
                start -= 1
                paint = modified(paint, self.tokens[start])
                said = f"{self.tokens[start]} {said}"
            self._wish(names[surface], paint, start, index + length - start, f"{said} {surface}".strip())

    def _shades(self) -> None:
        """ "Dark walls", "a light floor": a shade where no colour was named."""
        for index, token in enumerate(self.tokens[:-1]):
            surface = words.SURFACES.get(self.tokens[index + 1], "")
            if not self.used[index] and (token, surface) in words.SHADED:
                name, value = words.SHADED[token, surface]
                self._wish(name, value, index, 1, f"{token} {surface}")

    def _moods(self, *, longer_than: int) -> None:
        found: list[tuple[bool, int, int]] = []
        for index in range(len(self.tokens)):
            length = self._at(index, words.MOODS)
            if length <= longer_than:
                continue
            if length == 1 and self.tokens[index] in words.SHADES and self._is_shade(index):
                self.used[index] = True
                self.understood.append(self.tokens[index])
                continue
            said = " ".join(self.tokens[index : index + length])
            found.append((said in words.VAGUE_MOODS, index, length))
        # An hour of the day says more than "cosy" or "warm" beside it.
        for _, index, length in sorted(found):
            if not any(self.used[index : index + length]):
                self._wish("mood", words.MOODS[" ".join(self.tokens[index : index + length])], index, length)

    def _is_shade(self, index: int) -> bool:
        """ "Dark walls" and "warm oak" describe a surface; there the word is a shade and not the light."""
        described = self._surface_of(index, 1) in ("walls", "floor", "rug", "furnishing")
        return described and not self._light_follows(index)

    def _light_follows(self, index: int) -> bool:
        near = range(index + 1, min(index + 4, len(self.tokens)))
        return any(words.SURFACES.get(self.tokens[i]) == "light" and not self.used[i] for i in near)
