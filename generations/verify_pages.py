"""A page where anybody sees what a picture file says of how it was made."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import attempts
from accounts.errors import Refusal
from accounts.tenancy import public
from generations import verifying


@public("who was sent a picture may ask what it is")
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """A form; a POST reads the file's marks and keeps nothing of it."""
    context: dict[str, Any] = {"most": settings.PHOTO_BYTES // 2**20}
    status = 200
    if request.method == "POST":
        try:
            address = attempts.address_of(request)
            upload = request.FILES.get("picture")
            context["report"] = verifying.report_of(upload=upload, address=address, now=timezone.now())
            context["filename"] = getattr(request.FILES["picture"], "name", "")
        except Refusal as refusal:
            context["problem"], status = refusal.message, refusal.status
    return render(request, "generations/verify.html", context, status=status)
