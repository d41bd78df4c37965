"""Operators' view of the ledger: to read."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from billing.models import CreditAccount, CreditEntry


@admin.register(CreditAccount)
class CreditAccountAdmin(ReadOnlyAdmin):
    """What each workspace has."""

    list_display = ("organization", "allowance", "purchased", "held", "debt")


@admin.register(CreditEntry)
class CreditEntryAdmin(ReadOnlyAdmin):
    """Every line."""

    list_display = ("at", "organization", "kind", "allowance", "purchased", "held", "debt", "reference")
    list_filter = ("kind",)
    search_fields = ("reference",)
