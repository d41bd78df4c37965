"""What may go wrong at three in the morning: the alert that fires, the page that shows it, and nothing lost.

An upstream that refuses the key or is down, a database that restarts and a worker that ends again and again happen here
for real. A full disk, a wrong clock and silent webhooks are readings of /metrics: their alerts, not their causes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from config.local.postgres import EmbeddedPostgres
from tests import meltflex_server, real_stack
from tests.factories import data_url
from tests.meltflex_server import MeltFlexServer
from tests.operations import rules
from tests.operations.test_restore import picture
from tests.real_stack import SAMPLE, Caller, RealStack

TOKEN = "a-token-for-the-game-day"
OPERATOR = """
from accounts.models import User
person = User.objects.create_user("operator@example.com", "secret")
person.is_staff = person.is_superuser = True
person.save()
from django.test import Client
client = Client(SERVER_NAME="localhost")
client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
print(client.session.session_key)
"""
RESUME = """
from generations.models import UpstreamGate
UpstreamGate.objects.update(paused_at=None, paused_until=None, paused_reason="", open_until=None, failures=0)
"""


@pytest.fixture(scope="module")
def upstream() -> Iterator[MeltFlexServer]:
    with meltflex_server.serving() as server:
        yield server


@pytest.fixture(scope="module")
def stack(upstream: MeltFlexServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    environ = {"MELTFLEX_API_BASE": upstream.base, "MELTFLEX_API_KEY": "mf_sk_up", "METRICS_TOKEN": TOKEN}
    with real_stack.running(tmp_path_factory.mktemp("stack"), **environ) as running:
        yield running


@pytest.fixture(scope="module")
def caller(stack: RealStack) -> Caller:
    return stack.provision("Harbour", 1000)


@pytest.fixture(scope="module")
def operator(stack: RealStack) -> requests.Session:
    """Somebody signed in to the operators' admin."""
    browser = requests.Session()
    browser.trust_env = False
    browser.cookies.set("sessionid", stack.manage("shell", "--no-imports", "-c", OPERATOR).split()[-1])
    return browser


def firing(stack: RealStack) -> set[str]:
    """The alerts of this moment."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        answer = requests.get(f"{stack.address}/metrics", headers=headers, timeout=40)
    except requests.ConnectionError:
        return {"NotAnswering"}
    return rules.firing(rules.read(answer.text)) if answer.status_code == 200 else {"NotAnswering"}


def page(stack: RealStack, operator: requests.Session) -> str:
    """What the operator sees."""
    answer = operator.get(f"{stack.address}/operators/operations", timeout=30)
    assert answer.status_code == 200, answer.status_code
    assert "<h2>Upstream</h2>" in answer.text, "the operator is not signed in"
    return answer.text


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.5)
    return False


def ask(caller: Caller) -> requests.Response:
    return caller.api("POST", "generate", json={"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())})


def nothing_is_lost(stack: RealStack, caller: Caller, *, balance: int) -> None:
    """Credits are where they were, the ledger adds up, files and rows agree, nothing is left under way."""
    assert eventually(lambda: caller.balance() == balance, 90)
    assert stack.try_manage("check_ledger").returncode == 0
    assert stack.try_manage("check_files", "--ignore-younger", "60").returncode == 0


@pytest.mark.slow
def test_the_upstream_key_is_revoked(
    stack: RealStack, upstream: MeltFlexServer, caller: Caller, operator: requests.Session
) -> None:
    assert "UpstreamKeyRefused" not in firing(stack)
    balance = caller.balance()
    upstream.answers = [meltflex_server.say(401, {"error": "Unauthorized"})]
    assert ask(caller).status_code >= 400
    assert {"UpstreamKeyRefused", "OperatorAlert"} <= firing(stack)
    assert "platform:" in page(stack, operator)
    nothing_is_lost(stack, caller, balance=balance)
    upstream.answers = [meltflex_server.picture()]
    stack.manage("shell", "--no-imports", "-c", RESUME)  # what *Resume* in the admin does
    picture(caller)
    assert "UpstreamKeyRefused" not in firing(stack)


@pytest.mark.slow
def test_the_upstream_is_down(
    stack: RealStack, upstream: MeltFlexServer, caller: Caller, operator: requests.Session
) -> None:
    balance = caller.balance()
    upstream.answers = [meltflex_server.say(500, {"error": "Generation failed"})]
    threads = [threading.Thread(target=ask, args=(caller,), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: "UpstreamDown" in firing(stack), 60)
    assert "platform:" in page(stack, operator)
    upstream.answers = [meltflex_server.picture()]
    for thread in threads:
        thread.join()
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
    seen: list[set[str]] = []
    cluster.stop()
    seen.append(firing(stack))
    ready = requests.get(f"{stack.address}/readyz", timeout=40)
    assert "NotAnswering" in seen[0] or ready.status_code in (200, 503)
    cluster.ensure_running()
    assert eventually(lambda: _state(caller, name) == "succeeded", 120)
    nothing_is_lost(stack, caller, balance=balance - 10)
    assert eventually(lambda: "NotAnswering" not in firing(stack), 60)


@pytest.mark.slow
def test_a_worker_ends_again_and_again(stack: RealStack, caller: Caller, operator: requests.Session) -> None:
    balance = caller.balance()
    over = threading.Event()

    def loop() -> None:
        while not over.wait(0.1):
            stack.kill_workers()

    killer = threading.Thread(target=loop, daemon=True)
    killer.start()
    try:
        name = caller.api(
            "POST", "generations", json={"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())}
        ).json()["id"]
        assert eventually(lambda: "NoWorker" in firing(stack), 90)
        assert "1 while a worker has shown itself" in page(stack, operator)
        assert requests.get(f"{stack.address}/readyz", timeout=30).status_code == 503
    finally:
        over.set()
        killer.join()
    assert eventually(lambda: _state(caller, name) == "succeeded", 120)
    nothing_is_lost(stack, caller, balance=balance - 10)
    assert eventually(lambda: "NoWorker" not in firing(stack), 60)


def _state(caller: Caller, name: str) -> str:
    try:
        answer = caller.api("GET", f"generations/{name}")
        return str(answer.json().get("state", ""))
    except (requests.ConnectionError, ValueError):
        return ""


CALM = """
roomwright_worker_alive 1
roomwright_queue_lag_seconds 0.2
roomwright_files_disk_free_bytes 5e11
roomwright_files_disk_bytes 1e12
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
