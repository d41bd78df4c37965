"""Pages of a room set: choose the look and the photos, see the price, go; then watch it as one thing."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from billing import credits, pricing
from generations import room_sets, services, set_standing, upstream_keys
from generations.ask import MAX_PIECES, Piece
from generations.forms import StudioForm
from generations.models import RoomSet
from generations.modes import KEEP_STRUCTURE, MODES, name_of
from generations.page_parts import budget_of, options_open, price_tag, style_choices
from generations.page_parts import name_of as name_of_file
from generations.room_sets import Choice
from projects import library
from projects.models import Photo, Product, Project, Recipe, Room
from projects.services import IncomingImage

MOST_SHOWN = 60  # pieces of the library, and recipes
_LOOK = ("mode", "style", "prompt", "keep_structure", "resolution", "design_level", "variations")


@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def new_room_set(request: MemberRequest, project_id: str) -> HttpResponse:
    """What shall be done with which photos. `?room=` and `?recipe=` choose beforehand."""
    with enter(request.organization):
        found = _project(request, project_id)
        recipe = _recipe(request)
        room = _room(request, found)
        photos = _photos(found)
    chosen = _chosen(request, photos, room)
    form = StudioForm(request.POST if request.method == "POST" else None, initial=_initial(recipe))
    ticked = _ticked(request, form) if request.method == "POST" else _pieces_of(recipe)
    if request.method == "POST" and _is_right(form):
        try:
            return _begin(request, form, found, room, recipe, chosen, ticked)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
    with enter(request.organization):
        context = {
            **_context(request, form, found, chosen, set(ticked)),
            "room": room,
            "recipe": recipe,
            "places": _places(photos, {photo.pk for photo in chosen}),
        }
        return render(request, "generations/new_room_set.html", context, status=422 if form.errors else 200)


def _is_right(form: StudioForm) -> bool:
    """Nothing can be painted on many photos at once."""
    if form.is_valid() and form.cleaned_data["mode"] in MODES and MODES[form.cleaned_data["mode"]].paints:
        form.add_error("mode", _("Only a single photo can be painted on. Choose something else."))
    return not form.errors


def _project(request: MemberRequest, project_id: str) -> Project:
    rows = Project.objects.of(request.organization).select_related("client", "organization")
    found: Project = get_object_or_404(rows, public_id=project_id)
    return found


def _recipe(request: MemberRequest) -> Recipe | None:
    wanted = request.POST.get("recipe") or request.GET.get("recipe")
    rows = Recipe.objects.of(request.organization).prefetch_related("pieces__product")
    return get_object_or_404(rows, public_id=id_or_nothing(wanted)) if wanted else None


def _room(request: MemberRequest, found: Project) -> Room | None:
    wanted = request.POST.get("room") or request.GET.get("room")
    rows = Room.objects.of(request.organization).filter(project=found)
    return get_object_or_404(rows, public_id=id_or_nothing(wanted)) if wanted else None


def _photos(found: Project) -> list[Photo]:
    """All that a set may take, room by room."""
    rows = Photo.objects.of(found.organization).of_rooms().exclude(state=Photo.State.BAD)
    rows = rows.filter(room__project=found).select_related("room", "organization")
    return list(rows.order_by("room__position", "room", "position", "pk"))


def _chosen(request: MemberRequest, photos: list[Photo], room: Room | None) -> list[Photo]:
    """Those that are ticked; before anything was sent, all of the room or the project."""
    if request.method == "POST":
        ticked = set(request.POST.getlist("photo"))
        return [photo for photo in photos if photo.public_id in ticked]
    return [photo for photo in photos if room is None or photo.room_id == room.pk]


def _places(photos: list[Photo], ticked: set[int]) -> list[dict[str, Any]]:
    """Rooms with their photos, in order."""
    places: dict[int | None, dict[str, Any]] = {}
    for photo in photos:
        place = places.setdefault(photo.room_id, {"room": photo.room, "photos": []})
        place["photos"].append((photo, photo.pk in ticked))
    return list(places.values())


def _initial(recipe: Recipe | None) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name in _LOOK} if recipe else {}


def _pieces_of(recipe: Recipe | None) -> list[str]:
    return [piece.product.public_id for piece in recipe.pieces.all()] if recipe else []


def _begin(
    request: MemberRequest,
    form: StudioForm,
    found: Project,
    room: Room | None,
    recipe: Recipe | None,
    chosen: list[Photo],
    ticked: list[str],
) -> HttpResponse:
    data = form.cleaned_data
    pieces = library.chosen(organization=request.organization, ids=ticked)
    options = {name: data[name] for name in ("resolution", "design_level", "variations")}
    usual = {"resolution": "", "design_level": "quick", "variations": 1}
    look = services.Ask(
        prompt=data["prompt"],
        pieces=[Piece(photo=each.photo) for each in pieces],
        mode=data["mode"],
        style=data["style"],
        extensions=[name for name in options if options[name] != usual[name]],
        **options,
    )
    choice = Choice(
        project=found,
        room=room,
        recipe=recipe,
        photos=chosen,
        look=look,
        name=recipe.name if recipe else name_of(mode=data["mode"], style=data["style"], words=data["words"]),
        agreed=data["agreed"] or 0,
    )
    key = f"page:{request.user.pk}:{data['key']}:{_fingerprint(request, choice)}"
    begun, _is_new = room_sets.begin(choice=choice, by_user=request.user, key=key, now=timezone.now())
    return _to_set(request, begun)


def _ticked(request: MemberRequest, form: StudioForm) -> list[str]:
    """Pieces of the library, and photos that came along: these are put into it first, as the script does."""
    ids = [id_or_nothing(each) for each in request.POST.getlist("product")[: MAX_PIECES + 1]]
    for upload in request.FILES.getlist("furniture")[: MAX_PIECES + 1 - len(ids)]:
        name = name_of_file(upload.name or "") or _("Piece of furniture")
        image = IncomingImage(content=upload.read(), name=name)
        try:
            added = library.add_product(
                organization=request.organization, by_user=request.user, image=image, name=name
            )
        except Refusal as refusal:
            form.add_error(None, f"{upload.name}: {refusal.message}")
        else:
            ids.append(added.public_id)
    return ids


def _fingerprint(request: MemberRequest, choice: Choice) -> str:
    """Tells a double click from a form that was changed and sent again."""
    look, sent = choice.look, []
    for upload in request.FILES.getlist("furniture"):
        upload.seek(0)
        sent.append(sha256(upload.read()).hexdigest())
    parts = (
        [photo.pk for photo in choice.photos],
        (request.POST.getlist("product"), sent),
        (look.prompt, look.mode, look.style, look.resolution, look.design_level, look.variations),
    )
    return sha256(repr(parts).encode()).hexdigest()[:32]


def _context(
    request: MemberRequest, form: StudioForm, found: Project, chosen: list[Photo], ticked: set[str]
) -> dict[str, Any]:
    organization = request.organization
    pieces = list(
        Product.objects.of(organization).kept().select_related("photo").order_by("-pk")[:MOST_SHOWN]
    )
    for product in pieces:
        product.is_ticked = product.public_id in ticked
    each = _price(form)
    modes = [mode for mode in MODES.values() if not mode.paints]
    return {
        "project": found,
        "form": form,
        "chosen_count": len(chosen),
        "each": each,
        "library": pieces,
        "most_pieces": MAX_PIECES,
        "recipes": list(Recipe.objects.of(organization).order_by("name")[:MOST_SHOWN]),
        "modes": modes,
        "keep_clause": KEEP_STRUCTURE,
        "styles": style_choices(),
        "options_open": options_open(organization),
        "upstream": upstream_keys.state_of(organization),
        "usual_price": pricing.price(),
        "budget": budget_of(found),
        **price_tag(request, price=each * len(chosen)),
        "prices": json.dumps({level: pricing.price(design_level=level) for level in pricing.LEVELS}),
    }


def _price(form: StudioForm) -> int:
    """Of one photo, as it is chosen now."""
    level, variations = form["design_level"].value(), str(form["variations"].value() or 1)
    known = level if level in pricing.LEVELS else "quick"
    count = int(variations) if variations in ("1", "2", "3") else 1
    return pricing.price(design_level=known, variations=count)


# --- Watching it -----------------------------------------------------------------------------------------


def _find(request: MemberRequest, set_id: str) -> RoomSet:
    rows = RoomSet.objects.of(request.organization).select_related(
        "organization", "project__client", "room", "requested_by"
    )
    found: RoomSet = get_object_or_404(rows, public_id=set_id)
    return found


def _to_set(request: MemberRequest, found: RoomSet) -> HttpResponse:
    return redirect("room-set", workspace=request.organization.public_id, set_id=found.public_id)


def _set_context(request: MemberRequest, found: RoomSet) -> dict[str, Any]:
    standing = set_standing.standing(room_set=found)
    have = credits.balance(organization=request.organization, now=timezone.now())
    return {
        "room_set": found,
        "standing": standing,
        "seen": _seen(standing),
        "next_round": found.rounds + 1,
        "repeat_price": standing.repeat_price,
        "after_repeat": have.spendable - standing.repeat_price,
        "may_edit": request.membership.may(Role.DESIGNER),
    }


def _seen(standing: set_standing.Standing) -> str:
    """What the live part of the page depends on."""
    states = "".join(each.state[:2] for each in standing.generations)
    return sha256(f"{standing.room_set.rounds}{states}".encode()).hexdigest()[:16]


@member()
@require_GET
def room_set(request: MemberRequest, set_id: str) -> HttpResponse:
    """How far it is, photo by photo."""
    return render(request, "generations/room_set.html", _set_context(request, _find(request, set_id)))


@member()
@require_GET
def progress(request: MemberRequest, set_id: str) -> HttpResponse:
    """The part of the page that changes; asks again by itself until the end. 204 while `?seen=` is still so."""
    context = _set_context(request, _find(request, set_id))
    if not context["standing"].is_over and request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "generations/_room_set.html", context)


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def cancel(request: MemberRequest, set_id: str) -> HttpResponse:
    """What has not begun comes to nothing, and costs nothing."""
    with enter(request.organization):
        found = _find(request, set_id)
    canceled = room_sets.cancel_rest(room_set=found, by_user=request.user, now=timezone.now())
    messages.success(
        request,
        _("%(number)s were cancelled. Nothing was charged for them.") % {"number": canceled}
        if canceled
        else _("There was nothing left to cancel."),
    )
    return _to_set(request, found)


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def repeat(request: MemberRequest, set_id: str) -> HttpResponse:
    """Once more for those that failed or were cancelled, at the price that stood on the button."""
    with enter(request.organization):
        found = _find(request, set_id)
    try:
        room_sets.repeat(
            room_set=found,
            round_=_number(request, "round"),
            agreed=_number(request, "agreed"),
            by_user=request.user,
            now=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return _to_set(request, found)


def _number(request: MemberRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0
