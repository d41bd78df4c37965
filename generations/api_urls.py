"""Addresses of the generations API."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from generations import api, looking_api

urlpatterns = [
    path("generate", api.Generate.as_view(), name="api-generate"),
    path("generations", api.GenerationCollection.as_view(), name="api-generations"),
    path("generations/<id:generation_id>", api.GenerationDetail.as_view(), name="api-generation"),
    path(
        "generations/<id:generation_id>/cancel",
        api.GenerationCancellation.as_view(),
        name="api-generation-cancel",
    ),
    path("pictures/<id:picture_id>/star", looking_api.PictureStar.as_view(), name="api-picture-star"),
    path("pictures/<id:picture_id>/links", looking_api.PictureLinks.as_view(), name="api-picture-links"),
    path("links/<id:link_id>", looking_api.Link.as_view(), name="api-link"),
]
