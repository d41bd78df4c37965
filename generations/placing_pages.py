"""Asking for the same picture once more: as it was, or with the furniture where a person dragged it to."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import asking
from generations.ask import Piece
from generations.forms import KeyForm, PlaceForm
from generations.models import GenerationReference, Picture
from generations.page_parts import request_pictures, to_generation


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def place(request: MemberRequest, picture_id: str) -> HttpResponse:
    """Ask for the same picture again, with each piece where it was dragged to."""
    with enter(request.organization):
        pictures = Picture.objects.of(request.organization).filter(generation__deleted_at=None)
        picture = get_object_or_404(pictures.select_related("generation"), public_id=picture_id)
    return _once_more(request, picture.generation.public_id, lambda row: _dragged(request, row))


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def ask_again(request: MemberRequest, generation_id: str) -> HttpResponse:
    """Ask for the same again, with all that came along."""
    return _once_more(request, generation_id, asking.as_it_was)


def _once_more(
    request: MemberRequest, generation_id: str, piece: Callable[[GenerationReference], Piece]
) -> HttpResponse:
    with enter(request.organization):
        found = asking.to_repeat(organization=request.organization, generation_id=generation_id)
    if found is None:
        raise Http404
    generation, references = found
    key = KeyForm(request.POST)
    if not key.is_valid():
        return to_generation(generation)
    ask = asking.once_more(generation, piece, references)
    try:
        data = key.cleaned_data
        return to_generation(request_pictures(request, ask, data["key"], agreed=data["agreed"]))
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return to_generation(generation)


def _dragged(request: MemberRequest, row: GenerationReference) -> Piece:
    """Where the form says; where it says nothing, or nonsense, the engine chooses."""
    form = PlaceForm(request.POST, prefix=f"piece-{row.position}")
    if not form.is_valid():
        return Piece(photo=row.photo)
    data = form.cleaned_data
    at = None if data["x"] is None or data["y"] is None else (data["x"], data["y"])
    return Piece(photo=row.photo, at=at, scale=(data["scale"] or 100) / 100)
