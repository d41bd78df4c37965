"""Webhooks: written with the event, signed, tried again, switched off, sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from standardwebhooks import Webhook

from accounts import activity, lifecycle, secrets, webhook_deliveries, webhooks
from accounts.models import Event, WebhookDelivery, WebhookEndpoint
from tests.factories import Studio
from tests.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    settings.FETCH_ALLOW_LOOPBACK = True
    with receiving() as found:
        yield found


def add(studio: Studio, url: str, **options: Any) -> tuple[WebhookEndpoint, str]:
    return webhooks.add_endpoint(
        organization=studio.organization, by_user=studio.owner, url=url, now=timezone.now(), **options
    )


def happen(studio: Studio, **data: Any) -> Event:
    with studio.enter():
        return activity.record(
            organization=studio.organization,
            kind="credits.low",
            subject=studio.organization.public_id,
            data={"balance": 3, **data},
            now=timezone.now(),
        )


def send(endpoint: WebhookEndpoint) -> int:
    return webhook_deliveries.send_due(endpoint_id=endpoint.pk, organization_id=endpoint.organization_id)


def deliveries(studio: Studio) -> list[WebhookDelivery]:
    with studio.enter():
        rows = WebhookDelivery.objects.of(studio.organization).select_related("endpoint", "organization")
        return list(rows.order_by("pk"))


def make_due(studio: Studio) -> None:
    with studio.enter():
        pending = WebhookDelivery.objects.of(studio.organization).filter(state="pending")
        pending.update(next_at=timezone.now())


def fresh(endpoint: WebhookEndpoint, studio: Studio) -> WebhookEndpoint:
    with studio.enter():
        endpoint.refresh_from_db()
    return endpoint


def test_an_event_arrives_signed_as_the_standard_says(studio: Studio, receiver: Receiver) -> None:
    endpoint, secret = add(studio, receiver.url)
    event = happen(studio)
    assert send(endpoint) == 1
    [message] = receiver.messages
    assert Webhook(secret).verify(message.body, message.headers) == json.loads(message.body)
    told = json.loads(message.body)
    assert told["id"] == message.id == event.public_id
    assert (told["type"], told["data"]) == ("credits.low", {"balance": 3})
    [delivery] = deliveries(studio)
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("succeeded", 1, 204)


def test_another_secret_or_a_changed_body_does_not_verify(studio: Studio, receiver: Receiver) -> None:
    endpoint, secret = add(studio, receiver.url)
    _, other = add(studio, receiver.url, wanted=["budget.reached"])
    happen(studio)
    send(endpoint)
    [message] = receiver.messages
    for wrong, body in ((other, message.body), (secret, message.body + b" ")):
        with pytest.raises(Exception, match="No matching signature"):
            Webhook(wrong).verify(body, message.headers)


def test_an_event_that_is_rolled_back_is_told_to_nobody(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    before = ProcrastinateJob.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        happen(studio)
        raise ZeroDivisionError
    assert (send(endpoint), receiver.messages, deliveries(studio)) == (0, [], [])
    assert ProcrastinateJob.objects.count() == before
    happen(studio)
    assert ProcrastinateJob.objects.filter(task_name=webhook_deliveries.SEND_TASK).count() == 1


def test_an_endpoint_hears_only_of_the_kinds_it_wants(studio: Studio, receiver: Receiver) -> None:
    add(studio, receiver.url, wanted=["budget.reached", "generation.failed"])
    happen(studio)
    assert deliveries(studio) == []
    with pytest.raises(webhooks.UnknownKind):
        add(studio, receiver.url, wanted=["weather.changed"])


def test_no_event_reaches_another_workspace(
    studio: Studio, strange_studio: Studio, receiver: Receiver
) -> None:
    endpoint, _ = add(strange_studio, receiver.url)
    happen(studio)
    assert deliveries(strange_studio) == []
    assert send(endpoint) == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://10.0.0.1/",
        "https://169.254.169.254/x",
        "ftp://example.com",
        "hook",
    ],
)
def test_an_address_that_leads_inside_or_is_not_secure_is_refused(studio: Studio, url: str) -> None:
    with pytest.raises(webhooks.BadEndpointAddress):
        add(studio, url)


def test_an_address_that_has_come_to_lead_inside_is_not_opened(
    studio: Studio, receiver: Receiver, settings: LazySettings
) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    settings.FETCH_ALLOW_LOOPBACK = False
    send(endpoint)
    assert receiver.messages == []
    [delivery] = deliveries(studio)
    assert (delivery.state, delivery.status_code) == ("pending", None)
    assert "private network" in delivery.answer


def test_a_failure_is_tried_ten_times_in_three_days_under_one_id(studio: Studio, receiver: Receiver) -> None:
    endpoint, secret = add(studio, receiver.url)
    event = happen(studio)
    receiver.status = 500
    waited = timedelta()
    for tries in range(1, 10):
        assert send(endpoint) == 1
        [delivery] = deliveries(studio)
        assert (delivery.state, delivery.attempts, delivery.answer) == ("pending", tries, "answer")
        assert delivery.next_at is not None
        pause = delivery.next_at - timezone.now()
        wanted = webhook_deliveries.PAUSES[tries - 1]
        assert wanted * 0.88 < pause + timedelta(seconds=1) < wanted * 1.12 + timedelta(seconds=1)
        waited += pause
        assert send(endpoint) == 0
        make_due(studio)
    send(endpoint)
    [delivery] = deliveries(studio)
    assert (delivery.state, delivery.attempts, delivery.next_at) == ("failed", 10, None)
    assert timedelta(hours=68) < waited < timedelta(hours=84)
    assert {message.id for message in receiver.messages} == {event.public_id}
    assert len(receiver.messages) == 10
    assert Webhook(secret).verify(receiver.messages[-1].body, receiver.messages[-1].headers)


def test_a_redirect_is_a_failure_and_not_followed(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    send(endpoint)
    assert len(receiver.messages) == 1
    assert deliveries(studio)[0].state == "pending"


def test_a_receiver_that_asks_for_time_gets_it(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    send(endpoint)
    next_at = deliveries(studio)[0].next_at
    assert next_at is not None
    assert next_at - timezone.now() > timedelta(seconds=590)


def test_gone_switches_the_endpoint_off_at_once_and_tells_admins(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    receiver.status = 410
    send(endpoint)
    assert fresh(endpoint, studio).off_reason == "gone"
    happen(studio)
    assert [row.state for row in deliveries(studio)] == ["failed"]
    webhook_deliveries.mail_off(endpoint_id=endpoint.pk, organization_id=studio.organization.pk)
    [sent] = mail.outbox
    assert sent.to == [studio.owner.email]
    assert receiver.url in sent.body


def test_endless_failure_switches_off_after_the_last_try_and_one_success_prevents_it(
    studio: Studio, receiver: Receiver
) -> None:
    endpoint, _ = add(studio, receiver.url)
    receiver.status = 503
    happen(studio)
    happen(studio)
    send(endpoint)
    first, second = deliveries(studio)
    failed = webhook_deliveries.Outcome(503, "", 5)
    now = timezone.now()

    def last(delivery: WebhookDelivery, *, after: timedelta) -> None:
        with studio.enter():
            WebhookDelivery.objects.of(studio.organization).filter(pk=delivery.pk).update(attempts=9)
            delivery.refresh_from_db()
        assert webhook_deliveries.write_down(delivery=delivery, outcome=failed, now=now + after)

    last(first, after=timedelta(hours=20))  # others may just have begun to fail
    assert fresh(endpoint, studio).is_on
    last(second, after=timedelta(hours=75))
    assert fresh(endpoint, studio).off_reason == "failing"


def test_only_the_newest_claim_may_write_down_what_came_of_a_try(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    now = timezone.now()
    frozen = webhook_deliveries._claim(studio.organization, endpoint.pk, now)
    assert frozen is not None
    assert webhook_deliveries._claim(studio.organization, endpoint.pk, now) is None
    later = webhook_deliveries._claim(studio.organization, endpoint.pk, now + webhook_deliveries.CLAIM)
    assert later is not None
    bad, good = webhook_deliveries.Outcome(500, "", 1), webhook_deliveries.Outcome(200, "", 1)
    assert webhook_deliveries.write_down(delivery=later, outcome=good, now=now)
    assert not webhook_deliveries.write_down(delivery=frozen, outcome=bad, now=now)
    assert deliveries(studio)[0].state == "succeeded"


def test_what_a_killed_worker_had_in_hand_is_swept_up(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    now = timezone.now()
    webhook_deliveries._claim(studio.organization, endpoint.pk, now)
    assert webhook_deliveries.sweep(now=now) == 0
    after = now + webhook_deliveries.CLAIM
    assert [webhook_deliveries.sweep(now=after) for _ in range(2)] == [1, 1]
    lock = f"webhooks:{endpoint.pk}"
    assert ProcrastinateJob.objects.filter(queueing_lock=lock).count() == 1


def test_a_rotated_secret_and_the_one_before_both_verify_for_a_day(
    studio: Studio, receiver: Receiver
) -> None:
    endpoint, before = add(studio, receiver.url)
    after = webhooks.rotate_secret(endpoint=endpoint, by_user=studio.owner, now=timezone.now())
    happen(studio)
    send(endpoint)
    [message] = receiver.messages
    for secret in (before, after):
        Webhook(secret).verify(message.body, message.headers)
    tomorrow = timezone.now() + timedelta(hours=24)
    assert webhook_deliveries.secrets_of(fresh(endpoint, studio), now=tomorrow) == [after]


def test_secrets_are_sealed_and_move_to_a_new_ring(
    studio: Studio, receiver: Receiver, settings: LazySettings
) -> None:
    old = secrets.new_ring_entry()
    settings.SECRETS_KEYS = old
    endpoint, secret = add(studio, receiver.url)
    assert secret.encode() not in bytes(fresh(endpoint, studio).sealed)
    settings.SECRETS_KEYS = f"{secrets.new_ring_entry()},{old}"
    tally = secrets.Rotation()
    lifecycle.secrets_rotated.happened(tally=tally)
    assert (tally.resealed, tally.unreadable) == (1, [])
    settings.SECRETS_KEYS = settings.SECRETS_KEYS.split(",")[0]
    assert webhook_deliveries.secrets_of(fresh(endpoint, studio), now=timezone.now()) == [secret]


def test_the_database_refuses_what_must_never_be(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    event = happen(studio)
    [delivery] = deliveries(studio)
    rows = WebhookDelivery.objects.filter(pk=delivery.pk)
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    for name, wrong in (
        ("webhook_delivery_waits_or_has_ended", lambda: rows.update(state="succeeded")),
        ("webhook_endpoint_off_for_a_reason", lambda: row.update(off_at=timezone.now())),
        ("webhook_endpoint_at_most_ten", lambda: row.update(slot=11)),
        ("webhook_endpoint_old_secret_runs_out", lambda: row.update(sealed_before=b"x")),
        (
            "webhook_delivery_once",
            lambda: webhook_deliveries.address(event=event, endpoint_id=endpoint.pk),
        ),
    ):
        with studio.enter(), pytest.raises(IntegrityError, match=name), transaction.atomic():
            wrong()


def test_an_eleventh_endpoint_is_refused(studio: Studio, receiver: Receiver) -> None:
    for _ in range(10):
        add(studio, receiver.url)
    with pytest.raises(webhooks.TooManyEndpoints):
        add(studio, receiver.url)


def test_one_delivery_and_a_range_can_be_sent_again_under_the_same_ids(
    studio: Studio, receiver: Receiver
) -> None:
    now = timezone.now()
    endpoint, _ = add(studio, receiver.url)
    event = happen(studio)
    send(endpoint)
    [delivery] = deliveries(studio)
    webhooks.send_again(delivery=delivery, by_user=studio.owner, now=timezone.now())
    send(endpoint)
    assert [message.id for message in receiver.messages] == [event.public_id] * 2

    webhooks.switch_off(endpoint=endpoint, by_user=studio.owner, now=timezone.now())
    missed = happen(studio)
    replay: dict[str, Any] = {
        "endpoint": endpoint,
        "by_user": studio.owner,
        "since": now - timedelta(minutes=1),
    }
    with pytest.raises(webhooks.EndpointIsOff):
        webhooks.replay(**replay, until=timezone.now(), now=timezone.now())
    webhooks.switch_on(endpoint=endpoint, by_user=studio.owner, now=timezone.now())
    assert webhooks.replay(**replay, until=timezone.now(), now=timezone.now()) == 1
    send(endpoint)
    assert receiver.messages[-1].id == missed.public_id
    assert webhooks.replay(**replay, until=timezone.now(), now=timezone.now(), delivered_too=True) == 2
    send(endpoint)
    assert len(receiver.messages) == 5
    with pytest.raises(webhooks.BadRange):
        webhooks.replay(
            endpoint=endpoint,
            by_user=studio.owner,
            since=now - timedelta(days=31),
            until=now,
            now=now,
        )


def test_a_test_event_goes_to_one_endpoint_alone(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url, wanted=["budget.reached"])
    add(studio, receiver.url)
    webhooks.fire_test(endpoint=endpoint, by_user=studio.owner, now=timezone.now())
    assert [row.endpoint_id for row in deliveries(studio)] == [endpoint.pk]
    send(endpoint)
    assert json.loads(receiver.messages[0].body)["type"] == "webhook.test"


def test_the_log_forgets_after_thirty_days(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    send(endpoint)
    happen(studio)
    assert webhook_deliveries.forget_old(now=timezone.now() + timedelta(days=29)) == 0
    assert webhook_deliveries.forget_old(now=timezone.now() + timedelta(days=31)) == 1
    assert [row.state for row in deliveries(studio)] == ["pending"]


def test_a_deleted_workspace_tells_nobody(studio: Studio, receiver: Receiver) -> None:
    endpoint, _ = add(studio, receiver.url)
    happen(studio)
    webhooks.close(organization=studio.organization, now=timezone.now())
    assert send(endpoint) == 0
    with studio.enter():
        assert not WebhookEndpoint.objects.of(studio.organization).exists()


def test_every_end_of_a_generation_is_told(
    studio: Studio, receiver: Receiver, worker: Callable[[], int], engine: Any
) -> None:
    endpoint, _ = add(studio, receiver.url)
    made = studio.ask()
    worker()
    with studio.enter():
        events = list(Event.objects.of(studio.organization).order_by("pk"))
    assert [(event.kind, event.subject) for event in events] == [("generation.succeeded", made.public_id)]
    assert events[0].data["credits"] == {"held": 10, "settled": 10, "released": 0}
    [picture] = events[0].data["pictures"]
    assert picture["id"].startswith("pic_")
    assert "Warm oak" not in str(events[0].data)
    assert send(endpoint) == 1


def test_pages_of_webhooks_are_for_admins(
    studio: Studio, owner_client: Client, colleague_client: Client, stranger_client: Client
) -> None:
    path = f"/w/{studio.organization.public_id}/settings/webhooks"
    assert owner_client.get(path).status_code == 200
    assert colleague_client.get(path).status_code == 403
    assert stranger_client.get(path).status_code == 404


def test_an_endpoint_is_added_tested_and_looked_at_on_the_pages(
    studio: Studio, owner_client: Client, stranger_client: Client, receiver: Receiver
) -> None:
    home = f"/w/{studio.organization.public_id}/settings/webhooks"
    made = owner_client.post(home, {"url": receiver.url, "description": "Shop"})
    assert b"whsec_" in made.content
    with studio.enter():
        endpoint = WebhookEndpoint.objects.of(studio.organization).get()
    page = f"{home}/{endpoint.public_id}"
    assert b"whsec_" not in owner_client.get(page).content
    assert owner_client.post(f"{page}/test").status_code == 302
    send(endpoint)
    [delivery] = deliveries(studio)
    assert b"webhook.test" in owner_client.get(page).content
    shown = owner_client.get(f"{page}/deliveries/{delivery.public_id}")
    assert b"This is a test" in shown.content
    assert owner_client.post(f"{page}/deliveries/{delivery.public_id}/again").status_code == 302
    assert b"whsec_" in owner_client.post(f"{page}/rotate").content
    hour = {"since": "2026-01-01T00:00", "until": "2026-01-02T00:00"}
    assert owner_client.post(f"{page}/replay", hour, follow=True).status_code == 200
    assert owner_client.post(f"{page}/off").status_code == 302
    assert owner_client.post(f"{page}/on").status_code == 302
    for where in (page, f"{page}/deliveries/{delivery.public_id}"):
        assert stranger_client.get(where).status_code == 404
    changed = owner_client.post(
        page, {"url": receiver.url, "description": "Till", "kinds": ["budget.reached"]}
    )
    assert changed.status_code == 302
    assert fresh(endpoint, studio).kinds == ["budget.reached"]
    assert owner_client.post(f"{page}/remove").status_code == 302
    assert owner_client.get(page).status_code == 404
    refused = owner_client.post(home, {"url": "https://10.0.0.1/"})
    assert refused.status_code == 422
    assert b"private network" in refused.content
