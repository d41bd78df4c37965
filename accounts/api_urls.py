"""Addresses of the API of people, keys and webhooks."""

from django.urls import path

from accounts import (
    api,
    converters,  # noqa: F401 — knows `id`
    people_api,
)

_ENDPOINT = "webhook-endpoints/<id:endpoint_id>"

urlpatterns = [
    path("me", people_api.Me.as_view(), name="api-me"),
    path("organization", people_api.ThisOrganization.as_view(), name="api-organization"),
    path("organization/name", people_api.OrganizationName.as_view(), name="api-organization-name"),
    path("members", people_api.Members.as_view(), name="api-members"),
    path("members/<int:member_id>", people_api.MemberDetail.as_view(), name="api-member"),
    path("invitations", people_api.Invitations.as_view(), name="api-invitations"),
    path("invitations/<id:invitation_id>", people_api.InvitationDetail.as_view(), name="api-invitation"),
    path("audit", people_api.AuditLog.as_view(), name="api-audit"),
    path("events", api.Events.as_view(), name="api-events"),
    path("events/<id:event_id>", api.EventDetail.as_view(), name="api-event"),
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
]
