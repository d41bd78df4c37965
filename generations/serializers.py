"""How rows look outside."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import Organization
from generations import files, removal
from generations.models import Generation, Picture
from generations.timing import Estimate


class PictureOfGeneration(serializers.Serializer):
    """A picture; its addresses need no key and work until `expires_at`."""

    id = serializers.CharField()
    url = serializers.URLField(allow_null=True)
    thumbnail_url = serializers.URLField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    kept_until = serializers.DateTimeField()
    removed_at = serializers.DateTimeField(allow_null=True)
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    bytes = serializers.IntegerField()
    starred = serializers.BooleanField()
    plan = serializers.DictField(
        help_text="What the preview engine understood, changed, placed and left out; empty for other engines."
    )


def files_for(request: Request) -> dict[str, Any]:
    """The context of shapes that carry addresses of files: they need no key and work until `expires_at`."""
    return {"url_of": partial(files.url, request._request), "expires_at": files.expires_at()}


def generation_data(
    generation: Generation, request: HttpRequest, estimate: Estimate | None
) -> dict[str, Any]:
    """A generation as the API shows it; `organization`, `room` and `pictures` should be prefetched.

    No estimate: it has ended.
    """
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
        "queue": queue_data(estimate) if estimate else None,
        "cancelable": generation.is_cancelable,
        "credits": {
            "held": generation.credits_held,
            "settled": generation.credits_settled,
            "released": generation.credits_released,
        },
        "pictures": [
            picture_data(picture, generation.organization, request) for picture in generation.pictures.all()
        ],
        "deadline": None if generation.is_awaited else generation.deadline,
        "created_at": generation.created_at,
        "queued_at": generation.queued_at,
        "started_at": generation.started_at,
        "finished_at": generation.finished_at,
    }


def queue_data(estimate: Estimate) -> dict[str, Any]:
    """When it may have ended, in whole seconds from now; `position` 1 is the next of the workspace's line."""
    return {
        "position": estimate.position,
        "estimated_seconds": math.ceil(estimate.seconds),
        "estimated_seconds_p95": math.ceil(estimate.seconds_p95),
        "measured": estimate.usual.measured,
    }


def picture_data(picture: Picture, organization: Organization, request: HttpRequest) -> dict[str, Any]:
    """A picture with addresses that need no key and work until `expires_at`; read it again for fresh ones."""
    kept_until = removal.kept_until(picture, organization)
    is_kept = picture.removed_at is None
    return {
        "id": picture.public_id,
        "url": files.url(request, picture.image) if is_kept else None,
        "thumbnail_url": files.url(request, picture.thumbnail) if is_kept else None,
        "expires_at": min(files.expires_at(), kept_until) if is_kept else None,
        "kept_until": kept_until,
        "removed_at": picture.removed_at,
        "width": picture.width,
        "height": picture.height,
        "bytes": picture.bytes,
        "starred": picture.starred_at is not None,
        "plan": picture.notes,
    }
