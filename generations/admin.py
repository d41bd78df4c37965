"""Operators' view of generations and of what the upstream may have charged."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from generations.models import Generation, Picture, UpstreamCall


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin):
    """Every request."""

    list_display = (
        "public_id",
        "organization",
        "state",
        "engine",
        "price",
        "created_at",
        "finished_at",
        "error_code",
    )
    list_filter = ("state", "engine", "is_test")
    search_fields = ("public_id",)


@admin.register(UpstreamCall)
class UpstreamCallAdmin(ReadOnlyAdmin):
    """Engine calls; those of unknown outcome show their possible cost."""

    list_display = (
        "generation",
        "attempt",
        "engine",
        "outcome",
        "status_code",
        "credits_used",
        "possible_cost",
    )
    list_filter = ("outcome", "engine")


@admin.register(Picture)
class PictureAdmin(ReadOnlyAdmin):
    """Results."""

    list_display = ("public_id", "organization", "generation", "width", "height", "created_at")
