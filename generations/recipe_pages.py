"""Recipes: looks that are saved in the studio and used again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from generations.ask import MAX_PIECES
from generations.forms import RecipeForm, StudioForm
from generations.modes import MODES
from projects import library
from projects.models import Recipe


@member()
@require_GET
def recipes(request: MemberRequest) -> HttpResponse:
    """All of the workspace's recipes."""
    rows = list(Recipe.objects.of(request.organization).prefetch_related("pieces__product").order_by("name"))
    for row in rows:
        row.mode_name = MODES[row.mode].name if row.mode in MODES else ""
    context = {
        "recipes": rows,
        "may_edit": request.membership.may(Role.DESIGNER),
        "may_lock": request.membership.may(Role.ADMIN),
    }
    return render(request, "generations/recipes.html", context)


@member(Role.DESIGNER)
@require_POST
def save_recipe(request: MemberRequest) -> HttpResponse:
    """Keep what is chosen in the studio's form, without its photo, under a name."""
    name, form = RecipeForm(request.POST), StudioForm(request.POST)
    organization = request.organization
    if not name.is_valid():
        messages.error(request, _("Give the recipe a name."))
        return redirect("studio", workspace=organization.public_id)
    form.is_valid()  # of the form's other fields what is right is kept
    data = form.cleaned_data
    look = library.Look(
        mode=data.get("mode", ""),
        style=data.get("style", ""),
        prompt=data.get("words", ""),
        keep_structure=bool(data.get("keep_structure")),
        resolution=data.get("resolution", ""),
        design_level=data.get("design_level") or "quick",
        variations=data.get("variations") or 1,
    )
    ids = [id_or_nothing(each) for each in request.POST.getlist("product")][:MAX_PIECES]
    try:
        library.save_recipe(
            organization=organization,
            by_user=request.user,
            name=name.cleaned_data["recipe_name"],
            look=look,
            products=library.chosen(organization=organization, ids=ids),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("studio", workspace=organization.public_id)
    messages.success(request, _("The recipe was saved."))
    return redirect("recipes", workspace=organization.public_id)


@member(Role.DESIGNER)
@require_POST
def remove_recipe(request: MemberRequest, recipe_id: str) -> HttpResponse:
    """Away with it; pictures made by it stay."""
    try:
        library.remove_recipe(recipe=_find(request, recipe_id), is_admin=request.membership.may(Role.ADMIN))
        messages.success(request, _("The recipe was removed."))
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("recipes", workspace=request.organization.public_id)


@member(Role.ADMIN)
@require_POST
def lock_recipe(request: MemberRequest, recipe_id: str) -> HttpResponse:
    """Make it the workspace's standard, or no longer."""
    library.lock_recipe(recipe=_find(request, recipe_id), locked=request.POST.get("locked") == "yes")
    return redirect("recipes", workspace=request.organization.public_id)


def _find(request: MemberRequest, recipe_id: str) -> Recipe:
    rows = Recipe.objects.of(request.organization).select_related("organization")
    found: Recipe = get_object_or_404(rows, public_id=recipe_id)
    return found
