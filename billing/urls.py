"""Addresses of the credit pages."""

from django.urls import path

from billing import views

urlpatterns = [path("w/<str:workspace>/credits", views.statement, name="credits")]
