"""The catalogue in Stripe, top-ups, mails, the portal, and refunds by operators."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import OperatorAlert
from billing import catalogue, converge, customers, notices, plans, purchases, subscriptions, topups
from billing import stripe_gateway as stripe
from billing.models import PaidCredits, Purchase, Reversal, StripePrice
from tests import factories
from tests.billing.money import BACK, FAILS_LATER, OK, Shop


def send_mails(shop: Shop) -> list[str]:
    """What the queue would send now; the subjects."""
    mail.outbox.clear()
    for job in ProcrastinateJob.objects.filter(task_name=notices.TELL_TASK).order_by("pk"):
        notices.send(now=shop.now, **job.args)
    return [str(message.subject) for message in mail.outbox]


# --- The catalogue ---------------------------------------------------------------------------------------


def test_the_catalogue_is_made_once(shop: Shop) -> None:
    assert catalogue.sync() == []
    assert StripePrice.objects.filter(is_current=True).count() == len(plans.PAID_PLANS) + len(plans.PACKS)
    assert len(shop.world.rows["price"]) == len(shop.world.rows["product"]) == 6


def test_a_new_price_is_another_one_and_the_old_keeps_what_it_gave(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.subscribe("starter")
    shop.deliver()
    dearer = dataclasses.replace(plans.PAID_PLANS["starter"], price=2900, allowance=400)
    monkeypatch.setitem(plans.PAID_PLANS, "starter", dearer)
    assert catalogue.sync() == ["price plan:starter changed: 2900 usd"]
    assert catalogue.sync() == []
    assert catalogue.current_price("plan:starter").credits == 400
    shop.world.advance(days=32)
    shop.deliver()
    assert shop.credits() == (300, 0, 0)


def test_fewer_credits_for_the_same_money_are_another_price_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = catalogue.current_price("pack:100").price_id
    monkeypatch.setitem(plans.PACKS, "100", dataclasses.replace(plans.PACKS["100"], credits=90))
    catalogue.sync()
    assert catalogue.current_price("pack:100").price_id != before
    kept = catalogue.price_of(before)
    assert kept is not None
    assert kept.credits == 100


def test_a_database_that_forgot_its_prices_finds_them_in_stripe(shop: Shop) -> None:
    StripePrice.objects.all().delete()
    with pytest.raises(catalogue.NotOnSale):
        subscriptions.choose_plan(plan="starter", **shop.who, **BACK)
    catalogue.sync()
    assert len(shop.world.rows["price"]) == 6


# --- Top-ups and mails -----------------------------------------------------------------------------------


def wish(shop: Shop, **wishes: Any) -> None:
    usual: dict[str, Any] = {
        "low_below": 20,
        "topup_pack": "100",
        "topup_below": 50,
        "topup_monthly_cap": 2000,
    }
    topups.save_settings(**shop.who, **(usual | wishes))


def look(shop: Shop) -> None:
    topups.look(organization=shop.studio.organization, now=shop.now)


def with_a_card(shop: Shop, card: str = OK) -> None:
    shop.buy("100")
    shop.deliver()
    shop.world.change_card(next(iter(shop.world.rows["customer"])), card)
    shop.spend(60)


def test_a_low_balance_is_topped_up_until_the_monthly_cap(shop: Shop) -> None:
    with_a_card(shop)
    wish(shop)
    for balance in (140, 140, 40):  # two packs fit under the cap, a third does not
        look(shop)
        look(shop)
        shop.deliver()
        assert shop.credits() == (0, balance, 0)
        if balance > 40:
            shop.spend(balance - 40)
    automatic = [each for each in shop.bought() if each.purchase.is_automatic]
    assert [each.purchase.state for each in automatic] == ["paid", "paid"]
    shop.world.advance(days=31)
    look(shop)
    assert shop.credits() == (0, 140, 0)


def test_a_declined_top_up_says_so_and_stops(shop: Shop) -> None:
    with_a_card(shop, FAILS_LATER)
    wish(shop)
    look(shop)
    look(shop)
    shop.deliver()
    assert shop.credits() == (0, 40, 0)
    assert topups.settings_of(organization=shop.studio.organization).topup_error
    assert [each.purchase.state for each in shop.bought() if each.purchase.is_automatic] == ["failed"]
    assert "The automatic top-up of Oak & Linen failed" in send_mails(shop)


def test_a_top_up_that_was_cut_off_is_finished_and_paid_once(shop: Shop) -> None:
    with_a_card(shop)
    wish(shop)
    purchases.agree(
        organization=shop.studio.organization, pack="100", by_user=None, now=shop.now, automatic=True
    )
    look(shop)
    look(shop)
    assert shop.credits() == (0, 140, 0)
    assert sum(each.purchase.is_automatic for each in shop.bought()) == 1


def test_the_card_that_paid_on_checkout_pays_the_top_up_too(shop: Shop) -> None:
    shop.buy("100")
    shop.deliver()
    shop.spend(60)
    wish(shop)
    look(shop)
    shop.deliver()
    assert shop.credits() == (0, 140, 0)


def test_a_top_up_that_was_cut_off_is_finished_under_a_cap_for_one(shop: Shop) -> None:
    with_a_card(shop)
    wish(shop, topup_monthly_cap=plans.PACKS["100"].price)
    purchases.agree(
        organization=shop.studio.organization, pack="100", by_user=None, now=shop.now, automatic=True
    )
    look(shop)
    assert shop.credits() == (0, 140, 0)


def test_who_has_used_up_the_cap_is_told_that_credits_are_low(shop: Shop) -> None:
    with_a_card(shop)
    wish(shop, topup_monthly_cap=plans.PACKS["100"].price)
    look(shop)
    shop.deliver()
    shop.spend(130)
    look(shop)
    assert "Oak & Linen is low on credits" in send_mails(shop)


def test_a_wrong_key_of_ours_switches_nobodys_top_up_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with_a_card(shop)
    wish(shop)

    def wrong_key(*_: object) -> None:
        raise stripe.StripeMisconfigured("Invalid API Key provided: sk_live_***1234")

    with monkeypatch.context() as patch:
        patch.setattr(stripe, "create_payment", wrong_key)
        look(shop)
    assert not topups.settings_of(organization=shop.studio.organization).topup_error
    assert OperatorAlert.objects.get().code == "stripe_misconfigured"
    look(shop)
    shop.deliver()
    assert shop.credits() == (0, 140, 0)


def test_one_workspace_in_trouble_does_not_keep_the_next_from_its_top_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_card(shop)
    wish(shop)
    other = factories.make_studio(credits=5, plan="free", name="Elsewhere")
    topups.save_settings(organization=other.organization, by_user=other.owner, now=shop.now, low_below=20)
    looked = []

    def trouble(*, organization: Any, now: Any) -> None:
        looked.append(organization.name)
        raise stripe.StripeAway("gone")

    monkeypatch.setattr(topups, "look", trouble)
    topups.watch(now=shop.now)
    assert sorted(looked) == ["Elsewhere", "Oak & Linen"]


def test_of_two_plan_pages_left_open_only_the_newer_can_be_paid(shop: Shop) -> None:
    first = shop.session(subscriptions.choose_plan(plan="starter", **shop.who, **BACK))
    second = shop.session(subscriptions.choose_plan(plan="scale", **shop.who, **BACK))
    shop.world.pay(second, OK)
    assert stripe.read_session(first).status == "expired"
    shop.deliver()
    assert (shop.plan(), len(shop.world.rows["subscription"])) == ("scale", 1)


def test_a_prevented_dispute_does_not_block_buying(shop: Shop) -> None:
    session = shop.buy("100")
    shop.deliver()
    shop.world.dispute(shop.payment_of(session))
    shop.deliver()
    with shop.studio.enter():
        Reversal.objects.of(shop.studio.organization).update(status="prevented")
    assert purchases.buy_pack(pack="100", **shop.who, **BACK)


@pytest.mark.parametrize("wrong", [{"topup_pack": "7"}, {"topup_below": 0}, {"topup_monthly_cap": 100}])
def test_a_top_up_that_can_not_be_is_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(topups.BadTopup):
        wish(shop, **wrong)


def test_a_low_balance_is_told_once_until_it_has_risen(shop: Shop) -> None:
    shop.buy("100")
    shop.deliver()
    shop.spend(90)
    for _ in range(3):
        topups.watch(now=shop.now)
    assert send_mails(shop).count("Oak & Linen is low on credits") == 1
    shop.buy("100")
    shop.deliver()
    topups.watch(now=shop.now)
    shop.spend(95)
    topups.watch(now=shop.now)
    assert send_mails(shop).count("Oak & Linen is low on credits") == 2


def test_what_is_granted_what_fails_and_a_trial_that_ends_are_told_once(shop: Shop) -> None:
    shop.subscribe("growth", FAILS_LATER)
    shop.world.advance(days=5)
    for _ in range(2):
        converge.converge_subscription(shop.subscription(), now=shop.now)
    shop.world.advance(days=3)
    for _ in range(2):
        shop.delivered = 0
        shop.deliver()
    subjects = send_mails(shop)
    assert subjects == [
        "The trial of Oak & Linen ends soon",
        "100 credits for Oak & Linen",
        "The payment for Oak & Linen failed",
    ]
    assert "$79" in mail.outbox[0].body


# --- The portal, and operators ---------------------------------------------------------------------------


def test_the_portal_opens_for_a_workspace_that_never_bought(shop: Shop) -> None:
    url = subscriptions.portal_url(
        organization=shop.studio.organization, by_user=shop.studio.owner, return_url="https://here.example/"
    )
    assert url.startswith("http")


@pytest.mark.slow
def test_nothing_is_charged_when_payments_are_away(shop: Shop, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(customers.PaymentsAway):
        subscriptions.choose_plan(plan="starter", **shop.who, **BACK)
    with pytest.raises(customers.PaymentsAway):
        purchases.buy_pack(pack="100", **shop.who, **BACK)


@pytest.mark.parametrize(("cents", "left"), [("450", 50), ("", 0)])
def test_an_operator_refunds_partly_or_wholly(shop: Shop, cents: str, left: int) -> None:
    shop.buy("100")
    shop.deliver()
    operator = factories.make_person()
    operator.is_staff = operator.is_superuser = True
    operator.save()
    with shop.studio.enter():
        paid = PaidCredits.objects.of(shop.studio.organization).get()
    browser: Client = factories.browser_of(operator)
    chosen = {"action": "refund", "_selected_action": str(paid.pk), "cents": cents}
    assert browser.post("/operators/billing/paidcredits/", chosen).status_code == 302
    job = ProcrastinateJob.objects.get(task_name=purchases.REFUND_TASK)
    for _ in range(2):  # a job that was cut off is repeated
        try:
            purchases.carry_out_refund(now=shop.now, **job.args)
        except purchases.NotRefundable:
            assert not left
    assert shop.credits() == (0, left, 0)
    assert sum(refund.amount for refund in stripe.refunds_of_payment(paid.payment_intent)) == int(
        cents or 900
    )


def test_a_purchase_of_another_workspace_can_not_be_refunded(shop: Shop, strange_studio: Any) -> None:
    shop.buy("100")
    shop.deliver()
    with shop.studio.enter():
        purchase = Purchase.objects.of(shop.studio.organization).get()
    with pytest.raises(purchases.NoSuchPurchase):
        purchases.request_refund(
            organization=strange_studio.organization,
            purchase_id=purchase.public_id,
            by_user=strange_studio.owner,
            now=shop.now,
        )
