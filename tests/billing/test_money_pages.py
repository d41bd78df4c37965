"""The pages where money is spent: prices, who may, what is said before and after; against the offline Stripe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Membership, Organization, Role
from billing import catalogue, converge, credits, plans
from billing.plans import money
from billing.stripe_sandbox import cards
from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World
from tests import factories
from tests.billing.money import stock
from tests.factories import Studio


@dataclass
class Till:
    """The owner of a workspace on Free, before Stripe's pages."""

    world: World
    studio: Studio
    browser: Browser

    @property
    def home(self) -> str:
        return f"/w/{self.studio.organization.public_id}"

    def text(self, page: str, **query: str) -> str:
        response = self.browser.get(f"{self.home}/{page}", query)
        assert response.status_code == 200, (page, response.status_code)
        return " ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split())

    def post(self, page: str, **fields: str) -> Any:
        return self.browser.post(f"{self.home}/{page}", fields)

    def to_stripe(self, page: str, **fields: str) -> str:
        """Press a button that leads to Stripe; the id of the Checkout Session there."""
        response = self.post(page, **fields)
        assert response.status_code == 302
        assert response.headers["Location"].startswith(self.world.pages)
        found = re.search(r"cs_\w+", response.headers["Location"])
        assert found
        return found[0]

    def pay(self, page: str, *, card: str = cards.OK, **fields: str) -> str:
        """Buy something and come back: what the page then says."""
        session = self.to_stripe(page, **fields)
        self.world.pay(session, card)
        return self.text("plan/done", session=session)


@pytest.fixture
def till(db: None, settings: LazySettings) -> Iterator[Till]:
    world = World()
    with serve(world) as address:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = address, "sk_test_offline"
        stock(world)
        studio = factories.make_studio(credits=0, plan="free")
        yield Till(world, studio, factories.browser_of(studio.owner))


def viewer_of(studio: Studio) -> Browser:
    viewer = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
    return factories.browser_of(viewer)


# --- Prices ----------------------------------------------------------------------------------------------


def test_the_prices_on_the_pages_are_those_of_the_catalogue_and_of_stripe(till: Till) -> None:
    page, packs = till.text("plan"), till.text("credits/buy")
    for plan in plans.PAID_PLANS.values():
        assert f"{money(plan.price)} a month" in page
        assert f"{plan.allowance:,} credits a month" in page
        assert catalogue.current_price(plan.lookup_key).amount == plan.price
    for pack in plans.PACKS.values():
        assert f"Buy {pack.name} · {money(pack.price)}" in packs
        assert catalogue.current_price(pack.lookup_key).amount == pack.price


def test_money_is_written_as_people_write_it() -> None:
    assert [money(7900), money(950), money(1_234_500), money(-900)] == ["$79", "$9.50", "$12,345", "−$9"]
    assert [money(1200, "eur"), money(1200, "sek")] == ["€12", "12.00 SEK"]


def test_the_api_lists_the_catalogue(till: Till) -> None:
    api = till.studio.api(live=False)
    answer = api.get("plans").json()
    assert {each["key"]: each["price"] for each in answer["plans"]} == {
        k: p.price for k, p in plans.PLANS.items()
    }
    assert {each["key"]: each["price"] for each in answer["packs"]} == {
        k: p.price for k, p in plans.PACKS.items()
    }
    assert api.get("subscription").json()["plan"] == "free"


# --- Plans -----------------------------------------------------------------------------------------------


def test_a_trial_is_offered_once_begun_and_told(till: Till) -> None:
    assert "7 days free with 100 credits, once" in till.text("plan")
    after = till.pay("plan/choose", plan="growth")
    assert "You are on Growth" in after
    assert "Your trial lasts until" in after
    assert "You have 100 credits now" in after
    assert till.studio.api(live=False).get("subscription").json()["status"] == "trialing"


def test_a_plan_without_a_trial_brings_its_allowance_at_once(till: Till) -> None:
    after = till.pay("plan/choose", plan="starter")
    assert "You are on Starter" in after
    assert "You have 300 credits now" in after
    page = till.text("plan")
    assert "You are on Starter" in page
    assert "It renews on" in page
    assert "Starter, allowance" in till.text("credits")


def test_the_page_after_paying_may_be_opened_again(till: Till) -> None:
    session = till.to_stripe("plan/choose", plan="starter")
    till.world.pay(session)
    assert till.text("plan/done", session=session) == till.text("plan/done", session=session)
    assert till.studio.balance() == 300


@pytest.mark.slow
def test_up_now_down_later_and_back(till: Till) -> None:
    till.pay("plan/choose", plan="starter")
    assert "Full price now, and a new period begins" in till.text("plan")
    till.post("plan/upgrade", plan="scale")
    assert "You are on Scale" in till.text("plan")
    assert till.studio.balance() == 6000
    till.post("plan/downgrade", plan="starter")
    page = till.text("plan")
    assert "You stay on Scale until" in page
    assert "Starter begins on" in page
    till.post("plan/resume")
    page = till.text("plan")
    assert "Starter begins on" not in page
    assert till.studio.balance() == 6000


