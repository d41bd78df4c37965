"""Pages where pictures are asked for and looked at."""

from __future__ import annotations

import math
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.errors import Refusal
from accounts.models import Role
from accounts.sending import stored_file
from accounts.tenancy import MemberRequest, enter, member, public
from billing import statement
from generations import failures, files, mailing, removal, services, sharing, timing
from generations.forms import PhotoForm, PromptForm
from generations.models import Generation, GenerationReference, Picture
from generations.page_parts import for_cards, price_tag, request_pictures, to_generation
from generations.placing import movables
from projects import services as projects
from projects.models import Photo, Room
from projects.services import IncomingImage

MOST_AT_ONCE = 20  # photos of one upload
PHOTOS_AT_ONCE = 48  # on a page


@member(in_transaction=False)
@require_http_methods(["GET", "POST"])
def room(request: MemberRequest, room_id: str) -> HttpResponse:
    """A room: its photos, what was made of them, and an upload."""
    with enter(request.organization):
        rooms = Room.objects.of(request.organization).select_related("project", "organization")
        found = get_object_or_404(rooms, public_id=room_id)
    may_edit = request.membership.may(Role.DESIGNER)
    form = PhotoForm(request.POST or None, request.FILES or None)
    form.fields["photo"].widget.attrs["multiple"] = True
    if request.method == "POST" and may_edit and form.is_valid():
        for reason in _add_photos(request, found):
            form.add_error("photo", reason)
        if not form.errors:
            return redirect("room", workspace=request.organization.public_id, room_id=room_id)
    with enter(request.organization):
        photos = Photo.objects.of(request.organization).of_rooms().filter(room=found).in_order()
        page = Paginator(photos, PHOTOS_AT_ONCE).get_page(request.GET.get("page"))
        context = {
            "room": found,
            "page": page,
            # What a photo dropped after the last of this page stands before.
            "next": photos[page.end_index() : page.end_index() + 1].first() if page.has_next() else None,
            "generations": for_cards(Generation.objects.of(request.organization).kept().filter(room=found))[
                :60
            ],
            "form": form,
            "may_edit": may_edit,
        }
        return render(request, "generations/room.html", context, status=422 if form.errors else 200)


def _add_photos(request: MemberRequest, room: Room) -> list[str]:
    """Keep each photo that can be used; what is wrong with the others."""
    reasons = []
    uploads = request.FILES.getlist("photo")
    for upload in uploads[:MOST_AT_ONCE]:
        try:
            image = IncomingImage(content=upload.read(), name=upload.name or "")
            projects.add_photo(
                organization=request.organization, room=room, image=image, by_user=request.user
            )
        except Refusal as refusal:
            reasons.append(f"{upload.name}: {refusal.message}" if len(uploads) > 1 else refusal.message)
    if len(uploads) > MOST_AT_ONCE:
        reasons.append(f"At most {MOST_AT_ONCE} photos at once; the others were not added.")
    return reasons


def _find(request: MemberRequest, generation_id: str) -> Generation:
    rows = (
        Generation.objects.of(request.organization)
        .kept()
        .select_related("organization", "photo", "parent__generation", "room__project")
    )
    found: Generation = get_object_or_404(rows.prefetch_related("pictures"), public_id=generation_id)
    return found


def _seen(found: Generation, estimate: timing.Estimate | None) -> str:
    """What the live part of the page depends on while it waits."""
    parts = [found.state, "photo" if found.parent or (found.photo and found.photo.image) else "blank"]
    if found.is_cancelable:
        parts.append("cancelable")
    if estimate and estimate.position:
        parts += [str(estimate.position), str(timing.rounded(estimate.seconds))]
    elif estimate and estimate.is_late:
        parts.append("late")
    return ".".join(parts)


def _progress_context(found: Generation, estimate: timing.Estimate | None) -> dict[str, Any]:
    """How far it is, in words and numbers: none of it once the generation has ended."""
    elapsed = int((timezone.now() - found.started_at).total_seconds()) if found.started_at else 0
    context: dict[str, Any] = {"seen": _seen(found, estimate), "elapsed": elapsed}
    if not found.has_ended and not found.is_cancelable:
        context["too_late"] = services.too_late_words(found)
    if estimate is None:
        return context
    usual_seconds = max(1, round(estimate.usual.p50))
    return context | {
        "place": timing.place(estimate.position) if estimate.position else "",
        "about": timing.about(estimate.seconds),
        "late": estimate.is_late,
        "usual_seconds": usual_seconds,
        "usual_most": max(math.ceil(estimate.usual.p95), usual_seconds + 1),
        "measured": estimate.usual.measured,
    }


