"""Money, with a real browser and the offline Stripe: a plan, a pack, a decline, a cancellation, and its end.

With WALK set, a screenshot of each station is kept in docs/walk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from billing.stripe_sandbox.cards import DECLINED, OK, THREE_D_SECURE
from config.local.postgres import REPOSITORY
from tests.journeys.people import Person

WALK = REPOSITORY / "docs" / "walk"
SECONDS = 30  # until a webhook has come and its job is done


@dataclass
class Buyer:
    """A person on the way through Stripe's pages."""

    person: Person
    home: str
    station: int = field(default=0)

    def shot(self, name: str) -> None:
        """What the window shows, for the recorded walk."""
        self.station += 1
        if os.environ.get("WALK"):
            WALK.mkdir(exist_ok=True)
            self.person.page.screenshot(path=WALK / f"{self.station:02}-{name}.png", full_page=True)

    def open(self, page: str) -> None:
        self.person.open(f"{self.home}/{page}")

    def pay(self, card: str, button: str) -> None:
        """On Stripe's page."""
        page = self.person.page
        page.wait_for_url("**/c/pay/cs_*")
        page.get_by_label("Card number").fill(card)
        self.shot("payment-page")
        self.person.press(button)

    def waits_for_prices(self) -> None:
        """The site answers some seconds before `make run` has put the prices into the sandbox."""
        for _ in range(SECONDS):
            self.person.press("Choose Starter")
            self.person.page.wait_for_load_state()
            if "/c/pay/" in self.person.page.url:
                break
            self.person.page.wait_for_timeout(1000)
        self.open("plan")

    def comes_to_see(self, page: str, text: str) -> None:
        """Open the page again until it says so: what a webhook brings takes a moment."""
        for _ in range(SECONDS):
            self.open(page)
            if self.person.page.get_by_text(text).count():
                return
            self.person.page.wait_for_timeout(1000)
        raise AssertionError(f"{page} never said: {text}")

    @property
    def balance(self) -> str:
        return self.person.page.locator(".who-balance").inner_text()


def test_a_plan_a_pack_a_decline_a_cancellation_and_the_end(someone: Callable[..., Person]) -> None:
    anna = someone()
    anna.join()
    page, buyer = anna.page, Buyer(anna, anna.workspace)
    anna.open(f"{buyer.home}/studio")
    assert buyer.balance == "30 credits"

    buyer.open("plan")
    assert anna.sees("You are on Free")
    buyer.shot("plans")
    buyer.waits_for_prices()
    anna.press("Try Growth for 7 days")
    buyer.pay(OK, "Start the 7-day trial")
    page.wait_for_url("**/plan/done?session=cs_*")
    assert anna.sees("You are on Growth")
    assert anna.sees("130 credits")
    buyer.shot("on-growth")

    anna.ask()
    anna.wait_for_the_picture()
    assert anna.sees("Picture paid")
    buyer.shot("a-picture")

    buyer.open("credits/buy")
    buyer.shot("packs")
    anna.press("Buy 500 credits · $39")
    buyer.pay(THREE_D_SECURE, "Pay 39.00 USD")
    buyer.shot("3-d-secure")
    anna.press("Complete authentication")
    page.wait_for_url("**/plan/done?session=cs_*")
    assert anna.sees("500 credits are yours")
    assert buyer.balance == "620 credits"
    buyer.shot("pack-bought")

    buyer.open("credits/buy")
    anna.press("Buy 100 credits")
    buyer.pay(DECLINED, "Pay 9.00 USD")
    assert anna.sees("declined")
    buyer.shot("declined")
    page.get_by_role("link", name="Back without paying").click()
    page.wait_for_url("**/credits/buy?canceled")
    assert anna.sees("You left the payment page. Nothing was charged.")
    assert buyer.balance == "620 credits"

    buyer.open("credits")
    assert anna.sees("Pack of 500 credits")
    buyer.shot("statement")

    buyer.open("plan")
    anna.press("Card, invoices, cancellation")
    page.wait_for_url("**/p/session/*")
    stripe = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    anna.press("Cancel the plan")
    buyer.shot("portal")
    page.get_by_role("link", name="Back to Roomwright").click()
    page.wait_for_url("**/plan")
    buyer.comes_to_see("plan", "It was cancelled and ends on")
    buyer.shot("cancelled")

    anna.open(f"{stripe}/")
    buyer.shot("sandbox-control")
    anna.press("Advance a month")
    page.get_by_role("button", name=re.compile("Advance a month")).wait_for()
    buyer.comes_to_see("plan", "You are on Free")
    buyer.shot("ended")
    buyer.open("credits")
    assert anna.sees("Pack of 500 credits")
    buyer.shot("statement-at-the-end")
