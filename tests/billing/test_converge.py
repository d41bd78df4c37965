"""Stripe's facts become credits and plans: each once, whatever happens on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import OperatorAlert
from billing import converge, entitlements, purchases, subscriptions
from billing import stripe_gateway as stripe
from billing.models import PaidCredits, Purchase, StripeCustomer, StripePrice
from tests.billing.money import BACK, DEBIT, DECLINED, FAILS_LATER, OK, Shop

pytestmark = pytest.mark.slow  # each a story with a Stripe of its own


def alerts() -> list[str]:
    return list(OperatorAlert.objects.values_list("code", flat=True).order_by("code"))


# --- Packs -----------------------------------------------------------------------------------------------


def test_a_paid_pack_gives_its_credits_once(shop: Shop) -> None:
    shop.buy("500")
    shop.deliver()
    assert shop.credits() == (0, 500, 0)
    shop.delivered = 0
    shop.deliver()
    assert shop.credits() == (0, 500, 0)


def test_a_page_that_nobody_paid_on_gives_nothing(shop: Shop) -> None:
    session = shop.session(purchases.buy_pack(pack="100", **shop.who, **BACK))
    assert converge.converge_session(session, now=shop.now) == []
    shop.world.advance(days=2)
    shop.deliver()
    assert shop.credits() == (0, 0, 0)
    assert [each.purchase.state for each in shop.bought()] == ["expired"]


def test_a_slow_payment_is_pending_until_it_arrives(shop: Shop) -> None:
    session = shop.buy("100", DEBIT)
    shop.deliver()
    assert shop.credits() == (0, 0, 0)
    assert [each.purchase.state for each in shop.bought()] == ["pending"]
    shop.world.settle(shop.payment_of(session))
    shop.deliver()
    assert shop.credits() == (0, 100, 0)


def test_a_slow_payment_that_comes_back_gives_nothing(shop: Shop) -> None:
    session = shop.buy("100", DEBIT)
    shop.world.settle(shop.payment_of(session), paid=False)
    shop.deliver()
    assert shop.credits() == (0, 0, 0)
    assert [each.purchase.state for each in shop.bought()] == ["failed"]


def test_the_success_page_gives_the_credits_before_any_webhook(shop: Shop) -> None:
    session = shop.buy("100")
    seen = purchases.complete_session(organization=shop.studio.organization, session_id=session, now=shop.now)
    assert (seen.kind, seen.state, seen.credits) == ("pack", "paid", 100)
    shop.deliver()
    assert shop.credits() == (0, 100, 0)


def test_somebody_elses_session_is_nothing_here(shop: Shop, strange_studio: Any) -> None:
    session = shop.buy("100")
    with pytest.raises(purchases.NoSuchPurchase):
        purchases.complete_session(organization=strange_studio.organization, session_id=session, now=shop.now)


def test_a_session_that_names_another_workspace_than_its_customer_gives_nothing(
    shop: Shop, strange_studio: Any
) -> None:
    shop.buy("100")
    with shop.studio.enter():
        StripeCustomer.objects.of(shop.studio.organization).update(customer_id="cus_gone")
    with strange_studio.enter():
        StripeCustomer.objects.create(
            organization=strange_studio.organization, customer_id=next(iter(shop.world.rows["customer"]))
        )
    shop.deliver()
    with strange_studio.enter():
        assert not PaidCredits.objects.of(strange_studio.organization).exists()
    assert shop.credits() == (0, 0, 0)
    assert set(alerts()) == {"stripe_mismatch"}


def test_a_purchase_keeps_what_it_was_agreed_to_give(shop: Shop) -> None:
    session = shop.session(purchases.buy_pack(pack="100", **shop.who, **BACK))
    StripePrice.objects.filter(key="pack:100").update(credits=1)
    shop.world.pay(session)
    shop.deliver()
    assert shop.credits() == (0, 100, 0)


# --- Plans -----------------------------------------------------------------------------------------------


def test_a_plan_gives_its_allowance_and_its_entitlements(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    assert shop.credits() == (300, 0, 0)
    assert shop.plan() == "starter"
    shop.world.advance(days=32)
    shop.deliver()
    assert shop.credits() == (300, 0, 0)
    assert shop.studio.lines() == ["grant", "expire", "grant"]


def test_a_trial_gives_its_own_allowance_and_comes_once(shop: Shop) -> None:
    assert shop.state().trial_available
    shop.subscribe("growth")
    shop.deliver()
    assert (shop.credits(), shop.plan()) == ((100, 0, 0), "growth")
    shop.world.cancel_at_period_end(shop.state().subscription_id)
    shop.world.advance(days=8)
    shop.deliver()
    assert (shop.credits(), shop.plan()) == ((0, 0, 0), "free")
    assert not shop.state().trial_available
    shop.subscribe("growth")
    shop.deliver()
    assert shop.state().status == "active"
    assert shop.credits() == (1500, 0, 0)


def test_a_trial_that_goes_on_is_paid_and_gives_the_whole_allowance(shop: Shop) -> None:
    shop.subscribe("growth")
    shop.world.advance(days=8)
    shop.deliver()
    assert (shop.credits(), shop.plan(), shop.state().status) == ((1500, 0, 0), "growth", "active")


def test_a_failed_renewal_keeps_the_plan_for_the_grace_and_gives_nothing(shop: Shop) -> None:
    shop.subscribe("starter", FAILS_LATER)
    shop.world.advance(days=32)
    shop.deliver()
    state = shop.state()
    assert (state.status, shop.plan(), shop.credits()) == ("past_due", "starter", (0, 0, 0))
    assert state.grace_until
    entitlements.apply_due(now=state.grace_until - timedelta(seconds=1))
    assert shop.plan() == "starter"
    entitlements.apply_due(now=state.grace_until)
    assert shop.plan() == "free"
    customer = next(iter(shop.world.rows["customer"]))
    shop.world.change_card(customer, OK)
    shop.deliver()
    assert (shop.state().status, shop.plan(), shop.credits()) == ("active", "starter", (300, 0, 0))


def test_a_cancelled_plan_lasts_until_its_period_ends(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    shop.world.cancel_at_period_end(shop.state().subscription_id)
    shop.deliver()
    assert shop.state().ends_at == shop.state().period_end
    assert (shop.plan(), shop.credits()) == ("starter", (300, 0, 0))
    shop.world.advance(days=32)
    shop.deliver()
    assert (shop.plan(), shop.credits()) == ("free", (0, 0, 0))


def test_a_period_that_is_heard_of_late_does_not_push_out_the_newer_one(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.world.advance(days=32)
    first, second = (invoice["id"] for invoice in shop.world.rows["invoice"].values())
    converge.converge_invoice(second, now=shop.now)
    converge.converge_invoice(first, now=shop.now)
    assert shop.credits() == (300, 0, 0)
    assert shop.studio.lines() == ["grant", "grant", "expire"]
    with shop.studio.enter():
        old = PaidCredits.objects.of(shop.studio.organization).order_by("starts")[0]
    shop.world.refund(old.payment_intent)
    shop.deliver()
    assert shop.credits() == (300, 0, 0)  # nothing of it was ever used


# --- Changes of the plan ---------------------------------------------------------------------------------


def test_an_upgrade_costs_the_full_price_and_gives_the_new_allowance_once(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    shop.spend(100)
    shop.world.advance(days=10)
    state = subscriptions.upgrade(plan="scale", **shop.who)
    assert (state.plan.key, shop.credits()) == ("scale", (6000, 0, 0))
    shop.deliver()
    shop.delivered = 0
    shop.deliver()
    assert (shop.plan(), shop.credits()) == ("scale", (6000, 0, 0))
    assert paid_in_all(shop) == 1900 + 24900


def test_who_subscribes_low_burns_and_upgrades_late_pays_in_full(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    shop.spend(300)
    shop.world.advance(days=29)
    before = shop.state().period_end
    subscriptions.upgrade(plan="growth", **shop.who)
    assert shop.credits() == (1500, 0, 0)
    assert paid_in_all(shop) == 1900 + 7900
    after = shop.state().period_end
    assert before is not None
    assert after is not None
    assert after > before + timedelta(days=20), "a period of its own, that begins now"


def test_an_upgrade_and_downgrade_loop_mints_nothing_that_was_not_paid_for(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    subscriptions.upgrade(plan="scale", **shop.who)
    for _ in range(3):
        subscriptions.downgrade(plan="starter", **shop.who)
        subscriptions.resume(**shop.who)
        subscriptions.downgrade(plan="growth", **shop.who)
        subscriptions.downgrade(plan="starter", **shop.who)
    shop.deliver()
    assert shop.credits() == (6000, 0, 0)
    assert paid_in_all(shop) == 1900 + 24900
    with pytest.raises(subscriptions.NotAnUpgrade):
        subscriptions.upgrade(plan="growth", **shop.who)


def test_a_downgrade_waits_for_the_end_of_what_is_paid(shop: Shop) -> None:
    shop.subscribe("scale")
    shop.deliver()
    state = subscriptions.downgrade(plan="starter", **shop.who)
    assert (state.plan.key, state.next_plan and state.next_plan.key) == ("scale", "starter")
    assert (shop.plan(), shop.credits()) == ("scale", (6000, 0, 0))
    shop.world.advance(days=32)
    shop.deliver()
    assert (shop.plan(), shop.credits(), shop.state().next_plan) == ("starter", (300, 0, 0), None)
    assert paid_in_all(shop) == 24900 + 1900


def test_an_upgrade_that_is_declined_changes_nothing(shop: Shop) -> None:
    shop.subscribe("starter", FAILS_LATER)
    shop.deliver()
    for _ in range(2):
        with pytest.raises(subscriptions.PaymentDeclined):
            subscriptions.upgrade(plan="growth", **shop.who)
    shop.deliver()
    assert (shop.plan(), shop.credits()) == ("starter", (300, 0, 0))
    shop.world.change_card(next(iter(shop.world.rows["customer"])), OK)
    subscriptions.upgrade(plan="growth", **shop.who)
    assert (shop.plan(), shop.credits()) == ("growth", (1500, 0, 0))


def test_an_upgrade_out_of_a_trial_is_paid_now(shop: Shop) -> None:
    shop.subscribe("growth")
    shop.deliver()
    shop.world.advance(days=2)
    subscriptions.upgrade(plan="scale", **shop.who)
    shop.deliver()
    assert (shop.plan(), shop.credits(), shop.state().status) == ("scale", (6000, 0, 0), "active")
    assert paid_in_all(shop) == 24900


def test_a_second_plan_can_not_be_chosen(shop: Shop) -> None:
    shop.subscribe("starter")
    with pytest.raises(subscriptions.AlreadySubscribed):  # no webhook has come yet
        subscriptions.choose_plan(plan="growth", **shop.who, **BACK)


def test_a_prorated_change_made_in_stripes_dashboard_gives_no_credits(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    shop.world.advance(days=10)
    state = shop.state()
    price = StripePrice.objects.get(key="plan:growth").price_id
    items = [{"id": state.item_id, "price": price}]
    stripe.change_subscription(
        state.subscription_id, {"items": items, "proration_behavior": "always_invoice"}, ""
    )
    shop.deliver()
    assert (shop.plan(), shop.credits()) == ("growth", (300, 0, 0))


def paid_in_all(shop: Shop) -> int:
    return sum(invoice["amount_paid"] for invoice in shop.world.rows["invoice"].values())


# --- Refunds and disputes --------------------------------------------------------------------------------


def test_refunds_take_their_share_rounded_up_and_never_more_than_all(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))  # 900 cents
    shop.world.refund(payment, 100)
    shop.deliver()
    assert shop.credits() == (0, 88, 0)  # ceil(100 × 100 / 900) = 12
    shop.world.refund(payment, 100)
    shop.deliver()
    assert shop.credits() == (0, 77, 0)
    shop.world.refund(payment)
    shop.deliver()
    assert shop.credits() == (0, 0, 0)


def test_a_refund_that_fails_gives_the_credits_back(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))
    refund = shop.world.refund(payment, outcome="pending")
    shop.deliver()
    assert shop.credits() == (0, 0, 0)
    shop.world.fail_refund(refund["id"])
    shop.deliver()
    assert shop.credits() == (0, 100, 0)
    assert shop.studio.lines() == ["grant", "clawback", "return"]


def test_a_refund_of_spent_credits_is_debt_that_the_next_pack_pays(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))
    shop.deliver()
    shop.spend(60)
    shop.world.refund(payment)
    shop.deliver()
    assert shop.credits() == (0, 0, 60)
    shop.buy("100")
    shop.deliver()
    assert shop.credits() == (0, 40, 0)


def test_a_dispute_takes_at_once_and_returns_when_won(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))
    dispute = shop.world.dispute(payment)
    shop.deliver()
    assert shop.credits() == (0, 0, 0)
    with pytest.raises(purchases.BuyingPaused):
        purchases.buy_pack(pack="100", **shop.who, **BACK)
    shop.world.close_dispute(dispute["id"], "won")
    purchases.buy_pack(pack="100", **shop.who, **BACK)  # before any webhook has told
    shop.deliver()
    assert shop.credits() == (0, 100, 0)


def test_a_lost_dispute_keeps_what_it_took_beside_a_refund(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))
    shop.world.refund(payment, 450)
    dispute = shop.world.dispute(payment, 225)
    shop.world.close_dispute(dispute["id"], "lost")
    shop.deliver()
    assert shop.credits() == (0, 25, 0)


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))
    dispute = shop.world.dispute(payment, inquiry=True)
    shop.deliver()
    assert shop.credits() == (0, 100, 0)
    shop.world.escalate(dispute["id"])
    shop.deliver()
    assert shop.credits() == (0, 0, 0)


def test_a_refunded_plan_takes_its_unused_allowance_and_what_was_used_is_debt(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    shop.spend(100)
    with shop.studio.enter():
        payment = PaidCredits.objects.of(shop.studio.organization).get().payment_intent
    shop.world.refund(payment, outcome="pending")
    shop.deliver()
    assert shop.credits() == (0, 0, 100)


def test_a_plan_refunded_after_its_period_owes_only_what_was_used(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    shop.spend(100)
    with shop.studio.enter():
        payment = PaidCredits.objects.of(shop.studio.organization).get().payment_intent
    shop.world.cancel_at_period_end(shop.state().subscription_id)
    shop.world.advance(days=32)
    shop.deliver()
    refund = shop.world.refund(payment)
    shop.deliver()
    assert shop.credits() == (0, 0, 100)
    shop.world.fail_refund(refund["id"])
    shop.deliver()
    assert shop.credits() == (0, 0, 0)


def test_an_owner_gets_the_money_of_an_unused_pack_back(shop: Shop) -> None:
    shop.buy("100")
    shop.deliver()
    (pack,) = shop.bought()
    assert pack.refundable_until
    purchases.request_refund(purchase_id=pack.purchase.public_id, **shop.who)
    assert shop.credits() == (0, 0, 0)
    with pytest.raises(purchases.NotRefundable):
        purchases.request_refund(purchase_id=pack.purchase.public_id, **shop.who)


@pytest.mark.parametrize(("spent", "days"), [(1, 0), (0, 15)])
def test_a_used_or_old_pack_is_not_refunded(shop: Shop, spent: int, days: int) -> None:
    shop.buy("100")
    shop.deliver()
    if spent:
        shop.spend(spent)
    shop.world.advance(days=days)
    (pack,) = shop.bought()
    with pytest.raises(purchases.NotRefundable):
        purchases.request_refund(purchase_id=pack.purchase.public_id, **shop.who)


# --- Words that Stripe may learn -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "field"), [("dispute", "status"), ("refund", "status"), ("checkout.session", "payment_status")]
)
def test_an_unknown_word_alarms_and_moves_nothing(shop: Shop, kind: str, field: str) -> None:
    payment = shop.payment_of(shop.buy("100"))
    shop.deliver()
    if kind == "dispute":
        shop.world.dispute(payment, inquiry=True)
    if kind == "refund":
        shop.world.refund(payment)
    for row in shop.world.rows[kind].values():
        row[field] = "unheard_of"
    shop.deliver()
    converge.converge_payment(payment, now=shop.now)
    assert shop.credits() == (0, 100, 0)
    assert set(alerts()) == {"stripe_unknown_value"}


def test_an_unknown_state_of_a_subscription_leaves_the_plan(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    for row in shop.world.rows["subscription"].values():
        row["status"] = "unheard_of"
    converge.converge_subscription(shop.state().subscription_id, now=shop.now)
    assert shop.plan() == "starter"
    assert alerts() == ["stripe_unknown_value"]


def test_a_declined_card_buys_nothing(shop: Shop) -> None:
    with pytest.raises(Exception, match="declined"):
        shop.buy("100", DECLINED)
    shop.deliver()
    assert shop.credits() == (0, 0, 0)
    with shop.studio.enter():
        assert Purchase.objects.of(shop.studio.organization).get().state == "open"
