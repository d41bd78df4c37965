"""The library of furniture: pieces with photo, name, price and link, used in the studio's tray."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import files
from generations.forms import ProductChangeForm, ProductForm
from generations.page_parts import name_of
from projects import library
from projects.models import Product
from projects.services import IncomingImage


@member(in_transaction=False)
@require_http_methods(["GET", "POST"])
def products(request: MemberRequest) -> HttpResponse:
    """The library, and a form for a new piece. A script that asks for JSON is told the new piece."""
    may_edit = request.membership.may(Role.DESIGNER)
    given = request.POST.copy() if request.method == "POST" else None
    if given is not None and not given.get("name") and (upload := request.FILES.get("photo")) is not None:
        given["name"] = name_of(upload.name or "") or _("Piece of furniture")
    form = ProductForm(given, request.FILES or None)
    if request.method == "POST" and may_edit and form.is_valid():
        data = {**form.cleaned_data}
        upload = data.pop("photo")
        image = IncomingImage(content=upload.read(), name=data["name"])
        try:
            made = library.add_product(
                organization=request.organization, by_user=request.user, image=image, **data
            )
        except Refusal as refusal:
            form.add_error("photo", refusal.message)
        else:
            if _wants_json(request):
                return JsonResponse(_product_data(request, made), status=201)
            return redirect("products", workspace=request.organization.public_id)
    if request.method == "POST" and _wants_json(request):
        reasons = [str(reason) for reasons in form.errors.values() for reason in reasons]
        return JsonResponse(
            {"error": " ".join(reasons)}
        )  # no failed request: the page expects it and says it
    with enter(request.organization):
        rows = Product.objects.of(request.organization).kept().select_related("photo").order_by("-pk")
        page = Paginator(rows, 48).get_page(request.GET.get("page"))
        for product in page:
            product.form = ProductChangeForm(initial=vars(product), prefix=product.public_id)
        context = {"page": page, "form": form, "may_edit": may_edit}
        return render(request, "generations/products.html", context, status=422 if form.errors else 200)


def _product_data(request: MemberRequest, product: Product) -> dict[str, Any]:
    with enter(request.organization):
        fresh = Product.objects.of(request.organization).select_related("photo").get(pk=product.pk)
    return {
        "id": fresh.public_id,
        "name": fresh.name,
        "thumbnail": files.path(fresh.photo.thumbnail) if fresh.photo.thumbnail else "",
    }


@member(Role.DESIGNER)
@require_POST
def change_product(request: MemberRequest, product_id: str) -> HttpResponse:
    """New facts about a piece; a script may send the name alone."""
    product = _find(request, product_id)
    if set(request.POST) <= {"name", "csrfmiddlewaretoken"} and request.POST.get("name", "").strip():
        library.rename_product(product=product, name=request.POST["name"].strip()[:120])
        return HttpResponse(status=204)
    form = ProductChangeForm(request.POST, prefix=product.public_id)
    if form.is_valid():
        library.change_product(product=product, **form.cleaned_data)
        messages.success(request, _("Saved."))
    else:
        wrong = [
            f"{form[name].label}: {' '.join(map(str, reasons))}" for name, reasons in form.errors.items()
        ]
        messages.error(request, f"{product.name}: {' '.join(wrong)}")
    return redirect("products", workspace=request.organization.public_id)


@member(Role.DESIGNER)
@require_POST
def remove_product(request: MemberRequest, product_id: str) -> HttpResponse:
    """Out of the library; pictures that it is in stay."""
    library.remove_product(product=_find(request, product_id), now=timezone.now())
    messages.success(request, _("It was removed from the library. Pictures that it is in stay."))
    return redirect("products", workspace=request.organization.public_id)


def _find(request: MemberRequest, product_id: str) -> Product:
    rows = Product.objects.of(request.organization).kept().select_related("organization")
    found: Product = get_object_or_404(rows, public_id=product_id)
    return found


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
