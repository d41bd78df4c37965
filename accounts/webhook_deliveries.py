"""Events on their way out: written with the event, sent by workers, tried again for three days.

The rows are the outbox: a delivery is written in the transaction of its event, and a job is enqueued by the same
commit. A killed worker loses nothing, as what it had in hand is due again when its claim runs out; then the receiver
may get a message twice, under the same `webhook-id`.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app

from accounts import emails, fetching, lifecycle, secrets, services, signing, tenancy
from accounts.errors import Refusal
from accounts.models import Event, OffReason, Organization, Role, WebhookDelivery, WebhookEndpoint

logger = logging.getLogger(__name__)

SEND_TASK = "accounts.send_webhooks"
MAIL_TASK = "accounts.mail_webhook_off"
QUEUE = "webhooks"
TEST_KIND = "webhook.test"

# Ten tries: at once, and after each of these; 75 h 35 min in all, as Standard Webhooks proposes.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
MOST_TRIES = len(PAUSES) + 1
JITTER = 0.1  # each pause is up to a tenth shorter or longer
LONGEST_PAUSE = timedelta(hours=24)  # that a receiver can ask for
HOPELESS_AFTER = timedelta(hours=48)  # without a single success, when a last try fails
SECONDS = 15.0  # for one try
CLAIM = timedelta(seconds=45)  # after which a try is taken for lost: a worker died, or is frozen
TURN_SECONDS = 15.0  # after which a job lets others in
KEPT = timedelta(days=30)  # what the log shows
_OFF = "The endpoint was switched off before this was delivered."
_AT_ONCE = 1000


# --- Written with the event ------------------------------------------------------------------------------


@lifecycle.event_recorded.register
def distribute(*, event: Event) -> None:
    """A delivery for each endpoint that wants it; in the event's transaction."""
    if event.kind == TEST_KIND:
        return  # for one endpoint alone, see webhooks.fire_test
    wanting = WebhookEndpoint.objects.of(event.organization).wanting(event.kind).order_by("pk")
    for endpoint_id in list(wanting.values_list("pk", flat=True)):
        address(event=event, endpoint_id=endpoint_id)


def address(*, event: Event, endpoint_id: int) -> WebhookDelivery:
    """Have the event sent to this endpoint, once the running transaction commits."""
    delivery: WebhookDelivery = WebhookDelivery.objects.create(
        organization=event.organization,
        endpoint_id=endpoint_id,
        event=event,
        created_at=event.at,
        next_at=event.at,
    )
    enqueue(endpoint_id=endpoint_id, organization_id=event.organization_id)
    return delivery


def enqueue(*, endpoint_id: int, organization_id: int) -> None:
    """A job for what is due to this endpoint; part of the running transaction.

    Without a queueing lock on purpose: its unique index would make transactions of one workspace wait for each other.
    """
    job = app.configure_task(SEND_TASK, queue=QUEUE, allow_unknown=True)
    job.defer(endpoint_id=endpoint_id, organization_id=organization_id)


def message_of(event: Event) -> dict[str, Any]:
    """The event as a program reads it, in the API as in a webhook; expects `actor` and `organization` to be loaded."""
    return {
        "id": event.public_id,
        "type": event.kind,
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "workspace": event.organization.public_id,
        "subject": event.subject,
        "project": event.project or None,
        "by": event.actor.email if event.actor else event.actor_name or None,
        "data": event.data,
    }


# --- A worker's side -------------------------------------------------------------------------------------

_lock = threading.Lock()
_busy: dict[int, int] = {}  # how many threads of this process send to which endpoint
_LANES = 3  # at once to one endpoint


def send_due(*, endpoint_id: int, organization_id: int) -> int:
    """Send what is due to the endpoint, one after the other. Returns how many tries were made.

    Does nothing when enough threads of this process do it already: they, or the sweeper, see to what is left.
    """
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return 0
    with _lane(endpoint_id) as is_free:
        if not is_free:
            return 0
        tries, until = 0, time.monotonic() + TURN_SECONDS
        while (delivery := _claim(organization, endpoint_id, timezone.now())) is not None:
            _try(delivery)
            tries += 1
            if time.monotonic() > until:  # slow receivers shall not keep others from their turn
                enqueue(endpoint_id=endpoint_id, organization_id=organization_id)
                break
    return tries


