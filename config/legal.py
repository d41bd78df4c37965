"""Terms and privacy notice: written by whoever runs this instance, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

LEGAL = ("terms", "privacy")


def legal_text(name: str, language: str) -> str:
    """What the operator wrote for this page: HTML, in this language or in any; "" where there is nothing."""
    if not settings.LEGAL_PAGES:
        return ""
    folder = Path(settings.LEGAL_PAGES)
    for file in (folder / f"{name}.{language}.html", folder / f"{name}.html"):
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return ""
