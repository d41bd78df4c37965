"""Addresses of people's and workspaces' own pages."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.start, name="start"),
    path("home", views.home, name="home"),
    path("w/<str:workspace>/settings", views.settings_page, name="settings"),
    path("w/<str:workspace>/settings/api-keys", views.api_keys, name="api-keys"),
    path(
        "w/<str:workspace>/settings/api-keys/<str:key_id>/revoke", views.revoke_api_key, name="api-key-revoke"
    ),
]
