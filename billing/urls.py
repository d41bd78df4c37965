"""Addresses of the credit pages."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from billing import views, webhook

urlpatterns = [
    path("w/<id:workspace>/credits", views.statement, name="credits"),
    path("stripe/webhook", webhook.receive, name="stripe-webhook"),
]
