"""The MeltFlex engine against a server that answers as the contract says, and as badly as can be."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest

from generations.engines.base import Again, EngineError, EngineRequest, InputImage, Reference
from generations.engines.meltflex import MeltFlexEngine
from tests import meltflex_server as upstream
from tests.factories import data_url
from tests.fakes import jpeg, png
from tests.meltflex_server import MeltFlexServer

PHOTO = InputImage.of_bytes(jpeg(), "image/jpeg")
ASK = EngineRequest(prompt="Japandi", source=PHOTO)


@pytest.fixture
def server() -> Iterator[MeltFlexServer]:
    with upstream.serving() as running:
        yield running


def engine(server: MeltFlexServer, *, extensions: bool = False) -> MeltFlexEngine:
    return MeltFlexEngine(base=server.base, key="mf_sk_upstream", extensions=extensions)


def failure(server: MeltFlexServer, answer: upstream.Answer, request: EngineRequest = ASK) -> EngineError:
    server.answers = [answer]
    with pytest.raises(EngineError) as failed:
        engine(server).generate(request)
    return failed.value


def test_a_picture_and_what_it_cost_come_back(server: MeltFlexServer) -> None:
    result = engine(server).generate(ASK)
    assert [picture.png for picture in result.pictures] == [png()]
    assert result.credits_used == 10
    assert server.headers[0]["authorization"] == "Bearer mf_sk_upstream"
    assert server.headers[0]["content-type"] == "application/json"


def test_only_documented_fields_are_sent(server: MeltFlexServer) -> None:
    request = EngineRequest(
        prompt="x",
        source=PHOTO,
        references=(Reference(PHOTO, "Sofa"), Reference(PHOTO)),
        design_level="pro",
        resolution="2K",
        variations=2,
    )
    engine(server).generate(request)
    assert set(server.bodies[0]) == {"prompt", "image", "referenceImages", "referenceProducts"}
    assert server.bodies[0]["referenceProducts"] == [{"name": "Sofa"}, {"name": ""}]
    assert server.bodies[0]["image"].startswith("data:image/jpeg;base64,")


def test_extensions_are_sent_where_they_are_switched_on(server: MeltFlexServer) -> None:
    server.answers = [upstream.picture(images=[data_url(png(), "image/png")] * 2, count=2)]
    request = EngineRequest(
        prompt="x", source=PHOTO, resolution="2K", design_level="pro", mask=True, variations=2
    )
    result = engine(server, extensions=True).generate(request)
    sent = server.bodies[0]
    assert (sent["resolution"], sent["designLevel"], sent["mask"], sent["variations"]) == (
        "2K",
        "pro",
        True,
        2,
    )
    assert len(result.pictures) == 2


def test_addresses_are_sent_where_every_image_has_one(server: MeltFlexServer) -> None:
    there = InputImage.of_bytes(jpeg(), "image/jpeg", url="https://rooms.example/files/a")
    engine(server).generate(EngineRequest(prompt="x", source=there, references=(Reference(there),)))
    engine(server).generate(EngineRequest(prompt="x", source=there, references=(Reference(PHOTO),)))
    assert set(server.bodies[0]) == {"prompt", "imageUrl", "referenceImageUrls"}
    assert set(server.bodies[1]) == {"prompt", "image", "referenceImages"}


def test_a_body_that_would_be_too_large_is_scaled_down_until_it_fits(
    server: MeltFlexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    monkeypatch.setattr(
        "projects.image_pool.run", lambda function, /, *args, seconds, **kwargs: function(*args, **kwargs)
    )
    noise = np.random.default_rng(1).integers(0, 255, (1800, 1800, 3), dtype=np.uint8)
    large = InputImage.of_bytes(cv2.imencode(".png", noise)[1].tobytes(), "image/png")
    engine(server).generate(EngineRequest(prompt="x", source=large, references=(Reference(large),)))
    assert server.sizes[0] < 15 * 2**20


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        (400, "rejected", Again.NO),
        (401, "service_unavailable", Again.NO),
        (402, "service_unavailable", Again.NO),
        (403, "service_unavailable", Again.NO),
        (405, "service_unavailable", Again.NO),
        (413, "rejected", Again.NO),
        (429, "busy", Again.SAFE),
        (500, "engine_failed", Again.ONCE),
        (502, "engine_failed", Again.UNKNOWN),
        (503, "engine_failed", Again.UNKNOWN),
        (504, "engine_failed", Again.UNKNOWN),
        (302, "engine_failed", Again.UNKNOWN),
    ],
)
def test_every_status_has_its_meaning_and_its_text_stays_inside(
    server: MeltFlexServer, status: int, code: str, again: Again
) -> None:
    error = failure(
        server, upstream.say(status, {"error": "see meltflexai.com/settings", "message": "upstream"})
    )
    assert (error.code, error.again, error.status_code) == (code, again, status)
    assert "upstream" not in error.message
    assert "meltflexai" not in error.message
    assert "meltflexai" in error.detail


def test_the_wait_that_a_busy_upstream_names_is_passed_on(server: MeltFlexServer) -> None:
    assert failure(server, upstream.say(429, {"error": "x"}, Retry_After="7")).retry_after == 7


@pytest.mark.parametrize("answer", [upstream.hang_up, upstream.cut])
def test_a_lost_connection_has_an_unknown_outcome(server: MeltFlexServer, answer: upstream.Answer) -> None:
    error = failure(server, answer)
    assert (error.code, error.again) == ("outcome_unknown", Again.UNKNOWN)


@pytest.mark.parametrize("answer", [upstream.drip, upstream.drip_headers])
def test_an_answer_that_drips_past_the_deadline_has_an_unknown_outcome(
    server: MeltFlexServer, answer: upstream.Answer
) -> None:
    began = time.monotonic()
    error = failure(server, answer, EngineRequest(prompt="x", source=PHOTO, seconds_left=1.0))
    assert (error.code, error.again) == ("outcome_unknown", Again.UNKNOWN)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("said", [2**40, -1, True, "10", None])
def test_an_odd_cost_is_no_reason_to_lose_the_picture(server: MeltFlexServer, said: object) -> None:
    server.answers = [upstream.picture(creditsUsed=said)]
    result = engine(server).generate(ASK)
    assert (len(result.pictures), result.credits_used) == (1, 0)


def test_a_connection_that_never_opened_may_be_tried_again() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(EngineError) as failed:
        MeltFlexEngine(base=f"http://127.0.0.1:{port}", key="k", extensions=False).generate(ASK)
    assert (failed.value.code, failed.value.again) == ("service_unavailable", Again.SAFE)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        {"success": True},
        {"success": True, "image": 5},
        {"success": True, "image": "https://x"},
        {"success": True, "image": "data:image/png;base64,@@@"},
    ],
)
def test_an_answer_without_a_picture_may_have_been_charged(server: MeltFlexServer, body: object) -> None:
    error = failure(server, upstream.say(200, body))
    assert (error.code, error.again) == ("bad_answer", Again.UNKNOWN)
