"""The ZIP of an export as it is sent, to pages and programs."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from accounts.models import Export
from accounts.sending import stored_file


def packed(export: Export) -> HttpResponseBase:
    """The file, to be saved; Http404 where it is gone."""
    filename = f"roomwright-{export.created_at:%Y-%m-%d}.zip"
    response = stored_file(export.file, filename=filename, as_attachment=True)
    response["Cache-Control"] = "private, no-store"
    return response