@pytest.mark.slow
def test_a_declined_upgrade_changes_nothing_and_says_so(till: Till) -> None:
    till.pay("plan/choose", plan="starter", card=cards.FAILS_LATER)
    till.post("plan/upgrade", plan="scale")
    page = till.text("plan")
    assert "Nothing was changed" in page
    assert "You are on Starter" in page


@pytest.mark.slow
def test_a_cancelled_plan_offers_to_stay_and_no_other_change(till: Till) -> None:
    till.pay("plan/choose", plan="growth")
    subscription = next(each["id"] for each in till.world.all("subscription"))
    till.world.cancel_at_period_end(subscription)
    converge.converge_subscription(subscription, now=timezone.now())
    page = till.text("plan")
    assert "It was cancelled and ends on" in page
    assert "the first month is charged" not in page
    assert "Upgrade to" not in page
    assert "Stay on Growth" in page
    till.post("plan/resume")
    assert "It was cancelled" not in till.text("plan")


@pytest.mark.parametrize(
    ("verb", "plan"), [("upgrade", "scale"), ("downgrade", "starter"), ("resume", ""), ("choose", "gold")]
)
def test_what_cant_be_done_is_said_on_the_plan_page(till: Till, verb: str, plan: str) -> None:
    assert till.post(f"plan/{verb}", plan=plan).headers["Location"] == f"{till.home}/plan"
    assert "note-error" in till.browser.get(f"{till.home}/plan").content.decode()


def test_the_portal_is_one_button_away(till: Till) -> None:
    till.pay("plan/choose", plan="starter")
    assert "Card, invoices, cancellation" in till.text("plan")
    assert till.post("plan/portal").headers["Location"].startswith(till.world.pages)


def test_leaving_the_payment_page_is_told_as_what_it_is(till: Till) -> None:
    assert "Nothing was charged" in till.text("plan", canceled="")
    assert "Nothing was charged" in till.text("credits/buy", canceled="")


# --- Packs -----------------------------------------------------------------------------------------------


def test_a_pack_is_bought_listed_and_given_back(till: Till) -> None:
    after = till.pay("credits/buy/pack", pack="500")
    assert "500 credits are yours" in after
    page = till.browser.get(f"{till.home}/credits/buy").content.decode()
    assert "500 credits · $39" in page
    assert "Pack of 500 credits" in till.text("credits", by=till.studio.owner.email)
    refund = re.search(r'action="([^"]+/refund)"', page)
    assert refund
    assert till.browser.post(refund[1]).status_code == 302
    assert "The money is on its way back" in till.text("credits/buy")
    assert till.studio.balance() == 0
    assert "Ask for the refund" not in till.text("credits/buy")


def test_a_used_pack_cant_be_given_back(till: Till) -> None:
    till.pay("credits/buy/pack", pack="100")
    credits.hold(organization=till.studio.organization, credits=10, reference="gen_1", now=timezone.now())
    assert "Ask for the refund" not in till.text("credits/buy")


def test_a_bank_that_takes_its_time_is_told_as_pending(till: Till) -> None:
    after = till.pay("credits/buy/pack", pack="100", card=cards.BANK)
    assert "Payment pending" in after
    assert "The 100 credits come by themselves when it is there" in after
    assert "payment pending" in till.text("credits/buy")
    assert till.studio.balance() == 0


def test_coming_back_unpaid_says_so(till: Till) -> None:
    session = till.to_stripe("credits/buy/pack", pack="100")
    assert "Not paid yet" in till.text("plan/done", session=session)
    assert till.studio.balance() == 0


def test_a_strangers_session_shows_nothing(till: Till, strange_studio: Studio) -> None:
    session = till.to_stripe("credits/buy/pack", pack="100")
    till.world.pay(session)
    other = f"/w/{strange_studio.organization.public_id}/plan/done?session={session}"
    response = factories.browser_of(strange_studio.owner).get(other)
    assert response.status_code == 302
    assert (strange_studio.balance(), till.studio.balance()) == (100, 0)


def test_an_unknown_session_or_pack_is_no_crash(till: Till) -> None:
    assert till.browser.get(f"{till.home}/plan/done").status_code == 302
    assert till.browser.get(f"{till.home}/plan/done?session=cs_none").status_code == 302
    assert till.post("credits/buy/pack", pack="gold").status_code == 302
    assert till.post("credits/buy/buy_none/refund").status_code == 404


@pytest.mark.slow
def test_payments_that_are_away_are_said_and_charge_nothing(till: Till, settings: LazySettings) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    till.post("credits/buy/pack", pack="100")
    assert "Payments can't be reached right now" in till.text("credits/buy").replace("&#x27;", "'")


