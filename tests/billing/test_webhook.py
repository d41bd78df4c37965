"""The webhook notes what Stripe signed, once, and answers at once."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
import stripe
from django.core.management import CommandError, call_command
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import OperatorAlert
from billing import inbox, reconcile
from billing.models import StripeEvent
from tests.billing.money import Shop

SECRET = "whsec_offline"


def post(event: dict[str, Any], *, secret: str = SECRET, age: int = 0) -> int:
    body = json.dumps(event)
    signed = stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age)
    answer = Client(enforce_csrf_checks=True).post(
        "/stripe/webhook", body, content_type="application/json", headers={"Stripe-Signature": signed}
    )
    return int(answer.status_code)


def an_event(shop: Shop, event_type: str = "checkout.session.completed", **fields: Any) -> dict[str, Any]:
    shop.buy("100")
    found = next(event for event in shop.world.captured if event["type"] == event_type)
    return {**found, **fields}


def jobs() -> list[str]:
    return list(
        ProcrastinateJob.objects.filter(task_name=inbox.WORK_TASK).values_list("args__event_id", flat=True)
    )


def test_a_signed_event_is_noted_with_its_job_and_moves_nothing_yet(shop: Shop) -> None:
    event = an_event(shop)
    assert post(event) == 200
    assert post(event) == 200
    assert jobs() == [event["id"]]
    assert shop.credits() == (0, 0, 0)
    inbox.work(event_id=event["id"], now=shop.now)
    assert shop.credits() == (0, 100, 0)
    assert StripeEvent.objects.get().processed_at == shop.now


@pytest.mark.parametrize("wrong", [{"secret": "whsec_other"}, {"age": 600}])
def test_what_stripe_did_not_sign_or_signed_long_ago_is_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    assert post(an_event(shop), **wrong) == 400
    assert jobs() == []


@pytest.mark.parametrize(
    ("fields", "alert"),
    [({"livemode": True}, "stripe_livemode"), ({"api_version": "2020-08-27"}, "stripe_api_version")],
)
def test_an_event_of_the_other_mode_or_another_version_is_refused_and_alarms(
    shop: Shop, fields: dict[str, Any], alert: str
) -> None:
    assert post(an_event(shop, **fields)) == 400
    assert jobs() == []
    assert OperatorAlert.objects.get().code == alert


def test_a_type_that_does_not_concern_us_is_answered_and_not_kept(shop: Shop) -> None:
    assert post(an_event(shop, "charge.succeeded") | {"type": "tax.rate.created"}) == 200
    assert not StripeEvent.objects.exists()


def test_an_event_about_something_that_is_gone_alarms_and_does_not_crash(shop: Shop) -> None:
    event = an_event(shop)
    event["data"]["object"]["id"] = "cs_test_gone"
    assert post(event) == 200
    assert inbox.work(event_id=event["id"], now=shop.now) == []
    assert StripeEvent.objects.get().error
    assert OperatorAlert.objects.get().code == "stripe_event_failed"


@pytest.mark.slow
def test_reconcile_shows_then_posts_what_no_webhook_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.subscribe("starter")
    shop.buy("100")
    monkeypatch.setattr("django.utils.timezone.now", lambda: shop.now)
    assert "0 differences" not in said("--dry-run")
    assert shop.credits() == (0, 0, 0)
    assert "differences posted" in said()
    assert shop.credits() == (300, 100, 0)
    assert said("--dry-run").startswith("0 differences,")


def test_reconcile_finds_a_refund_of_an_old_payment(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))
    shop.deliver()
    shop.world.advance(days=60)
    shop.world.refund(payment)
    reconcile.run(days=3, now=shop.now, dry=False)
    assert shop.credits() == (0, 0, 0)


@pytest.mark.slow
def test_reconcile_says_when_stripe_is_away(shop: Shop, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="can't be asked"):
        said("--dry-run")


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reconcile_stripe", *arguments, stdout=out)
    return out.getvalue()
