"""A workspace's pages of its review rooms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import domains
from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import review_links, review_rooms, review_shown
from generations.models import ReviewLink, ReviewRoom
from generations.review_forms import AnswerForm, LinkForm, RoomForm, SendForm, SettingsForm
from projects.models import Project


def _project(request: MemberRequest, project_id: str) -> Project:
    rows = Project.objects.of(request.organization).select_related("client", "organization")
    found: Project = get_object_or_404(rows, public_id=project_id)
    return found


def _room(request: MemberRequest, review_id: str) -> ReviewRoom:
    rows = ReviewRoom.objects.of(request.organization)
    related = ("organization", "project__client", "created_by")
    found: ReviewRoom = get_object_or_404(rows.select_related(*related), public_id=review_id)
    found.project.organization = request.organization
    return found


def _address(request: MemberRequest, token: str) -> str:
    return domains.base_for(request, request.organization) + reverse("review-guest", args=[token])


def _to_room(room: ReviewRoom, where: str = "") -> HttpResponse:
    answer = redirect("review", workspace=room.organization.public_id, review_id=room.public_id)
    answer["Location"] += where
    return answer


@member()
@require_safe
def reviews(request: MemberRequest, project_id: str) -> HttpResponse:
    """The review rooms of a project."""
    project = _project(request, project_id)
    rows = ReviewRoom.objects.of(request.organization).filter(project=project).order_by("-pk")
    return render(request, "generations/reviews.html", {"project": project, "rooms": rows[:200]})


@never_cache
@member(Role.DESIGNER, in_transaction=False)  # a PIN is hashed slowly, on purpose
@require_http_methods(["GET", "POST"])
def new_review(request: MemberRequest, project_id: str) -> HttpResponse:
    """Choose pictures and what the client may see; the answer shows the link, this once."""
    with enter(request.organization):
        project = _project(request, project_id)
        pictures = list(review_rooms.offered(project=project)[: review_rooms.MOST_OFFERED])
    form = RoomForm(request.POST or None, initial={"title": project.name, "days": review_links.USUAL_DAYS})
    if request.method == "POST":
        ticked = {id_or_nothing(each) for each in request.POST.getlist("picture")}
        chosen = [picture for picture in reversed(pictures) if picture.public_id in ticked]
        if form.is_valid():
            try:
                room, token = review_rooms.open_room(
                    project=project,
                    pictures=chosen,
                    terms=form.terms,
                    pin=form.cleaned_data["pin"],
                    days=form.cleaned_data["days"],
                    by_user=request.user,
                    now=timezone.now(),
                )
            except Refusal as refusal:
                form.add_error(None, refusal.message)
            else:
                with enter(request.organization):
                    return _room_page(request, room, token=token)
    with enter(request.organization):
        if request.method != "POST":
            newest = review_rooms.newest_of_each(organization=request.organization, pictures=pictures)
            ticked = {picture.public_id for picture in pictures if picture.pk in newest}
        for picture in pictures:
            picture.is_ticked = picture.public_id in ticked
        context = {"project": project, "pictures": pictures, "form": form}
        return render(request, "generations/review_new.html", context, status=422 if form.errors else 200)


@member()
@require_safe
def review(request: MemberRequest, review_id: str) -> HttpResponse:
    """What was decided and said, picture by picture."""
    return _room_page(request, _room(request, review_id))


def _room_page(
    request: MemberRequest, room: ReviewRoom, *, token: str = "", send: SendForm | None = None
) -> HttpResponse:
    links = ReviewLink.objects.of(request.organization).open(timezone.now()).filter(room=room)
    client = room.project.client
    context = {
        "room": room,
        "project": room.project,
        "shown": review_shown.show(room=room),
        "links": list(links.select_related("made_by").order_by("-pk")),
        "address": _address(request, token) if token else "",
        "link_form": LinkForm(),
        "send_form": send or SendForm(initial={"to": client.email if client else ""}),
        "rounds_left": room.max_rounds - room.current_round,
    }
    return render(request, "generations/review.html", context, status=422 if send else 200)


@member(Role.DESIGNER, in_transaction=False)  # a PIN is hashed slowly, on purpose
@require_http_methods(["GET", "POST"])
def review_settings(request: MemberRequest, review_id: str) -> HttpResponse:
    """Title, message, rounds, PIN and switches."""
    with enter(request.organization):
        room = _room(request, review_id)
    initial = {
        name: getattr(room, name) for name in SettingsForm.base_fields if name not in ("pin", "drops_pin")
    }
    form = SettingsForm(request.POST or None, initial=initial)
    if not room.pin:
        del form.fields["drops_pin"]
    if request.method == "POST" and form.is_valid():
        pin, drops_pin = form.cleaned_data["pin"], form.cleaned_data.get("drops_pin", False)
        try:
            review_rooms.change(
                room=room,
                terms=form.terms,
                hidden_pin=review_rooms.hide_pin(pin) if pin or drops_pin else None,
                by_user=request.user,
                now=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Saved."))
            return _to_room(room)
    context = {"room": room, "project": room.project, "form": form}
    with enter(request.organization):
        return render(
            request, "generations/review_settings.html", context, status=422 if form.errors else 200
        )


@never_cache
@member(Role.DESIGNER)
@require_POST
def renew_link(request: MemberRequest, review_id: str) -> HttpResponse:
    """Another link; the answer shows it, this once."""
    room, form = _room(request, review_id), LinkForm(request.POST)
    days = form.cleaned_data["days"] if form.is_valid() else review_links.USUAL_DAYS
    try:
        _link, token = review_links.renew(
            room=room,
            by_user=request.user,
            now=timezone.now(),
            days=days,
            ends_others=bool(request.POST.get("ends_others")),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _to_room(room)
    return _room_page(request, room, token=token)


@member(Role.DESIGNER)
@require_POST
def send_link(request: MemberRequest, review_id: str) -> HttpResponse:
    """A link of their own mailed to somebody."""
    room, form = _room(request, review_id), SendForm(request.POST)
    if not form.is_valid():
        return _room_page(request, room, send=form)
    to, base = form.cleaned_data["to"], domains.base_for(request, request.organization)
    try:
        review_links.send(
            room=room,
            by_user=request.user,
            to=to,
            days=form.cleaned_data["days"],
            base=base,
            now=timezone.now(),
        )
        messages.success(request, _("The link is on its way to %(to)s.") % {"to": to})
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return _to_room(room)


@member(Role.DESIGNER)
@require_POST
def revoke_review(request: MemberRequest, review_id: str) -> HttpResponse:
    """End the room for everybody outside."""
    room = _room(request, review_id)
    review_rooms.revoke(room=room, by_user=request.user, now=timezone.now())
    messages.success(
        request, _("The room is revoked. Its links open nothing any more; what was decided stays.")
    )
    return _to_room(room)


@member(Role.DESIGNER)
@require_POST
def turn_round(request: MemberRequest, review_id: str, turn: str) -> HttpResponse:
    """Close the round, or open it again."""
    room = _room(request, review_id)
    verb = {"close": review_rooms.close_round, "open": review_rooms.open_round_again}.get(turn)
    if verb is None:
        return HttpResponse(status=404)
    try:
        verb(room=room, by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return _to_room(room)


@member(Role.DESIGNER)
@require_http_methods(["GET", "POST"])
def next_round(request: MemberRequest, review_id: str) -> HttpResponse:
    """Choose what is new in the next round, and which picture each takes the place of."""
    room = _room(request, review_id)
    shown = review_shown.show(room=room)
    there = {one.item.picture_id for one in (*shown.pictures, *shown.older)}
    offered = review_rooms.offered(project=room.project).exclude(pk__in=there)
    pictures: list[Any] = list(offered[: review_rooms.MOST_OFFERED])
    error = ""
    if request.method == "POST":
        ticked = {id_or_nothing(each) for each in request.POST.getlist("picture")}
        additions = [
            (picture, request.POST.get(f"replaces_{picture.public_id}", ""))
            for picture in reversed(pictures)
            if picture.public_id in ticked
        ]
        try:
            review_rooms.start_round(
                room=room,
                additions=additions,
                by_user=request.user,
                now=timezone.now(),
                message=request.POST.get("message", room.message).strip()[:4000],
                writes_to_reviewers=bool(request.POST.get("writes")),
                base=domains.base_for(request, request.organization),
            )
        except Refusal as refusal:
            error = refusal.message
        else:
            messages.success(request, _("The next round is open."))
            return _to_room(room)
    _propose(request, shown, pictures)
    context = {"room": room, "project": room.project, "shown": shown, "pictures": pictures, "error": error}
    return render(request, "generations/review_round.html", context, status=422 if error else 200)


def _propose(request: MemberRequest, shown: review_shown.RoomShown, pictures: list[Any]) -> None:
    """Tick what is newer than the picture of the same photo that is not approved, and let it take its place."""
    roots = review_rooms.roots_of(organization=request.organization, pictures=pictures)
    waiting = [one for one in shown.pictures if one.item.before_id and not one.is_approved]
    for picture in pictures:
        root = roots.get(picture.generation_id)
        older = [
            one
            for one in waiting
            if one.item.before_id == root and one.item.picture.generation_id < picture.generation_id
        ]
        picture.is_ticked, picture.place = bool(older), older[0].item.public_id if older else ""
        if older:
            waiting.remove(older[0])


@member(Role.DESIGNER)
@require_POST
def answer_comment(request: MemberRequest, review_id: str, comment_id: str) -> HttpResponse:
    """Reply to a client."""
    room, form = _room(request, review_id), AnswerForm(request.POST)
    try:
        if form.is_valid():
            text = form.cleaned_data["text"]
            review_rooms.answer(
                room=room, comment_id=comment_id, text=text, by_user=request.user, now=timezone.now()
            )
        else:
            messages.error(request, _("Write something first."))
    except review_rooms.CommentGone as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return _to_room(room, f"#{comment_id}")


@member(Role.DESIGNER)
@require_POST
def resolve_comment(request: MemberRequest, review_id: str, comment_id: str) -> HttpResponse:
    """Mark as settled, or as open again."""
    room: Any = _room(request, review_id)
    try:
        review_rooms.resolve(
            room=room,
            comment_id=comment_id,
            is_resolved=request.POST.get("settled") == "yes",
            by_user=request.user,
            now=timezone.now(),
        )
    except review_rooms.CommentGone as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return _to_room(room, f"#{comment_id}")
