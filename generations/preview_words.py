"""What the preview engine says about its pictures, gathered for translation: its notes are kept in English.

A sentence that is missing here is shown in English. Materials and styles stay English: they quote the prompt.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from accounts.wording import in_words

SAID = (
    gettext_noop("floor"),
    gettext_noop("walls"),
    gettext_noop("ceiling"),
    gettext_noop("rug"),
    gettext_noop("palette"),
    gettext_noop("light"),
    gettext_noop("region"),
    gettext_noop("light in the region"),
    gettext_noop("region filled from around it"),
    gettext_noop("tones of a photo"),
    gettext_noop("paint"),
    gettext_noop("colour"),
    gettext_noop("new colour"),
    gettext_noop("view from the window"),
    gettext_noop("prompt"),
    gettext_noop("furniture gathered to the right"),
    gettext_noop("furniture gathered to the left"),
    gettext_noop("floor from a darker batch"),
    gettext_noop("floor from a lighter batch"),
    gettext_noop("walls a shade deeper"),
    gettext_noop("walls a shade lighter"),
    gettext_noop("light a little warmer"),
    gettext_noop("light a little cooler"),
    gettext_noop("no word of it is one that the preview knows"),
    gettext_noop("furniture is not placed into a painted region by the preview"),
    gettext_noop("this looks like the outside of a house, and not like a room"),
    gettext_noop("the floor could not be told from what stands on it"),
    gettext_noop("the walls could not be told from what stands before them"),
    gettext_noop("the floor could not be told from what is before it"),
    gettext_noop("the walls could not be told from what is before it"),
    gettext_noop("the ceiling could not be told from what is before it"),
    gettext_noop("there is no free floor for it"),
    gettext_noop("no free floor is large enough for it"),
    gettext_noop("no free floor at the wall is large enough for it"),
    gettext_noop("no free place on a wall or ceiling was found for it"),
    gettext_noop("it could not be lifted off its background"),
    gettext_noop("something stands at the place chosen for it"),
    gettext_noop("the place chosen for it is not on the floor"),
    gettext_noop("the place chosen for it is too near to the camera"),
    gettext_noop("no window was found"),
    gettext_noop("the preview sets no furniture of its own: add products, and it places them"),
    gettext_noop("the preview can't move what stands in the photo"),
    gettext_noop("the preview can't restyle stairs"),
    gettext_noop("the preview never changes or moves doors"),
    gettext_noop("the preview never changes or moves windows"),
    gettext_noop("the preview draws no curtains"),
    gettext_noop("the preview never changes what is built: walls, openings, ceilings, fireplaces"),
    gettext_noop("the preview can't move what is in the photo"),
    gettext_noop("the preview draws no people and no animals"),
    gettext_noop("the preview knows paint and a few wall finishes, and no wallpaper"),
    gettext_noop("the preview can't restyle or add furniture: add products, and it places them"),
)


def noted(text: str) -> str:
    """A note of the engine's in the language of the page: whole, or each part of "floor: oak" and of a list."""
    whole = in_words(text)
    if whole != text:
        return whole
    for mark in (", ", ": "):
        if mark in text:
            return mark.join(noted(part) for part in text.split(mark))
    return text