@contextmanager
def _lane(endpoint_id: int) -> Iterator[bool]:
    """A place to send from: few for one endpoint, and never more than a quarter of the worker's threads in all."""
    most = max(2, settings.WORKER_CONCURRENCY // 4)
    with _lock:
        is_free = sum(_busy.values()) < most and _busy.get(endpoint_id, 0) < _LANES
        if is_free:
            _busy[endpoint_id] = _busy.get(endpoint_id, 0) + 1
    try:
        yield is_free
    finally:
        if is_free:
            with _lock:
                _busy[endpoint_id] -= 1
                if not _busy[endpoint_id]:
                    del _busy[endpoint_id]


def _claim(organization: Organization, endpoint_id: int, now: datetime) -> WebhookDelivery | None:
    with tenancy.enter(organization):
        due = WebhookDelivery.objects.of(organization).due(now)
        due = due.filter(endpoint=endpoint_id, endpoint__off_at=None).order_by("next_at", "pk")
        first: WebhookDelivery | None = due.select_for_update(skip_locked=True, of=("self",)).first()
        if first is None:
            return None
        mine = WebhookDelivery.objects.of(organization).filter(pk=first.pk)
        mine.update(claim=F("claim") + 1, next_at=now + CLAIM)
        related = ("endpoint", "event__actor", "event__organization", "organization")
        claimed: WebhookDelivery = mine.select_related(*related).get()
        return claimed


@dataclass(frozen=True)
class Outcome:
    """What came of a try: `status` None where there was no answer."""

    status: int | None
    answer: str
    milliseconds: int
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Any 2xx; a redirect is none."""
        return self.status is not None and 200 <= self.status < 300


def _try(delivery: WebhookDelivery) -> None:
    tenancy.release_connection()
    outcome = _post(delivery)
    write_down(delivery=delivery, outcome=outcome, now=timezone.now())


def _post(delivery: WebhookDelivery) -> Outcome:
    endpoint, event, now = delivery.endpoint, delivery.event, timezone.now()
    body = json.dumps(message_of(event), separators=(",", ":"), ensure_ascii=False).encode()
    began = time.monotonic()
    try:
        signed = signing.headers(secrets_of(endpoint, now=now), message_id=event.public_id, at=now, body=body)
        answer = fetching.post(
            endpoint.url,
            body=body,
            headers={"Content-Type": "application/json", **signed},
            allow_loopback=settings.FETCH_ALLOW_LOOPBACK,
            seconds=SECONDS,
        )
    except Refusal as refusal:
        return Outcome(None, refusal.english, _since(began))
    except secrets.CannotOpen:
        logger.exception("The secret of %s can't be opened.", endpoint.public_id)
        return Outcome(None, "The secret of this endpoint can't be opened. Rotate it.", _since(began))
    text = answer.body.decode(errors="replace").replace("\0", "")
    return Outcome(answer.status, text[:1024], _since(began), _wished_pause(answer.retry_after, now))


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def secrets_of(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """What its messages are signed with now: the secret, and the one before until that runs out."""
    sealed = [endpoint.sealed]
    if endpoint.sealed_before is not None and endpoint.before_until and endpoint.before_until > now:
        sealed.append(endpoint.sealed_before)
    purpose = purpose_of(endpoint)
    return [secrets.open(each, organization=endpoint.organization, purpose=purpose) for each in sealed]


def purpose_of(endpoint: WebhookEndpoint) -> str:
    """What its secrets are sealed for: they open in no other row."""
    return f"webhook {endpoint.public_id}"


def _wished_pause(header: str, now: datetime) -> timedelta | None:
    """`Retry-After`, in seconds or as a date; None where it says nothing that can be used."""
    if header.isascii() and header.isdigit():
        return min(timedelta(seconds=int(header[:9])), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta()), LONGEST_PAUSE)


def write_down(*, delivery: WebhookDelivery, outcome: Outcome, now: datetime) -> bool:
    """What came of the try; False, and nothing changed, if somebody else has taken it up meanwhile."""
    organization, is_last = delivery.organization, delivery.attempts + 1 >= MOST_TRIES
    ended = outcome.is_success or outcome.status == 410 or is_last
    facts: dict[str, Any] = {
        "attempts": F("attempts") + 1,
        "status_code": outcome.status,
        "answer": outcome.answer,
        "milliseconds": outcome.milliseconds,
        "tried_at": now,
        "ended_at": now if ended else None,
        "next_at": None if ended else now + _pause(delivery.attempts, outcome),
    }
    if ended:
        facts["state"] = (
            WebhookDelivery.State.SUCCEEDED if outcome.is_success else WebhookDelivery.State.FAILED
        )
    with tenancy.enter(organization):
        rows = WebhookDelivery.objects.of(organization).filter(pk=delivery.pk, state="pending")
        if not rows.filter(claim=delivery.claim).update(**facts):
            return False
        if outcome.is_success:
            _note_success(delivery.endpoint, now)
        elif outcome.status == 410:
            switch_off(endpoint=delivery.endpoint, reason=OffReason.GONE, now=now)
        else:
            _note_failure(delivery.endpoint, is_last=is_last, now=now)
    return True


def _pause(tries_before: int, outcome: Outcome) -> timedelta:
    pause = PAUSES[tries_before] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 — no secret
    return max(pause, outcome.retry_after or timedelta())


def _note_success(endpoint: WebhookEndpoint, now: datetime) -> None:
    """Once a minute is enough: the row is every sender's."""
    last = endpoint.succeeded_at
    if endpoint.failing_since is not None or last is None or now - last > timedelta(minutes=1):
        rows = WebhookEndpoint.objects.of(endpoint.organization).filter(pk=endpoint.pk)
        rows.update(failing_since=None, succeeded_at=now)


def _note_failure(endpoint: WebhookEndpoint, *, is_last: bool, now: datetime) -> None:
    rows = WebhookEndpoint.objects.of(endpoint.organization).filter(pk=endpoint.pk)
    rows.update(failing_since=Coalesce("failing_since", now))
    if is_last and rows.filter(failing_since__lte=now - HOPELESS_AFTER).exists():
        switch_off(endpoint=endpoint, reason=OffReason.FAILING, now=now)


def switch_off(*, endpoint: WebhookEndpoint, reason: OffReason, now: datetime) -> bool:
    """Send nothing more to it; what waits has failed. Owners and admins get a mail. False if it was off already."""
    organization = endpoint.organization
    with tenancy.enter(organization):
        rows = WebhookEndpoint.objects.of(organization).on().filter(pk=endpoint.pk)
        if not rows.update(off_at=now, off_reason=reason):
            return False
        give_up_waiting(endpoint=endpoint, now=now)
        services.record(
            organization=organization,
            by_user=None,
            action="webhook.switched_off",
            target=endpoint.public_id,
            now=now,
            reason=reason.value,
        )
        job = app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True)
        job.defer(endpoint_id=endpoint.pk, organization_id=organization.pk)
    return True


