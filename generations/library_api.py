"""The REST API of the library: pieces of furniture, and saved looks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.managing import WorkingView, merged
from accounts.models import Role
from accounts.rest import StorableJSONParser
from accounts.serializers import listed
from accounts.tenancy import enter
from generations import expanding
from generations import library_shapes as asks
from generations.forms import CURRENCIES
from generations.serializers import files_for
from projects import library
from projects import serializers as shapes
from projects.models import Product, Recipe
from projects.services import IncomingImage

# --- Pieces of furniture ---------------------------------------------------------------------------------


class _Products(WorkingView):
    def rows(self) -> QuerySet[Product]:
        """With what their answer needs."""
        rows: QuerySet[Product] = Product.objects.of(self.organization).kept()
        return rows.select_related("photo", "organization")

    def find(self, product_id: str) -> Product:
        found: Product = get_object_or_404(self.rows(), public_id=product_id)
        return found

    def data(self, product: Product) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = shapes.ProductData(product, context=files_for(self.request)).data
        return shown


class Products(_Products):
    """The library of furniture."""

    in_transaction = False  # a photo is fetched and decoded before its row is ready
    parser_classes = (StorableJSONParser, MultiPartParser)

    @extend_schema(
        summary="List products",
        parameters=[OpenApiParameter("q", str, description="Part of the name.")],
        responses={200: listed(shapes.ProductData)},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        with enter(self.organization):
            return self.page(self.rows().filter(name__icontains=self.words("q")), self.data)

    @extend_schema(summary="Add a product", request=asks.ProductInput, responses={201: shapes.ProductData})
    def post(self, request: Request) -> Response:
        """Its photo is made ready before the answer; 400 for one that can't be fetched or decoded."""
        asked = self.checked(asks.ProductInput)
        upload, address = asked.pop("file", None), asked.pop("image_url", "")
        image = IncomingImage(
            content=upload.read() if upload is not None else b"", url=address, name=asked["name"]
        )
        asked.setdefault("currency", CURRENCIES[0])
        made = library.add_product(organization=self.organization, by_user=self.person, image=image, **asked)
        with enter(self.organization):
            return self.created(self.data(self.find(made.public_id)), "api-product", made.public_id)


class ProductDetail(_Products):
    """One piece."""

    @extend_schema(summary="Read a product", responses={200: shapes.ProductData})
    def get(self, request: Request, product_id: str) -> Response:
        """With fresh addresses of its photo."""
        return Response(self.data(self.find(product_id)))

    @extend_schema(
        summary="Change a product", request=asks.ProductChange, responses={200: shapes.ProductData}
    )
    def patch(self, request: Request, product_id: str) -> Response:
        """What is named changes."""
        product, asked = self.find(product_id), self.checked(asks.ProductChange)
        facts = merged(product, asked, ("name", "price", "currency", "link"))
        facts["currency"] = facts["currency"] or CURRENCIES[0]
        library.change_product(product=product, **facts)
        return Response(self.data(self.find(product_id)))

    @extend_schema(summary="Remove a product", responses={204: None})
    def delete(self, request: Request, product_id: str) -> Response:
        """Out of the library and of every recipe; pictures that it is in stay."""
        library.remove_product(product=self.find(product_id), now=timezone.now())
        return Response(status=204)


# --- Saved looks -----------------------------------------------------------------------------------------


class _Recipes(WorkingView):
    expandable = {"products": expanding.products}

    def rows(self) -> QuerySet[Recipe]:
        """With what their answer needs."""
        rows: QuerySet[Recipe] = Recipe.objects.of(self.organization)
        return rows.select_related("organization").prefetch_related("pieces__product")

    def find(self, recipe_id: str) -> Recipe:
        found: Recipe = get_object_or_404(self.rows(), public_id=recipe_id)
        return found

    def answer(self, recipe_id: str) -> Response:
        """As it stands now."""
        return Response(shapes.RecipeData(self.find(recipe_id)).data)

    def products(self, ids: list[str]) -> list[Product]:
        """These pieces of the library, in this order; 400 for one that is not in it."""
        found = {
            product.public_id: product
            for product in Product.objects.of(self.organization).kept().filter(public_id__in=ids)
        }
        if unknown := [each for each in ids if each not in found]:
            raise ValidationError(
                {"products": [f"There is no product {each} in this workspace." for each in unknown]}
            )
        return [found[each] for each in dict.fromkeys(ids)]

    @property
    def is_admin(self) -> bool:
        """Whether who acts may change what is locked."""
        return self.acts_as.includes(Role.ADMIN)


def _look(asked: dict[str, Any], before: library.Look) -> library.Look:
    return library.Look(**{name: asked.get(name, value) for name, value in vars(before).items()})


class Recipes(_Recipes):
    """Looks that are saved, without a room."""

    @extend_schema(summary="List recipes", responses={200: listed(shapes.RecipeData)})
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.page(self.rows(), lambda row: shapes.RecipeData(row).data)

    @extend_schema(summary="Save a recipe", request=asks.RecipeInput, responses={201: shapes.RecipeData})
    def post(self, request: Request) -> Response:
        """409 where one of this name exists."""
        asked = self.checked(asks.RecipeInput)
        made = library.save_recipe(
            organization=self.organization,
            by_user=self.person,
            name=asked["name"],
            look=_look(asked, library.Look()),
            products=self.products(asked.get("products", [])),
        )
        data = shapes.RecipeData(self.find(made.public_id)).data
        return self.created(data, "api-recipe", made.public_id)


class RecipeDetail(_Recipes):
    """One look."""

    @extend_schema(summary="Read a recipe", responses={200: shapes.RecipeData})
    def get(self, request: Request, recipe_id: str) -> Response:
        """As it was saved."""
        return self.answer(recipe_id)

    @extend_schema(summary="Change a recipe", request=asks.RecipeChange, responses={200: shapes.RecipeData})
    def patch(self, request: Request, recipe_id: str) -> Response:
        """What is named changes. 403 for a locked one, unless an admin asks; 409 where the new name is taken."""
        recipe, asked = self.find(recipe_id), self.checked(asks.RecipeChange)
        library.change_recipe(
            recipe=recipe,
            name=asked.get("name", recipe.name),
            look=_look(asked, library.look_of(recipe)),
            products=self.products(asked["products"]) if "products" in asked else None,
            is_admin=self.is_admin,
        )
        return self.answer(recipe_id)

    @extend_schema(summary="Remove a recipe", responses={204: None})
    def delete(self, request: Request, recipe_id: str) -> Response:
        """Pictures made by it stay. 403 for a locked one, unless an admin asks."""
        library.remove_recipe(recipe=self.find(recipe_id), is_admin=self.is_admin)
        return Response(status=204)


class RecipeLock(_Recipes):
    """The workspace's standard: others use it and can't change it."""

    role = Role.ADMIN
    locked = True

    @extend_schema(summary="Lock a recipe", request=None, responses={200: shapes.RecipeData})
    def post(self, request: Request, recipe_id: str) -> Response:
        """By an owner or admin."""
        library.lock_recipe(recipe=self.find(recipe_id), locked=self.locked)
        return self.answer(recipe_id)


class RecipeUnlock(RecipeLock):
    """Like any other again."""

    locked = False

    @extend_schema(summary="Unlock a recipe", request=None, responses={200: shapes.RecipeData})
    def post(self, request: Request, recipe_id: str) -> Response:
        """By an owner or admin."""
        return super().post(request, recipe_id)
