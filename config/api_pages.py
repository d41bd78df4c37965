"""What programmers read: the quickstarts, the reference to try, and what changed. In English, like the API itself."""

from __future__ import annotations

import re
from functools import cache
from itertools import count
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

from accounts.tenancy import public
from config import description, languages

EXAMPLE = "https://rooms.example"  # what the files call this instance
QUICKSTARTS = ("curl", "python", "typescript")


class Section(NamedTuple):
    """One file, as it is shown."""

    key: str
    title: str
    html: SafeString


@cache
def _read(name: str) -> tuple[str, str]:
    text = (Path(settings.BASE_DIR) / "docs" / f"{name}.md").read_text()
    title, _, rest = text.partition("\n")
    return title.removeprefix("# "), rest


def _section(name: str, request: HttpRequest) -> Section:
    """A file of ours from docs/, with this instance's own address in it."""
    title, text = _read(name)
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    html = markdown.render(text.replace(EXAMPLE, languages.site_address(request)))
    key = name.rpartition("/")[2]
    return Section(key, title, mark_safe(_copied(html, key)))  # noqa: S308 — our own files, without HTML


def _copied(html: str, key: str) -> str:
    """Each block of code with a button that copies it; long lines are scrolled by keyboard too."""
    numbers = count(1)

    def block(found: re.Match[str]) -> str:
        name = f"{key}-{next(numbers)}"
        with translation.override("en"):
            button = render_to_string("parts/copy_button.html", {"from": name})
        label = f"Code {name.replace('-', ' ')}"
        start = f'<div class="copy"><pre id="{name}" tabindex="0" role="region" aria-label="{label}">'
        return f"{start}{found[1]}</pre>{button}</div>"

    return re.sub(r"<pre>(.*?)</pre>", block, html, flags=re.DOTALL)


@public("tells programmers how to begin")
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """From a key to a picture in five minutes, in three languages, and the rules that hold everywhere."""
    sections = [_section(f"quickstart/{name}", request) for name in QUICKSTARTS]
    rules = _section("quickstart/rules", request)
    return render(request, "public/api_docs.html", {"sections": sections, "rules": rules})


@public("shows every call of the API")
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every call, to read and to try; from the description, by Swagger UI."""
    return render(request, "public/api_reference.html", {"version": description.VERSION})


@public("says what changed")
@require_safe
def changelog(request: HttpRequest) -> HttpResponse:
    """What changed, newest first."""
    return render(request, "public/api_changelog.html", {"section": _section("api-changelog", request)})
