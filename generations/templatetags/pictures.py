"""Addresses of pictures, for templates."""

from __future__ import annotations

from django import template

from generations import files, preview_words, renditions
from generations.models import Picture
from generations.modes import KEEP_STRUCTURE
from projects.models import Photo

register = template.Library()


@register.simple_tag
def file_path(name: str, filename: str = "") -> str:
    """The signed path of a stored file, or "" where there is none yet."""
    return files.path(name, filename=filename) if name else ""


@register.filter
def is_other_shape_than(picture: Picture, photo: Photo | None) -> bool:
    """Whether the engine gave the picture another shape than its photo has."""
    if photo is None:
        return False
    return renditions.is_other_shape((picture.width, picture.height), (photo.width, photo.height))


@register.filter
def asked(prompt: str) -> str:
    """A prompt as a title: without the sentence about the architecture, which nearly all have."""
    return prompt.replace(KEEP_STRUCTURE, "").strip() or prompt


@register.filter
def noted(text: str) -> str:
    """What the preview engine noted, in the language of the page."""
    return preview_words.noted(text)
