"""State without rules: rows, ids, the clock, events, and one file that survives a restart."""

from __future__ import annotations

import copy
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import stripe

from billing.stripe_sandbox.errors import missing
from billing.stripe_sandbox.typed import Json, fields, fill

CLASSES: dict[str, Any] = {
    "balance_transaction": stripe.BalanceTransaction,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
PREFIXES = {
    "balance_transaction": "txn",
    "billing_portal.session": "bps",
    "charge": "ch",
    "checkout.session": "cs_test",
    "customer": "cus",
    "dispute": "du",
    "event": "evt",
    "invoice": "in",
    "invoice_payment": "inpay",
    "item": "li",
    "line_item": "il",
    "payment_intent": "pi",
    "payment_method": "pm",
    "price": "price",
    "product": "prod",
    "refund": "re",
    "subscription": "sub",
    "subscription_item": "si",
    "webhook_endpoint": "we",
}
DAY = 24 * 3600


class Core:
    """Every access goes through `changing`, which locks, saves and then hands new events to `on_event`."""

    def __init__(self, *, folder: Path | None = None, start: int | None = None, salt: str = "") -> None:
        """`folder`: remember there. `start`: a clock that stands still there; else the machine's own runs.

        `salt` makes ids of two worlds different; give one to have the same ids again.
        """
        self.file = folder / "world.json" if folder else None
        self.start = start
        self.salt = salt or secrets.token_hex(4)
        self.offset = 0
        self.serial = 0
        self.rows: dict[str, dict[str, Json]] = {kind: {} for kind in CLASSES}
        self.hidden: dict[str, Json] = {}  # what Stripe knows of an object and never says
        self.settings: Json = {"refunds": "succeeded", "dunning_end": "canceled", "webhooks": {}}
        self.answers: dict[str, list[Any]] = {}  # by idempotency key
        self.lock = threading.RLock()
        self.pages = "http://127.0.0.1"  # where this world's pages are; the server says
        self.on_event: list[Any] = []  # called outside the lock with each new event
        self._fresh: list[Json] = []
        self._depth = 0
        self._load()

    @property
    def now(self) -> int:
        """This world's time in seconds since 1970."""
        return (int(time.time()) if self.start is None else self.start) + self.offset

    @property
    def captured(self) -> list[Json]:
        """Every event so far, oldest first."""
        return self.captured_after(0)

    def captured_after(self, count: int) -> list[Json]:
        """The events that came after the first `count`."""
        return copy.deepcopy(list(self.rows["event"].values())[count:])

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One caller at a time; what happened is told outside the lock, however it ended."""
        told: list[Json] = []
        try:
            with self.lock:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                    if not self._depth:
                        told, self._fresh = self._fresh, []
                        self._save()
        finally:
            for event in told:
                for listener in self.on_event:
                    listener(event)

    def add(self, kind: str, **given: Any) -> Json:
        """A new row of that kind, kept."""
        row = self.make(kind, **given)
        self.rows[kind][row["id"]] = row
        return row

    def make(self, kind: str, **given: Any) -> Json:
        """A new object, whole, to be kept inside another. Raises DriftError if the package has another shape."""
        declared = fields(CLASSES[kind])
        usual: Json = {"id": self.new_id(PREFIXES.get(kind, kind)), "object": kind}
        usual |= {
            name: value for name, value in (("created", self.now), ("livemode", False)) if name in declared
        }
        return fill(CLASSES[kind], {**usual, **given})

    def new_id(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}_{self.salt}{self.serial:08d}"

    def get(self, kind: str, wanted: str, *, param: str = "id") -> Json:
        """The row itself, to be changed in place. Raises ApiError if there is none."""
        if wanted not in self.rows[kind]:
            raise missing(kind.rpartition(".")[2].replace("_", " "), wanted, param=param)
        return self.rows[kind][wanted]

    def all(self, kind: str) -> list[Json]:
        """Oldest first."""
        return list(self.rows[kind].values())

    def find(self, wanted: str) -> Json | None:
        """The row of any kind with that id."""
        return next((rows[wanted] for rows in self.rows.values() if wanted in rows), None)

    def secret_of(self, row: Json) -> Json:
        """What this world keeps about a row and never says."""
        return self.hidden.setdefault(row["id"], {})

    def emit(self, name: str, row: Json, previous: Json | None = None) -> Json:
        """Record the event with the row as it is at this moment."""
        data: Json = {"object": copy.deepcopy(row)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.add(
            "event",
            api_version=stripe.api_version,
            data=data,
            pending_webhooks=len(self.endpoints_for(name)),
            request={"id": None, "idempotency_key": None},
            type=name,
        )
        self._fresh.append(copy.deepcopy(event))
        return event

    def endpoints_for(self, name: str) -> list[Json]:
        """The webhook endpoints that want events of this type."""
        return [
            endpoint
            for endpoint in self.all("webhook_endpoint")
            if endpoint["status"] == "enabled" and {"*", name} & set(endpoint["enabled_events"])
        ]

    def _save(self) -> None:
        if not self.file:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps({name: getattr(self, name) for name in REMEMBERED}))
        draft.replace(self.file)

    def _load(self) -> None:
        if self.file and self.file.exists():
            for name, value in json.loads(self.file.read_text()).items():
                setattr(self, name, value)


REMEMBERED = ("salt", "offset", "serial", "rows", "hidden", "settings", "answers")


def change(row: Json, **new: Any) -> Json:
    """Change the row; returns what `previous_attributes` says: the old values of what is different now."""
    before = {name: copy.deepcopy(row.get(name)) for name, value in new.items() if row.get(name) != value}
    row.update(new)
    return before


def listed(url: str, rows: list[Json]) -> Json:
    """Stripe's list object, whole."""
    return {"object": "list", "data": rows, "has_more": False, "url": url}


def merged_metadata(old: Json | None, new: Any) -> Json:
    """An empty value takes a key away; empty metadata takes all."""
    if new == "":
        return {}
    return {name: value for name, value in {**(old or {}), **(new or {})}.items() if value != ""}
