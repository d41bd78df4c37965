"""How what happened, exports and the workspace's end look outside: what is sent, and what is answered."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from accounts.serializers import EventData, listed

# --- What happened ---------------------------------------------------------------------------------------


class HappenedData(EventData):
    """An event, as a sentence too (`text`)."""

    text = serializers.CharField()


class ToldData(HappenedData):
    """An event that a member was told of; its id is the notification's as well."""

    read_at = serializers.DateTimeField(allow_null=True)


class ToldPage(listed(ToldData)):  # type: ignore[misc]  # a class made of another
    """With how many of all there are unread."""

    unread = serializers.IntegerField()


class ReadInput(serializers.Serializer):
    """Up to which notification everything is read; null for all that there are now."""

    until = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)


class ReadData(serializers.Serializer):
    """How many were marked."""

    read = serializers.IntegerField()


# --- The workspace ---


class MailWishes(serializers.Serializer):
    """What the caller is told by mail about this workspace."""

    mail_mentions = serializers.BooleanField(required=False)
    mail_assigned = serializers.BooleanField(required=False)
    mail_reviews = serializers.BooleanField(required=False)
    mail_proposals = serializers.BooleanField(required=False)
    mail_ready = serializers.BooleanField(required=False)
    mail_failed = serializers.BooleanField(required=False)
    mail_weekly = serializers.BooleanField(required=False)
    mail_budgets = serializers.BooleanField(required=False)


class TransferInput(serializers.Serializer):
    """Who shall be the owner: the id of a member."""

    member = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class DeletionInput(serializers.Serializer):
    """The name of the workspace, typed, so that nobody deletes another one."""

    name = serializers.CharField(max_length=200)


class DeletionData(serializers.Serializer):
    """What the end of the workspace would mean, in sentences: credits, plan, pictures."""

    name = serializers.CharField()
    consequences = serializers.ListField(child=serializers.CharField())


class ExportData(serializers.Serializer):
    """Everything of the workspace as a ZIP; `file_url` is null until it is ready, and takes the same key."""

    id = serializers.CharField(source="public_id")
    by = serializers.CharField(source="asked_by.email")
    bytes = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    file_url = serializers.SerializerMethodField()

    def get_file_url(self, row: Any) -> str | None:
        """Where the ZIP is read."""
        where = reverse("api-export-file", args=[row.public_id])
        return str(self.context["request"].build_absolute_uri(where)) if row.file else None