def give_up_waiting(*, endpoint: WebhookEndpoint, now: datetime) -> None:
    """What waits for an endpoint that was switched off has failed; it can be sent again later."""
    waiting = WebhookDelivery.objects.of(endpoint.organization).filter(endpoint=endpoint, state="pending")
    waiting.update(state=WebhookDelivery.State.FAILED, next_at=None, ended_at=now, answer=_OFF)


def mail_off(*, endpoint_id: int, organization_id: int) -> None:
    """Tell owners and admins; nobody, if it is on again or was removed."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return
    with tenancy.enter(organization):
        endpoint = WebhookEndpoint.objects.of(organization).filter(pk=endpoint_id).first()
    if endpoint is None or endpoint.is_on:
        return
    path = reverse("webhook", args=[organization.public_id, endpoint.public_id])
    base = settings.PUBLIC_BASE_URL
    emails.send_to_members(
        organization=organization,
        role=Role.ADMIN,
        template="webhook_off",
        context={"endpoint": endpoint, "link": f"{base}{path}" if base else ""},
    )


# --- What nobody else sees to ----------------------------------------------------------------------------


def sweep(*, now: datetime) -> int:
    """A job for each endpoint to which something is due: tries again, what a killed worker had. Returns how many."""
    with tenancy.system("webhooks that are due"):
        due = WebhookDelivery.objects.due(now).filter(organization__deleted_at=None)
        # Written in the moment in which their endpoint was switched off.
        due.filter(endpoint__off_at__isnull=False).update(
            state=WebhookDelivery.State.FAILED, next_at=None, ended_at=Now(), answer=_OFF
        )
        pairs = list(due.order_by().values_list("endpoint_id", "organization_id").distinct())
    for endpoint_id, organization_id in pairs:
        lock = f"webhooks:{endpoint_id}"
        try:
            with transaction.atomic():
                app.configure_task(SEND_TASK, queue=QUEUE, queueing_lock=lock, allow_unknown=True).defer(
                    endpoint_id=endpoint_id, organization_id=organization_id
                )
        except exceptions.AlreadyEnqueued:
            continue
    return len(pairs)


def forget_old(*, now: datetime) -> int:
    """Remove from the log what ended more than 30 days ago. Returns how many lines."""
    removed = 0
    while True:
        with tenancy.system("retention"):
            old = WebhookDelivery.objects.filter(ended_at__lt=now - KEPT).order_by("ended_at")
            some = list(old.values_list("pk", flat=True)[:_AT_ONCE])
            WebhookDelivery.objects.filter(pk__in=some).delete()
        removed += len(some)
        if len(some) < _AT_ONCE:
            return removed
