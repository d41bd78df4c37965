"""The body of `POST /generations`: MeltFlex's own, and by name whatever can be chosen in the studio.

Each name is an id or a word of this workspace; nothing is fetched, decoded or written here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from accounts.converters import id_or_nothing
from accounts.models import Organization
from accounts.tenancy import enter
from generations import contract
from generations.ask import MAX_PIECES, Ask, Piece
from generations.contract import GenerateBody, InvalidRequest
from generations.engines.preview.styles import STYLES
from generations.models import Generation, GenerationReference, Picture
from generations.modes import MODES, USUAL, compose
from projects.models import Photo, Product, Recipe, Room

USUAL_OPTIONS = {"mask": False, "resolution": "", "design_level": "quick", "variations": 1}
_SOURCES = ("image", "imageUrl", "photo", "picture")
_COMPOSED = ("mode", "style", "keep_structure", "recipe")


def object_of(raw: object) -> dict[str, Any]:
    """The body as an object. Raises InvalidRequest."""
    if not isinstance(raw, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return raw


def ask_of(body: GenerateBody, *, room: Room | None) -> Ask:
    """What MeltFlex's own body asks for."""
    return Ask(
        prompt=body.prompt,
        image=body.image,
        references=body.references,
        resolution=body.resolution,
        design_level=body.design_level,
        mask=body.mask,
        variations=body.variations,
        room=room,
        extensions=body.extensions_used,
    )


def room_of(raw: dict[str, Any], organization: Organization) -> Room | None:
    """The room that is named, of this workspace. Raises InvalidRequest."""
    return cast("Room | None", _named(raw, "room", lambda: Room.objects.of(organization), organization))


def read(raw: dict[str, Any], *, organization: Organization, needs_source: bool = True) -> Ask:
    """A checked ask. Raises InvalidRequest and the images' refusals.

    With a mode, a style, a recipe or `keep_structure`, `prompt` holds words of one's own, and the whole is composed as
    in the studio. A source that is a photo of a room files the pictures under that room.
    """
    recipe = recipe_of(raw, organization)
    if recipe is not None:
        raw = _look_of(recipe) | {name: value for name, value in raw.items() if value is not None}
    is_composed = any(raw.get(name) is not None for name in _COMPOSED)
    sources = [name for name in _SOURCES if raw.get(name)]
    if len(sources) > 1 and set(sources) != {"image", "imageUrl"}:
        raise InvalidRequest(
            f"Send one source: {', '.join(f'`{name}`' for name in sources)} exclude each other."
        )
    by_id = sources in (["photo"], ["picture"])
    body = contract.parse(
        raw, needs_prompt=needs_source and not is_composed, needs_image=needs_source and not by_id
    )
    ask = ask_of(body, room=room_of(raw, organization))
    ask = _with_source(ask, raw, organization)
    ask = replace(ask, pieces=_pieces(raw, recipe, organization), **_paint(raw))
    return _composed(ask, raw) if is_composed else ask


def price_of(raw: dict[str, Any], *, organization: Organization) -> Ask:
    """The same without a source: for its price."""
    return read(raw, organization=organization, needs_source=False)


def _named(raw: dict[str, Any], name: str, rows: Callable[[], Any], organization: Organization) -> Any:
    if raw.get(name) is None:
        return None
    with enter(organization):
        found = rows().filter(public_id=id_or_nothing(str(raw[name]))).first()
    if found is None:
        raise InvalidRequest(f"`{name}` names no {name} of this workspace.", field=name)
    return found


def recipe_of(raw: dict[str, Any], organization: Organization) -> Recipe | None:
    """The recipe that is named, of this workspace. Raises InvalidRequest."""

    def rows() -> Any:
        return Recipe.objects.of(organization).prefetch_related("pieces__product__photo")

    return cast("Recipe | None", _named(raw, "recipe", rows, organization))


def _look_of(recipe: Recipe) -> dict[str, Any]:
    return {
        "mode": recipe.mode or None,
        "style": recipe.style or None,
        "prompt": recipe.prompt,
        "keep_structure": recipe.keep_structure,
        "resolution": recipe.resolution or None,
        "designLevel": recipe.design_level,
        "variations": recipe.variations,
    }


