"""A stored file as it is sent, to pages and programs."""

from __future__ import annotations

import mimetypes

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from accounts.tenancy import release_connection


def stored_file(name: str, *, filename: str = "", as_attachment: bool = False) -> FileResponse:
    """The file of this name in storage; Http404 where it is gone, maybe in this moment. Not inside a transaction.

    Its type is the stored file's: the name in an address is anybody's to choose.
    """
    release_connection()  # a slow reader shall hold a thread, not a connection
    try:
        opened = default_storage.open(name)
    except FileNotFoundError:
        raise Http404 from None
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(opened, filename=filename, as_attachment=as_attachment, content_type=media_type)
