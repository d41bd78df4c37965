"""Bombs, liars and polyglots against the input doctor, in the process in which the product runs it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from accounts.errors import Refusal
from projects import image_pool, photos
from tests.projects import image_corpus
from tests.projects.image_corpus import EITHER, HARMLESS, LARGEST, MARK, MB, REFUSED

SECONDS = 20.0
SMALL = (
    120 * MB
)  # more resident memory, at its highest, than before: for what is small or refused by its header
BIG = (
    1400 * MB
)  # for 50 million pixels of the worst kind: well under the address space that a process may map


@dataclass(frozen=True)
class Seen:
    """What became of a picture."""

    refusal: str
    content: bytes
    grown: int  # bytes of resident memory at the highest point above the start


def look(content: bytes) -> Seen:
    """In an image process: prepare it, and measure."""
    import pillow_heif  # decoders are loaded once; they are no picture's memory
    from PIL import Image

    pillow_heif.register_heif_opener()
    Image.init()
    before = _resident("VmRSS")
    _forget_highest()
    refusal, out = "", b""
    try:
        out = photos.prepare(content, keep_png=True).content
    except Refusal as refused:
        refusal = f"{type(refused).__name__}: {refused.english}"
    return Seen(refusal, out, max(0, _resident("VmHWM") - before))


def _forget_highest() -> None:
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def _resident(name: str) -> int:
    if sys.platform != "linux":
        return 0  # the bound on time and the outcome are tested everywhere
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


@pytest.fixture(scope="module", autouse=True)
def _one_child() -> Iterator[None]:
    image_pool.configure(processes=1)
    yield
    image_pool.shutdown()


def seen(make: Callable[[], bytes], *, most: int, seconds: float = SECONDS) -> Seen:
    """What becomes of it, which may cost so much memory and time."""
    content = make()
    assert len(content) <= 31 * MB, "nobody can send it"
    image_pool.run(os.getpid, seconds=30)  # a process is there: its start counts for nothing
    began = time.monotonic()
    result = image_pool.run(look, content, seconds=seconds)
    assert time.monotonic() - began < seconds
    assert result.grown < most, f"{result.grown / MB:.0f} MB"
    return result


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_we_take_is_refused_in_little_memory(name: str) -> None:
    result = seen(REFUSED[name], most=SMALL)
    assert result.refusal
    assert result.refusal.endswith((".", "picture", "…")), "a sentence that says what to do"


@pytest.mark.parametrize("name", HARMLESS)
def test_what_rides_on_a_picture_does_not_come_out_again(name: str) -> None:
    result = seen(HARMLESS[name], most=SMALL)
    assert result.refusal == ""
    assert result.content.startswith((b"\xff\xd8\xff", b"\x89PNG"))
    for hidden in (MARK, b"<html", b"<!DOCTYPE", b"PK\x03\x04", b"<?xml", b"acTL"):
        assert hidden not in result.content


@pytest.mark.parametrize("name", EITHER)
def test_what_unpacks_to_a_thousand_times_its_size_stays_small(name: str) -> None:
    result = seen(EITHER[name], most=SMALL)
    assert result.refusal or result.content
    assert MARK not in result.content


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_picture_we_take_fits_into_its_process(name: str) -> None:
    """Or takes too long, which costs its own process alone; memory is bounded either way."""
    try:
        result = seen(LARGEST[name], most=BIG, seconds=30)
    except image_pool.ImageWorkTimedOut:
        assert "scans" in name
    else:
        assert result.refusal == ""
        assert photos.inspect(result.content).width <= 2048


def test_the_corpus_is_as_long_as_it_claims() -> None:
    assert len(REFUSED) + len(HARMLESS) + len(EITHER) >= 60
    assert image_corpus.room().size == (128, 96)