def _with_source(ask: Ask, raw: dict[str, Any], organization: Organization) -> Ask:
    photo = _named(
        raw, "photo", lambda: Photo.objects.of(organization).of_rooms().select_related("room"), organization
    )
    if photo is not None:
        return replace(ask, photo=photo, room=ask.room or photo.room)
    pictures = Picture.objects.of(organization).filter(generation__deleted_at=None)
    picture = _named(raw, "picture", lambda: pictures.select_related("generation__room"), organization)
    if picture is not None:
        return replace(ask, parent=picture, room=ask.room or picture.generation.room)
    return ask


def _pieces(raw: dict[str, Any], recipe: Recipe | None, organization: Organization) -> list[Piece]:
    """Products by their ids, in that order; those of the recipe where none are named."""
    ids = raw.get("products")
    if ids is None:
        return [Piece(photo=each.product.photo) for each in recipe.pieces.all()] if recipe else []
    if not isinstance(ids, list) or len(ids) > MAX_PIECES:
        raise InvalidRequest(f"`products` must be a list of at most {MAX_PIECES} ids.", field="products")
    with enter(organization):
        rows = (
            Product.objects.of(organization).kept().filter(public_id__in=[id_or_nothing(str(i)) for i in ids])
        )
        found = {row.public_id: row for row in rows.select_related("photo")}
    if missing := [each for each in ids if each not in found]:
        raise InvalidRequest(
            f"`products` names no product of this workspace: {str(missing[0])[:40]}.", field="products"
        )
    return [Piece(photo=found[each].photo) for each in ids]


def _paint(raw: dict[str, Any]) -> dict[str, Any]:
    painted = contract.text(raw, "paint")
    return {"paint": contract.decoded(painted, "paint", "paint"), "mask": True} if painted else {}


def _composed(ask: Ask, raw: dict[str, Any]) -> Ask:
    mode, style = _word(raw, "mode", list(MODES)), _word(raw, "style", list(STYLES))
    keeps = raw.get("keep_structure", True)
    if not isinstance(keeps, bool):
        raise InvalidRequest("`keep_structure` must be true or false.", field="keep_structure")
    if not (ask.prompt or style or mode not in ("", USUAL)):
        raise contract.MissingPrompt
    if mode and MODES[mode].paints and not ask.mask:
        raise InvalidRequest("This mode needs `mask` or `paint`: what is red shall change.", field="mode")
    prompt = compose(mode=mode, style=style, words=ask.prompt, keep_structure=keeps)
    return replace(ask, prompt=prompt, mode=mode, style=style)


def _word(raw: dict[str, Any], name: str, known: list[str]) -> str:
    value = raw.get(name)
    if value is None or value == "":
        return ""
    if value not in known:
        raise InvalidRequest(f"`{name}` must be one of {', '.join(known)}.", field=name, validValues=known)
    return str(value)


# --- Once more -------------------------------------------------------------------------------------------


def once_more(
    generation: Generation,
    piece: Callable[[GenerationReference], Piece],
    references: list[GenerationReference],
) -> Ask:
    """The same again, with each piece of furniture as `piece` says; it is kept with what it was asked from."""
    options: dict[str, Any] = {name: getattr(generation, name) for name in USUAL_OPTIONS}
    return Ask(
        prompt=generation.prompt,
        photo=generation.photo,
        parent=generation.parent,
        painted=generation.paint,
        pieces=[piece(row) for row in references],
        mode=generation.mode,
        style=generation.style,
        room=generation.room,
        extensions=[name for name, usual in USUAL_OPTIONS.items() if options[name] != usual],
        **options,
    )


def as_it_was(row: GenerationReference) -> Piece:
    """A piece where it stood."""
    return Piece(photo=row.photo, at=row.at, scale=row.scale)


def to_repeat(
    *, organization: Organization, generation_id: str
) -> tuple[Generation, list[GenerationReference]] | None:
    """A generation with all that asking for it again needs; None for another workspace's. Inside the workspace."""
    kept = Generation.objects.of(organization).kept()
    rows = kept.select_related("organization", "room", "photo", "parent", "paint")
    generation: Generation | None = rows.filter(public_id=generation_id).first()
    if generation is None:
        return None
    references = GenerationReference.objects.of(organization).filter(generation=generation)
    return generation, list(references.select_related("photo").order_by("position"))
