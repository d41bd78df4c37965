"""Logos: cleaned, made small and kept beside the row that names them."""

from __future__ import annotations

from collections.abc import Callable

from accounts import tenancy
from projects import image_pool, photos, storage

SIDE = 800  # px, the longer one
_SECONDS = 60.0


def keep(*, folder: str, content: bytes, put: Callable[[str], None]) -> None:
    """Store a picture as a logo; a PNG keeps what shines through. `put` writes its name into a row and claims it.

    Holds no transaction. Raises a Refusal that says what is wrong with the picture.
    """
    photos.inspect(content)
    tenancy.release_connection()
    made = image_pool.run(photos.prepare, content, longest_side=SIDE, keep_png=True, seconds=_SECONDS)
    name = storage.new_name(folder, "logo", ".png" if made.media_type == "image/png" else ".jpg")
    storage.announce([name])
    try:
        storage.write(name, made.content)
        put(name)
    except BaseException:
        storage.discard([name])
        raise
