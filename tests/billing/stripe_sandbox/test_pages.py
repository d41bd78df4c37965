"""The sandbox's own pages: payment, 3-D Secure, portal, invoice, control."""

from __future__ import annotations

import re

import pytest
import requests
from django.core.management import CommandError

from billing.management.commands.stripe_sandbox import refuse_real_money
from billing.stripe_sandbox import cards
from billing.stripe_sandbox.html import BANNER
from tests.billing.stripe_sandbox.shop import Shop


def get(address: str) -> str:
    answer = requests.get(address, timeout=5)
    assert BANNER in answer.text
    return answer.text


def post(address: str, **form: str) -> requests.Response:
    return requests.post(address, data=form, timeout=5, allow_redirects=False)


def page_of(offline: Shop, key: str = "pack") -> tuple[str, str]:
    session = offline.session(key)
    return session, str(offline.stripe.checkout.sessions.retrieve(session).url)


def test_paying_leads_back_to_the_application_with_the_sessions_id(offline: Shop) -> None:
    session, url = page_of(offline)
    assert "20.00 USD" in get(url)
    answer = post(url, number="4242 4242 4242 4242")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://localhost/done?session={session}"
    again = requests.get(url, timeout=5, allow_redirects=False)
    assert again.headers["Location"] == answer.headers["Location"]


def test_a_declined_card_is_told_so_and_may_try_again(offline: Shop) -> None:
    _session, url = page_of(offline)
    answer = post(url, number=cards.DECLINED)
    assert answer.status_code == 200
    assert "Your card was declined." in answer.text
    assert BANNER in answer.text
    assert post(url, number="1234").status_code == 200
    assert post(url, number=cards.OK).status_code == 303


@pytest.mark.parametrize(("answer", "status"), [("yes", 303), ("no", 200)])
def test_3d_secure_asks_before_it_pays(offline: Shop, answer: str, status: int) -> None:
    _session, url = page_of(offline)
    step = post(url, number=cards.THREE_D_SECURE)
    assert "3-D Secure" in step.text
    assert "charge.succeeded" not in offline.types()
    assert post(url + "/3ds", number=cards.THREE_D_SECURE, answer=answer).status_code == status


def test_an_expired_page_says_so(offline: Shop) -> None:
    session, url = page_of(offline)
    offline.stripe.checkout.sessions.expire(session)
    page = requests.get(f"{offline.address}/c/pay/{session}", timeout=5)
    assert page.status_code == 410
    assert "expired" in page.text
    assert url.endswith(session)


def test_a_trial_is_named_on_the_button(offline: Shop) -> None:
    session = offline.session("growth", subscription_data={"trial_period_days": 7})
    page = get(f"{offline.address}/c/pay/{session}")
    assert "Start the 7-day trial" in page
    assert "0.00 USD" in page


def test_the_portal_cancels_resumes_changes_the_card_and_lists_invoices(offline: Shop) -> None:
    sub = offline.subscribe()
    portal = offline.stripe.billing_portal.sessions.create(
        {"customer": offline.customer, "return_url": "http://localhost/back"}
    ).url
    page = get(portal)
    invoice = str(re.search(r"/i/in_\w+", page)[0])  # type: ignore[index]
    assert "19.00 USD" in get(offline.address + invoice)
    assert requests.get(offline.address + invoice + ".txt", timeout=5).text.startswith(BANNER)
    assert post(portal + "/cancel", subscription=sub).status_code == 303
    assert offline.stripe.subscriptions.retrieve(sub).cancel_at_period_end
    assert post(portal + "/resume", subscription=sub).status_code == 303
    assert not offline.stripe.subscriptions.retrieve(sub).cancel_at_period_end
    assert "declined" in post(portal + "/card", number=cards.DECLINED).text
    assert post(portal + "/card", number=cards.FAILS_LATER).status_code == 303
    assert "ending in 0341" in get(portal)


def test_the_portal_does_not_touch_another_customers_plan(offline: Shop) -> None:
    sub = offline.subscribe()
    other = offline.stripe.customers.create({"name": "B"}).id
    portal = offline.stripe.billing_portal.sessions.create({"customer": other}).url
    assert "not your subscription" in post(portal + "/cancel", subscription=sub).text
    assert not offline.stripe.subscriptions.retrieve(sub).cancel_at_period_end


def test_the_control_page_moves_time_money_and_banks(offline: Shop) -> None:
    sub = offline.subscribe()
    payment, slow = offline.buy(), offline.buy(cards.BANK)
    charge = str(offline.stripe.payment_intents.retrieve(payment).latest_charge)
    control = offline.address + "/control/"
    forms: list[tuple[str, dict[str, str]]] = [
        ("advance", {"days": "31"}),
        ("settle", {"id": slow, "paid": "yes"}),
        ("refund", {"id": charge, "amount": "5.00", "outcome": "pending"}),
        ("next-refund", {"outcome": "failed"}),
        ("dispute", {"id": charge, "inquiry": "yes"}),
        ("knobs", {"duplicate": "on", "delay": "0"}),
    ]
    for step, form in forms:
        assert post(control + step, **form).status_code == 303, step
    refund = offline.stripe.refunds.list().data[0]
    assert (refund.amount, refund.status) == (500, "pending")
    dispute = offline.stripe.disputes.list().data[0].id
    for step, form in (
        ("settle-refund", {"id": refund.id}),
        ("escalate", {"id": dispute}),
        ("close", {"id": dispute, "status": "won"}),
    ):
        assert post(control + step, **form).status_code == 303, step
    assert len(offline.invoices(sub)) == 2
    assert offline.world.settings["webhooks"]["duplicate"] is True
    assert "Sandbox control" in get(offline.address + "/")


@pytest.mark.parametrize(
    ("step", "form"),
    [("refund", {"id": "ch_no"}), ("advance", {}), ("nonsense", {}), ("resend", {"id": "evt"})],
)
def test_the_control_page_says_what_is_wrong(offline: Shop, step: str, form: dict[str, str]) -> None:
    answer = post(f"{offline.address}/control/{step}", **form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_no_other_site_presses_the_buttons(offline: Shop) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = requests.post(
            offline.address + "/control/advance", data={"days": "1"}, headers=headers, timeout=5
        )
        assert answer.status_code == 403


def test_what_is_not_there_is_not_there(offline: Shop) -> None:
    for path in ("/c/pay/cs_test_no", "/p/session/bps_no", "/i/in_no", "/elsewhere"):
        assert requests.get(offline.address + path, timeout=5).status_code == 404


def test_names_are_text_and_never_markup(offline: Shop) -> None:
    offline.stripe.customers.update(offline.customer, {"name": "<script>alert(1)</script>"})
    portal = offline.stripe.billing_portal.sessions.create({"customer": offline.customer}).url
    assert "<script" not in get(portal)


@pytest.mark.parametrize(("key", "in_production"), [("sk_live_x", False), ("rk_live_x", False), ("", True)])
def test_it_refuses_to_run_beside_real_money(key: str, in_production: bool) -> None:
    with pytest.raises(CommandError):
        refuse_real_money(key=key, in_production=in_production)
