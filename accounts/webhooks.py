"""Verbs about outgoing webhooks: endpoints, their secrets, and sending again. `webhook_deliveries` does the sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts import activity, fetching, lifecycle, secrets, services, signing, tenancy
from accounts import webhook_deliveries as deliveries
from accounts.archive import Archive
from accounts.errors import Refusal
from accounts.models import (
    MAX_ENDPOINTS,
    Event,
    OffReason,
    Organization,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)

OVERLAP = timedelta(hours=24)  # in which the secret before signs as well
MOST_REPLAYED = 10_000

activity.register(
    deliveries.TEST_KIND, activity.Kind(_("%(who)s sent a test event to a webhook endpoint"), in_feed=False)
)


class BadEndpointAddress(Refusal):
    """That address can't be told of events. Give a complete https:// address that anybody can reach."""

    code, title, status = "bad_endpoint_address", "Bad endpoint address", 400


class UnknownKind(Refusal):
    """There is no such kind of event."""

    code, title, status = "unknown_event_type", "Unknown event type", 400


class TooManyEndpoints(Refusal):
    """A workspace can have at most 10 webhook endpoints. Remove one first."""

    code, title, status = "too_many_webhook_endpoints", "Too many webhook endpoints", 409


class EndpointIsOff(Refusal):
    """This endpoint is switched off. Switch it on first."""

    code, title, status = "endpoint_off", "Endpoint switched off", 409


class BadRange(Refusal):
    """Give a beginning and an end, the beginning first and at most 30 days ago."""

    code, title, status = "bad_range", "Bad range", 400


class TooMuchToReplay(Refusal):
    """More than 10,000 events lie in that time. Choose a shorter one."""

    code, title, status = "too_much_to_replay", "Too much to replay", 409


def kinds() -> list[str]:
    """Every kind of event that an endpoint can want."""
    return [name for name in activity.kinds() if name != deliveries.TEST_KIND]


# --- Endpoints -------------------------------------------------------------------------------------------


