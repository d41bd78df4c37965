"""The webhook's inbox: an event is noted and answered at once; a job looks at its object again."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app

from accounts import alerts
from billing import converge
from billing import stripe_gateway as stripe
from billing.models import StripeEvent
from billing.postings import moment

logger = logging.getLogger(__name__)

QUEUE = "billing"
WORK_TASK = "billing.work_event"


class Refused(Exception):
    """Not for us: badly signed, of another API version, or of the other mode."""


def receive(*, body: bytes, signature: str, now: datetime) -> bool:
    """Note a webhook's event and enqueue its work in one transaction. False when it was here before.

    Raises Refused: a test event at a live instance, and the other way round, would mix play money with real.
    """
    try:
        event = stripe.open_event(body=body, signature=signature)
    except stripe.BadSignature as problem:
        raise Refused(str(problem)) from problem
    except stripe.WrongApiVersion as problem:
        alerts.raise_alert(code="stripe_api_version", subject="webhook", text=str(problem), now=now)
        raise Refused(str(problem)) from problem
    if event.livemode != stripe.livemode():
        text = f"Event {event.id} has livemode={event.livemode}; the key in use has not."
        alerts.raise_alert(code="stripe_livemode", subject="webhook", text=text, now=now)
        raise Refused(text)
    return store(event=event, now=now)


def store(*, event: stripe.Event, now: datetime) -> bool:
    """Note an event that concerns us, with the job that works on it. False when there is nothing to do."""
    if converge.converger_of(event.type) is None or not event.object_id:
        return False
    with transaction.atomic():
        _, is_new = StripeEvent.objects.get_or_create(
            event_id=event.id,
            defaults={
                "type": event.type,
                "object_id": event.object_id,
                "livemode": event.livemode,
                "created_at": moment(event.created),
                "received_at": now,
            },
        )
        if is_new:
            app.configure_task(WORK_TASK, queue=QUEUE, allow_unknown=True).defer(event_id=event.id)
    return is_new


def work(*, event_id: str, now: datetime) -> list[str]:
    """Converge what an event is about; again, when it is delivered again. Raises StripeAway to be tried again."""
    event = StripeEvent.objects.filter(event_id=event_id).first()
    if event is None:
        return []
    try:
        done = converge.converge_event(event.type, event.object_id, now=now)
    except stripe.StripeAway as away:
        StripeEvent.objects.filter(pk=event.pk).update(error=str(away))
        raise
    except stripe.StripeProblem as problem:
        logger.warning("%s: %s", event, problem)
        StripeEvent.objects.filter(pk=event.pk).update(error=str(problem))
        text = f"{event.type} {event.object_id}: {problem}"
        alerts.raise_alert(code="stripe_event_failed", subject=event.type, text=text, now=now)
        return []
    StripeEvent.objects.filter(pk=event.pk).update(processed_at=now, error="")
    return done
