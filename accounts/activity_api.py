"""The REST API of what happened in a workspace, and of what a member was told of it."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import activity, webhook_deliveries
from accounts import workspace_shapes as shapes
from accounts.managing import Collection, WorkingView
from accounts.models import Event, Notification, Role, Scope
from accounts.serializers import listed


def happened_data(event: Event) -> dict[str, Any]:
    """The event as webhooks tell it, and as a sentence."""
    return {**webhook_deliveries.message_of(event), "text": activity.words_of(event)}


class Activity(Collection):
    """What happened in the workspace."""

    @extend_schema(
        summary="List what happened in the workspace", responses={200: listed(shapes.HappenedData)}
    )
    def get(self, request: Request) -> Response:
        """Newest first; what happened in one project is under `/projects/{id}/activity`."""
        return self.page(activity.feed(organization=self.organization), happened_data)


class Notifications(Collection):
    """What the caller was told."""

    @extend_schema(
        summary="List notifications",
        parameters=[OpenApiParameter("unread", bool, description="Only those that are, or only others.")],
        responses={200: shapes.ToldPage},
    )
    def get(self, request: Request) -> Response:
        """Newest first; `unread` counts all."""
        rows = activity.told_to(organization=self.organization, user=self.person)
        if (unread := self.flag("unread")) is not None:
            rows = rows.filter(read_at__isnull=unread)
        response = self.page(rows, _told_data)
        response.data["unread"] = activity.unread(organization=self.organization, user=self.person)
        return response


def _told_data(told: Notification) -> dict[str, Any]:
    return {**happened_data(told.event), "read_at": told.read_at}


class _Marking(WorkingView):
    changing_scope = Scope.READ  # what one has read
    role = Role.VIEWER

    def find(self, event_id: str) -> Notification:
        rows = activity.told_to(organization=self.organization, user=self.person)
        found: Notification = get_object_or_404(rows, event__public_id=event_id)
        return found


class NotificationRead(_Marking):
    """One of them is read."""

    @extend_schema(summary="Mark a notification as read", request=None, responses={204: None})
    def post(self, request: Request, event_id: str) -> Response:
        """Twice is once."""
        activity.mark_read(
            organization=self.organization,
            user=self.person,
            notification=self.find(event_id).pk,
            now=timezone.now(),
        )
        return Response(status=204)


class NotificationsRead(_Marking):
    """All of them are read."""

    @extend_schema(
        operation_id="postNotificationsRead",
        summary="Mark notifications as read",
        request=shapes.ReadInput,
        responses={200: shapes.ReadData},
    )
    def post(self, request: Request) -> Response:
        """`until` is the newest that was seen: what came after it stays unread."""
        until = self.checked(shapes.ReadInput)["until"]
        rows = activity.told_to(organization=self.organization, user=self.person)
        newest = self.find(until) if until is not None else rows.first()
        read = 0
        if newest is not None:
            read = activity.mark_read_until(
                organization=self.organization, user=self.person, newest=newest.pk, now=timezone.now()
            )
        return Response({"read": read})
