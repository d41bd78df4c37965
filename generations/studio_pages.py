"""The studio: a photo, what shall change, the furniture that goes in, the price, go."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from billing import pricing
from generations import files, samples, services, upstream_keys
from generations.ask import MAX_PIECES, Piece
from generations.engines.preview.styles import STYLES
from generations.forms import StudioForm
from generations.models import Generation
from generations.modes import KEEP_STRUCTURE, MODES
from generations.page_parts import (
    for_cards,
    name_of,
    options_open,
    price_tag,
    request_pictures,
    style_choices,
    to_generation,
)
from projects import library
from projects import services as projects
from projects.models import Photo, Product, Recipe, Room
from projects.services import IncomingImage

MOST_SHOWN = 60  # pieces of the library in the tray


@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def studio(request: MemberRequest) -> HttpResponse:
    """Everything that can be asked for on one page. `?photo=`, `?room=` and `?recipe=` choose beforehand."""
    chosen, room, recipe = _chosen(request)
    form = StudioForm(request.POST or None, request.FILES or None, initial=_from_recipe(recipe, request))
    tray: list[Piece] = []
    if request.method == "POST":
        tray = _tray(request, form)
        if form.is_valid() and (ask := _ask(request, form, chosen, room, tray)) is not None:
            data = form.cleaned_data
            try:
                return to_generation(request_pictures(request, ask, data["key"], agreed=data["agreed"]))
            except Refusal as refusal:
                form.add_error(None, refusal.message)
        chosen = _kept_for_the_next_try(request, form, room) or chosen
    context = _context(request, form, chosen, room, recipe)
    return render(request, "generations/studio.html", context, status=422 if form.errors else 200)


def _chosen(request: MemberRequest) -> tuple[Photo | None, Room | None, Recipe | None]:
    """The photo, room and recipe that the address or form names, all of this workspace; 404 for any other."""
    organization = request.organization
    photo_id = request.POST.get("photo_id") or request.GET.get("photo")
    room_id, recipe_id = request.GET.get("room"), request.GET.get("recipe")
    with enter(organization):
        photos = Photo.objects.of(organization).of_rooms().select_related("organization", "room")
        photo = get_object_or_404(photos, public_id=id_or_nothing(photo_id)) if photo_id else None
        rooms = Room.objects.of(organization).select_related("organization")
        room = get_object_or_404(rooms, public_id=id_or_nothing(room_id)) if room_id else None
        recipes = Recipe.objects.of(organization).prefetch_related("pieces__product")
        recipe = get_object_or_404(recipes, public_id=id_or_nothing(recipe_id)) if recipe_id else None
    return photo, room or (photo.room if photo else None), recipe


def _from_recipe(recipe: Recipe | None, request: MemberRequest) -> dict[str, Any]:
    if recipe is None:
        style = request.GET.get("style", "")
        return {"style": style} if style in STYLES else {}
    names = ("mode", "style", "prompt", "keep_structure", "resolution", "design_level", "variations")
    return {name: getattr(recipe, name) for name in names}


def _tray(request: MemberRequest, form: StudioForm) -> list[Piece]:
    """Pieces of the library that are ticked, then photos that came along, with their names."""
    ids = [id_or_nothing(each) for each in request.POST.getlist("product")[: MAX_PIECES + 1]]
    pieces = []
    try:
        pieces = [
            Piece(photo=each.photo) for each in library.chosen(organization=request.organization, ids=ids)
        ]
    except Refusal as refusal:
        form.add_error(None, refusal.message)  # nobody shall pay for a picture without it
    names = request.POST.getlist("furniture_name")
    for number, upload in enumerate(request.FILES.getlist("furniture")[: MAX_PIECES + 1]):
        name = names[number] if number < len(names) and names[number].strip() else name_of(upload.name or "")
        pieces.append(Piece(image=IncomingImage(content=upload.read(), name=name[:120])))
    return pieces


def _ask(
    request: MemberRequest, form: StudioForm, chosen: Photo | None, room: Room | None, tray: list[Piece]
) -> services.Ask | None:
    """What the form asks for; None, and an error in the form, where something is missing."""
    data = form.cleaned_data
    upload, paint = data["photo"], request.FILES.get("paint")
    if upload is None and chosen is None:
        form.add_error("photo", _("Choose a photo of the room first."))
    if data["mode"] in MODES and MODES[data["mode"]].paints and paint is None:
        form.add_error("mode", _("Paint in red what shall change, then ask again."))
    if form.errors:
        return None
    options = {name: data[name] for name in ("resolution", "design_level", "variations")}
    usual = {"resolution": "", "design_level": "quick", "variations": 1}
    return services.Ask(
        prompt=data["prompt"],
        image=IncomingImage(content=upload.read(), name=upload.name or "") if upload else None,
        photo=None if upload else chosen,
        pieces=tray,
        paint=IncomingImage(content=paint.read(), name="paint") if paint else None,
        mask=paint is not None,
        mode=data["mode"],
        style=data["style"],
        room=room,
        extensions=[
            *(["mask"] if paint else []),
            *(name for name in options if options[name] != usual[name]),
        ],
        **options,
    )


def _kept_for_the_next_try(request: MemberRequest, form: StudioForm, room: Room | None) -> Photo | None:
    """The photo that came along with a form that was refused: nobody shall have to choose and send it again."""
    upload = request.FILES.get("photo")
    if upload is None or "photo" in form.errors:
        return None
    upload.seek(0)
    image = IncomingImage(content=upload.read(), name=upload.name or "")
    try:
        return projects.add_photo(
            organization=request.organization, room=room, image=image, by_user=request.user
        )
    except Refusal as refusal:
        form.add_error("photo", refusal.message)
        return None


def _context(
    request: MemberRequest, form: StudioForm, chosen: Photo | None, room: Room | None, recipe: Recipe | None
) -> dict[str, Any]:
    organization = request.organization
    ticked = set(request.POST.getlist("product"))
    with enter(organization):
        recent = list(for_cards(Generation.objects.of(organization).kept())[:6])
        sample_left = not recent and samples.of_workspace(organization) is None
        pieces = list(
            Product.objects.of(organization).kept().select_related("photo").order_by("-pk")[:MOST_SHOWN]
        )
        recipes = list(Recipe.objects.of(organization).order_by("name")[:MOST_SHOWN])
        if recipe is not None and request.method == "GET":
            ticked = {piece.product.public_id for piece in recipe.pieces.all()}
    for product in pieces:
        product.is_ticked = product.public_id in ticked
    return {
        "form": form,
        "chosen": chosen,
        "room": room,
        "recipe": recipe,
        "recipes": recipes,
        "recent": recent,
        "sample_looks": samples.LOOKS if sample_left else {},
        "library": pieces,
        "most_pieces": MAX_PIECES,
        "modes": MODES.values(),
        "keep_clause": KEEP_STRUCTURE,
        "styles": style_choices(),
        "options_open": options_open(organization),
        "upstream": upstream_keys.state_of(organization),
        "usual_price": pricing.price(),
        **price_tag(request, price=_price(form)),
    }


def _price(form: StudioForm) -> int:
    """Of what is chosen now, so that the button never shows less than is charged."""
    level, variations = form["design_level"].value(), str(form["variations"].value() or 1)
    known = level if level in pricing.LEVELS else "quick"
    count = int(variations) if variations in ("1", "2", "3") else 1
    return pricing.price(design_level=known, variations=count)


# --- Sent as soon as they are chosen ----------------------------------------------------------------------


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def add_photo(request: MemberRequest) -> HttpResponse:
    """A photo, sent by the page as soon as it was chosen: what it is, and advice before anything is spent. JSON."""
    upload = request.FILES.get("photo")
    if upload is None:
        return JsonResponse({"error": _("Choose a photo of the room first.")})
    try:
        photo = projects.add_photo(
            organization=request.organization,
            image=IncomingImage(content=upload.read(), name=upload.name or ""),
            by_user=request.user,
        )
    except Refusal as refusal:
        return JsonResponse({"error": refusal.message})  # no failed request: the page expects it and says it
    return JsonResponse(
        {
            "id": photo.public_id,
            "image": files.path(photo.image),
            "width": photo.width,
            "height": photo.height,
            "advice": [
                *photo.advice,
                *([_("The place where it was taken was removed.")] if photo.had_gps else []),
            ],
        }
    )
