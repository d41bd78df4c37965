"""Addresses of pictures, for templates."""

from __future__ import annotations

from django import template

from generations import files

register = template.Library()


@register.simple_tag
def file_path(name: str, filename: str = "") -> str:
    """The signed path of a stored file, or "" where there is none yet."""
    return files.path(name, filename=filename) if name else ""
