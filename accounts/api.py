"""The REST API of webhooks, events and API keys: what the pages can do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import keys, services, webhook_deliveries, webhooks
from accounts import serializers as shapes
from accounts.errors import Refusal
from accounts.managing import Collection, ManagingView
from accounts.models import ApiKey, Event, Scope, WebhookDelivery, WebhookEndpoint
from accounts.tenancy import TenantAPIView


class KeyMakesNoMore(Refusal):
    """A key can make no key that may do more than itself. Make that one on the page of API keys."""

    code, title, status = "key_makes_no_more", "Key can't give that", 403


# --- Webhooks --------------------------------------------------------------------------------------------


class WebhookEndpoints(ManagingView):
    """Where events are sent."""

    @extend_schema(
        summary="List webhook endpoints", responses={200: shapes.listed(shapes.WebhookEndpointData)}
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = WebhookEndpoint.objects.of(self.organization)
        return self.page(rows, lambda row: shapes.WebhookEndpointData(row).data)

    @extend_schema(
        summary="Add a webhook endpoint",
        request=shapes.WebhookEndpointInput,
        responses={201: shapes.NewWebhookEndpoint},
    )
    def post(self, request: Request) -> Response:
        """`secret` is told this once."""
        asked = self.checked(shapes.WebhookEndpointInput)
        endpoint, secret = webhooks.add_endpoint(
            organization=self.organization,
            by_user=self.person,
            url=asked["url"],
            description=asked["description"],
            wanted=asked["event_types"],
            now=timezone.now(),
        )
        return Response({**shapes.WebhookEndpointData(endpoint).data, "secret": secret}, status=201)


class _OneEndpoint(ManagingView):
    def find(self, endpoint_id: str) -> WebhookEndpoint:
        rows = WebhookEndpoint.objects.of(self.organization).select_related("organization")
        found: WebhookEndpoint = get_object_or_404(rows, public_id=endpoint_id)
        return found


class WebhookEndpointDetail(_OneEndpoint):
    """One endpoint."""

    @extend_schema(summary="Read a webhook endpoint", responses={200: shapes.WebhookEndpointData})
    def get(self, request: Request, endpoint_id: str) -> Response:
        """As it stands."""
        return Response(shapes.WebhookEndpointData(self.find(endpoint_id)).data)

    @extend_schema(
        summary="Change a webhook endpoint",
        request=shapes.WebhookEndpointChange,
        responses={200: shapes.WebhookEndpointData},
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """What is named changes; all or nothing."""
        endpoint, asked = self.find(endpoint_id), self.checked(shapes.WebhookEndpointChange)
        by_user, now = self.person, timezone.now()
        enabled = asked.pop("enabled", None)
        if asked:
            webhooks.change_endpoint(
                endpoint=endpoint,
                by_user=by_user,
                url=asked.get("url", endpoint.url),
                wanted=asked.get("event_types", endpoint.kinds),
                description=asked.get("description", endpoint.description),
                now=now,
            )
        if enabled is not None:
            switch = webhooks.switch_on if enabled else webhooks.switch_off
            switch(endpoint=endpoint, by_user=by_user, now=now)
        return Response(shapes.WebhookEndpointData(self.find(endpoint_id)).data)

    @extend_schema(summary="Remove a webhook endpoint", responses={204: None})
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """With its secret and its log."""
        webhooks.remove_endpoint(endpoint=self.find(endpoint_id), by_user=self.person, now=timezone.now())
        return Response(status=204)


class WebhookSecret(_OneEndpoint):
    """The secret of an endpoint, changed."""

    @extend_schema(summary="Change the secret", request=None, responses={200: shapes.Secret})
    def post(self, request: Request, endpoint_id: str) -> Response:
        """For 24 hours messages are signed with the one before as well."""
        secret = webhooks.rotate_secret(
            endpoint=self.find(endpoint_id), by_user=self.person, now=timezone.now()
        )
        return Response({"secret": secret})


class WebhookTest(_OneEndpoint):
    """A test event."""

    @extend_schema(summary="Send a test event", request=None, responses={202: shapes.DeliveryData})
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Whatever kinds the endpoint wants. 409 while it is switched off."""
        delivery = webhooks.fire_test(
            endpoint=self.find(endpoint_id), by_user=self.person, now=timezone.now()
        )
        return Response(shapes.DeliveryData(delivery).data, status=202)


class WebhookReplay(_OneEndpoint):
    """What happened in a time, sent again."""

    @extend_schema(summary="Send events again", request=shapes.ReplayInput, responses={202: shapes.Replayed})
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Under their own ids: what failed or was missed while the endpoint was off, or everything."""
        number = webhooks.replay(
            endpoint=self.find(endpoint_id),
            by_user=self.person,
            now=timezone.now(),
            **self.checked(shapes.ReplayInput),
        )
        return Response({"events": number}, status=202)


def _events(view: TenantAPIView, ids: list[str]) -> dict[str, Any]:
    rows = Event.objects.of(view.organization).select_related("actor", "organization")
    return {row.public_id: webhook_deliveries.message_of(row) for row in rows.filter(public_id__in=ids)}


class WebhookDeliveries(_OneEndpoint):
    """The log of an endpoint."""

    expandable = {"event": _events}

    @extend_schema(
        summary="List deliveries",
        parameters=[OpenApiParameter("state", str, enum=WebhookDelivery.State.values)],
        responses={200: shapes.listed(shapes.DeliveryData)},
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Newest first, of the last 30 days; `?state=` narrows."""
        rows = WebhookDelivery.objects.of(self.organization).filter(endpoint=self.find(endpoint_id))
        if state := request.query_params.get("state"):
            rows = rows.filter(state=state)
        return self.page(rows.select_related("event"), lambda row: shapes.DeliveryData(row).data)


