"""Addresses of the credit pages."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from billing import budget_pages, views

urlpatterns = [
    path("w/<id:workspace>/credits", views.statement_page, name="credits"),
    path("w/<id:workspace>/credits/statement.csv", views.statement_csv_file, name="credits-csv"),
    path("w/<id:workspace>/settings/budgets", budget_pages.budgets_page, name="budgets"),
]
