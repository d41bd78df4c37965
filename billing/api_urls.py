"""Addresses of the credits API."""

from django.urls import path

from billing import api

urlpatterns = [
    path("credits", api.Credits.as_view(), name="api-credits"),
    path("credits/lines", api.CreditLines.as_view(), name="api-credit-lines"),
    path("plans", api.Plans.as_view(), name="api-plans"),
    path("subscription", api.CurrentSubscription.as_view(), name="api-subscription"),
]