class WebhookDeliveryAgain(ManagingView):
    """One delivery, sent again."""

    @extend_schema(summary="Send one event again", request=None, responses={202: shapes.DeliveryData})
    def post(self, request: Request, delivery_id: str) -> Response:
        """Under its own id, with ten tries ahead. 409 while the endpoint is switched off."""
        rows = WebhookDelivery.objects.of(self.organization)
        rows = rows.select_related("organization", "event", "endpoint__organization")
        delivery = get_object_or_404(rows, public_id=delivery_id)
        webhooks.send_again(delivery=delivery, by_user=self.person, now=timezone.now())
        return Response(shapes.DeliveryData(rows.get(pk=delivery.pk)).data, status=202)


# --- Events ----------------------------------------------------------------------------------------------


class Events(Collection):
    """What happened."""

    @extend_schema(
        summary="List events",
        parameters=[
            OpenApiParameter("type", str, description="Of this kind alone."),
            OpenApiParameter("subject", str, description="Of what has this id alone."),
        ],
        responses={200: shapes.listed(shapes.EventData)},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Event.objects.of(self.organization).select_related("actor", "organization")
        if kind := request.query_params.get("type"):
            rows = rows.filter(kind=kind)
        if subject := request.query_params.get("subject"):
            rows = rows.filter(subject=subject)
        return self.page(rows, webhook_deliveries.message_of)


class EventDetail(Collection):
    """One event."""

    @extend_schema(summary="Read an event", responses={200: shapes.EventData})
    def get(self, request: Request, event_id: str) -> Response:
        """As the webhook has it."""
        rows = Event.objects.of(self.organization).select_related("actor", "organization")
        event: Event = get_object_or_404(rows, public_id=event_id)
        return Response(webhook_deliveries.message_of(event))


# --- API keys --------------------------------------------------------------------------------------------


class ApiKeys(ManagingView):
    """The workspace's keys."""

    @extend_schema(summary="List API keys", responses={200: shapes.listed(shapes.ApiKeyData)})
    def get(self, request: Request) -> Response:
        """Those that were not revoked."""
        caps = services.caps_of_api_keys(organization=self.organization, now=timezone.now())
        rows = ApiKey.objects.of(self.organization).active().select_related("created_by")
        return self.page(rows, lambda row: shapes.ApiKeyData(row, context={"caps": caps}).data)

    @extend_schema(summary="Make an API key", request=shapes.ApiKeyInput, responses={201: shapes.NewApiKey})
    def post(self, request: Request) -> Response:
        """`key` is told this once. 403 for one that could do more than the key that asks."""
        asked, now = self.checked(shapes.ApiKeyInput), timezone.now()
        scopes = [Scope(each) for each in asked["scopes"]]
        if self.api_key is not None:
            self.check_makes_no_more(self.api_key, scopes, live=asked["live"], now=now)
        key, text = services.issue_api_key(
            organization=self.organization,
            by_user=self.person,
            name=asked["name"],
            live=asked["live"],
            now=now,
            scopes=scopes,
            expires_at=asked["expires_at"],
            networks=keys.read_networks(asked["allowed_addresses"]),
            credit_cap=asked["credit_cap"],
        )
        caps = services.caps_of_api_keys(organization=self.organization, now=now)
        key = ApiKey.objects.of(self.organization).select_related("created_by").get(pk=key.pk)
        return Response({**shapes.ApiKeyData(key, context={"caps": caps}).data, "key": text}, status=201)

    def check_makes_no_more(self, mine: ApiKey, scopes: list[Scope], *, live: bool, now: datetime) -> None:
        """Raises KeyMakesNoMore where the new key could do more than the one that asks."""
        caps = services.caps_of_api_keys(organization=self.organization, now=now)
        is_limited = mine.expires_at or mine.networks or mine.public_id in caps
        if is_limited or not set(scopes) <= set(mine.scopes) or (live and not mine.is_live):
            raise KeyMakesNoMore


class ApiKeyDetail(ManagingView):
    """One key."""

    @extend_schema(summary="Revoke an API key", responses={204: None})
    def delete(self, request: Request, key_id: str) -> Response:
        """At once, and for good."""
        revoked = services.revoke_api_key(
            organization=self.organization,
            by_user=self.person,
            key_id=key_id,
            now=timezone.now(),
        )
        if not revoked:
            get_object_or_404(ApiKey.objects.of(self.organization).active(), public_id=key_id)
        return Response(status=204)
