"""The MeltFlex engine against a server that answers as the contract says, and as badly as can be."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest

from generations.engines.base import Again, EngineError, EngineRequest, EngineResult, InputImage, Reference
from generations.engines.meltflex import MeltFlexEngine
from generations.engines.meltflex_answer import read_answer
from generations.engines.meltflex_body import StreamedBody
from tests import factories
from tests import meltflex_server as upstream
from tests.accounts.test_fetch import CERTIFICATE
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

    monkeypatch.setattr("projects.image_pool.run", factories.run_image_work_here)
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


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("3600", 60), ("9" * 5000, None), ("soon", None), ("\u00b2", None), ("-1", None)],
)
def test_the_wait_that_a_busy_upstream_names_is_passed_on(
    server: MeltFlexServer, said: str, seconds: float | None
) -> None:
    assert failure(server, upstream.say(429, {"error": "x"}, Retry_After=said)).retry_after == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(20, 15, 20), (-20, 0, 0), (3600, 60, 60)])
def test_the_wait_may_be_named_as_a_date(server: MeltFlexServer, ahead: int, least: int, most: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    waits = failure(server, upstream.say(429, {"error": "x"}, Retry_After=date)).retry_after
    assert waits is not None
    assert least <= waits <= most


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


# --- In pieces -------------------------------------------------------------------------------------------


def test_pictures_are_left_as_files_where_a_folder_is_given(server: MeltFlexServer, tmp_path: Path) -> None:
    result = engine(server).generate(EngineRequest(prompt="x", source=PHOTO, folder=tmp_path))
    (picture,) = result.pictures
    assert picture.path is not None
    assert (picture.png, picture.path.read_bytes(), picture.size) == (b"", png(), len(png()))
    assert list(tmp_path.iterdir()) == [picture.path]  # the spooled answer is gone


def stored(folder: Path, name: str, size: int) -> InputImage:
    """An image that lies in a file."""
    path = folder / name
    path.write_bytes(np.random.default_rng(1).bytes(size))
    return InputImage(lambda: path.open("rb"), size, "image/jpeg")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 48 * 1024 - 1, 48 * 1024, 100_000])
@pytest.mark.parametrize("at_once", [-1, 1000, 10**6])
def test_the_body_is_the_json_it_claims_to_be(tmp_path: Path, size: int, at_once: int) -> None:
    image = stored(tmp_path, "a.jpg", size)
    body = StreamedBody({"prompt": 'say "x"'}, source=image, references=[image, PHOTO])
    pieces = []
    while piece := body.read(at_once):
        pieces.append(piece)
    whole = b"".join(pieces)
    assert len(whole) == len(body)
    assert json.loads(whole) == {
        "prompt": 'say "x"',
        "image": data_url(image.read()),
        "referenceImages": [data_url(image.read()), data_url(jpeg())],
    }


def test_the_length_is_sent_and_nothing_in_chunks(server: MeltFlexServer, tmp_path: Path) -> None:
    source = stored(tmp_path, "a.jpg", 500_000)
    engine(server).generate(EngineRequest(prompt="x", source=source))
    assert server.headers[0]["content-length"] == str(server.sizes[0])
    assert "transfer-encoding" not in server.headers[0]
    assert server.bodies[0]["image"] == data_url(source.read())


@pytest.mark.parametrize("size", [999, 1001])
def test_a_photo_that_changed_while_it_was_sent_breaks_the_call_off_harmlessly(
    server: MeltFlexServer, tmp_path: Path, size: int
) -> None:
    wrong = InputImage(stored(tmp_path, "a.jpg", 1000).opener, size, "image/jpeg")
    with pytest.raises(EngineError) as failed:
        engine(server).generate(EngineRequest(prompt="x", source=wrong, seconds_left=5))
    assert (failed.value.code, failed.value.again) == ("internal_error", Again.SAFE)


def test_a_photo_that_is_gone_breaks_the_call_off_harmlessly(server: MeltFlexServer, tmp_path: Path) -> None:
    gone = InputImage(lambda: (tmp_path / "gone").open("rb"), 10, "image/jpeg")
    with pytest.raises(EngineError) as failed:
        engine(server).generate(EngineRequest(prompt="x", source=gone, seconds_left=5))
    assert (failed.value.code, failed.value.again) == ("internal_error", Again.SAFE)


def huge(handler: upstream._Handler) -> None:
    """30 MB of base64, in pieces, so that the server itself takes no memory either."""
    head, piece, tail = b'{"success": true, "image": "data:image/png;base64,', b"iVBO" * 15_000, b'"}'
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(head) + 500 * len(piece) + len(tail)))
    handler.end_headers()
    handler.wfile.write(head)
    for _ in range(500):
        handler.wfile.write(piece)
    handler.wfile.write(tail)


def test_memory_does_not_grow_with_what_is_sent_and_received(server: MeltFlexServer, tmp_path: Path) -> None:
    server.answers, server.keeps_bodies = [upstream.picture(), huge], False
    references = tuple(Reference(stored(tmp_path, f"{n}.jpg", 1_000_000)) for n in range(10))
    request = EngineRequest(prompt="x", source=PHOTO, references=references, folder=tmp_path)
    engine(server).generate(ASK)  # imports and caches
    tracemalloc.start()
    try:
        result = engine(server).generate(request)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert server.sizes[1] > 13_000_000
    assert result.pictures[0].size == 22_500_000
    assert peak < 3 * 2**20, f"{peak / 2**20:.1f} MB"


def answered(folder: Path, text: bytes, variations: int = 1) -> list[bytes]:
    """What is read from an answer's text."""
    path = folder / "answer.json"
    path.write_bytes(text)
    result = read_answer(path, variations=variations, folder=folder)
    return [picture.path.read_bytes() for picture in result.pictures if picture.path]


