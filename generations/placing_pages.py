"""Furniture put where a person wants it: the preview's pieces are dragged, and the picture is asked for again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import services
from generations.ask import Piece
from generations.forms import KeyForm, PlaceForm
from generations.models import Generation, GenerationReference, Picture
from generations.page_parts import request_pictures, to_generation


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def place(request: MemberRequest, picture_id: str) -> HttpResponse:
    """Ask for the same picture again, with each piece where it was dragged to."""
    with enter(request.organization):
        pictures = Picture.objects.of(request.organization).filter(generation__deleted_at=None)
        pictures = pictures.select_related(
            "generation__organization", "generation__room", "generation__photo", "generation__parent"
        )
        generation: Generation = get_object_or_404(pictures, public_id=picture_id).generation
        rows = GenerationReference.objects.of(request.organization).filter(generation=generation)
        references = list(rows.select_related("photo").order_by("position"))
    key = KeyForm(request.POST)
    if not key.is_valid():
        return to_generation(generation)
    ask = services.Ask(
        prompt=generation.prompt,
        photo=generation.photo,
        parent=generation.parent,
        pieces=[_piece(request, row) for row in references],
        mode=generation.mode,
        style=generation.style,
        resolution=generation.resolution,
        design_level=generation.design_level,
        room=generation.room,
    )
    try:
        return to_generation(
            request_pictures(request, ask, key.cleaned_data["key"], agreed=key.cleaned_data["agreed"])
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return to_generation(generation)


def _piece(request: MemberRequest, row: GenerationReference) -> Piece:
    """Where the form says; where it says nothing, or nonsense, the engine chooses."""
    form = PlaceForm(request.POST, prefix=f"piece-{row.position}")
    if not form.is_valid():
        return Piece(photo=row.photo)
    data = form.cleaned_data
    at = None if data["x"] is None or data["y"] is None else (data["x"], data["y"])
    return Piece(photo=row.photo, at=at, scale=(data["scale"] or 100) / 100)
