"""Addresses inside a review room, for its templates: by the client's link, or for a member who looks as a client."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from generations import files
from generations.review_shown import Shown

register = template.Library()


@register.simple_tag(takes_context=True)
def review_page(context: Any, one: Shown | None = None) -> str:
    """Of the room, or of one of its pictures."""
    name, place = ("", []) if one is None else ("-item", [one.item.public_id])
    if context.get("is_preview"):
        room = context["room"]
        return reverse(f"review-preview{name}", args=[room.organization.public_id, room.public_id, *place])
    return reverse(f"review-guest{name}", args=[context["token"], *place])


@register.simple_tag(takes_context=True)
def review_file(context: Any, one: Shown, which: str) -> str:
    """Of one of its pictures: `before`, `after`, `thumbnail` or `piece_3`. A client's goes by the link, each time."""
    if not context.get("is_preview"):
        return reverse("review-guest-file", args=[context["token"], one.item.public_id, which])
    picture, before = one.item.picture, one.item.before
    names = {
        "before": before.image if before else "",
        "after": picture.image,
        "thumbnail": picture.thumbnail,
        **{piece.file: piece.thumbnail for piece in one.pieces},
    }
    return files.path(names[which]) if names[which] else ""


@register.simple_tag(takes_context=True)
def review_download(context: Any, one: Shown, kind: str) -> str:
    """The picture as a file to keep."""
    if context.get("is_preview"):
        place = [context["room"].organization.public_id, one.item.picture.public_id, kind]
        return reverse("download", args=place)
    return reverse("review-guest-download", args=[context["token"], one.item.public_id, kind])
