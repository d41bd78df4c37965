"""What may go wrong at three in the morning: the alert that fires, the page that shows it, and nothing lost.

Every incident happens for real: an upstream that refuses the key or is down, Stripe's webhooks that stay away, a
database that restarts, a worker that ends again and again. `test_game_day_machines.py`: a full disk, a wrong clock.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from pathlib import Path

import pytest
import requests

from config.local.postgres import EmbeddedPostgres
from tests import meltflex_server
from tests.factories import data_url
from tests.meltflex_server import MeltFlexServer
from tests.operations import rules
from tests.operations.incidents import Operator, ended, eventually, nothing_is_lost
from tests.operations.incidents import firing as firing_at
from tests.operations.test_restore import picture
from tests.real_stack import SAMPLE, Caller, RealStack

OUTAGE = int(os.environ.get("OUTAGE") or 0)  # seconds that the upstream stays down once the alert fires
RESUME = """
from generations.models import UpstreamGate
UpstreamGate.objects.update(paused_at=None, paused_until=None, paused_reason="", open_until=None, failures=0, trips=0)
"""
BUY = """
from django.utils import timezone
from accounts import tenancy
from accounts.models import ApiKey, User
from accounts.keys import fingerprint
from billing import purchases
with tenancy.system("an exact key hash"):
    organization = ApiKey.objects.select_related("organization").get(sha256=fingerprint(key)).organization
back = "http://testserver/"
print(purchases.buy_pack(organization=organization, pack="100", by_user=User.objects.get(email="ops@example.com"),
                         now=timezone.now(), success_url=back, cancel_url=back))
"""


def firing(stack: RealStack) -> set[str]:
    return firing_at(stack.address)


def ask(caller: Caller) -> requests.Response:
    return caller.api("POST", "generate", json={"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())})


@pytest.mark.slow
def test_the_upstream_key_is_revoked(
    stack: RealStack, upstream: MeltFlexServer, caller: Caller, operator: Operator
) -> None:
    assert "UpstreamKeyRefused" not in firing(stack)
    balance = caller.balance()
    upstream.answers = [meltflex_server.say(401, {"error": "Unauthorized"})]
    assert ask(caller).status_code >= 400
    assert {"UpstreamKeyRefused", "OperatorAlert"} <= firing(stack)
    operator.sees("UpstreamKeyRefused", "platform:", "does not accept this key")
    nothing_is_lost(stack, caller, balance=balance)
    upstream.answers = [meltflex_server.picture()]
    stack.manage("shell", "--no-imports", "-c", RESUME)  # what *Resume* in the admin does
    picture(caller)
    assert "UpstreamKeyRefused" not in firing(stack)


def outlast(stack: RealStack, caller: Caller, *, seconds: float) -> list[str]:
    """One more picture is asked for in each minute of an outage; their ids. The alert fires all the time."""
    names: list[str] = []
    until = time.monotonic() + seconds
    body = {"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())}
    while time.monotonic() < until:
        names.append(caller.api("POST", "generations", json=body).json()["id"])
        assert "UpstreamDown" in firing(stack)
        time.sleep(min(60, max(0.0, until - time.monotonic())))
    return names


@pytest.mark.slow
def test_the_upstream_is_down(
    stack: RealStack, upstream: MeltFlexServer, caller: Caller, operator: Operator
) -> None:
    balance = caller.balance()
    upstream.answers = [meltflex_server.say(500, {"error": "Generation failed"})]
    threads = [threading.Thread(target=ask, args=(caller,), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: "UpstreamDown" in firing(stack), 60)
    operator.sees("UpstreamDown", "platform:")
    names = outlast(stack, caller, seconds=OUTAGE)
    upstream.answers = [meltflex_server.picture()]
    for thread in threads:
        thread.join()
    assert eventually(lambda: all(ended(caller, name) for name in names), 300), "each came to an end"
    made = [g["state"] for g in caller.api("GET", "generations").json()["results"]]
    assert set(made) <= {"succeeded", "failed", "canceled"}
    assert eventually(lambda: (balance - caller.balance()) % 10 == 0, 5), "whole pictures were paid, or none"
    stack.manage("shell", "--no-imports", "-c", RESUME)
    before = caller.balance()
    picture(caller)
    nothing_is_lost(stack, caller, balance=before - 10)


@pytest.mark.slow
def test_postgresql_restarts(stack: RealStack, caller: Caller) -> None:
    balance = caller.balance()
    name = caller.api(
        "POST", "generations", json={"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())}
    ).json()["id"]
    cluster = EmbeddedPostgres(Path(stack.environ["DATA_DIR"]))
    cluster.stop()
    seen = firing(stack)
    ready = requests.get(f"{stack.address}/readyz", timeout=40)
    # The supervisor starts it again within seconds, so it may be back by now.
    assert "NotAnswering" in seen or ready.status_code in (200, 503)
    assert "/readyz" in rules.paragraph("NotAnswering")
    cluster.ensure_running()
    assert eventually(lambda: ended(caller, name) == "succeeded", 120)
    nothing_is_lost(stack, caller, balance=balance - 10)
    assert eventually(lambda: "NotAnswering" not in firing(stack), 60)


@pytest.mark.slow
def test_a_worker_ends_again_and_again(stack: RealStack, caller: Caller, operator: Operator) -> None:
    balance = caller.balance()
    over, killed = threading.Event(), threading.Event()

    def loop() -> None:
        while not over.wait(0.1):
            stack.kill_workers()
            killed.set()

    killer = threading.Thread(target=loop, daemon=True)
    killer.start()
    try:
        assert killed.wait(30)  # killed within a call, it would rightly not be made a second time
        name = caller.api(
            "POST", "generations", json={"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())}
        ).json()["id"]
        assert eventually(lambda: "NoWorker" in firing(stack), 90)
        operator.sees("NoWorker", "1 while a worker has shown itself")
        assert requests.get(f"{stack.address}/readyz", timeout=30).status_code == 503
    finally:
        over.set()
        killer.join()
    assert eventually(lambda: ended(caller, name) == "succeeded", 120)
    nothing_is_lost(stack, caller, balance=balance - 10)
    assert eventually(lambda: "NoWorker" not in firing(stack), 60)


def sandbox(stack: RealStack) -> tuple[str, dict[str, str]]:
    """Where the stack's own Stripe is, and what its programs have to know of it."""
    place = json.loads((Path(stack.environ["DATA_DIR"]) / "stripe/place.json").read_text())
    address = f"http://127.0.0.1:{place['port']}"
    names = {"STRIPE_API_BASE": address, "STRIPE_SECRET_KEY": "sk_test_sandbox"}
    return address, names | {"STRIPE_WEBHOOK_SECRET": place["secret"]}