def add_endpoint(
    *,
    organization: Organization,
    by_user: User,
    url: str,
    now: datetime,
    wanted: Sequence[str] = (),
    description: str = "",
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is never to be had again. `wanted` kinds; none for all.

    Raises BadEndpointAddress, UnknownKind, TooManyEndpoints.
    """
    _check(url, wanted)
    secret = signing.new_secret()
    with tenancy.enter(organization):
        taken = set(WebhookEndpoint.objects.of(organization).values_list("slot", flat=True))
        free = [slot for slot in range(1, MAX_ENDPOINTS + 1) if slot not in taken]
        if not free:
            raise TooManyEndpoints
        endpoint = WebhookEndpoint(
            organization=organization,
            slot=free[0],
            url=url,
            description=description,
            kinds=sorted(set(wanted)),
            created_by=by_user,
            created_at=now,
        )
        endpoint.sealed = _sealed(endpoint, secret)
        try:
            with transaction.atomic():
                endpoint.save(force_insert=True)
        except IntegrityError as error:  # somebody took the slot in this moment
            raise TooManyEndpoints("Another endpoint was made at the same moment. Try once more.") from error
        _note(endpoint, by_user, "webhook.added", now, url=url[:200])
    return endpoint, secret


def change_endpoint(
    *,
    endpoint: WebhookEndpoint,
    by_user: User,
    url: str,
    wanted: Sequence[str],
    description: str,
    now: datetime,
) -> None:
    """Another address, other kinds. Raises BadEndpointAddress, UnknownKind."""
    _check(url, wanted)
    with tenancy.enter(endpoint.organization):
        endpoint.url, endpoint.description, endpoint.kinds = url, description, sorted(set(wanted))
        endpoint.save(update_fields=["url", "description", "kinds"])
        _note(endpoint, by_user, "webhook.changed", now, url=url[:200])


def rotate_secret(*, endpoint: WebhookEndpoint, by_user: User, now: datetime) -> str:
    """A new secret, never to be had again; for 24 hours messages are signed with the one before as well."""
    secret = signing.new_secret()
    organization = endpoint.organization
    with tenancy.enter(organization):
        row = WebhookEndpoint.objects.of(organization).select_for_update(no_key=True).get(pk=endpoint.pk)
        row.sealed_before, row.before_until = row.sealed, now + OVERLAP
        row.sealed = _sealed(endpoint, secret)
        row.save(update_fields=["sealed", "sealed_before", "before_until"])
        _note(endpoint, by_user, "webhook.secret_rotated", now)
    return secret


def switch_off(*, endpoint: WebhookEndpoint, by_user: User, now: datetime) -> None:
    """Send nothing more to it; what waits has failed and can be sent again later."""
    with tenancy.enter(endpoint.organization):
        rows = WebhookEndpoint.objects.of(endpoint.organization).on().filter(pk=endpoint.pk)
        if rows.update(off_at=now, off_reason=OffReason.BY_HAND):
            deliveries.give_up_waiting(endpoint=endpoint, now=now)
            _note(endpoint, by_user, "webhook.switched_off", now)


def switch_on(*, endpoint: WebhookEndpoint, by_user: User, now: datetime) -> None:
    """Tell it of what happens from now on; `replay` sends what it has missed."""
    with tenancy.enter(endpoint.organization):
        rows = WebhookEndpoint.objects.of(endpoint.organization).filter(pk=endpoint.pk)
        if rows.exclude(off_at=None).update(off_at=None, off_reason="", failing_since=None):
            _note(endpoint, by_user, "webhook.switched_on", now)


def remove_endpoint(*, endpoint: WebhookEndpoint, by_user: User, now: datetime) -> None:
    """Gone with its secret and its log."""
    with tenancy.enter(endpoint.organization):
        _note(endpoint, by_user, "webhook.removed", now, url=endpoint.url[:200])
        WebhookEndpoint.objects.of(endpoint.organization).filter(pk=endpoint.pk).delete()


def _check(url: str, wanted: Sequence[str]) -> None:
    try:
        fetching.check_url(url, allow_loopback=settings.FETCH_ALLOW_LOOPBACK)
    except Refusal as refusal:
        raise BadEndpointAddress(refusal.english, field="url") from refusal
    if not url.startswith("https://") and not settings.FETCH_ALLOW_LOOPBACK:
        raise BadEndpointAddress("The address must begin with https://.", field="url")
    if unknown := sorted(set(wanted) - set(kinds())):
        raise UnknownKind(
            f"There is no kind of event {unknown[0]}.", field="event_types", validValues=kinds()
        )


def _sealed(endpoint: WebhookEndpoint, secret: str) -> bytes:
    return secrets.seal(secret, organization=endpoint.organization, purpose=deliveries.purpose_of(endpoint))


def _note(endpoint: WebhookEndpoint, by_user: User, action: str, now: datetime, **details: Any) -> None:
    services.record(
        organization=endpoint.organization,
        by_user=by_user,
        action=action,
        target=endpoint.public_id,
        now=now,
        **details,
    )


# --- Reading: asked inside the workspace -----------------------------------------------------------------


@dataclass(frozen=True)
class Health:
    """How an endpoint did in the last day, in deliveries."""

    succeeded: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def percent(self) -> int | None:
        """Of those that have ended, how many succeeded; None where none has."""
        ended = self.succeeded + self.failed
        return 100 * self.succeeded // ended if ended else None


def health_of(*, organization: Organization, now: datetime) -> dict[int, Health]:
    """By endpoint; those without deliveries are not in it."""
    recent = Q(ended_at=None) | Q(ended_at__gt=now - timedelta(days=1))
    rows = WebhookDelivery.objects.of(organization).filter(recent).order_by().values("endpoint")
    counted = rows.annotate(
        succeeded=Count("pk", filter=Q(state="succeeded")),
        failed=Count("pk", filter=Q(state="failed")),
        waiting=Count("pk", filter=Q(state="pending")),
    )
    return {row["endpoint"]: Health(row["succeeded"], row["failed"], row["waiting"]) for row in counted}


# --- Sending again ---------------------------------------------------------------------------------------


def fire_test(*, endpoint: WebhookEndpoint, by_user: User, now: datetime) -> WebhookDelivery:
    """An event for this endpoint alone, whatever kinds it wants. Raises EndpointIsOff."""
    with tenancy.enter(endpoint.organization):
        _on(endpoint)
        event = activity.record(
            organization=endpoint.organization,
            kind=deliveries.TEST_KIND,
            subject=endpoint.public_id,
            by_user=by_user,
            data={"message": "This is a test. Nothing has happened."},
            now=now,
        )
        return deliveries.address(event=event, endpoint_id=endpoint.pk)


def send_again(*, delivery: WebhookDelivery, by_user: User, now: datetime) -> None:
    """Under the same `webhook-id`, with ten tries ahead. Raises EndpointIsOff."""
    organization = delivery.organization
    with tenancy.enter(organization):
        _on(delivery.endpoint)
        _restart(WebhookDelivery.objects.of(organization).filter(pk=delivery.pk), now)
        deliveries.enqueue(endpoint_id=delivery.endpoint_id, organization_id=organization.pk)
        _note(delivery.endpoint, by_user, "webhook.replayed", now, delivery=delivery.public_id)


def replay(
    *,
    endpoint: WebhookEndpoint,
    by_user: User,
    since: datetime,
    until: datetime,
    now: datetime,
    delivered_too: bool = False,
) -> int:
    """Send what happened in that time and did not arrive; with `delivered_too`, everything. Returns how many.

    Events of kinds that the endpoint wants now, whether it was told of them then or was off. Raises EndpointIsOff,
    BadRange, TooMuchToReplay.
    """
    if not now - deliveries.KEPT <= since < until:
        raise BadRange
    organization = endpoint.organization
    with tenancy.enter(organization):
        _on(endpoint)
        then = Event.objects.of(organization).filter(at__gte=since, at__lt=min(until, now))
        then = then.filter(kind__in=endpoint.kinds or kinds())
        if then.count() > MOST_REPLAYED:
            raise TooMuchToReplay
        told = WebhookDelivery.objects.of(organization).filter(endpoint=endpoint)
        again = told.filter(event__in=then)
        again = again.exclude(state="pending") if delivered_too else again.filter(state="failed")
        number = _restart(again, now)
        missing = then.exclude(Exists(told.filter(event=OuterRef("pk"))))
        made = WebhookDelivery.objects.bulk_create(
            [
                WebhookDelivery(
                    organization=organization, endpoint=endpoint, event=event, created_at=now, next_at=now
                )
                for event in missing.order_by("pk")
            ],
            ignore_conflicts=True,
        )
        deliveries.enqueue(endpoint_id=endpoint.pk, organization_id=organization.pk)
        number += len(made)
        _note(endpoint, by_user, "webhook.replayed", now, events=number)
    return number


def _on(endpoint: WebhookEndpoint) -> None:
    if not WebhookEndpoint.objects.of(endpoint.organization).on().filter(pk=endpoint.pk).exists():
        raise EndpointIsOff


def _restart(rows: Any, now: datetime) -> int:
    restarted: int = rows.exclude(state="pending").update(
        state=WebhookDelivery.State.PENDING, attempts=0, next_at=now, ended_at=None
    )
    return restarted


# --- At turns of a workspace's life ----------------------------------------------------------------------


@lifecycle.secrets_rotated.register
def reseal_all(*, tally: secrets.Rotation) -> None:
    """Both secrets of every endpoint, each endpoint in a transaction of its own."""
    with tenancy.system("rotation of secrets"):
        endpoints = list(WebhookEndpoint.objects.select_related("organization").order_by("pk"))
    for endpoint in endpoints:
        for column in ("sealed", "sealed_before"):
            _reseal(endpoint, column, tally)


def _reseal(endpoint: WebhookEndpoint, column: str, tally: secrets.Rotation) -> None:
    sealed = getattr(endpoint, column)
    if sealed is None:
        return
    try:
        if not secrets.needs_resealing(sealed):
            tally.current += 1
            return
        purpose = deliveries.purpose_of(endpoint)
        again = secrets.reseal(sealed, organization=endpoint.organization, purpose=purpose)
    except secrets.CannotOpen:
        tally.unreadable.append(endpoint.public_id)
        return
    with tenancy.enter(endpoint.organization):
        # The same still: one that was rotated in this moment is sealed with the new key already.
        same = WebhookEndpoint.objects.of(endpoint.organization).filter(pk=endpoint.pk, **{column: sealed})
        tally.resealed += same.update(**{column: again})


@lifecycle.workspace_deleted.register
def close(*, organization: Organization, now: datetime) -> None:  # noqa: ARG001 — the turn's signature
    """Nothing is sent any more; addresses and secrets are forgotten."""
    with tenancy.enter(organization):
        WebhookEndpoint.objects.of(organization).delete()


@lifecycle.workspace_exported.register
def pack(*, organization: Organization, archive: Archive) -> None:
    """Endpoints without their secrets, and the log."""
    with tenancy.enter(organization):
        endpoints = list(
            WebhookEndpoint.objects.of(organization)
            .order_by("pk")
            .values("public_id", "url", "description", "kinds", "created_at", "off_at", "off_reason")
        )
        log = list(
            WebhookDelivery.objects.of(organization)
            .order_by("pk")
            .values(
                "public_id",
                "endpoint__public_id",
                "event__public_id",
                "event__kind",
                "state",
                "attempts",
                "status_code",
                "answer",
                "created_at",
                "tried_at",
                "ended_at",
            )
        )
    archive.rows("webhook-endpoints", endpoints)
    archive.rows("webhook-deliveries", log)
