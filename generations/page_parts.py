"""What the pages where pictures are asked for have in common."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from typing import Any

from allauth.account.utils import has_verified_email
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from accounts import farewell
from accounts.errors import Refusal
from accounts.models import Organization
from accounts.tenancy import MemberRequest
from billing import budgets, credits, pricing
from billing.pricing import LEVELS
from generations import gallery, services
from generations.engines.preview.styles import STYLES
from generations.models import Generation, Picture
from projects.models import Project


class PriceChanged(Refusal):
    """The price is another one now. Look at the button again, then press it."""

    code, title, status = "price_changed", "Price changed", 409


def price_tag(request: MemberRequest, *, price: int | None = None) -> dict[str, Any]:
    """What the button with the price and the line below it show. `price` in credits; None: of one usual picture."""
    price = pricing.price() if price is None else price
    have = credits.balance(organization=request.organization, now=timezone.now())
    return {
        "price": price,
        "prices": json.dumps({level: pricing.price(design_level=level) for level in LEVELS}),
        "balance": have.spendable,
        "balance_after": have.spendable - price,
        "owed": have.debt,
        "affordable": have.spendable >= price and not have.debt,
        "confirmed": has_verified_email(request.user),
        "came_back": partial(farewell.has_come_back, user=request.user),  # asked where credits are missing
    }


def budget_of(project: Project) -> budgets.Standing | None:
    """Of the project's client, who is loaded with it; None without one."""
    if project.client is None:
        return None
    key = budgets.client_key(project.client.public_id)
    return budgets.budget_of(organization=project.organization, key=key, now=timezone.now())


def options_open(organization: Organization) -> bool:
    """Whether sizes, levels, variations and painted regions can be asked for here."""
    try:
        engine, _ = services.engine_for(organization=organization, api_key=None)
    except Refusal:  # its keys are paused; the page says so by itself
        engine = "meltflex"
    return engine == "preview" or settings.MELTFLEX_EXTENSIONS


def for_cards(generations: Any) -> Any:
    """With all that parts/picture_card.html shows, newest first."""
    return gallery.for_cards(generations).order_by("-pk")


def to_generation(generation: Generation) -> HttpResponse:
    """To its page."""
    return redirect(
        "generation", workspace=generation.organization.public_id, generation_id=generation.public_id
    )


def picture_of(request: MemberRequest, picture_id: str) -> Picture:
    """The picture of this workspace whose generation is not deleted, else 404; inside the workspace."""
    pictures = Picture.objects.of(request.organization).filter(generation__deleted_at=None)
    related = ("organization", "generation__organization", "generation__room", "generation__photo")
    found: Picture = get_object_or_404(pictures.select_related(*related), public_id=picture_id)
    return found


def place_of(picture: Picture) -> str:
    """Where the picture stands: on the page of its generation."""
    where = reverse("generation", args=[picture.organization.public_id, picture.generation.public_id])
    return f"{where}#picture-{picture.position + 1}"


def request_pictures(
    request: MemberRequest, ask: services.Ask, key: str, *, agreed: int | None = None
) -> Generation:
    """Ask once, however often the button was pressed. `agreed` is the price that stood on it.

    Raises PriceChanged, and what `services.request_generation` raises.
    """
    if agreed is not None and agreed != ask.price:
        raise PriceChanged(f"This costs {ask.price} credits, not {agreed}. Press the button again to go on.")
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
    tray = [(piece.photo and piece.photo.pk, piece.at, piece.scale) for piece in ask.tray]
    rows = (ask.photo, ask.parent, ask.room, ask.painted)
    options = (ask.mode, ask.style, ask.resolution, ask.design_level, ask.mask, ask.variations)
    digest = sha256(repr((ask.prompt, [row and row.pk for row in rows], tray, options)).encode())
    for image in (ask.image, ask.paint, *(piece.image for piece in ask.tray)):
        digest.update(sha256(image.content if image else b"").digest())
    return digest.hexdigest()[:32]


def name_of(filename: str) -> str:
    """ "grey-sofa_2.jpg" → "Grey sofa 2": what a photo may show, from its file's name."""
    return slugify(filename.rpartition(".")[0] or filename).replace("-", " ").replace("_", " ").capitalize()


def style_choices() -> list[tuple[str, str]]:
    """Each style with the address of its example picture."""
    return [(style, _sample_of(style)) for style in STYLES]


def _sample_of(style: str) -> str:
    """The address of the style's example picture, "" where there is none."""
    name = f"samples/styles/{slugify(style)}.jpg"
    return static(name) if finders.find(name) else ""
