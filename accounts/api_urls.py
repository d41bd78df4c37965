"""Addresses of the API of people, keys and webhooks."""

from django.urls import path

from accounts import (
    activity_api,
    api,
    converters,  # noqa: F401 — knows `id`
    domains_api,
    organization_api,
    people_api,
)

_ENDPOINT = "webhook-endpoints/<id:endpoint_id>"

urlpatterns = [
    path("me", people_api.Me.as_view(), name="api-me"),
    path("sessions", people_api.Sessions.as_view(), name="api-sessions"),
    path("sessions/<int:session_id>", people_api.SessionDetail.as_view(), name="api-session"),
    path("workspaces", people_api.Workspaces.as_view(), name="api-workspaces"),
    path("memberships", people_api.Memberships.as_view(), name="api-memberships"),
    path("memberships/<id:workspace>", people_api.MembershipDetail.as_view(), name="api-membership"),
    path("organization", people_api.ThisOrganization.as_view(), name="api-organization"),
    path("organization/name", people_api.OrganizationName.as_view(), name="api-organization-name"),
    path("members", people_api.Members.as_view(), name="api-members"),
    path("members/<int:member_id>", people_api.MemberDetail.as_view(), name="api-member"),
    path("invitations", people_api.Invitations.as_view(), name="api-invitations"),
    path("invitations/<id:invitation_id>", people_api.InvitationDetail.as_view(), name="api-invitation"),
    path("audit", people_api.AuditLog.as_view(), name="api-audit"),
    path("events", api.Events.as_view(), name="api-events"),
    path("events/<id:event_id>", api.EventDetail.as_view(), name="api-event"),
    path("domains", domains_api.Domains.as_view(), name="api-domains"),
    path("domains/<id:domain_id>", domains_api.DomainDetail.as_view(), name="api-domain"),
    path("domains/<id:domain_id>/check", domains_api.DomainCheck.as_view(), name="api-domain-check"),
    path("api-keys", api.ApiKeys.as_view(), name="api-api-keys"),
    path("api-keys/<id:key_id>", api.ApiKeyDetail.as_view(), name="api-api-key"),
    path("webhook-endpoints", api.WebhookEndpoints.as_view(), name="api-webhook-endpoints"),
    path(_ENDPOINT, api.WebhookEndpointDetail.as_view(), name="api-webhook-endpoint"),
    path(f"{_ENDPOINT}/secret", api.WebhookSecret.as_view(), name="api-webhook-secret"),
    path(f"{_ENDPOINT}/test", api.WebhookTest.as_view(), name="api-webhook-test"),
    path(f"{_ENDPOINT}/replay", api.WebhookReplay.as_view(), name="api-webhook-replay"),
    path(f"{_ENDPOINT}/deliveries", api.WebhookDeliveries.as_view(), name="api-webhook-deliveries"),
    path(
        "webhook-deliveries/<id:delivery_id>/again",
        api.WebhookDeliveryAgain.as_view(),
        name="api-webhook-again",
    ),
    path("activity", activity_api.Activity.as_view(), name="api-activity"),
    path("notifications", activity_api.Notifications.as_view(), name="api-notifications"),
    path("notifications/read", activity_api.NotificationsRead.as_view(), name="api-notifications-read"),
    path(
        "notifications/<id:event_id>/read",
        activity_api.NotificationRead.as_view(),
        name="api-notification-read",
    ),
    path("me/mail", organization_api.Mail.as_view(), name="api-mail"),
    path("organization/leave", organization_api.Leave.as_view(), name="api-leave"),
    path("organization/transfer", organization_api.Transfer.as_view(), name="api-transfer"),
    path("organization/deletion", organization_api.Deletion.as_view(), name="api-deletion"),
    path("exports", organization_api.Exports.as_view(), name="api-exports"),
    path("exports/<id:export_id>", organization_api.ExportDetail.as_view(), name="api-export"),
    path("exports/<id:export_id>/file", organization_api.ExportFile.as_view(), name="api-export-file"),
]
