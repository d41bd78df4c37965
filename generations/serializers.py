"""How rows look outside."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from generations import files
from generations.models import Generation, Picture


def generation_data(generation: Generation, request: HttpRequest) -> dict[str, Any]:
    """A generation as the API shows it; `room` and `pictures` should be prefetched."""
    where = reverse("api-generation", args=[generation.public_id])
    error = (
        {"code": generation.error_code, "message": generation.error_message}
        if generation.error_code
        else None
    )
    return {
        "id": generation.public_id,
        "url": request.build_absolute_uri(where),
        "state": generation.state,
        "prompt": generation.prompt,
        "resolution": generation.resolution or None,
        "designLevel": generation.design_level,
        "mask": generation.mask,
        "variations": generation.variations,
        "room": generation.room.public_id if generation.room else None,
        "engine": generation.engine,
        "test": generation.is_test,
        "error": error,
        "credits": {
            "held": generation.credits_held,
            "settled": generation.credits_settled,
            "released": generation.credits_released,
        },
        "pictures": [picture_data(picture, request) for picture in generation.pictures.all()],
        "created_at": generation.created_at,
        "queued_at": generation.queued_at,
        "started_at": generation.started_at,
        "finished_at": generation.finished_at,
    }


def picture_data(picture: Picture, request: HttpRequest) -> dict[str, Any]:
    """A picture with addresses that need no key and work for a day; read the generation again for fresh ones."""
    return {
        "id": picture.public_id,
        "url": files.url(request, picture.image),
        "thumbnail_url": files.url(request, picture.thumbnail),
        "width": picture.width,
        "height": picture.height,
    }
