"""How people, keys and webhooks look outside: what is sent, and what is answered."""

from __future__ import annotations

from functools import cache
from typing import Any

from rest_framework import serializers

from accounts.describing import IdOf
from accounts.models import Scope, WebhookDelivery

ROLES = ("owner", "admin", "designer", "viewer")
INVITED_ROLES = ROLES[1:]


class WebhookEndpointInput(serializers.Serializer):
    """An endpoint; no `event_types` means all of them."""

    url = serializers.CharField(max_length=2048)
    description = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list
    )


class WebhookEndpointChange(serializers.Serializer):
    """What shall be different; `enabled` switches it on and off."""

    url = serializers.CharField(max_length=2048, required=False)
    description = serializers.CharField(max_length=120, required=False, allow_blank=True)
    event_types = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    enabled = serializers.BooleanField(required=False)


class WebhookEndpointData(serializers.Serializer):
    """An endpoint as it stands."""

    id = serializers.CharField(source="public_id")
    url = serializers.CharField()
    description = serializers.CharField()
    event_types = serializers.ListField(source="kinds", child=serializers.CharField())
    enabled = serializers.BooleanField(source="is_on")
    disabled_at = serializers.DateTimeField(source="off_at", allow_null=True)
    disabled_reason = serializers.SerializerMethodField()
    failing_since = serializers.DateTimeField(allow_null=True)
    succeeded_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_disabled_reason(self, row: Any) -> str | None:
        """One word, or null while it is on."""
        return row.off_reason or None


class NewWebhookEndpoint(WebhookEndpointData):
    """With the secret, which is told this once."""

    secret = serializers.CharField()


class Secret(serializers.Serializer):
    """A new secret, told this once; the one before signs as well for 24 hours."""

    secret = serializers.CharField()


class EventData(serializers.Serializer):
    """An event; the body of a webhook is the same."""

    id = serializers.CharField()
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    workspace = serializers.CharField()
    subject = serializers.CharField()
    project = serializers.CharField(allow_null=True)
    by = serializers.CharField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]  # describes an answer; its own `.data` is never read


class DeliveryData(serializers.Serializer):
    """What became of an event at an endpoint."""

    id = serializers.CharField(source="public_id")
    event = IdOf(EventData, source="event.public_id")
    type = serializers.CharField(source="event.kind")
    state = serializers.ChoiceField(choices=WebhookDelivery.State.choices)
    attempts = serializers.IntegerField()
    next_at = serializers.DateTimeField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField()
    milliseconds = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    tried_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class ReplayInput(serializers.Serializer):
    """Which events are sent again; `delivered_too` those as well that have arrived."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    delivered_too = serializers.BooleanField(required=False, default=False)


class Replayed(serializers.Serializer):
    """How many."""

    events = serializers.IntegerField()


class ApiKeyInput(serializers.Serializer):
    """A new key; it can do no more than the key that makes it."""

    name = serializers.CharField(max_length=60)
    live = serializers.BooleanField(required=False, default=False)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), required=False, default=["read", "generate"]
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    credit_cap = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)
    allowed_addresses = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class ApiKeyData(serializers.Serializer):
    """A key without its text."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    prefix = serializers.CharField()
    live = serializers.BooleanField(source="is_live")
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)
    allowed_addresses = serializers.CharField(source="networks")
    credit_cap = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by.email")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)

    def get_credit_cap(self, row: Any) -> dict[str, int] | None:
        """What it may use in this month and has used; null without a cap."""
        found = self.context.get("caps", {}).get(row.public_id)
        return {"credits": found[0], "used": found[1]} if found else None


class NewApiKey(ApiKeyData):
    """With its text, which is told this once."""

    key = serializers.CharField()


class WorkspaceData(serializers.Serializer):
    """A workspace as one of its members sees it in a list."""

    id = serializers.CharField(source="organization.public_id")
    name = serializers.CharField(source="organization.name")
    plan = serializers.CharField(source="organization.plan")
    role = serializers.ChoiceField(choices=ROLES)


class WorkspaceList(serializers.Serializer):
    """All of them."""

    results = WorkspaceData(many=True)


class JoinInput(serializers.Serializer):
    """The end of an invitation's link."""

    invitation = serializers.CharField(max_length=100)


class MeData(serializers.Serializer):
    """Who asks; `organization` and `role` are null for an app that names no workspace, `api_key` for every app."""

    email = serializers.CharField()
    name = serializers.CharField()
    organization = serializers.CharField(allow_null=True)
    role = serializers.CharField(allow_null=True)
    api_key = ApiKeyData(allow_null=True)
    workspaces = WorkspaceData(many=True)


class SessionData(serializers.Serializer):
    """Where somebody is signed in: a browser or an app."""

    id = serializers.CharField(source="pk")
    user_agent = serializers.CharField()
    address = serializers.CharField(source="ip")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(source="last_seen_at")
    current = serializers.SerializerMethodField()

    def get_current(self, row: Any) -> bool:
        """Whether it is the one that asks."""
        return bool(row.pk == self.context["mine"].row.pk)


class SessionList(serializers.Serializer):
    """All of them."""

    results = SessionData(many=True)


class OrganizationData(serializers.Serializer):
    """The workspace."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    plan = serializers.CharField()
    api_access = serializers.BooleanField()
    seats = serializers.IntegerField()
    in_flight_limit = serializers.IntegerField()
    retention_days = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class OrganizationChange(serializers.Serializer):
    """What it shall be called."""

    name = serializers.CharField(max_length=120)


class MemberData(serializers.Serializer):
    """A member."""

    id = serializers.CharField(source="pk")
    email = serializers.CharField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.ChoiceField(choices=ROLES)
    created_at = serializers.DateTimeField()


class MemberChange(serializers.Serializer):
    """What the member shall be."""

    role = serializers.ChoiceField(choices=ROLES)


class InvitationInput(serializers.Serializer):
    """Whom to ask in, and as what."""

    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=INVITED_ROLES, required=False, default="designer")


class InvitationData(serializers.Serializer):
    """An open invitation."""

    id = serializers.CharField(source="public_id")
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=INVITED_ROLES)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class AuditData(serializers.Serializer):
    """A line of the audit log; `by` is null where the system itself acted."""

    at = serializers.DateTimeField()
    action = serializers.CharField()
    target = serializers.CharField()
    details = serializers.DictField()
    by = serializers.SerializerMethodField()

    def get_by(self, row: Any) -> str | None:
        """An e-mail address."""
        return row.actor.email if row.actor else None


@cache
def listed(of: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The schema of a page of these."""
    members = {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": of(many=True),
    }
    return type(f"{of.__name__}Page", (serializers.Serializer,), members)


@cache
def whole(of: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The schema of a list that is answered as a whole, without pages."""
    return type(f"{of.__name__}List", (serializers.Serializer,), {"results": of(many=True)})
