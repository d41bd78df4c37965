"""A page where anybody sees what a picture file says of how it was made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import attempts
from accounts.errors import Refusal
from accounts.tenancy import public
from generations import provenance

OFTEN = attempts.Limit("verify", most=20, within=timedelta(minutes=10))  # by one address


@public("who was sent a picture may ask what it is")
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """A form; a POST reads the file's marks and keeps nothing of it."""
    context: dict[str, Any] = {"most": settings.PHOTO_BYTES // 2**20}
    status = 200
    if request.method == "POST":
        try:
            context["report"] = _report(request)
            context["filename"] = getattr(request.FILES["picture"], "name", "")
        except Refusal as refusal:
            context["problem"], status = refusal.message, refusal.status
    return render(request, "generations/verify.html", context, status=status)


class NoFile(Refusal):
    """Choose a picture file first."""

    code, title, status = "no_file", "No file", 400


class FileTooLarge(Refusal):
    """The file is too large."""

    code, title, status = "file_too_large", "File too large", 413


def _report(request: HttpRequest) -> provenance.Report:
    upload = request.FILES.get("picture")
    if upload is None:
        raise NoFile
    if (upload.size or 0) > settings.PHOTO_BYTES:
        raise FileTooLarge(
            _("The file is larger than %(most)d MB.") % {"most": settings.PHOTO_BYTES // 2**20}
        )
    attempts.count(limit=OFTEN, subject=attempts.address_of(request), now=timezone.now())
    return provenance.verify(content=upload.read())
