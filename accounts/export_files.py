"""The ZIP of an export as it is sent, to pages and programs."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import Http404
from django.http.response import FileResponse, HttpResponseBase

from accounts.models import Export


def packed(export: Export) -> HttpResponseBase:
    """The file, to be saved; Http404 where it is gone."""
    try:
        opened = default_storage.open(export.file)
    except FileNotFoundError:
        raise Http404 from None
    filename = f"roomwright-{export.created_at:%Y-%m-%d}.zip"
    response = FileResponse(opened, as_attachment=True, filename=filename, content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return response
