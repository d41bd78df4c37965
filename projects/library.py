"""Verbs about what is used again: products of the library, and recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError

from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization, User
from projects import services, storage
from projects.models import Photo, Product, Recipe, RecipeProduct


class RecipeNameTaken(Refusal):
    """A recipe of this name exists. Choose another name, or remove the old one first."""

    code, title, status = "recipe_name_taken", "Recipe name taken", 409


class ProductGone(Refusal):
    """One of the pieces of furniture was removed. Choose another."""

    code, title, status = "not_found", "Not found", 404


class RecipeLocked(Refusal):
    """This recipe is locked: owners and admins change it."""

    code, title, status = "recipe_locked", "Recipe locked", 403


@dataclass(frozen=True)
class Look:
    """What a recipe holds."""

    mode: str = ""
    style: str = ""
    prompt: str = ""
    keep_structure: bool = True
    resolution: str = ""
    design_level: str = "quick"
    variations: int = 1


def add_product(
    *,
    organization: Organization,
    by_user: User,
    image: services.IncomingImage,
    name: str,
    price: Decimal | None = None,
    currency: str = "",
    link: str = "",
) -> Product:
    """A new piece of the library; its photo is made ready. Raises a Refusal that says what is wrong with it."""
    image.check()
    stored = services.store(organization=organization, image=image)
    try:
        with tenancy.enter(organization):
            photo = services.create_photo(
                organization=organization, stored=stored, by_user=by_user, kind=Photo.Kind.PRODUCT
            )
            product = Product.objects.create(
                organization=organization,
                photo=photo,
                name=name,
                price=price,
                currency=currency if price is not None else "",
                link=link,
                created_by=by_user,
            )
    except BaseException:
        stored.discard()
        raise
    try:
        services.make_ready(photo=photo)
    except Refusal:  # a piece that nobody can see is none
        _withdraw(product)
        raise
    return product


def _withdraw(product: Product) -> None:
    organization = product.organization
    with tenancy.enter(organization):
        photos = Photo.objects.of(organization).filter(pk=product.photo_id)
        storage.doom(photo.original for photo in photos.select_for_update())
        Product.objects.of(organization).filter(pk=product.pk).delete()
        photos.delete()


def change_product(*, product: Product, name: str, price: Decimal | None, currency: str, link: str) -> None:
    """New facts about a piece; its photo's name goes along, since engines are told it."""
    organization = product.organization
    with tenancy.enter(organization):
        Product.objects.of(organization).filter(pk=product.pk).update(
            name=name, price=price, currency=currency if price is not None else "", link=link
        )
        Photo.objects.of(organization).filter(pk=product.photo_id).update(name=name)


def rename_product(*, product: Product, name: str) -> None:
    """Another name, with price and link as they are."""
    change_product(
        product=product, name=name, price=product.price, currency=product.currency, link=product.link
    )


def remove_product(*, product: Product, now: datetime) -> None:
    """Out of the library and of every recipe. Its photo stays as long as pictures that it is in need it."""
    organization = product.organization
    with tenancy.enter(organization):
        kept = Product.objects.of(organization).kept().filter(pk=product.pk)
        if not kept.update(removed_at=now):
            return
        RecipeProduct.objects.of(organization).filter(product=product).delete()
        # From here on it is a reference like any other: it goes when nothing needs it.
        Photo.objects.of(organization).filter(pk=product.photo_id).update(kind=Photo.Kind.REFERENCE)


def chosen(*, organization: Organization, ids: Sequence[str]) -> list[Product]:
    """The products of these ids, in this order, with their photos. Raises ProductGone for another id."""
    with tenancy.enter(organization):
        rows = Product.objects.of(organization).kept().filter(public_id__in=ids).select_related("photo")
        found: dict[str, Product] = {row.public_id: row for row in rows}
    if not found.keys() >= set(ids):
        raise ProductGone
    return [found[each] for each in dict.fromkeys(ids)]


def save_recipe(
    *, organization: Organization, by_user: User, name: str, look: Look, products: Sequence[Product] = ()
) -> Recipe:
    """Keep a look under a name. Raises RecipeNameTaken."""
    with _name_once(), tenancy.enter(organization):
        recipe: Recipe = Recipe.objects.create(
            organization=organization, name=name, created_by=by_user, **vars(look)
        )
        _put_in_tray(recipe, products)
    return recipe


def look_of(recipe: Recipe) -> Look:
    """What it holds."""
    return Look(**{field.name: getattr(recipe, field.name) for field in fields(Look)})


def change_recipe(
    *, recipe: Recipe, name: str, look: Look, products: Sequence[Product] | None, is_admin: bool
) -> None:
    """Another name or look, or with `products` other pieces. Raises RecipeLocked, RecipeNameTaken."""
    with _name_once(), tenancy.enter(recipe.organization):
        rows = Recipe.objects.of(recipe.organization).filter(pk=recipe.pk)
        for found in rows.select_for_update(no_key=True):
            if found.is_locked and not is_admin:
                raise RecipeLocked
            rows.update(name=name, **vars(look))
            if products is not None:
                RecipeProduct.objects.of(recipe.organization).filter(recipe=found).delete()
                _put_in_tray(found, products)


@contextmanager
def _name_once() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if "recipe_name_once" in str(error):
            raise RecipeNameTaken from error
        raise


def _put_in_tray(recipe: Recipe, products: Sequence[Product]) -> None:
    RecipeProduct.objects.bulk_create(
        RecipeProduct(
            organization_id=recipe.organization_id, recipe=recipe, product=product, position=position
        )
        for position, product in enumerate(products)
    )


def remove_recipe(*, recipe: Recipe, is_admin: bool) -> None:
    """Raises RecipeLocked for those who may not."""
    if recipe.is_locked and not is_admin:
        raise RecipeLocked
    with tenancy.enter(recipe.organization):
        Recipe.objects.of(recipe.organization).filter(pk=recipe.pk).delete()


def lock_recipe(*, recipe: Recipe, locked: bool) -> None:
    """A locked recipe is the workspace's standard: designers use it and can't remove it."""
    with tenancy.enter(recipe.organization):
        Recipe.objects.of(recipe.organization).filter(pk=recipe.pk).update(is_locked=locked)
