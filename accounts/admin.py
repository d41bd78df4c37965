"""Operators' view of people and workspaces."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts import alerts, emails, news
from accounts.errors import Refusal
from accounts.models import ApiKey, AuditEntry, Membership, News, OperatorAlert, Organization, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People."""

    list_display = ("email", "name", "is_staff", "is_active", "date_joined")
    search_fields = ("email", "name")
    exclude = ("password",)


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """Workspaces; entitlements are written by the plan, so they are shown, not edited."""

    list_display = ("name", "public_id", "plan", "api_access", "created_at", "look")
    search_fields = ("name", "public_id")
    readonly_fields = (
        "public_id",
        "plan",
        "api_access",
        "white_label",
        "seats",
        "in_flight_limit",
        "retention_days",
    )

    @admin.display(description="look in")
    def look(self, organization: Organization) -> str:
        """To what is in it, after a reason."""
        return format_html(
            '<a href="{}">give a reason</a>', reverse("admin:workspace", args=[organization.public_id])
        )


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """Who belongs where."""

    list_display = ("organization", "user", "role")


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that nobody edits by hand."""

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys, of which only the beginning is known."""

    list_display = ("prefix", "name", "organization", "is_live", "created_at", "revoked_at", "last_used_at")
    exclude = ("sha256",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """What was done."""

    list_display = ("at", "organization", "actor", "action", "target")


@admin.register(OperatorAlert)
class OperatorAlertAdmin(ReadOnlyAdmin):
    """What needs somebody's attention; resolved when it is mended."""

    list_display = ("code", "subject", "text", "count", "first_at", "last_at", "mailed_at", "resolved_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "code")
    search_fields = ("subject", "text")
    ordering = ("-last_at",)
    actions = ("resolve",)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Of the action: looking at alerts does not do."""
        return request.user.has_perm("accounts.change_operatoralert")

    @admin.action(description="Resolve: the next one of its kind starts afresh", permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[OperatorAlert]) -> None:
        """Close the chosen ones."""
        resolved = alerts.resolve(alerts=queryset, now=timezone.now())
        self.message_user(request, f"Resolved: {resolved}.")


@admin.register(News)
class NewsAdmin(admin.ModelAdmin):
    """Written here, looked at in one's own mailbox, then sent to each who wants news."""

    list_display = ("subject", "language", "created_at", "sent_at", "copies", "mailed")
    actions = ("send_to_me", "send_to_everybody")

    def get_queryset(self, request: HttpRequest) -> QuerySet[News]:
        """With how many copies there are."""
        mailed = Count("copies", filter=Q(copies__mailed_at__isnull=False))
        rows: QuerySet[News] = super().get_queryset(request)
        return rows.annotate(_copies=Count("copies"), _mailed=mailed)

    @admin.display(description="copies")
    def copies(self, row: News) -> int:
        """How many were to go out."""
        return int(row._copies)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="mailed")
    def mailed(self, row: News) -> int:
        """How many have left."""
        return int(row._mailed)  # type: ignore[attr-defined]  # annotated above

    def has_change_permission(self, request: HttpRequest, obj: News | None = None) -> bool:
        """What is on its way does not change."""
        return super().has_change_permission(request, obj) and (obj is None or obj.sent_at is None)

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Of the actions."""
        return request.user.has_perm("accounts.change_news")

    @admin.action(description="Send to me alone, to look at", permissions=["send"])
    def send_to_me(self, request: HttpRequest, queryset: QuerySet[News]) -> None:
        """To the operator's own mailbox."""
        operator = cast(User, request.user)
        for each in queryset:
            news.mail_to(news=each, user=operator, base=emails.base_url(request))
        self.message_user(request, f"Sent to {request.user}.")

    @admin.action(description="Send to everybody who wants news", permissions=["send"])
    def send_to_everybody(self, request: HttpRequest, queryset: QuerySet[News]) -> None:
        """Once each."""
        for each in queryset:
            try:
                copies = news.send(news=each, base=emails.base_url(request), now=timezone.now())
            except Refusal as refusal:
                self.message_user(request, f"{each}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"{each}: on its way to {copies}.")
