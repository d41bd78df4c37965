"""The whole offline Stripe without HTTP: an API to call, and what people, banks and time do to it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from billing.stripe_sandbox import (
    api,
    cards,
    catalogue,
    checkout,
    disputes,
    invoices,
    payments,
    refunds,
    subscriptions,
    timeline,
)
from billing.stripe_sandbox.core import DAY, Core, change
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.lists import expanded
from billing.stripe_sandbox.params import decode, validated
from billing.stripe_sandbox.typed import Json

PASTED = "Keys for idempotent requests can only be used with the same parameters they were first used with."


class World(Core):
    """Thread-safe. Everything public may be called by tests; `handle` is what the HTTP server calls.

    Objects come back as copies. Raises ApiError where Stripe would answer with an error.
    """

    def handle(self, method: str, path: str, params: str, headers: Mapping[str, str]) -> tuple[int, Json]:
        """Answer one API request. `path` may carry a query; `params` is the form-encoded body."""
        address = urlsplit(path)
        form = "&".join(part for part in (address.query, params) if part)
        lower = {name.lower(): value for name, value in headers.items()}
        with self.changing():
            self._catch_up()
            try:
                self._refuse_strangers(lower)
                key = lower.get("idempotency-key", "") if method == "POST" else ""
                return self._once(key, method, address.path, form)
            except ApiError as error:
                return error.status, error.body()

    def _refuse_strangers(self, headers: Mapping[str, str]) -> None:
        kind, _, key = headers.get("authorization", "").partition(" ")
        if kind.lower() not in ("bearer", "basic") or not key:
            message = "You did not provide an API key."
            raise ApiError(message, status=401)
        if kind.lower() == "bearer" and not key.startswith("sk_test_"):
            raise ApiError("Invalid API Key provided. The sandbox takes sk_test_…", status=401)

    def _once(self, key: str, method: str, path: str, form: str) -> tuple[int, Json]:
        if not key:
            return self._answer(method, path, form)
        print_ = hashlib.sha256(f"{method} {path} {form}".encode()).hexdigest()
        if key in self.answers:
            known, status, body = self.answers[key]
            if known != print_:
                raise ApiError(PASTED, kind="idempotency_error")
            return int(status), copy.deepcopy(body)
        try:
            status, body = self._answer(method, path, form)
        except ApiError as error:
            if error.status == 400 and not error.error.get("code", "").startswith("card"):
                raise  # Stripe keeps no answer of a request that was refused before it began
            status, body = error.status, error.body()
        self.answers[key] = [print_, status, copy.deepcopy(body)]
        return status, body

    def _answer(self, method: str, path: str, form: str) -> tuple[int, Json]:
        typed, handler, key = api.find(method, path)
        params = validated(typed, decode(form))
        return 200, expanded(self, handler(self, params, key), params.get("expand", []))

    def _catch_up(self) -> None:
        """What has become due since, where the clock runs by itself."""
        if self.start is None:
            timeline.travel(self, 0)

    # --- what people do ---

    def pay(self, session: str, card: str = cards.OK, *, authenticate: bool = True) -> Json:
        """Complete a Checkout page; `authenticate` is the answer to 3-D Secure. Raises ApiError if declined."""
        self.pay_on_page(session, card, authenticate=authenticate)
        return self.show(session)

    def pay_on_page(self, session: str, card: str, *, authenticate: bool | None) -> str:
        """As `pay`, step by step: "ask" where 3-D Secure has to be answered first, else "complete"."""
        with self.changing():
            self._catch_up()
            row = self.get("checkout.session", session)
            return checkout.pay(self, row, card, authenticate=authenticate)

    def change_card(self, customer: str, card: str = cards.OK) -> Json:
        """In the portal: the new card pays every subscription, and what is owed at once."""
        with self.changing():
            method = cards.new_method(self, card, customer)
            person = self.get("customer", customer)
            wish = {"invoice_settings": {"default_payment_method": method["id"]}}
            catalogue.update_customer(self, person, wish)
            for sub in self.all("subscription"):
                if sub["customer"] == customer and sub["status"] in subscriptions.ALIVE:
                    subscriptions.say(self, sub, change(sub, default_payment_method=method["id"]))
                    self._pay_what_is_owed(sub)
            return copy.deepcopy(method)

    def _pay_what_is_owed(self, sub: Json) -> None:
        invoice = self.rows["invoice"].get(sub["latest_invoice"] or "", {})
        if sub["status"] in ("past_due", "unpaid") and invoice.get("status") == "open":
            subscriptions.try_again(self, sub, by_owner=True)

    def cancel_at_period_end(self, subscription: str, *, wished: bool = True) -> Json:
        """In the portal: cancel with the period, or (`wished=False`) resume."""
        with self.changing():
            sub = self.get("subscription", subscription)
            subscriptions.cancel_at_period_end(self, sub, wished=wished)
            return copy.deepcopy(sub)

    # --- what banks do ---

    def settle(self, payment_intent: str, *, paid: bool = True) -> Json:
        """A slow payment (bank debit) arrives or comes back."""
        with self.changing():
            intent = self.get("payment_intent", payment_intent)
            if intent["status"] != "processing":
                raise ApiError(f"Payment {payment_intent} is {intent['status']}, not processing.")
            payments.succeed(self, intent) if paid else payments.fail_slowly(self, intent)
            session = self.secret_of(intent).get("session")
            if invoice := self.secret_of(intent).get("invoice"):
                session = self._settle_invoice(self.get("invoice", invoice), intent, paid=paid)
            if session:
                checkout.settle(self, self.get("checkout.session", session), paid=paid)
            return copy.deepcopy(intent)

    def _settle_invoice(self, invoice: Json, intent: Json, *, paid: bool) -> str:
        sub = self.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
        if paid:
            invoices.paid_by(self, invoice, intent)
            subscriptions.paid(self, sub)
        else:
            invoices.unpaid(self, invoice)
            subscriptions.owed(self, sub)
        return str(self.secret_of(invoice).get("session", ""))

    def refund(self, payment: str, amount: int | None = None, *, outcome: str = "succeeded") -> Json:
        """As in Stripe's dashboard, of a payment intent or charge; `outcome`: succeeded, pending, failed."""
        with self.changing():
            self.settings["refunds"] = outcome
            charge = self._charge_of(payment)
            try:
                row = refunds.create(self, charge, amount=amount, reason=None, metadata={})
            finally:
                self.settings["refunds"] = "succeeded"
            return copy.deepcopy(row)

    def next_refund(self, outcome: str) -> None:
        """How the next refund asked for by the API ends: succeeded, pending or failed."""
        with self.changing():
            self.settings["refunds"] = outcome

    def settle_refund(self, refund: str) -> Json:
        """A pending refund has arrived."""
        with self.changing():
            row = self.get("refund", refund)
            refunds.succeed(self, row)
            return copy.deepcopy(row)

    def fail_refund(self, refund: str) -> Json:
        """A refund came back, also one that had succeeded."""
        with self.changing():
            row = self.get("refund", refund)
            refunds.fail(self, row)
            return copy.deepcopy(row)

    def dispute(
        self, payment: str, amount: int | None = None, *, inquiry: bool = False, reason: str = "fraudulent"
    ) -> Json:
        """The card's holder complains; an inquiry takes no money."""
        with self.changing():
            charge = self._charge_of(payment)
            return copy.deepcopy(disputes.create(self, charge, amount=amount, inquiry=inquiry, reason=reason))

    def escalate(self, dispute: str) -> Json:
        """An inquiry becomes a dispute."""
        with self.changing():
            row = self.get("dispute", dispute)
            disputes.escalate(self, row)
            return copy.deepcopy(row)

    def close_dispute(self, dispute: str, status: str) -> Json:
        """`won`, `lost` or `warning_closed`."""
        with self.changing():
            row = self.get("dispute", dispute)
            disputes.close(self, row, status)
            return copy.deepcopy(row)

    def _charge_of(self, payment: str) -> Json:
        if payment.startswith("pi_"):
            payment = self.get("payment_intent", payment)["latest_charge"] or ""
        return self.get("charge", payment)

    # --- time ---

    def advance(self, *, days: float = 0, seconds: int = 0) -> None:
        """Let time go by: trials end, subscriptions renew, unpaid invoices are tried again, sessions expire."""
        with self.changing():
            timeline.travel(self, int(days * DAY) + seconds)

    def catch_up(self) -> None:
        """Let happen what has become due on a clock that runs by itself; nothing due costs no write."""
        if self.start is None and timeline.is_due(self):
            self.advance()

    def advance_to(self, moment: int) -> None:
        """Let time go by until then (seconds since 1970); the past is left alone."""
        self.advance(seconds=max(moment - self.now, 0))

    def webhooks_go_to(self, url: str, secret: str) -> None:
        """Make sure that everything is delivered there, signed with that secret; other endpoints go away."""
        with self.changing():
            self.rows["webhook_endpoint"].clear()
            endpoint = api.new_endpoint(self, {"url": url, "enabled_events": ["*"]})
            self.hidden[endpoint["id"]]["secret"] = secret

    def show(self, wanted: str) -> Json:
        """A copy of any object by its id. Raises ApiError if there is none."""
        with self.lock:
            row = self.find(wanted)
        if row is None:
            raise ApiError(f"No such object: {wanted}", status=404, code="resource_missing")
        return json.loads(json.dumps(row))  # type: ignore[no-any-return]
