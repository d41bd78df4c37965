"""Addresses of the generations API."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from generations import api

urlpatterns = [
    path("generate", api.Generate.as_view(), name="api-generate"),
    path("generations", api.GenerationCollection.as_view(), name="api-generations"),
    path("generations/<id:generation_id>", api.GenerationDetail.as_view(), name="api-generation"),
    path(
        "generations/<id:generation_id>/cancel",
        api.GenerationCancellation.as_view(),
        name="api-generation-cancel",
    ),
]
