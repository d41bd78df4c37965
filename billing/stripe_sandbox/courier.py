"""Webhooks: signed, delivered by a thread of their own, tried again for hours, and spoiled on request."""

from __future__ import annotations

import heapq
import json
import logging
import random
import threading
import time
from collections import deque
from typing import NamedTuple

import requests
import stripe

from billing.stripe_sandbox.core import DAY
from billing.stripe_sandbox.typed import Json
from billing.stripe_sandbox.world import World

log = logging.getLogger(__name__)
PAUSES = (1, 2, 5, 15, 60, 300, 900, 3600)  # seconds until the next try
PATIENCE = 10  # seconds that an endpoint may take to answer
SPREAD = 5.0  # seconds over which shuffled events arrive


class Delivery(NamedTuple):
    """One event on its way to one endpoint; sorts by when it is due."""

    due: float
    number: int
    event: str
    endpoint: str
    attempt: int


class Courier:
    """Use it as a context manager: inside the block the world's events are delivered.

    The knobs are in `world.settings["webhooks"]`: `drop`, `duplicate`, `shuffle` (truth) and `delay` (seconds).
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.log: deque[str] = deque(maxlen=100)
        self._waiting: list[Delivery] = []
        self._numbers = 0
        self._turn = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)

    def __enter__(self) -> Courier:
        self.world.on_event.append(self.take)
        for event in self.world.captured:
            if event["pending_webhooks"] and event["created"] > self.world.now - 3 * DAY:
                self.resend(event["id"])
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.world.on_event.remove(self.take)
        with self._turn:
            self._over = True
            self._turn.notify_all()
        self._thread.join()

    def take(self, event: Json) -> None:
        """Send a new event as the knobs say."""
        knobs = self.world.settings["webhooks"]
        if knobs.get("drop"):
            self.log.appendleft(f"{event['type']} {event['id']}: dropped")
            self._is_done(event["id"])
            return
        for _ in range(2 if knobs.get("duplicate") else 1):
            late = random.uniform(0, SPREAD) if knobs.get("shuffle") else 0  # noqa: S311 — no secret
            self._send_to_all(event["id"], event["type"], late + float(knobs.get("delay") or 0))

    def resend(self, event: str) -> None:
        """Once more, now, whatever the knobs say."""
        self._send_to_all(event, self.world.show(event)["type"], 0)

    def _send_to_all(self, event: str, name: str, late: float) -> None:
        for endpoint in self.world.endpoints_for(name):
            self._enqueue(event, endpoint["id"], late, 0)

    def _enqueue(self, event: str, endpoint: str, late: float, attempt: int) -> None:
        with self._turn:
            self._numbers += 1
            due = time.monotonic() + late
            heapq.heappush(self._waiting, Delivery(due, self._numbers, event, endpoint, attempt))
            self._turn.notify_all()

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # a proxy set for the internet is no way to this machine
            while (delivery := self._next()) is not None:
                try:
                    self._deliver(session, delivery)
                except Exception:  # the courier must not die of one letter
                    log.exception("webhook %s", delivery.event)

    def _next(self) -> Delivery | None:
        with self._turn:
            while not self._over:
                wait = self._waiting[0].due - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)
                self._turn.wait(wait)
        return None

    def _deliver(self, session: requests.Session, delivery: Delivery) -> None:
        endpoint = self.world.rows["webhook_endpoint"].get(delivery.endpoint)
        if endpoint is None:
            return
        event = self.world.show(delivery.event)
        body, headers = signed(event, self.world.hidden[delivery.endpoint]["secret"])
        try:
            answer = str(session.post(endpoint["url"], body, headers=headers, timeout=PATIENCE).status_code)
        except requests.RequestException as error:
            answer = type(error).__name__
        self.log.appendleft(f"{event['type']} {event['id']}: {answer} (try {delivery.attempt + 1})")
        if answer.startswith("2"):
            self._is_done(delivery.event)
        elif delivery.attempt < len(PAUSES):
            self._enqueue(delivery.event, delivery.endpoint, PAUSES[delivery.attempt], delivery.attempt + 1)

    def _is_done(self, event: str) -> None:
        """Not to be sent again after a restart."""
        with self.world.changing():
            row = self.world.get("event", event)
            row["pending_webhooks"] = max(row["pending_webhooks"] - 1, 0)


def signed(event: Json, secret: str) -> tuple[bytes, dict[str, str]]:
    """The body and headers of one delivery, signed as of this machine's time, as the receiver will check it."""
    body = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)
    return body.encode(), {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