def test_a_top_up_is_set_changed_and_switched_off(till: Till) -> None:
    wishes = {"low_below": "30", "topup_pack": "100", "topup_below": "20", "topup_monthly_cap": "45"}
    assert till.post("credits/buy/top-up", **wishes).status_code == 302
    page = till.text("credits/buy")
    assert "100 credits are bought by themselves" in page
    assert "at most $45 a month" in page
    till.post("credits/buy/top-up", **(wishes | {"topup_pack": ""}))
    assert "are bought by themselves" not in till.text("credits/buy")


@pytest.mark.parametrize(
    "wrong", [{"topup_monthly_cap": "5"}, {"topup_below": "0"}, {"topup_pack": "gold"}, {"low_below": "-1"}]
)
def test_a_top_up_that_can_never_happen_is_refused_on_the_page(till: Till, wrong: dict[str, str]) -> None:
    wishes = {"low_below": "30", "topup_pack": "100", "topup_below": "20", "topup_monthly_cap": "45"}
    assert till.post("credits/buy/top-up", **(wishes | wrong)).status_code == 422
    assert "are bought by themselves" not in till.text("credits/buy")


# --- Who may ---------------------------------------------------------------------------------------------

READ = ("plan", "credits/buy")
SPEND = (
    *("plan/choose", "plan/upgrade", "plan/downgrade", "plan/resume", "plan/portal"),
    *("credits/buy/pack", "credits/buy/buy_x/refund", "credits/buy/top-up"),
)


def test_those_who_may_not_spend_see_prices_and_whom_to_ask(till: Till) -> None:
    for browser in (viewer_of(till.studio), factories.browser_of(till.studio.colleague)):
        for page in READ:
            text = browser.get(f"{till.home}/{page}").content.decode()
            assert till.studio.owner.email in text
            assert "<button" not in text.split("<main")[1].split("</main")[0]
        for page in SPEND:
            assert browser.post(f"{till.home}/{page}").status_code == 403, page
        assert browser.get(f"{till.home}/plan/done").status_code == 403


def test_a_stranger_gets_404_from_every_page(till: Till, stranger_client: Browser) -> None:
    for page in (*READ, "plan/done"):
        assert stranger_client.get(f"{till.home}/{page}").status_code == 404
    for page in SPEND:
        assert stranger_client.post(f"{till.home}/{page}").status_code == 404


def test_looking_never_spends(till: Till) -> None:
    for page in SPEND:
        assert till.browser.get(f"{till.home}/{page}").status_code == 405


def test_the_browser_may_go_on_to_stripes_pages(till: Till) -> None:
    policy = till.browser.get(f"{till.home}/plan").headers["Content-Security-Policy"]
    assert "https://checkout.stripe.com" in policy
    assert "https://billing.stripe.com" in policy


# --- Elsewhere -------------------------------------------------------------------------------------------


def test_a_failed_payment_is_told_on_every_page_until_it_is_paid(till: Till) -> None:
    organization = till.studio.organization
    Organization.objects.filter(pk=organization.pk).update(
        payment_overdue_since=timezone.now(), plan="growth"
    )
    last = timezone.now() + timedelta(days=7)
    for page in ("studio", "generations", "projects", "credits", "settings"):
        text = till.text(page)
        assert f"Its plan lasts until {last:%-d %B %Y}" in text
        assert "Put in a working card" in text
    assert "Please tell an owner" in viewer_of(till.studio).get(f"{till.home}/projects").content.decode()


def test_a_renewal_that_fails_is_told_and_a_working_card_ends_the_telling(till: Till) -> None:
    told = "The last payment for"
    till.pay("plan/choose", plan="starter", card=cards.FAILS_LATER)
    subscription, customer = (next(iter(till.world.rows[kind])) for kind in ("subscription", "customer"))
    till.world.advance(days=31)
    later = timezone.now() + timedelta(days=31)
    converge.converge_subscription(subscription, now=later)
    page = till.text("plan")
    assert told in page
    assert "Its plan lasts until" in page
    till.world.change_card(customer, cards.OK)  # in the portal; what is owed is paid at once
    converge.converge_subscription(subscription, now=later)
    assert told not in till.text("plan")


def test_credits_that_are_owed_are_told_on_every_page(till: Till) -> None:
    credits.clawback(organization=till.studio.organization, credits=7, fact="re:1", now=timezone.now())
    for page in ("studio", "projects", "credits/buy"):
        assert "7 credits are owed" in till.text(page)


def test_who_has_too_few_credits_is_led_to_buying(till: Till) -> None:
    page = till.browser.get(f"{till.home}/studio").content.decode()
    assert f'href="{till.home}/credits/buy"' in page


def test_banners_cost_no_query_more(till: Till, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        till.browser.get(f"{till.home}/projects")
    accounts = [query["sql"] for query in seen if 'FROM "billing_creditaccount"' in query["sql"]]
    assert len(accounts) == 1
