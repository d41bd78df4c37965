"""Operators' view of generations and of what the upstream may have charged."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from generations.models import Generation, Picture, UpstreamCall, UpstreamGate, UpstreamKey


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
    exclude = ("prompt", "idempotency_key", "request_sha256")  # what is asked for is the customer's


@admin.register(UpstreamCall)
class UpstreamCallAdmin(ReadOnlyAdmin):
    """Engine calls; those of unknown outcome show their possible cost."""

    list_display = (
        "generation",
        "attempt",
        "engine",
        "key",
        "outcome",
        "status_code",
        "credits_used",
        "possible_cost",
    )
    list_filter = ("outcome", "engine")
    list_select_related = ("generation", "key")


@admin.register(UpstreamKey)
class UpstreamKeyAdmin(ReadOnlyAdmin):
    """Workspaces' own MeltFlex keys, of which only the last characters are ever shown."""

    list_display = (
        "public_id",
        "organization",
        "ending",
        "created_at",
        "verified_at",
        "paused_at",
        "paused_reason",
        "removed_at",
    )
    list_select_related = ("organization",)
    search_fields = ("public_id",)
    exclude = ("sealed",)


@admin.register(UpstreamGate)
class UpstreamGateAdmin(ReadOnlyAdmin):
    """How many calls each upstream key may have under way, and what holds it up."""

    list_display = ("name", "limit", "failures", "open_until", "paused_at", "paused_until", "paused_reason")
    actions = ("resume",)

    def has_resume_permission(self, request: HttpRequest) -> bool:
        """Of the action: looking at gates does not do."""
        return request.user.has_perm("generations.change_upstreamgate")

    @admin.action(description="Resume: the key was mended, send with it again", permissions=["resume"])
    def resume(self, request: HttpRequest, queryset: QuerySet[UpstreamGate]) -> None:
        """Unpause, and close the breaker; the limit stays what was learned."""
        resumed = queryset.update(
            paused_at=None, paused_until=None, paused_reason="", open_until=None, failures=0, trips=0
        )
        self.message_user(request, f"Resumed: {resumed}.")


@admin.register(Picture)
class PictureAdmin(ReadOnlyAdmin):
    """Results."""

    list_display = ("public_id", "organization", "generation", "width", "height", "created_at")
