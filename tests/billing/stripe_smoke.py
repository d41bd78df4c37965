"""`make stripe-live-smoke`: one short scenario against Stripe's test mode, to see that it is as the sandbox says.

The same steps run against the sandbox in tests/billing/test_stripe_smoke.py. Everything goes through the product's own
services on a throwaway database; only what people do on Stripe's pages is done with Stripe's ready test cards. What is
left in the test account: the products and prices of the catalogue, a customer, a payment and its refund.

The account's Customer Portal has to be set up once, in the dashboard or by STRIPE_PORTAL_CONFIGURATION.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

OK, DIFFERENT, REFUSED = 0, 1, 2
TEST_KEYS, LIVE_KEYS = ("sk_test_", "rk_test_"), ("sk_live_", "rk_live_")


class DifferenceError(Exception):
    """Stripe did something else than what is expected of it."""


def expect(what: str, seen: object, wanted: object) -> None:
    """The first difference ends it."""
    if seen != wanted:
        raise DifferenceError(f"{what}: seen {seen!r}, expected {wanted!r}")


class Scenario:
    """One customer's quarter of an hour. Each step returns what was seen, in words, and raises at a difference."""

    def __init__(self) -> None:
        import stripe
        from django.conf import settings

        from billing.stripe_gateway import API_VERSION
        from tests import factories

        self.began = int(time.time()) - 300  # their clock may be behind ours
        self.studio = factories.make_studio(name="Roomwright smoke test", credits=0, plan="free")
        addresses: Any = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else None
        self.people: Any = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses=addresses).v1
        self.version = API_VERSION
        self.customer = self.payment = ""
        self.pages: list[str] = []

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """In this order; each stands on those before it."""
        return [
            ("catalogue", self.catalogue),
            ("catalogue once more", self.catalogue_again),
            ("customer", self.make_customer),
            ("test card", self.add_card),
            ("page for a pack", self.pack_page),
            ("page for a plan with trial", self.plan_page),
            ("portal", self.portal),
            ("automatic top-up", self.top_up),
            ("payment read back", self.read_payment),
            ("part of it refunded", self.refund),
            ("refund asked for twice", self.refund_again),
            ("top-up with a card that fails", self.declined),
            ("lists", self.lists),
            ("events converged, as webhooks are", self.events),
            ("reconcile", self.reconcile),
            ("pages closed", self.close_pages),
        ]

    @property
    def who(self) -> dict[str, Any]:
        from django.utils import timezone

        return {
            "organization": self.studio.organization,
            "by_user": self.studio.owner,
            "now": timezone.now(),
        }

    @property
    def where(self) -> dict[str, Any]:
        who = self.who
        return {"organization": who["organization"], "now": who["now"]}

    def catalogue(self) -> str:
        from billing import catalogue

        return "; ".join(catalogue.sync()) or "nothing to do"

    def catalogue_again(self) -> str:
        from billing import catalogue

        expect("what the second time did", catalogue.sync(), [])
        return "nothing changed"

    def make_customer(self) -> str:
        from billing import customers

        person: dict[str, Any] = {"organization": self.studio.organization, "by_user": self.studio.owner}
        self.customer = customers.ensure_customer(**person)
        expect("the customer, asked again", customers.ensure_customer(**person), self.customer)
        found = self.people.customers.retrieve(self.customer)
        expect("its workspace", found.metadata["workspace"], self.studio.organization.public_id)
        return self.customer

    def add_card(self) -> str:
        return self._put_on_file("pm_card_visa")

    def _put_on_file(self, ready: str) -> str:
        """What the portal does with a card that somebody types in."""
        from billing import stripe_gateway as stripe

        card = self.people.payment_methods.attach(ready, {"customer": self.customer}).id
        wish: Any = {"invoice_settings": {"default_payment_method": card}}
        self.people.customers.update(self.customer, wish)
        expect("the card on file", stripe.default_card(self.customer), card)
        return f"{ready} is {card}"

    def pack_page(self) -> str:
        from billing import plans, purchases

        url = purchases.buy_pack(pack="100", **self.who, **self._back())
        session = self._page(url, "payment")
        expect("what it asks", session.amount_subtotal, plans.PACKS["100"].price)
        expect("paid", session.payment_status, "unpaid")
        return f"{session.id}: {session.amount_subtotal} {session.currency}, {session.status}"

    def plan_page(self) -> str:
        from billing import subscriptions

        url = subscriptions.choose_plan(plan="growth", **self.who, **self._back())
        session = self._page(url, "subscription")
        expect("what it asks during the trial", session.amount_total, 0)
        return f"{session.id}: {session.amount_total} {session.currency} now, {session.status}"

    def _back(self) -> dict[str, Any]:
        return {"success_url": "https://example.com/done", "cancel_url": "https://example.com/no"}

    def _page(self, url: str, mode: str) -> Any:
        """The open session behind an address: by its customer, the newest."""
        from billing import stripe_gateway as stripe

        mine = [s for s in stripe.sessions_since(self.began) if stripe.oid(s.customer) == self.customer]
        session = stripe.read_session(mine[0].id)
        expect("the page's address", url, session.url)
        expect("its address begins with http", url.startswith("http"), True)
        expect("mode and state", (session.mode, session.status), (mode, "open"))
        self.pages.append(session.id)
        return session

    def portal(self) -> str:
        from billing import subscriptions

        url = subscriptions.portal_url(
            organization=self.studio.organization,
            by_user=self.studio.owner,
            return_url="https://example.com/",
        )
        expect("its address begins with http", url.startswith("http"), True)
        return url.partition("?")[0][:60] + "…"

    def top_up(self) -> str:
        self._wish(below=50)
        expect("credits after it", self.studio.balance(), 100)
        self._look()
        expect("credits after another look", self.studio.balance(), 100)
        row = self._topups()[0]
        expect("the purchase", row.state, "paid")
        self.payment = str(row.payment_intent)
        return f"{self.payment}: {row.amount} {row.currency} for {row.credits} credits"

    def _wish(self, *, below: int) -> None:
        from billing import topups

        wishes: dict[str, Any] = {"low_below": 20, "topup_pack": "100", "topup_monthly_cap": 5000}
        topups.save_settings(**self.who, **wishes, topup_below=below)
        self._look()

    def _look(self) -> None:
        from billing import topups

        topups.look(**self.where)

    def _topups(self) -> list[Any]:
        from billing import purchases

        return [each.purchase for each in purchases.bought(**self.where) if each.purchase.is_automatic]

    def read_payment(self) -> str:
        from billing import stripe_gateway as stripe

        payment = stripe.read_payment(self.payment)
        expect("state", payment.status, "succeeded")
        expect("money", (payment.amount_received, payment.currency), (900, "usd"))
        expect("customer", stripe.oid(payment.customer), self.customer)
        expect("mark", stripe.metadata(payment).get("purchase"), self._topups()[0].public_id)
        charge = stripe.read_charge(stripe.oid(payment.latest_charge))
        expect("its charge", (charge.paid, charge.amount), (True, 900))
        expect("its invoice", stripe.invoice_of_payment(self.payment), "")
        expect("its page", stripe.session_of_payment(self.payment), None)
        return f"{payment.status}, {payment.amount_received} {payment.currency}, charge {charge.id}"

    def refund(self) -> str:
        self._refund(after=self._paid().adjustments)
        return self._refunded()

    def refund_again(self) -> str:
        """The same decision once more, as two clicks make it: the same key, so the same refund."""
        self._refund(after=self._paid().adjustments - 1)
        return self._refunded()

    def _refund(self, *, after: int) -> None:
        from billing import purchases

        purchases.refund(paid=self._paid(), amount=300, after=after, **self.who)

    def _refunded(self) -> str:
        from billing import stripe_gateway as stripe

        made = stripe.refunds_of_payment(self.payment)
        expect("refunds", [(each.amount, each.status) for each in made], [(300, "succeeded")])
        expect("credits after it", self.studio.balance(), 66)  # a third of 100 went, in whole credits
        return f"{made[0].id}: 300 usd back, 66 of 100 credits stay"

    def _paid(self) -> Any:
        from billing.models import PaidCredits

        with self.studio.enter():
            return PaidCredits.objects.of(self.studio.organization).get(payment_intent=self.payment)

    def declined(self) -> str:
        from billing import topups

        self._put_on_file("pm_card_chargeCustomerFail")
        self._wish(below=90)
        error = topups.settings_of(organization=self.studio.organization).topup_error
        expect("told", bool(error), True)
        expect("states of the top-ups", [row.state for row in self._topups()], ["failed", "paid"])
        expect("credits as before", self.studio.balance(), 66)
        return error

    def lists(self) -> str:
        from billing import stripe_gateway as stripe

        payments = [each.id for each in stripe.payments_since(self.began)]
        expect("the payment among the payments", self.payment in payments, True)
        refunds = [stripe.oid(each.payment_intent) for each in stripe.refunds_since(self.began)]
        expect("the refund among the refunds", self.payment in refunds, True)
        expect("disputes of it", stripe.disputes_of_payment(self.payment), [])
        expect("subscriptions of the customer", stripe.subscriptions_of(self.customer), [])
        invoices, disputes = stripe.paid_invoices_since(self.began), stripe.disputes_since(self.began)
        many = [(len(payments), "payments"), (len(refunds), "refunds")]
        many += [(len(invoices), "paid invoices"), (len(disputes), "disputes")]
        return ", ".join(f"{number} {what}" for number, what in many)

    def events(self) -> str:
        """The payment that was declined is heard of only so."""
        from billing import converge
        from billing import stripe_gateway as stripe
        from billing.reconcile import LATE

        events = stripe.events_since(self.began, LATE)
        paid = [each for each in events if each.object_id == self.payment and each.type.endswith("succeeded")]
        expect("events of the payment's success", [each.livemode for each in paid], [False])
        done = [
            word
            for each in events
            for word in converge.converge_event(each.type, each.object_id, now=self.who["now"])
        ]
        expect("states of the top-ups", [row.state for row in self._topups()], ["failed", "paid"])
        expect("credits as before", self.studio.balance(), 66)
        return f"{len(events)} events; {'; '.join(done) or 'nothing new'}"

    def reconcile(self) -> str:
        from billing import ledger, reconcile

        outcome = reconcile.run(days=1, now=self.who["now"], dry=True)
        expect("differences", outcome.differences, [])
        expect("problems", outcome.problems, [])
        expect("drift of the ledger", ledger.drift(), [])
        return f"0 differences, {outcome.looked_at} objects looked at"

    def close_pages(self) -> str:
        from billing import converge
        from billing import stripe_gateway as stripe

        for page in self.pages:
            stripe.expire_session(page)
            expect("state", stripe.read_session(page).status, "expired")
            converge.converge_session(page, now=self.who["now"])
        return f"{len(self.pages)} expired"


