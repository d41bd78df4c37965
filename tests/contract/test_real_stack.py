"""The contract over real HTTP: a program written for MeltFlex, with only host, key and addresses changed."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image

from tests import meltflex_server, real_stack
from tests.factories import data_url
from tests.meltflex_server import MeltFlexServer
from tests.real_stack import SAMPLE, Caller, RealStack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    with real_stack.running(tmp_path_factory.mktemp("stack"), FETCH_ALLOW_LOOPBACK="1") as running:
        yield running


@pytest.fixture(scope="module")
def pictures() -> Iterator[str]:
    with real_stack.serving_files(SAMPLE.parent) as address:
        yield address


def ask(
    caller: Caller, prompt: str = "Transform this empty room during sunset", **fields: object
) -> requests.Response:
    body = {"prompt": prompt, "image": data_url(SAMPLE.read_bytes()), **fields}
    return caller.api("POST", "generate", json=body)


def test_the_curl_of_the_documentation_works(stack: RealStack, pictures: str, tmp_path: Path) -> None:
    key = stack.provision("Curl", 500).key
    body = {
        "imageUrl": f"{pictures}/room.jpg",
        "prompt": "Transform this empty room during sunset with warm golden light",
    }
    command = ["curl", "-sS", "-X", "POST", f"{stack.address}/api/v1/generate"]
    headers = ["-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json"]
    done = subprocess.run(
        [*command, *headers, "-d", json.dumps(body)], capture_output=True, check=True, timeout=130
    )
    answer = json.loads(done.stdout)
    assert (answer["success"], answer["creditsUsed"]) == (True, 10)
    with Image.open(
        BytesIO(base64.b64decode(answer["image"].removeprefix("data:image/png;base64,")))
    ) as image:
        assert (image.format, image.size[0] > 500) == ("PNG", True)


def test_the_python_of_the_documentation_works_with_furniture(stack: RealStack, pictures: str) -> None:
    caller = stack.provision("Python", 500)
    furniture = ["sofa.jpg", "floor-lamp.jpg", "coffee-table.jpg", "rug.jpg"]
    response = requests.post(
        f"{stack.address}/api/v1/generate",
        json={
            "imageUrl": f"{pictures}/room.jpg",
            "prompt": "Place these furniture items naturally in this room during sunset",
            "referenceImageUrls": [f"{pictures}/products/{name}" for name in furniture],
        },
        headers={"Authorization": f"Bearer {caller.key}", "Content-Type": "application/json"},
        timeout=120,
    )
    data = response.json()
    assert data.get("success"), data
    assert caller.balance() == 490


def test_the_table_of_refusals_holds_over_real_http(stack: RealStack) -> None:
    caller = stack.provision("Refusals", 25)
    image = {"prompt": "x", "image": data_url(SAMPLE.read_bytes())}
    stranger = Caller(stack.address, "mf_sk_live_nonsense")
    big = {"prompt": "x", "image": "data:image/jpeg;base64," + "A" * 16 * 2**20}
    assert caller.api("GET", "generate").status_code == 405
    assert stranger.api("POST", "generate", json=image).status_code == 401
    assert caller.api("POST", "generate", json={"image": image["image"]}).status_code == 400
    assert caller.api("POST", "generate", json={"prompt": "x"}).status_code == 400
    assert ask(caller, referenceImages=[image["image"]] * 11).status_code == 400
    assert caller.api("POST", "generate", json=big).status_code == 413
    assert caller.api("POST", "generate", data="x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert caller.balance() == 25
    assert [ask(caller).status_code for _ in range(2)] == [200, 200]
    third = ask(caller)
    assert (third.status_code, third.json()["required"]) == (402, 10)
    assert third.json()["error"] == "Insufficient credits"


def test_killing_every_worker_in_the_middle_of_five_pictures_loses_nothing(stack: RealStack) -> None:
    caller = stack.provision("Kills", 500)
    body = {"prompt": "Japandi", "image": data_url(SAMPLE.read_bytes())}
    made = [caller.api("POST", "generations", json=body).json()["id"] for _ in range(5)]
    deadline = time.monotonic() + 20
    while not any(caller.api("GET", f"generations/{i}").json()["state"] == "running" for i in made):
        assert time.monotonic() < deadline
    assert stack.kill_workers() >= 1
    killed = time.monotonic()
    while True:
        rows = [caller.api("GET", f"generations/{i}").json() for i in made]
        if all(row["state"] in ("succeeded", "failed", "canceled") for row in rows):
            break
        assert time.monotonic() - killed < 60, [row["state"] for row in rows]
        time.sleep(0.5)
    settled = sum(row["credits"]["settled"] for row in rows)
    assert all(row["credits"]["settled"] + row["credits"]["released"] == 10 for row in rows)
    assert caller.balance() == 500 - settled
    assert "adds up" in stack.manage("check_ledger")


def test_waiting_callers_hold_no_database_connection_and_pages_stay_quick(stack: RealStack) -> None:
    caller = stack.provision("Crowd", 500)
    began = time.monotonic()
    with ThreadPoolExecutor(12) as threads:
        answers = [threads.submit(ask, Caller(stack.address, caller.key)) for _ in range(12)]
        time.sleep(0.7)
        asked = time.monotonic()
        assert requests.get(f"{stack.address}/healthz", timeout=5).status_code == 200
        assert time.monotonic() - asked < 2
        codes = sorted(answer.result().status_code for answer in answers)
    assert codes == [200] * 12, codes
    assert time.monotonic() - began < 110


def test_50_parallel_posts_with_one_idempotency_key_are_one_generation(stack: RealStack) -> None:
    caller = stack.provision("Fifty", 500)
    body = {"prompt": "Japandi", "image": data_url(SAMPLE.read_bytes())}
    gate = threading.Barrier(50)

    def post(_: int) -> requests.Response:
        mine = Caller(stack.address, caller.key)
        gate.wait()
        return mine.api("POST", "generations", json=body, headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(post, range(50)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert len(caller.api("GET", "generations").json()["results"]) == 1
    assert caller.balance() == 490


@pytest.mark.parametrize("after", [0.0, 1.0])
def test_a_cut_connection_from_the_caller_changes_nothing(stack: RealStack, after: float) -> None:
    caller = stack.provision(f"Cut after {after:g} s", 500)
    content = json.dumps({"prompt": "Japandi", "image": data_url(SAMPLE.read_bytes())}).encode()
    where = urlsplit(stack.address)
    head = (
        f"POST /api/v1/generate HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {caller.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection((str(where.hostname), where.port or 80)) as line:
        line.sendall(head.encode() + content)
        time.sleep(after)
    deadline = time.monotonic() + 60
    while True:
        rows = caller.api("GET", "generations").json()["results"]
        if rows and rows[0]["finished_at"]:
            break
        assert time.monotonic() < deadline, rows
        time.sleep(0.2)
    assert [(row["state"], len(row["pictures"])) for row in rows] == [("succeeded", 1)]
    assert requests.get(rows[0]["pictures"][0]["url"], timeout=10).status_code == 200
    assert caller.balance() == 490


def test_a_long_poll_answers_when_the_picture_is_there(stack: RealStack) -> None:
    caller = stack.provision("Polls", 500)
    body = {"prompt": "Japandi", "image": data_url(SAMPLE.read_bytes())}
    answer = caller.api("POST", "generations", json=body, headers={"Prefer": "wait=60"})
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer.headers["Preference-Applied"] == "wait=60"


@pytest.fixture(scope="module")
def upstream() -> Iterator[MeltFlexServer]:
    with meltflex_server.serving() as server:
        yield server


@pytest.fixture(scope="module")
def reselling(upstream: MeltFlexServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    """A stack whose pictures come from a MeltFlex on loopback that we steer."""
    folder = tmp_path_factory.mktemp("reselling")
    with real_stack.running(folder, MELTFLEX_API_BASE=upstream.base, MELTFLEX_API_KEY="mf_sk_up") as running:
        yield running


def test_a_failing_upstream_is_500_and_the_balance_as_before(
    reselling: RealStack, upstream: MeltFlexServer
) -> None:
    caller = reselling.provision("Failing", 25)
    upstream.answers = [meltflex_server.say(500, {"error": "Generation failed"})]
    response = ask(caller)
    assert response.status_code == 500
    assert response.json()["error"] == "Generation failed"
    assert caller.balance() == 25
    assert len(upstream.bodies) == 2  # once more, and not again


def test_a_lost_connection_is_not_sent_twice(reselling: RealStack, upstream: MeltFlexServer) -> None:
    caller = reselling.provision("Lost", 25)
    upstream.answers = [meltflex_server.hang_up]
    upstream.bodies.clear()
    assert ask(caller).status_code == 500
    assert (caller.balance(), len(upstream.bodies)) == (25, 1)


def test_an_option_beyond_the_contract_is_refused_before_the_hold(reselling: RealStack) -> None:
    caller = reselling.provision("Options", 25)
    response = ask(caller, designLevel="pro")
    assert (response.status_code, caller.balance()) == (400, 25)


def test_one_instance_can_be_the_upstream_of_another(stack: RealStack, tmp_path: Path) -> None:
    first = stack.provision("Upstream", 500)
    environ = {"MELTFLEX_API_BASE": stack.address, "MELTFLEX_API_KEY": first.key, "MELTFLEX_EXTENSIONS": "1"}
    with real_stack.running(tmp_path / "second", **environ) as second:
        caller = second.provision("Downstream", 100)
        answer = ask(caller, variations=2, designLevel="lite").json()
        assert (answer["count"], answer["creditsUsed"], caller.balance()) == (2, 16, 84)
        assert first.balance() == 484


def test_with_no_worker_at_all_it_is_429_within_the_two_minutes(stack: RealStack) -> None:
    caller = stack.provision("Nobody", 25)
    stop = threading.Event()

    def keep_killing() -> None:
        while not stop.is_set():
            stack.kill_workers()
            stop.wait(0.2)

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        time.sleep(1)
        began = time.monotonic()
        response = ask(caller)
        took = time.monotonic() - began
    finally:
        stop.set()
        killer.join()
    assert response.status_code in (429, 504)
    assert response.json()["error"]
    assert took < 120
    assert caller.balance() == 25
