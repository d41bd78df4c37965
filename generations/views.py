"""Pages where pictures are asked for and looked at."""

from __future__ import annotations

import math
import mimetypes
from hashlib import sha256
from typing import Any

from allauth.account.utils import has_verified_email
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member, public
from billing import credits, pricing, statement
from generations import files, gallery, removal, services, sharing, timing, upstream_keys
from generations.forms import PhotoForm, PromptForm, StudioForm
from generations.models import Generation, Picture
from projects import services as projects
from projects.models import Photo, Room
from projects.services import IncomingImage


def _price_tag(request: MemberRequest) -> dict[str, Any]:
    price = pricing.price()
    have = credits.balance(organization=request.organization, now=timezone.now())
    return {
        "price": price,
        "balance": have.spendable,
        "balance_after": have.spendable - price,
        "owed": have.debt,
        "affordable": have.spendable >= price and not have.debt,
        "confirmed": has_verified_email(request.user),
    }


def _for_cards(generations: Any) -> Any:
    """With all that parts/picture_card.html shows, newest first."""
    return gallery.for_cards(generations).order_by("-pk")


def _to_generation(generation: Generation) -> HttpResponse:
    return redirect(
        "generation", workspace=generation.organization.public_id, generation_id=generation.public_id
    )


def _request(request: MemberRequest, ask: services.Ask, key: str) -> Generation:
    generation, _ = services.request_generation(
        organization=request.organization,
        ask=ask,
        by_user=request.user,
        idempotency_key=f"page:{request.user.pk}:{key}:{_fingerprint(ask)}",
        now=timezone.now(),
    )
    return generation


def _fingerprint(ask: services.Ask) -> str:
    """Tells a double click from a form that the back button brought back and the person then changed."""
    facts = (ask.prompt, ask.photo and ask.photo.pk, ask.parent and ask.parent.pk, ask.room and ask.room.pk)
    digest = sha256(repr(facts).encode())
    digest.update(ask.image.content if ask.image else b"")
    return digest.hexdigest()[:32]


@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def studio(request: MemberRequest) -> HttpResponse:
    """Upload a photo (or come with `?photo=` or `?room=`), say what shall change, see the price, go."""
    chosen, room = _chosen(request)
    form = StudioForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["photo"]
        if upload is None and chosen is None:
            form.add_error("photo", "Choose a photo of the room first.")
        else:
            image = IncomingImage(content=upload.read(), name=upload.name) if upload else None
            ask = services.Ask(
                prompt=form.cleaned_data["prompt"], image=image, photo=None if image else chosen, room=room
            )
            try:
                return _to_generation(_request(request, ask, form.cleaned_data["key"]))
            except Refusal as refusal:
                form.add_error(None, refusal.message)
    with enter(request.organization):
        recent = list(_for_cards(Generation.objects.of(request.organization).kept())[:6])
    context = {"form": form, "chosen": chosen, "room": room, "recent": recent, **_price_tag(request)}
    context["upstream"] = upstream_keys.state_of(request.organization)
    return render(request, "generations/studio.html", context, status=422 if form.errors else 200)


def _chosen(request: MemberRequest) -> tuple[Photo | None, Room | None]:
    """The photo and the room that the address names, both of this workspace; 404 for any other."""
    photo_id, room_id = request.GET.get("photo"), request.GET.get("room")
    with enter(request.organization):
        photos = Photo.objects.of(request.organization).of_rooms().select_related("organization", "room")
        photo = get_object_or_404(photos, public_id=id_or_nothing(photo_id)) if photo_id else None
        rooms = Room.objects.of(request.organization).select_related("organization")
        room = (
            get_object_or_404(rooms, public_id=id_or_nothing(room_id))
            if room_id
            else (photo.room if photo else None)
        )
    return photo, room


@member(in_transaction=False)
@require_http_methods(["GET", "POST"])
def room(request: MemberRequest, room_id: str) -> HttpResponse:
    """A room: its photos, what was made of them, and an upload."""
    with enter(request.organization):
        rooms = Room.objects.of(request.organization).select_related("project", "organization")
        found = get_object_or_404(rooms, public_id=room_id)
    may_edit = request.membership.may(Role.DESIGNER)
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and may_edit and form.is_valid():
        upload = form.cleaned_data["photo"]
        try:
            image = IncomingImage(content=upload.read(), name=upload.name)
            projects.add_photo(room=found, image=image, by_user=request.user)
            return redirect("room", workspace=request.organization.public_id, room_id=room_id)
        except Refusal as refusal:
            form.add_error("photo", refusal.message)
    with enter(request.organization):
        context = {
            "room": found,
            "photos": found.photos.filter(kind=Photo.Kind.ROOM).order_by("-pk"),
            "generations": _for_cards(Generation.objects.of(request.organization).kept().filter(room=found))[
                :60
            ],
            "form": form,
            "may_edit": may_edit,
        }
        return render(request, "generations/room.html", context, status=422 if form.errors else 200)


def _find(request: MemberRequest, generation_id: str) -> Generation:
    rows = (
        Generation.objects.of(request.organization)
        .kept()
        .select_related("organization", "photo", "parent__generation", "room")
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
    children = Generation.objects.of(request.organization).kept().filter(parent__generation=found)
    return {
        "generation": found,
        **_progress_context(found, timing.estimate(found, now=timezone.now())),
        "pictures": pictures,
        "kept": [picture for picture in pictures if picture.removed_at is None],
        "kept_until": removal.kept_until(pictures[0], request.organization) if pictures else None,
        "source_is_gone": _source_is_gone(found),
        "children": _for_cards(children),
        "links": sharing.links_of(pictures=pictures, now=timezone.now()),
        "lines": statement.lines_for(organization=request.organization, reference=found.public_id),
        "form": PromptForm(),
        "may_edit": request.membership.may(Role.DESIGNER),
        **_price_tag(request),
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
    return render(request, "generations/generation.html", _generation_context(request, found))


@member()
@require_GET
def progress(request: MemberRequest, generation_id: str) -> HttpResponse:
    """The part of the page that changes; asks again by itself until the end. 204 while `?seen=` is still so."""
    found = _find(request, generation_id)
    estimate = timing.estimate(found, now=timezone.now())
    if not found.has_ended and request.GET.get("seen") == _seen(found, estimate):
        return HttpResponse(status=204)
    return render(request, "generations/_generation.html", _generation_context(request, found))


@member(Role.DESIGNER)
@require_POST
def cancel(request: MemberRequest, generation_id: str) -> HttpResponse:
    """Cancel what no engine works on yet; else the page that follows says why not."""
    found = _find(request, generation_id)
    try:
        services.cancel(generation=found, by_user=request.user, now=timezone.now())
    except services.TooLateToCancel as refusal:
        messages.warning(request, refusal.message)
    return _to_generation(found)


@member(Role.DESIGNER)
@require_POST
def delete_generation(request: MemberRequest, generation_id: str) -> HttpResponse:
    """Remove it with its pictures, for good."""
    found = _find(request, generation_id)
    try:
        removal.delete_generation(generation=found, by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _to_generation(found)
    messages.success(request, "It was deleted, with its pictures.")
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
            return _to_generation(_request(request, ask, form.cleaned_data["key"]))
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
    try:
        opened = default_storage.open(name)
    except FileNotFoundError:  # removed, maybe in this moment
        raise Http404 from None
    # The type is the stored file's: the name in the address is anybody's to choose.
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = FileResponse(opened, filename=filename, content_type=media_type)
    response["Cache-Control"] = "private, max-age=86400, immutable"
    if "download" in request.GET:
        response["Content-Disposition"] = files.content_disposition(filename)
    return response