def _generation_context(request: MemberRequest, found: Generation) -> dict[str, Any]:
    pictures = list(found.pictures.order_by("position"))
    references = GenerationReference.objects.of(request.organization).filter(generation=found)
    tray = list(references.select_related("photo").order_by("position"))
    children = Generation.objects.of(request.organization).kept().filter(parent__generation=found)
    return {
        "generation": found,
        **_progress_context(found, timing.estimate(found, now=timezone.now())),
        "pictures": pictures,
        "tray": tray,
        "movable": [(picture, movables(picture, tray)) for picture in pictures[:1]]
        if found.has_preview and tray
        else [],
        "kept": [picture for picture in pictures if picture.removed_at is None],
        "kept_until": removal.kept_until(pictures[0], request.organization) if pictures else None,
        "source_is_gone": _source_is_gone(found),
        "what_to_try": failures.what_to_try(found.error_code) if found.error_code else "",
        "children": for_cards(children),
        "links": sharing.links_of(pictures=pictures, now=timezone.now()),
        "lines": statement.lines_for(organization=request.organization, reference=found.public_id),
        "form": PromptForm(),
        "again": price_tag(request, price=found.price),
        "may_edit": request.membership.may(Role.DESIGNER),
        **price_tag(request),
    }


def _source_is_gone(found: Generation) -> bool:
    if found.parent is not None:
        return found.parent.removed_at is not None
    return found.photo is not None and found.photo.state == Photo.State.GONE


@member()
@require_GET
def generation(request: MemberRequest, generation_id: str) -> HttpResponse:
    """One generation: live progress, then before and after."""
    found = _find(request, generation_id)
    mailing.note_seen(generation=found, user=request.user, now=timezone.now())
    return render(request, "generations/generation.html", _generation_context(request, found))


@member()
@require_GET
def progress(request: MemberRequest, generation_id: str) -> HttpResponse:
    """The part of the page that changes; asks again by itself until the end. 204 while `?seen=` is still so."""
    found = _find(request, generation_id)
    estimate = timing.estimate(found, now=timezone.now())
    if not found.has_ended and request.GET.get("seen") == _seen(found, estimate):
        return HttpResponse(status=204)
    mailing.note_seen(generation=found, user=request.user, now=timezone.now())
    context = _generation_context(request, found) | {"live": True}  # the balance above changes with the end
    return render(request, "generations/_generation.html", context)


@member(Role.DESIGNER)
@require_POST
def cancel(request: MemberRequest, generation_id: str) -> HttpResponse:
    """Cancel what no engine works on yet; else the page that follows says why not."""
    found = _find(request, generation_id)
    try:
        services.cancel(generation=found, by_user=request.user, now=timezone.now())
    except services.TooLateToCancel as refusal:
        messages.warning(request, refusal.message)
    return to_generation(found)


@member(Role.DESIGNER)
@require_POST
def delete_generation(request: MemberRequest, generation_id: str) -> HttpResponse:
    """Remove it with its pictures, for good."""
    found = _find(request, generation_id)
    try:
        removal.delete_generation(generation=found, by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return to_generation(found)
    messages.success(request, _("It was deleted, with its pictures."))
    return redirect("history", workspace=request.organization.public_id)


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def restyle(request: MemberRequest, picture_id: str) -> HttpResponse:
    """Start from a result: the version tree."""
    with enter(request.organization):
        pictures = Picture.objects.of(request.organization).filter(generation__deleted_at=None)
        pictures = pictures.select_related("generation__room")
        picture: Picture = get_object_or_404(pictures, public_id=picture_id)
    form = PromptForm(request.POST)
    if form.is_valid():
        ask = services.Ask(prompt=form.cleaned_data["prompt"], parent=picture, room=picture.generation.room)
        try:
            return to_generation(request_pictures(request, ask, form.cleaned_data["key"]))
        except Refusal as refusal:
            form.add_error(None, refusal.message)
    with enter(request.organization):
        found = _find(request, picture.generation.public_id)
        context = _generation_context(request, found) | {"form": form}
        return render(request, "generations/generation.html", context, status=422)


@public("the signed address is the permission")
@require_safe
def file(request: HttpRequest, token: str, filename: str) -> HttpResponseBase:
    """A stored file; `?download` saves it instead of showing it."""
    name = files.name_in(token)
    if name is None:
        raise Http404
    response = stored_file(name, filename=filename)
    response["Cache-Control"] = "private, max-age=86400, immutable"
    # A browser that shows a picture by itself puts styles of its own around it; a picture can do nothing with that.
    response["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    if "download" in request.GET:
        response["Content-Disposition"] = files.content_disposition(filename)
    return response
