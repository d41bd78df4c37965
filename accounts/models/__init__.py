"""Rows of the app, split by concept."""

from accounts.models.activity import Event, Notification
from accounts.models.attempts import Attempts
from accounts.models.people import (
    MAX_ACTIVE_KEYS,
    ApiKey,
    ApiKeyQuerySet,
    AuditEntry,
    Export,
    Invitation,
    InvitationQuerySet,
    Membership,
    OperatorAlert,
    Organization,
    OrganizationQuerySet,
    Role,
    Scope,
    TenantQuerySet,
    User,
    UserManager,
    api_key_id,
    export_id,
    invitation_id,
    organization_id,
)
from accounts.models.rates import RateWindow
from accounts.models.webhooks import (
    MAX_ENDPOINTS,
    OffReason,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = [
    "MAX_ACTIVE_KEYS",
    "MAX_ENDPOINTS",
    "ApiKey",
    "ApiKeyQuerySet",
    "Attempts",
    "AuditEntry",
    "Event",
    "Export",
    "Invitation",
    "InvitationQuerySet",
    "Membership",
    "Notification",
    "OffReason",
    "OperatorAlert",
    "Organization",
    "OrganizationQuerySet",
    "RateWindow",
    "Role",
    "Scope",
    "TenantQuerySet",
    "User",
    "UserManager",
    "WebhookDelivery",
    "WebhookEndpoint",
    "api_key_id",
    "export_id",
    "invitation_id",
    "organization_id",
]
