"""Addresses of people's and workspaces' own pages."""

from django.urls import path

from accounts import (
    converters,  # noqa: F401 — knows `id`
    views,
)

urlpatterns = [
    path("home", views.home, name="home"),
    path("w/<id:workspace>/settings", views.settings_page, name="settings"),
    path("w/<id:workspace>/settings/api-keys", views.api_keys, name="api-keys"),
    path(
        "w/<id:workspace>/settings/api-keys/<id:key_id>/revoke", views.revoke_api_key, name="api-key-revoke"
    ),
]
