"""Addresses of the credit pages."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from billing import views

urlpatterns = [
    path("w/<id:workspace>/credits", views.statement_page, name="credits"),
    path("w/<id:workspace>/credits/statement.csv", views.statement_csv_file, name="credits-csv"),
]