@pytest.mark.parametrize("size", [1, 2, 3, 190_000, 786_431, 786_432, 786_433])
def test_base64_is_read_in_every_way_that_json_may_write_it(tmp_path: Path, size: int) -> None:
    content = np.random.default_rng(size).bytes(size)
    plain = json.dumps(
        {"image": data_url(content, "image/png"), "note": 'a "quoted" data:image/png;base64,x'}
    )
    for text in (
        plain,
        plain.replace("/", "\\/"),
        plain.replace("/", "\\u002f").replace("+", "\\u002B").replace("image\\u002f", "image/", 1),
        json.dumps({"data": {"image": "data:image/png;base64,AAAA"}, **json.loads(plain)}, indent=2),
    ):
        assert answered(tmp_path, text.encode()) == [content]


def test_of_several_pictures_only_as_many_as_were_asked_for_are_read(tmp_path: Path) -> None:
    urls = [data_url(png(8 + n), "image/png") for n in range(5)]
    text = json.dumps({"image": urls[0], "images": urls}).encode()
    assert answered(tmp_path, text, variations=3) == [png(8), png(9), png(10)]


PREFIX = b'{"image": "data:image/png;base64,'


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'"',
        b'{"image": "data:image/png;base64,AAAA',
        PREFIX + b'AAA"}',
        PREFIX + b'AA=="',
        PREFIX + b'AA==AAAA"}',
        PREFIX + b"A" * (256 * 1024 - 2) + b'==AAAA"}',
        PREFIX + b'AA\\nAA"}',
        PREFIX + b'=AAA"}',
        b'{"image": "data:image/jpeg;base64,AAAA"}',
        b'{"image": "data:text/html,AAAA"}',
        b'{"image": ["data:image/png;base64,AAAA"]}',
        b'{"images": [{"data:image/png;base64,AAAA": 1}]}',
        b'{"image": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        b'{"a": ' * 10_000,
        b"\xff\xfe" + '{"image": "data:image/png;base64,AAAA"}'.encode("utf-16-le"),
        b'{"image": "\xff"}',
    ],
)
def test_a_broken_answer_is_only_ever_a_bad_answer(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(EngineError) as failed:
        answered(tmp_path, text)
    assert (failed.value.code, failed.value.again) == ("bad_answer", Again.UNKNOWN)


@pytest.mark.parametrize(
    "text",
    [
        b'"' + b'\\"' * 10_000_000,  # a string without end, full of quotes to begin again at
        b'"a",' * 5_000_000,
        b" " * 20_000_000,
        b'{"image": "data:image/png;base64,' + b"\\" * 20_000_001 + b'"}',
    ],
    ids=["unending", "many", "blank", "escapes"],
)
def test_a_hostile_answer_takes_neither_time_nor_memory(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "answer.json").write_bytes(text)
    began = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(EngineError, match="bad_answer"):
            read_answer(tmp_path / "answer.json", variations=3, folder=tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 3
    assert peak < 3 * 2**20


def test_an_endless_answer_is_given_up(server: MeltFlexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generations.engines.meltflex.ANSWER_BYTES", 1_000_000)
    assert failure(server, huge).code == "bad_answer"


def test_of_an_error_only_its_beginning_is_read(server: MeltFlexServer) -> None:
    def endless(handler: upstream._Handler) -> None:
        handler.send_response(500)
        handler.send_header("Content-Length", str(10**12))
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass

    error = failure(server, endless)
    assert (error.status_code, error.again, len(error.detail) <= 400) == (500, Again.ONCE, True)


@pytest.mark.parametrize("where", ["http://[", "https://elsewhere.example/", "/"])
def test_a_redirect_is_neither_followed_nor_stumbled_over(server: MeltFlexServer, where: str) -> None:
    error = failure(server, upstream.say(302, {"error": "moved"}, Location=where))
    assert (error.code, error.status_code) == ("engine_failed", 302)


def test_the_key_is_never_told(server: MeltFlexServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = failure(server, upstream.say(401, {"error": "no such key: mf_sk_upstream"}))
    spoken = MeltFlexEngine(base=server.base, key="mf_sk_up\nstream", extensions=False)
    with pytest.raises(EngineError) as odd:
        spoken.generate(ASK)
    told = (
        f"{error!r} {error} {error.detail} {error.__cause__!r} {odd.value!r} {engine(server)!r} {caplog.text}"
    )
    assert "mf_sk_up" not in told


def test_a_server_that_is_no_tls_server_surely_did_nothing(server: MeltFlexServer) -> None:
    base = server.base.replace("http:", "https:")
    with pytest.raises(EngineError) as failed:
        MeltFlexEngine(base=base, key="k", extensions=False).generate(ASK)
    assert (failed.value.code, failed.value.again) == ("service_unavailable", Again.SAFE)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server that speaks TLS as `localhost`, and its certificate."""
    file = tmp_path / "localhost.pem"
    file.write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with upstream.serving() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        yield f"https://localhost:{server.server_address[1]}", file


def test_tls_is_spoken_with_those_whom_the_environment_trusts(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    base, certificate = secure

    def call(base: str) -> EngineResult:
        return MeltFlexEngine(base=base, key="k", extensions=False).generate(ASK)

    with pytest.raises(EngineError, match="never connected") as stranger:
        call(base)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(EngineError, match="never connected") as misnamed:
        call(base.replace("localhost", "127.0.0.1"))
    assert [failed.value.again for failed in (stranger, misnamed)] == [Again.SAFE, Again.SAFE]
    assert len(call(base).pictures) == 1


def test_a_handshake_without_end_meets_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"https://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(EngineError) as failed:
            request = EngineRequest(prompt="x", source=PHOTO, seconds_left=0.3)
            MeltFlexEngine(base=base, key="k", extensions=False).generate(request)
    assert (failed.value.again, time.monotonic() - began < 0.9) == (Again.SAFE, True)


def test_a_full_disk_is_told_as_our_fault(server: MeltFlexServer, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as failed:
        engine(server).generate(EngineRequest(prompt="x", source=PHOTO, folder=tmp_path / "missing"))
    assert (failed.value.code, failed.value.again) == ("internal_error", Again.UNKNOWN)
