"""Webhooks arrive signed, again after a failure, and as badly as they are told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from billing.stripe_sandbox import courier
from billing.stripe_sandbox.courier import Courier, signed
from tests.billing.stripe_sandbox.shop import Shop

SECRET = "whsec_test"


class Mailbox:
    """An endpoint of the application: what came, and what it answers."""

    def __init__(self) -> None:
        self.came: list[Any] = []
        self.answers: list[int] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def events(self) -> list[str]:
        return [event.id for event in self.came]


@pytest.fixture
def mailbox(offline: Shop) -> Iterator[Mailbox]:
    box = Mailbox()
    client = stripe.StripeClient("sk_test_x")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.came.append(client.construct_event(body, self.headers["Stripe-Signature"], SECRET))
            box.meanwhile()
            self.send_response(box.answers.pop(0) if box.answers else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    offline.world.webhooks_go_to(f"http://127.0.0.1:{server.server_address[1]}/hook", SECRET)
    yield box
    server.shutdown()
    server.server_close()
    thread.join()


def soon(true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return False


def test_every_event_arrives_signed_and_of_the_packages_version(offline: Shop, mailbox: Mailbox) -> None:
    with Courier(offline.world):
        offline.buy()
        new = [event["id"] for event in offline.world.captured if event["pending_webhooks"]]
        assert soon(lambda: set(new) <= set(mailbox.events()))
    assert {event.api_version for event in mailbox.came} == {stripe.api_version}


def test_a_refused_delivery_comes_again(
    offline: Shop, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "PAUSES", (0.01, 0.01))
    mailbox.answers = [500, 503]
    with Courier(offline.world):
        offline.stripe.customers.create({"name": "B"})
        assert soon(lambda: len(mailbox.came) == 3)
    assert len(set(mailbox.events())) == 1


def test_an_endpoint_may_ask_the_api_about_the_event_it_is_given(offline: Shop, mailbox: Mailbox) -> None:
    seen: list[str] = []
    mailbox.meanwhile = lambda: seen.append(offline.stripe.customers.retrieve(offline.customer).id)
    with Courier(offline.world):
        offline.stripe.customers.update(offline.customer, {"name": "C"})
        assert soon(lambda: seen == [offline.customer])


def test_deliveries_are_dropped_doubled_and_sent_again_on_request(offline: Shop, mailbox: Mailbox) -> None:
    with Courier(offline.world) as post:
        offline.world.settings["webhooks"] = {"drop": True}
        lost = offline.stripe.customers.create({"name": "lost"}).id
        offline.world.settings["webhooks"] = {"duplicate": True}
        offline.stripe.customers.create({"name": "twice"})
        assert soon(lambda: len(mailbox.came) == 2)
        assert len(set(mailbox.events())) == 1
        event = next(e for e in offline.world.captured if e["data"]["object"]["id"] == lost)
        post.resend(event["id"])
        assert soon(lambda: event["id"] in mailbox.events())


def test_what_was_not_delivered_is_after_a_restart(offline: Shop, mailbox: Mailbox) -> None:
    offline.stripe.customers.create({"name": "B"})
    assert mailbox.came == []
    with Courier(offline.world):
        assert soon(lambda: len(mailbox.came) == 1)


def test_nothing_is_delivered_beyond_this_machine(offline: Shop) -> None:
    wish: Any = {"url": "https://example.com/hook", "enabled_events": ["*"]}
    with pytest.raises(stripe.InvalidRequestError, match="only delivers to"):
        offline.stripe.webhook_endpoints.create(wish)
    made = offline.stripe.webhook_endpoints.create({**wish, "url": "http://localhost:1/hook"})
    assert str(made.secret).startswith("whsec_")
    assert offline.stripe.webhook_endpoints.retrieve(made.id).to_dict().get("secret") is None


def test_a_forged_signature_is_seen(offline: Shop) -> None:
    body, headers = signed(offline.world.captured[0], "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.StripeClient("sk_test_x").construct_event(body, headers["Stripe-Signature"], SECRET)
    assert json.loads(body)["object"] == "event"
