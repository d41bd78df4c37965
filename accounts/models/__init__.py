"""Rows of the app, split by concept."""

from accounts.models.activity import Event, Notification
from accounts.models.attempts import Attempts
from accounts.models.domains import Domain
from accounts.models.keys import MAX_ACTIVE_KEYS, ApiKey, ApiKeyQuerySet, Scope, api_key_id
from accounts.models.letters import FormerAddress, News, NewsCopy
from accounts.models.people import (
    NOBODY,
    AuditEntry,
    Counter,
    Export,
    Invitation,
    InvitationQuerySet,
    Membership,
    OperatorAlert,
    Organization,
    OrganizationQuerySet,
    Role,
    TenantQuerySet,
    User,
    UserManager,
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
    "NOBODY",
    "ApiKey",
    "ApiKeyQuerySet",
    "Attempts",
    "AuditEntry",
    "Counter",
    "Domain",
    "Event",
    "Export",
    "FormerAddress",
    "Invitation",
    "InvitationQuerySet",
    "Membership",
    "News",
    "NewsCopy",
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
