"""Notes, for templates."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from projects.team_rows import ProjectNote

register = template.Library()


@register.filter
def with_mentions(note: ProjectNote) -> SafeString:
    """The text of a note, escaped, with its mentions set off."""
    text = str(escape(note.text))
    names = sorted((re.escape(str(escape(name))) for name in note.mentions), key=len, reverse=True)
    if names:
        text = re.sub(f"@({'|'.join(names)})", r'<span class="mention">@\1</span>', text)
    return mark_safe(text)  # noqa: S308 — escaped above, and the names in it likewise
