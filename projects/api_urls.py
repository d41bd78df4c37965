"""Addresses of the projects API."""

from django.urls import path

from projects import api

urlpatterns = [
    path("clients", api.ClientCollection.as_view(), name="api-clients"),
    path("projects", api.ProjectCollection.as_view(), name="api-projects"),
    path("rooms", api.RoomCollection.as_view(), name="api-rooms"),
    path("photos", api.PhotoCollection.as_view(), name="api-photos"),
]
