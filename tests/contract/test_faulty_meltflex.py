"""The faulty MeltFlex keeps the contract where it is not told otherwise, and its faults are the ones it was told."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from generations.engines.base import Again, EngineError, EngineRequest, EngineResult, InputImage, Reference
from generations.engines.meltflex import MeltFlexEngine
from projects import photos
from projects.image_headers import png_size
from tests.contract import faulty_meltflex
from tests.contract.faults import CHARGED, OUTCOMES, Faults
from tests.contract.faulty_meltflex import FaultyMeltFlex

ROOT = Path(__file__).resolve().parents[2]
KEY = {"Authorization": "Bearer mf_sk_up"}
BODY = {"prompt": 'Warm "oak"', "image": "data:image/jpeg;base64,AAAA"}
Running = tuple[FaultyMeltFlex, str]


@pytest.fixture
def running() -> Iterator[Running]:
    with faulty_meltflex.serving(seed=7) as server:
        yield server


def post(address: str, body: Any = BODY, **options: Any) -> requests.Response:
    options = {"headers": KEY, "timeout": 10, **options}
    return requests.post(f"{address}/api/v1/generate", json=body, **options)


def ask(address: str, prompt: str = "Oak", **options: Any) -> EngineResult:
    image = InputImage.of_bytes(b"\xff\xd8\xff" * 100_000, "image/jpeg")
    request = EngineRequest(
        prompt=prompt, source=image, references=(Reference(image),), seconds_left=10, **options
    )
    return MeltFlexEngine(base=address, key="mf_sk_up", extensions=True).generate(request)


def test_without_faults_it_keeps_the_contract(running: Running) -> None:
    server, address = running
    answer = post(address).json()
    assert (answer["success"], answer["creditsUsed"]) == (True, 10)
    picture = base64.b64decode(answer["image"].removeprefix("data:image/png;base64,"))
    assert Image.open(BytesIO(picture)).size == (32, 32)
    assert post(address, headers={}).status_code == 401
    assert post(address, {"image": "data:"}).status_code == 400
    assert post(address, {"prompt": "x"}).status_code == 400
    assert post(address, {"prompt": " ", "imageUrl": "https://x"}).status_code == 400
    assert post(address, ["prompt"]).status_code == 400
    assert post(address, {**BODY, "image": "A" * 16 * 2**20}).status_code == 413
    assert post(address, {"image": "A" * 200_000, "prompt": "last"}).status_code == 200
    assert post(address, None, data=iter([b"{}"])).status_code == 411
    assert requests.get(f"{address}/api/v1/generate", headers=KEY, timeout=10).status_code == 405
    credits = requests.get(f"{address}/api/v1/credits", headers=KEY, timeout=10).json()
    assert (credits["totalSpent"], credits["balance"]) == (20, 999_980)
    told = server.book.told()
    assert told["charged"] == {BODY["prompt"]: 1, "last": 1}
    assert (told["over_limit"], told["chunked"], told["in_work"]) == (1, 1, 0)


def test_variations_and_levels_have_their_price(running: Running) -> None:
    result = ask(running[1], variations=2, design_level="pro")
    assert (len(result.pictures), result.credits_used) == (2, 30)


@pytest.mark.parametrize(
    ("outcome", "code", "again"),
    [
        ("busy", "busy", Again.SAFE),
        ("busy_silent", "busy", Again.SAFE),
        ("unauthorized", "service_unavailable", Again.NO),
        ("broke", "service_unavailable", Again.NO),
        ("reset_before", "outcome_unknown", Again.UNKNOWN),
        ("failed", "engine_failed", Again.ONCE),
        ("unavailable", "engine_failed", Again.UNKNOWN),
        ("reset_after", "outcome_unknown", Again.UNKNOWN),
        ("cut", "outcome_unknown", Again.UNKNOWN),
        ("drip", "outcome_unknown", Again.UNKNOWN),
        ("no_png", "bad_answer", Again.UNKNOWN),
        ("no_json", "bad_answer", Again.UNKNOWN),
    ],
)
def test_the_engine_tells_what_each_fault_means(
    running: Running, outcome: str, code: str, again: Again
) -> None:
    server, address = running
    server.set(Faults(chances={outcome: 1.0}, drip_lasts=0.3))
    with pytest.raises(EngineError) as failed:
        ask(address)
    assert (failed.value.code, failed.value.again) == (code, again)
    assert failed.value.retry_after == (1.0 if outcome == "busy" else None)
    assert server.book.told()["charged"] == ({"Oak": 1} if outcome in CHARGED else {})


@pytest.mark.parametrize(("outcome", "used"), [("cost_zero", 0), ("cost_odd", 7), ("cost_text", 0)])
def test_an_odd_price_comes_with_its_picture(running: Running, outcome: str, used: int) -> None:
    running[0].set(Faults(chances={outcome: 1.0}))
    assert ask(running[1]).credits_used == used


def test_a_picture_that_claims_to_be_enormous_is_refused_unopened(running: Running, tmp_path: Path) -> None:
    running[0].set(Faults(chances={"bomb": 1.0}))
    (picture,) = ask(running[1], folder=tmp_path).pictures
    assert picture.path is not None
    assert png_size(picture.path.read_bytes()) == (20_000, 20_000)
    with pytest.raises(photos.UnreadableImage):
        photos.check_png_file(picture.path, max_bytes=2**20, max_pixels=50_000_000)


def test_a_large_picture_is_whole(running: Running, tmp_path: Path) -> None:
    running[0].set(Faults(picture_bytes=1_000_000))
    (picture,) = ask(running[1], folder=tmp_path).pictures
    assert picture.path is not None
    facts = photos.check_png_file(picture.path, max_bytes=2**21, max_pixels=10**6)
    assert (facts.width, 990_000 < picture.size < 1_010_000) == (577, True)
    assert photos.thumbnail_of_file(str(picture.path))[1:] == (480, 480)


def fates(seed: int, prompts: list[str]) -> dict[str, list[int]]:
    """What becomes of each prompt, asked for twice; all at the same time."""
    chances = {"failed": 0.25, "unauthorized": 0.25, "unavailable": 0.25}
    with (
        faulty_meltflex.serving(seed=seed, faults=Faults(chances=chances)) as (_, address),
        ThreadPoolExecutor(8) as threads,
    ):

        def twice(prompt: str) -> list[int]:
            return [post(address, {**BODY, "prompt": prompt}).status_code for _ in range(2)]

        return dict(zip(prompts, threads.map(twice, prompts), strict=True))


def test_the_same_seed_gives_the_same_faults_in_any_order() -> None:
    prompts = [f"Room {number}" for number in range(20)]
    first = fates(7, prompts)
    assert fates(7, prompts[::-1]) == first
    assert fates(8, prompts) != first
    assert {status for pair in first.values() for status in pair} == {200, 401, 500, 503}


def test_it_can_be_steered_and_asked_while_it_runs(running: Running) -> None:
    address = running[1]

    def control(**change: Any) -> Any:
        return requests.put(f"{address}/_control", json=change, timeout=10).json()

    assert control(chances={"failed": 1.0})["faults"]["chances"] == {"failed": 1.0}
    assert [post(address).status_code for _ in range(2)] == [500, 500]
    told = requests.get(f"{address}/_control", timeout=10).json()
    assert (told["calls"], told["charged"], told["credits"]) == ({BODY["prompt"]: 2}, {}, 0)
    control(chances={}, forget=True, burst_every=100, burst_lasts=50)
    assert post(address).status_code == 429
    control(burst_every=0, refused_keys=["mf_sk_up"])
    assert post(address).status_code == 401
    control(refused_keys=[], broke_keys=["mf_sk_up"])
    assert post(address).json()["required"] == 10
    assert control()["outcomes"] == {"429": 1, "401": 1, "402": 1}


def test_more_than_so_many_at_once_are_turned_away(running: Running) -> None:
    server, address = running
    server.set(Faults(at_once=3, latency=(0.5, 0.5)))
    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(lambda _: post(address).status_code, range(8)))
    assert sorted(codes) == [200] * 3 + [429] * 5
    assert server.book.told()["most_in_work"] == 3
    assert server.book.told()["charged_twice"] == [BODY["prompt"]]


def test_it_runs_as_a_program_of_its_own() -> None:
    faults = json.dumps({"chances": {"no_json": 1.0}})
    command = [sys.executable, "-m", "tests.contract.faulty_meltflex", "--seed", "7", "--faults", faults]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert post(address).text.startswith("<html>")
        finally:
            process.terminate()


def test_it_refuses_faults_that_it_does_not_know() -> None:
    assert len(set(OUTCOMES)) == len(OUTCOMES)
    with pytest.raises(ValueError, match="earthquake"):
        Faults(chances={"earthquake": 0.1})
