"""Addresses of the generations API."""

from django.urls import path

from generations import api

urlpatterns = [
    path("generate", api.Generate.as_view(), name="api-generate"),
    path("generations", api.GenerationCollection.as_view(), name="api-generations"),
    path("generations/<str:generation_id>", api.GenerationDetail.as_view(), name="api-generation"),
    path(
        "generations/<str:generation_id>/cancel",
        api.GenerationCancellation.as_view(),
        name="api-generation-cancel",
    ),
]
