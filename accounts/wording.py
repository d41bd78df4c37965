"""Sentences that are kept or raised in English and shown in the language of the page.

What a worker writes into a row (why a photo is bad, why a picture failed) is English, since the API shows it too. A
page translates it here: as a whole, or by the pattern that it was made of.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

CREDITS_BACK = gettext_noop("Your credits are back.")

# Sentences with numbers or names in them, as the code that writes them puts them together.
_PATTERNS = (
    gettext_noop("The file is larger than %(size)s MB."),
    gettext_noop("The file at that address is larger than %(size)s MB."),
    gettext_noop("This file is over %(size)s MB. Send a smaller one."),
    gettext_noop(
        "The picture has %(width)s × %(height)s pixels (%(millions)s million); at most %(most)s million and"
        " %(side)s a side are accepted."
    ),
    gettext_noop("The picture is only %(width)s × %(height)s pixels; each side needs at least %(least)s."),
    gettext_noop(
        "The photo is small (%(longest)s pixels wide or high); %(good)s or more give a better result."
    ),
    gettext_noop("That file is %(kind)s; please send a JPEG, PNG, WebP, HEIC or AVIF picture."),
    gettext_noop("The host “%(host)s” could not be found."),
    gettext_noop("“%(host)s” is not a public host name; please use an address that anybody can open."),
    gettext_noop("The server at that address answered with status %(status)s."),
    gettext_noop("This costs %(price)s credits, not %(agreed)s. Press the button again to go on."),
    gettext_noop("This needs the role %(role)s in %(workspace)s."),
)
# Words of lists of choices, and sentences that no class or exception carries.
_WORDS = (
    gettext_noop("Waiting"),
    gettext_noop("Queued"),
    gettext_noop("Running"),
    gettext_noop("Succeeded"),
    gettext_noop("Failed"),
    gettext_noop("Canceled"),
    gettext_noop("paid"),
    gettext_noop("failed"),
    gettext_noop("pending"),
    gettext_noop("succeeded"),
    gettext_noop("canceled"),
    gettext_noop("The design service is unavailable."),
    gettext_noop("The connection to the design service was lost before it answered."),
    gettext_noop("The picture was being made when our worker stopped, and we don't know what came of it."),
    gettext_noop("The photo is very dark; switch on the lights or open the curtains and take it again."),
    gettext_noop("The photo looks blurred; hold the camera still and wipe its lens."),
    gettext_noop("The photo is very wide or very tall; a normal 4:3 or 3:2 photo shows the room better."),
)


@cache
def _compiled() -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for pattern in _PATTERNS:
        pieces = re.split(r"%\((\w+)\)s", pattern)
        source = "".join(
            f"(?P<{piece}>.+?)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)
        )
        found.append((pattern, re.compile(source)))
    return found


def in_words(english: str) -> str:
    """The sentence in the language of the page; as it is where nobody has translated it."""
    if not english:
        return ""
    if (whole := gettext(english)) != english:
        return whole
    if english.endswith(f" {CREDITS_BACK}"):
        return f"{in_words(english.removesuffix(f' {CREDITS_BACK}'))} {gettext(CREDITS_BACK)}"
    for pattern, compiled in _compiled():
        if match := compiled.fullmatch(english):
            return gettext(pattern) % match.groupdict()
    return english
