"""The design system on one page, made of the same parts as every other page. Not in production."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.tenancy import public
from billing import pricing

STYLESHEET = settings.BASE_DIR / "static" / "css" / "app.css"
TEXT, EDGE = 4.5, 3.0  # what WCAG AA asks for: letters, and borders that tell where a control is
# Which colour lies on which, as the stylesheet uses them; the last is the least contrast.
PAIRS = (
    ("ink", "paper", TEXT),
    ("ink", "surface", TEXT),
    ("ink", "sunk", TEXT),
    ("ink", "accent-soft", TEXT),
    ("ink", "bad-soft", TEXT),
    ("quiet", "paper", TEXT),
    ("quiet", "surface", TEXT),
    ("quiet", "sunk", TEXT),
    ("quiet", "accent-soft", TEXT),
    ("accent", "paper", TEXT),
    ("accent", "surface", TEXT),
    ("accent", "sunk", TEXT),
    ("accent", "accent-soft", TEXT),
    ("accent-strong", "surface", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("bad", "surface", TEXT),
    ("bad", "paper", TEXT),
    ("bad", "bad-soft", TEXT),
    ("line-strong", "surface", EDGE),
    ("line-strong", "paper", EDGE),
)


@dataclass(frozen=True)
class Measured:
    """Two colours on each other, by day and by night; contrasts as WCAG defines them."""

    upper: str
    lower: str
    needed: float
    light: float
    dark: float

    @property
    def is_enough(self) -> bool:
        """By day and by night."""
        return min(self.light, self.dark) >= self.needed


def tokens() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the stylesheet, name → "#rrggbb", by day and by night."""
    text = STYLESHEET.read_text()
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in _roots(text))
    return light, {**light, **dark}


def _roots(text: str) -> list[str]:
    return re.findall(r":root \{(.*?)\}", text, re.DOTALL)[:2]


def contrast(upper: str, lower: str) -> float:
    """Of two "#rrggbb", from 1 to 21."""
    bright, dim = sorted((_luminance(upper), _luminance(lower)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def measured() -> list[Measured]:
    """Every pair that the pages use."""
    light, dark = tokens()
    return [
        Measured(
            upper, lower, needed, contrast(light[upper], light[lower]), contrast(dark[upper], dark[lower])
        )
        for upper, lower, needed in PAIRS
    ]


class _Example(forms.Form):
    name = forms.CharField(label="Name", help_text="As it stands on the door.")
    prompt = forms.CharField(label="What should it look like?", widget=forms.Textarea(attrs={"rows": 2}))
    email = forms.EmailField(label="E-mail")
    level = forms.ChoiceField(label="Level", choices=[("lite", "Lite"), ("quick", "Quick"), ("pro", "Pro")])
    walls = forms.BooleanField(label="Keep walls, windows and doors", required=False, initial=True)
    note = forms.CharField(label="Note", required=False)


@public("shows how pages are built; there is nothing of anybody in it, and it is not there in production")
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Type, spacing, colours with measured contrast, and every part in its states."""
    if settings.IN_PRODUCTION:
        raise Http404
    light, dark = tokens()
    context: dict[str, Any] = {
        "pairs": measured(),
        "colours": [(name, value, dark[name]) for name, value in light.items()],
        "form": _Example({"email": "nobody", "name": "Living room", "level": "quick", "walls": "on"}),
        "states": ["succeeded", "running", "queued", "waiting", "failed", "canceled"],
        "icons": re.findall(r'symbol id="([a-z-]+)"', (settings.BASE_DIR / "static/icons.svg").read_text()),
        "price": 10,
        "balance": 130,
        "balance_after": 120,
        "affordable": True,
        "costs": pricing.costs(),
    }
    return render(request, "public/styleguide.html", context)
