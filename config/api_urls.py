"""The REST API, version 1."""

from __future__ import annotations

from django.urls import include, path, re_path

from accounts.tenancy import public
from config.description_view import Description
from config.problems import no_such_endpoint

urlpatterns = [
    path("", include("accounts.api_urls")),
    path("", include("generations.api_urls")),
    path("", include("projects.api_urls")),
    path("", include("billing.api_urls")),
    path("schema", public("the API's description")(Description.as_view()), name="schema"),
    re_path(r"", no_such_endpoint),
]
