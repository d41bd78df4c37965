"""The client's pages of a review room: no account, no navigation, nothing but the room."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import attempts, domains
from accounts.attempts import TooManyAttempts
from accounts.errors import Refusal
from accounts.sending import stored_file
from accounts.tenancy import enter
from generations import files, renditions, review_links, review_shown, reviewing
from generations.models import Decision, Rendition
from generations.review_forms import CommentForm, DecisionForm, GuestForm
from generations.review_guest import GuestRequest, guest, pin_page, proof_of
from generations.review_shown import RoomShown, Shown
from generations.reviewing import Guest
from generations.services import PictureRemoved
from projects.image_pool import ImageWorkFailed


def _shown(request: GuestRequest) -> RoomShown:
    with enter(request.room.organization):
        return review_shown.show(room=request.room)


def _item(request: GuestRequest, item_id: str) -> tuple[RoomShown, Shown]:
    """A picture that this client may see, with the room around it; else 404."""
    shown = _shown(request)
    found = shown.find(item_id, with_older=request.room.show_versions)
    if found is None:
        raise Http404
    return shown, found


def _context(request: GuestRequest, shown: RoomShown) -> dict[str, Any]:
    room = request.room
    return {
        "room": room,
        "organization": room.organization,
        "token": request.token,
        "shown": shown,
        "guest": request.seat.guest,
        "who": {
            "name": request.POST.get("name", request.seat.name),
            "email": request.POST.get("email", request.seat.email),
        },
        "asks_who": request.seat.guest is None or "who" in request.GET,
        "totals": shown.totals if room.show_budget else [],
        "until": request.link.expires_at,
    }


@guest()
@require_safe
def room(request: GuestRequest) -> HttpResponse:
    """The pictures, and how many are decided."""
    reviewing.note_opened(room=request.room, now=timezone.now())
    return render(request, "generations/review_guest_room.html", _context(request, _shown(request)))


@guest()
@require_safe
def item(request: GuestRequest, item_id: str) -> HttpResponse:
    """One picture: before and after, what was said, what is to be decided."""
    reviewing.note_opened(room=request.room, now=timezone.now())
    return _item_page(request, item_id)


def _item_page(
    request: GuestRequest, item_id: str, *, error: str = "", typed: Any = None, status: int = 200
) -> HttpResponse:
    shown, one = _item(request, item_id)
    earlier, later = shown.neighbours(one)
    context = _context(request, shown) | {
        "one": one,
        "earlier": earlier,
        "later": later,
        "is_open": request.room.is_open and one in shown.pictures and one.is_there,
        "is_older": one not in shown.pictures,
        "outcomes": Decision.Outcome.choices,
        "error": error,
        "typed": typed or {},
    }
    return render(request, "generations/review_guest_item.html", context, status=status)


def _who(request: GuestRequest) -> Guest:
    """Who writes: as it is remembered, or as it was just said. Raises a Refusal naming what is missing."""
    known = request.seat.guest
    if known is not None and not request.POST.get("email"):
        return known
    form = GuestForm(request.POST)
    if not form.is_valid():
        raise reviewing.NothingSaid(_("Say who you are: your name and your e-mail address."))
    request.seat = replace(request.seat, name=form.cleaned_data["name"], email=form.cleaned_data["email"])
    return Guest(form.cleaned_data["name"], form.cleaned_data["email"])


@guest()
@require_POST
def decide(request: GuestRequest, item_id: str) -> HttpResponse:
    """Approve, decline or maybe, with a reason; about the picture or a piece in it."""
    form = DecisionForm(request.POST)
    try:
        if not form.is_valid():
            return _wrong(request, item_id, _first_error(form), 422)
        reviewing.decide(
            link=request.link,
            item_id=item_id,
            outcome=Decision.Outcome(form.cleaned_data["outcome"]),
            reason=form.cleaned_data["reason"],
            piece=form.cleaned_data["piece"],
            guest=_who(request),
            now=timezone.now(),
        )
    except Refusal as refusal:
        return _refused(request, item_id, refusal)
    messages.success(
        request, _("Thank you. Your decision is saved; you can change it while the round is open.")
    )
    return redirect("review-guest-item", token=request.token, item_id=item_id)


@guest()
@require_POST
def comment(request: GuestRequest, item_id: str) -> HttpResponse:
    """Write about the picture, at a place in it, or in answer to somebody."""
    form = CommentForm(request.POST)
    try:
        if not form.is_valid():
            return _wrong(request, item_id, _first_error(form), 422)
        written = reviewing.comment(
            link=request.link,
            item_id=item_id,
            text=form.cleaned_data["text"],
            at=form.at,
            parent_id=form.cleaned_data["parent"],
            guest=_who(request),
            now=timezone.now(),
        )
    except Refusal as refusal:
        return _refused(request, item_id, refusal)
    response = redirect("review-guest-item", token=request.token, item_id=item_id)
    response["Location"] += f"#{written.public_id}"
    return response


def _first_error(form: Any) -> str:
    return str(next(iter(form.errors.values()))[0])


def _wrong(request: GuestRequest, item_id: str, error: str, status: int) -> HttpResponse:
    """The page once more with what was typed, and what is wrong with it."""
    return _item_page(request, item_id, error=error, typed=request.POST, status=status)


def _refused(request: GuestRequest, item_id: str, refusal: Refusal) -> HttpResponse:
    if isinstance(refusal, reviewing.ReviewOver):
        return redirect("review-guest", token=request.token)  # which says what became of it
    if refusal.status == 404:
        raise Http404
    if isinstance(refusal, reviewing.RoundClosed):  # since we read the room
        request.room.round_closed_at = timezone.now()
    return _wrong(request, item_id, refusal.message, refusal.status)


@guest()
@require_POST
def hand_back(request: GuestRequest) -> HttpResponse:
    """The client is done with this round."""
    try:
        reviewing.hand_back(link=request.link, guest=_who(request), now=timezone.now())
        messages.success(request, _("Thank you. The round is closed, and your answers are with them."))
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("review-guest", token=request.token)


@guest(is_pin_asked=False)
@require_http_methods(["GET", "HEAD", "POST"])
def pin(request: GuestRequest) -> HttpResponse:
    """Where the PIN goes."""
    there = redirect("review-guest", token=request.token)
    if not request.room.pin:
        return there
    if request.method != "POST":
        return pin_page(request)
    address, now = attempts.address_of(request), timezone.now()
    try:
        reviewing.check_pin(room=request.room, pin=request.POST.get("pin", ""), address=address, now=now)
    except Refusal as refusal:
        answer = pin_page(request, error=refusal.message, status=refusal.status)
        if isinstance(refusal, TooManyAttempts):
            answer["Retry-After"] = str(refusal.facts["retry_after"])
        return answer
    request.seat = replace(request.seat, pin=proof_of(request.room))
    return there


@guest(is_expired_let_in=True, is_pin_asked=False)
@require_POST
def ask_again(request: GuestRequest) -> HttpResponse:
    """A new link for who has an expired one; the answer never tells whether the address is known."""
    now = timezone.now()
    if request.link.is_open(now):
        return redirect("review-guest", token=request.token)
    context: dict[str, Any] = {
        "room": request.room,
        "token": request.token,
        "organization": request.link.organization,
    }
    form = GuestForm({"name": "-", "email": request.POST.get("email", "").strip()})
    status = 200
    if not form.is_valid():
        context["error"], status = (
            _("Enter the e-mail address at which you were asked for your opinion."),
            422,
        )
    else:
        try:
            attempts.count(limit=reviewing.ASKING, subject=attempts.address_of(request), now=now)
            attempts.count(limit=reviewing.ASKING_OF_A_LINK, subject=str(request.link.pk), now=now)
            base = domains.base_for(request, request.link.organization)
            review_links.ask_again(link=request.link, email=form.cleaned_data["email"], base=base, now=now)
            context["is_asked"] = True
        except Refusal as refusal:
            context["error"], status = refusal.message, refusal.status
    return render(request, "generations/review_expired.html", context, status=status)


# --- Files -----------------------------------------------------------------------------------------------


@guest()
@require_safe
def file(request: GuestRequest, item_id: str, which: str) -> HttpResponseBase:
    """`before`, `after`, `thumbnail` or `piece_3`, asked of the link each time, so that nothing outlives it."""
    _room, one = _item(request, item_id)
    name = _file_of(request, one, which)
    if not name:
        raise Http404
    tag = f'"{name.rpartition("/")[2]}"'
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponseBase = HttpResponse(status=304)
    else:
        answer = stored_file(name)
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"  # kept, but asked for again each time
    return answer


def _file_of(request: GuestRequest, one: Shown, which: str) -> str:
    """The stored name of a file of this picture; "" where there is none."""
    picture = one.item.picture
    if which == "before":
        return one.item.before.image if one.item.before else ""
    if which == "thumbnail":
        return picture.thumbnail
    if which == "after" and one.is_there:
        picture.organization = request.room.organization
        with suppress(ImageWorkFailed, PictureRemoved):
            return renditions.copy_of(picture=picture, kind=Rendition.Kind.WEB).file
        return picture.image
    return next((piece.thumbnail for piece in one.pieces if which == piece.file), "")


@guest()
@require_GET
def download(request: GuestRequest, item_id: str, kind: str) -> HttpResponseBase:
    """The picture as a file to keep, where the room allows it."""
    _room, one = _item(request, item_id)
    if not request.room.allow_downloads or kind not in Rendition.Kind.values or not one.is_there:
        raise Http404
    picture = one.item.picture
    picture.organization = request.room.organization
    try:
        copy = renditions.copy_of(picture=picture, kind=Rendition.Kind(kind))
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("review-guest-item", token=request.token, item_id=item_id)
    answer = stored_file(copy.file)
    ending = copy.file.rpartition(".")[2]
    answer["Content-Disposition"] = files.content_disposition(
        f"{one.name or 'picture'} {one.number}.{ending}"
    )
    return answer
