"""`kill -9` between the end of a picture and the message about it: nothing is lost, and doubles carry the same id."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from standardwebhooks import Webhook

from config.local.terminal import say
from tests import real_stack
from tests.chaos import upstream
from tests.factories import data_url
from tests.fakes import jpeg
from tests.real_stack import RealStack
from tests.receiver import Receiver, receiving

pytestmark = [pytest.mark.slow, pytest.mark.long]

KILLS, ENDPOINTS, GENERATIONS = 30, 10, 100

_ADD = """
import json
from django.utils import timezone
from accounts import tenancy, webhooks
from accounts.models import ApiKey, User
with tenancy.system("an exact key hash"):
    organization = ApiKey.objects.select_related("organization").latest("pk").organization
person = User.objects.get(email="ops@example.com")
print(json.dumps([
    webhooks.add_endpoint(organization=organization, by_user=person, url=f"{url}/{n}", now=timezone.now())[1]
    for n in range(wanted)
]))
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[RealStack]:
    environ = {"FETCH_ALLOW_LOOPBACK": "on", "WORKER_PROCESSES": "1"}
    with upstream.running() as up, real_stack.running(tmp_path / "stack", **environ, **up.environ) as running:
        up.behave(latency=(0.1, 0.3))
        yield running


def pending(database: psycopg.Connection[Any]) -> int:
    row = database.execute("SELECT count(*) FROM accounts_webhookdelivery WHERE state = 'pending'").fetchone()
    assert row is not None
    return int(row[0])


def wait_until(what: Any, *, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if what():
            return True
        time.sleep(0.02)
    return False


def test_a_thousand_messages_survive_thirty_kills(stack: RealStack) -> None:
    with receiving() as receiver, stack.database() as database:
        receiver.seconds = 0.05  # so that blows find messages under way
        [caller] = stack.provision_many(["Told"], [GENERATIONS * 20], plan="scale")
        told = stack.manage(
            "shell", "--no-imports", "-c", f"url, wanted = {receiver.url!r}, {ENDPOINTS}\n{_ADD}"
        )
        secrets: list[str] = json.loads(told.splitlines()[-1])
        asked: list[str] = []
        at_the_blow: list[int] = []
        body = {"prompt": "Oak", "image": data_url(jpeg())}
        while len(at_the_blow) < KILLS:
            share = GENERATIONS * (len(at_the_blow) + 1) // KILLS
            while len(asked) < share:
                asked.append(caller.api("POST", "generations", json=body).json()["id"])
            # Settled, and told of in part or not at all.
            if not wait_until(lambda: pending(database) > 0, seconds=60):
                pytest.fail("Nothing came to its end in a minute.")
            open_then = pending(database)
            if stack.kill_workers() and open_then:
                at_the_blow.append(open_then)
            wait_until(stack.workers, seconds=30)
        assert wait_until(lambda: _ended(database) == GENERATIONS, seconds=240)
        assert wait_until(lambda: pending(database) == 0, seconds=240)
        _account(database, receiver, secrets, asked, at_the_blow)


def _ended(database: psycopg.Connection[Any]) -> int:
    row = database.execute("SELECT count(*) FROM generations_generation WHERE finished_at IS NOT NULL")
    found = row.fetchone()
    assert found is not None
    return int(found[0])


def _account(
    database: psycopg.Connection[Any],
    receiver: Receiver,
    secrets: list[str],
    asked: list[str],
    at_the_blow: list[int],
) -> None:
    events = database.execute(
        "SELECT public_id, subject FROM accounts_event WHERE kind LIKE 'generation.%'"
    ).fetchall()
    assert sorted(subject for _, subject in events) == sorted(
        asked
    )  # each has ended once, and was told of once
    came: Counter[tuple[int, str]] = Counter()
    for message in receiver.messages:
        number = int(message.path.rpartition("/")[2])
        told = Webhook(secrets[number]).verify(message.body, message.headers)
        assert told["id"] == message.id
        came[number, message.id] += 1
    assert set(came) == {(number, public_id) for number in range(ENDPOINTS) for public_id, _ in events}
    states = database.execute(
        "SELECT state, count(*) FROM accounts_webhookdelivery GROUP BY state"
    ).fetchall()
    assert states == [("succeeded", ENDPOINTS * GENERATIONS)]
    say(
        f"{len(came)} deliveries, {len(at_the_blow)} kills with {min(at_the_blow)} to {max(at_the_blow)} messages open;"
        f" {sum(came.values()) - len(came)} came twice under their own ids."
    )