def say_it(line: str) -> None:
    """At once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(say: Callable[[str], object] = say_it) -> int:
    """All the steps, a line each; stops at the first difference. Needs a database and the settings of a Stripe."""
    from accounts.errors import Refusal
    from billing.stripe_gateway import StripeProblem

    scenario = Scenario()
    say(f"API version {scenario.version}")
    for name, step in scenario.steps():
        try:
            say(f"ok         {name}: {step()}")
        except DifferenceError as difference:
            say(f"DIFFERENT  {name}: {difference}")
            return DIFFERENT
        except (StripeProblem, Refusal) as problem:
            cause = f" ({problem.__cause__})" if problem.__cause__ else ""
            say(f"DIFFERENT  {name}: {type(problem).__name__}: {problem}{cause}")
            return DIFFERENT
    return OK


def main() -> int:
    """Against Stripe where a test key is in the environment (or .env); skipped without, refused with a live one."""
    from environ import Env

    Env.read_env(Path(__file__).resolve().parents[2] / ".env")
    key = os.environ.get("STRIPE_SECRET_KEY", "")
    if key.startswith(LIVE_KEYS):
        say_it("REFUSED: STRIPE_SECRET_KEY is a live key, and this makes payments. Use sk_test_…")
        return REFUSED
    if not key.startswith(TEST_KEYS):
        why = "is no sk_test_… key" if key else "is not set"
        say_it(f"SKIPPED: STRIPE_SECRET_KEY {why}, so Stripe's test mode can't be asked.")
        say_it("The same steps run against the sandbox with: make test-slow K=stripe_smoke")
        return OK
    say_it(f"Stripe: {os.environ.get('STRIPE_API_BASE') or 'https://api.stripe.com'}, test mode")
    return _with_a_database(run)


def _with_a_database(act: Callable[[], int]) -> int:
    """On a new, empty one beside the tests', gone afterwards."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    name = f"{connection.settings_dict['NAME']}_smoke_{os.getpid()}"
    connection.settings_dict["TEST"]["NAME"] = name
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        return act()
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
        teardown_test_environment()


if __name__ == "__main__":
    sys.exit(main())
