"""The gallery, and two of its pictures side by side."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.converters import id_or_nothing
from accounts.tenancy import MemberRequest, member
from generations import gallery
from generations.gallery_form import GalleryForm
from generations.models import Picture


def _form(request: MemberRequest) -> GalleryForm:
    return GalleryForm(gallery.choices_of(organization=request.organization), request.GET)


@member()
@require_GET
def history(request: MemberRequest) -> HttpResponse:
    """Everything ever asked for and not deleted, newest first; `?after=` is where the next page begins.

    htmx is answered with the cards alone, which take the place of the link that asked for them.
    """
    form = _form(request)
    wanted, after = form.wanted(), id_or_nothing(request.GET.get("after"))
    page = gallery.page_of(organization=request.organization, wanted=wanted, after=after)
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "after": after,
        "narrow": wanted.is_narrow,
        "only_tests": wanted.test == "only",
        "newest": f"?{urlencode(form.query())}",
        "older": f"?{urlencode(form.query() | {'after': page.next})}" if page.next else "",
    }
    if _is_htmx(request):
        return render(request, "generations/_more_cards.html", context)
    if not page.generations:
        context["unused"] = not gallery.has_any(organization=request.organization)
    return render(request, "generations/history.html", context)


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


@member()
@require_GET
def compare(request: MemberRequest) -> HttpResponse:
    """`?a=` and `?b=` side by side, or with `&view=slider` on each other; without `b` a choice of pictures."""
    first = _picture(request, "a")
    if request.GET.get("b"):
        context: dict[str, Any] = {
            "first": first,
            "second": _picture(request, "b"),
            "as_slider": request.GET.get("view") == "slider",
        }
        return render(request, "generations/compare.html", context)
    form = _form(request)
    pictures = gallery.pictures_to_choose(
        organization=request.organization, beside=first, wanted=form.wanted()
    )
    return render(
        request, "generations/compare_choose.html", {"first": first, "pictures": pictures, "form": form}
    )


def _picture(request: MemberRequest, name: str) -> Picture:
    pictures = Picture.objects.of(request.organization).kept().filter(generation__deleted_at=None)
    pictures = pictures.select_related("generation__room", "generation__photo", "generation__parent")
    found: Picture = get_object_or_404(pictures, public_id=id_or_nothing(request.GET.get(name)))
    return found
