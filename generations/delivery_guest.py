"""Public pages: a delivery by its link, and the original of a picture by its address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import attempts
from accounts.errors import Refusal
from accounts.sending import stored_file
from accounts.tenancy import enter, public
from generations import deliveries, files, originals
from generations.delivery_pages import archive_answer
from generations.models import Delivery, DeliveryItem
from generations.review_guest import hidden
from projects import branding

COOKIE = "delivery"
_SALT = "generations.delivery_guest"
_LASTS = 7 * 24 * 3600
# Addresses can't be guessed; this keeps who tries from making work.
LOOKS = attempts.Limit("delivery-link", most=120, within=timedelta(minutes=10))

DeliveryView = Callable[..., HttpResponseBase]


def _proof(delivery: Delivery) -> str:
    """Another PIN, or another link, needs another proof."""
    return sha256(delivery.pin.encode() + bytes(delivery.sha256 or b"")).hexdigest()[:32]


def _knows_pin(request: HttpRequest, delivery: Delivery) -> bool:
    try:
        shown = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_LASTS)
    except signing.BadSignature:
        return False
    return bool(shown == _proof(delivery))


def opened(*, is_pin_asked: bool = True) -> Callable[[DeliveryView], Any]:
    """A view for who has the link of a live delivery, and its PIN if it asks for one."""

    def decorate(view: DeliveryView) -> Any:
        @public("the link's text is the permission")
        @wraps(view)
        def guarded(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            found = deliveries.find(token=token)
            if found is None:
                try:
                    attempts.count(limit=LOOKS, subject=attempts.address_of(request), now=timezone.now())
                except attempts.TooManyAttempts as refusal:
                    return hidden(_refused(request, refusal))
            branding.show_as(request, found)
            if found is None or not found.is_live(timezone.now()):
                status = 404 if found is None else 410
                context = {"delivery": found, "organization": found and found.organization}
                return hidden(render(request, "generations/delivery_gone.html", context, status=status))
            if is_pin_asked and found.pin and not _knows_pin(request, found):
                return hidden(_pin_page(request, found, token))
            return hidden(view(request, found, token, *args, **kwargs))

        return guarded

    return decorate


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    context = {"title": refusal.title, "reason": refusal.message}
    answer = render(request, "refused.html", context, status=refusal.status)
    if "retry_after" in refusal.facts:
        answer["Retry-After"] = str(refusal.facts["retry_after"])
    return answer


def _pin_page(
    request: HttpRequest, found: Delivery, token: str, *, error: str = "", status: int = 200
) -> HttpResponse:
    context = {"organization": found.organization, "token": token, "error": error}
    return render(request, "generations/delivery_pin.html", context, status=status)


@opened(is_pin_asked=False)
@require_POST
def enter_pin(request: HttpRequest, found: Delivery, token: str) -> HttpResponse:
    """A right PIN is remembered by the browser for a week."""
    pin = request.POST.get("pin", "").strip()[:12]
    try:
        if found.pin:
            address = attempts.address_of(request)
            deliveries.check_pin(delivery=found, pin=pin, address=address, now=timezone.now())
    except Refusal as refusal:
        answer = _pin_page(request, found, token, error=refusal.message, status=refusal.status)
        if "retry_after" in refusal.facts:
            answer["Retry-After"] = str(refusal.facts["retry_after"])
        return answer
    answer = redirect("delivered", token)
    answer.set_cookie(
        COOKIE,
        signing.dumps(_proof(found), salt=_SALT),
        max_age=_LASTS,
        path=reverse("delivered", args=[token]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


@opened()
@require_safe
def delivered(request: HttpRequest, found: Delivery, token: str) -> HttpResponse:
    """What was handed over."""
    deliveries.note_opened(delivery=found, now=timezone.now())
    with enter(found.organization):
        items = deliveries.items_of(delivery=found) if found.state == Delivery.State.READY else []
        pages = originals.live_of(organization=found.organization, pictures=[item.picture for item in items])
    context = {
        "delivery": found,
        "organization": found.organization,
        "token": token,
        "items": [(item, pages.get(item.picture_id)) for item in items],
    }
    return render(request, "generations/delivered.html", context)


@opened()
@require_safe
def delivered_archive(request: HttpRequest, found: Delivery, token: str) -> HttpResponseBase:  # noqa: ARG001 — a view
    """The ZIP; nothing before the delivery is released."""
    if found.released_at is None:
        raise Http404
    answer = archive_answer(found)
    deliveries.note_downloaded(delivery=found, now=timezone.now())
    return answer


@opened()
@require_safe
def delivered_file(
    request: HttpRequest,
    found: Delivery,
    token: str,  # noqa: ARG001 — a view
    number: int,
) -> HttpResponseBase:
    """One file; before the release its preview with the watermark. `?download` saves it."""
    with enter(found.organization):
        items = DeliveryItem.objects.of(found.organization).filter(delivery=found, position=number)
        item = items.exclude(file="").first()
    if item is None:
        raise Http404
    is_saved = "download" in request.GET
    if is_saved and found.released_at is None:
        raise Http404
    answer = stored_file(item.file if found.released_at else item.preview)
    if is_saved:
        answer["Content-Disposition"] = files.content_disposition(item.filename)
        deliveries.note_downloaded(delivery=found, now=timezone.now())
    return answer


@public("an altered picture leads everybody to its original")
@require_safe
def original(request: HttpRequest, page_id: str) -> HttpResponse:
    """Both pictures, and what was altered in words."""
    page = originals.find(public_id=page_id)
    branding.show_as(request, page)
    if page is None or page.retracted_at is not None:
        context: dict[str, Any] = {"original": page, "organization": page and page.organization}
        answer = render(
            request, "generations/original_gone.html", context, status=404 if page is None else 410
        )
    else:
        context = {
            "original": page,
            "organization": page.organization,
            "altered": originals.altered_words(page),
            "before": reverse("original-file", args=[page.public_id, "before"]),
            "after": reverse("original-file", args=[page.public_id, "after"]),
        }
        answer = render(request, "generations/original.html", context)
    answer["X-Robots-Tag"] = "noindex"
    return answer


@public("an altered picture leads everybody to its original")
@require_safe
def original_file(request: HttpRequest, page_id: str, which: str) -> HttpResponseBase:  # noqa: ARG001 — a view
    """`before` or `after`."""
    page = originals.find(public_id=page_id)
    name = {"before": page.before, "after": page.after}.get(which, "") if page else ""
    if not name:
        raise Http404
    answer = stored_file(name)
    answer["Cache-Control"] = "no-cache"
    answer["X-Robots-Tag"] = "noindex"
    return answer