@pytest.mark.slow
def test_stripes_webhooks_stay_away_for_a_day(stack: RealStack, caller: Caller, operator: Operator) -> None:
    address, names = sandbox(stack)
    shell = RealStack(stack.address, stack.environ | names, stack.process, stack.log)
    shell.manage("sync_stripe_catalogue")

    def buy() -> None:
        url = shell.manage("shell", "--no-imports", "-c", f"key = {caller.key!r}\n{BUY}").splitlines()[-1]
        paid = requests.post(url, {"number": "4242424242424242"}, timeout=30, allow_redirects=False)
        assert paid.status_code in (302, 303), paid.text

    def missing() -> int:
        said = re.search(r"(\d+) differences", shell.try_manage("reconcile_stripe", "--dry-run").stdout)
        assert said
        return int(said[1])

    def knobs(**settings: str) -> None:
        answer = requests.post(f"{address}/control/knobs", settings, timeout=30, allow_redirects=False)
        assert answer.status_code in (302, 303), answer.text

    balance = caller.balance()
    buy()
    assert eventually(lambda: caller.balance() == balance + 100, 60), "a webhook brought them"
    assert not {"StripeSilent", "StripeEventsStuck"} & firing(stack)

    knobs(drop="on")
    buy()
    assert not eventually(lambda: caller.balance() != balance + 100, 10), "nobody has told us"
    with stack.database() as database:  # a day goes by
        database.execute(
            "UPDATE billing_stripeevent SET received_at = received_at - interval '25 hours',"
            " processed_at = processed_at - interval '25 hours'"
        )
    assert "StripeSilent" in firing(stack)
    operator.sees("StripeSilent", "checkout.session.completed")
    assert "Since the last event of Stripe came in." in operator.read("/operators/operations")

    assert missing() > 0
    shell.manage("reconcile_stripe")
    assert missing() == 0
    nothing_is_lost(stack, caller, balance=balance + 200)

    knobs()
    buy()
    assert eventually(lambda: caller.balance() == balance + 300, 60)
    assert eventually(lambda: "StripeSilent" not in firing(stack), 30)
    nothing_is_lost(stack, caller, balance=balance + 300)


CALM = """
roomwright_worker_alive 1
roomwright_queue_lag_seconds 0.2
roomwright_files_disk_free_bytes 5e11
roomwright_files_disk_bytes 1e12
roomwright_files_reachable 1
roomwright_clock_skew_seconds 0.01
roomwright_stripe_last_event_seconds 3600
roomwright_stripe_oldest_waiting_seconds 0
roomwright_stripe_events_failed 0
roomwright_ledger_suspense_credits 30
roomwright_generations_held_credits 30
roomwright_disputes_open 0
"""


@pytest.mark.parametrize(
    ("changed", "alert"),
    [
        ("roomwright_files_disk_free_bytes 4e10", "DiskFull"),
        ("roomwright_files_reachable 0", "FilesAway"),
        ("roomwright_clock_skew_seconds -3.5", "ClockWrong"),
        ("roomwright_stripe_last_event_seconds 90000", "StripeSilent"),
        ("roomwright_stripe_oldest_waiting_seconds 700", "StripeEventsStuck"),
        ("roomwright_worker_alive 0", "NoWorker"),
        ("roomwright_queue_lag_seconds 61", "QueueLag"),
        ("roomwright_ledger_suspense_credits 40", "SuspenseDisagrees"),
        ("roomwright_disputes_open 1", "Dispute"),
    ],
)
def test_one_number_out_of_order_fires_one_alert(changed: str, alert: str) -> None:
    name = changed.split()[0]
    lines = [changed if line.startswith(f"{name} ") else line for line in CALM.strip().splitlines()]
    assert rules.firing(rules.read("\n".join(lines) + "\n")) == {alert}


def test_a_calm_instance_fires_none() -> None:
    assert rules.firing(rules.read(CALM.lstrip())) == set()
