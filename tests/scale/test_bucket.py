"""Every storage that the settings may name keeps the same promises: a disk, a bucket in memory, a real server's."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.http import FileResponse

from accounts.bucket import PART, Bucket
from accounts.errors import StorageAway
from generations import outage
from projects import storage as kept
from tests.real_stack import free_port
from tests.scale import bucket_server

NAME = "ws_1/pictures/gen_1/1-abcdefgh.png"
KINDS = ["disk", "memory", pytest.param("server", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=KINDS)
def everywhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    with ExitStack() as stack:
        if request.param == "disk":
            yield FileSystemStorage(tmp_path_factory.mktemp("media"))
        elif request.param == "memory":
            yield Bucket(url="memory:///")
        else:
            folder = tmp_path_factory.mktemp("bucket") / "server"
            server = stack.enter_context(bucket_server.serving(folder))
            yield of(server.address)


def of(endpoint: str, secret: str = bucket_server.SECRET) -> Bucket:
    keys = {"access_key_id": bucket_server.KEY, "secret_access_key": secret}
    return Bucket(bucket="rooms", prefix="a/b", endpoint=endpoint, region="us-east-1", **keys)


@pytest.fixture
def storage(everywhere: Storage) -> Iterator[Storage]:
    yield everywhere
    for name in list(names_in(everywhere)):
        everywhere.delete(name)


def names_in(storage: Storage) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("projects.storage.default_storage", storage)
        return sorted(kept.names())


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", [0, 1, 300_000, PART, PART + 1, 2 * PART + 5])
def test_what_comes_out_is_what_went_in(storage: Storage, size: int) -> None:
    assert storage.save(NAME, ContentFile(content(size))) == NAME
    assert storage.exists(NAME)
    assert storage.size(NAME) == size
    with storage.open(NAME) as opened:
        assert opened.read() == content(size)


def test_it_is_read_in_pieces_and_from_anywhere(storage: Storage) -> None:
    whole = content(1_000_000)
    storage.save(NAME, ContentFile(whole))
    with storage.open(NAME) as opened:
        assert opened.size == len(whole)
        assert opened.read(10) == whole[:10]
        assert opened.seek(-7, io.SEEK_END) == len(whole) - 7
        assert opened.read() == whole[-7:]
        assert opened.read() == b""
        opened.seek(400_000)
        assert opened.read(300_000) == whole[400_000:700_000]
        assert opened.tell() == 700_000


def test_a_page_sends_it_with_its_length(storage: Storage) -> None:
    whole = content(600_000)
    storage.save(NAME, ContentFile(whole))
    with storage.open(NAME) as opened:
        answer = FileResponse(opened)
        assert answer["Content-Length"] == "600000"
        assert answer["Content-Type"] == "image/png"
        assert b"".join(answer.streaming_content) == whole  # type: ignore[arg-type]


def test_what_is_not_there_is_told_as_on_a_disk(storage: Storage) -> None:
    assert not storage.exists(NAME)
    storage.delete(NAME)
    for ask in (storage.open, storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask(NAME)


def test_many_are_deleted_at_once(storage: Storage) -> None:
    if not isinstance(storage, Bucket):
        pytest.skip("A disk deletes one after the other.")
    for number in range(4):
        storage.save(f"ws_3/{number}", ContentFile(b"x"))
    storage.delete_many([f"ws_3/{number}" for number in range(1, 9)])  # some were never there
    assert names_in(storage) == ["ws_3/0"]


def test_files_are_listed_by_folder_and_as_a_whole(storage: Storage) -> None:
    wanted = ["exports/one.zip", "ws_2/a/1.png", "ws_2/b/2.png"]
    for name in wanted:
        storage.save(name, ContentFile(b"x"))
    assert sorted(storage.listdir("ws_2")[0]) == ["a", "b"]
    assert storage.listdir("exports") == ([], ["one.zip"])
    assert names_in(storage) == wanted
    young = datetime.now(UTC) - storage.get_modified_time(wanted[0])
    assert abs(young) < timedelta(minutes=1)


class Breaks(io.RawIOBase):
    """An upload whose sender goes away after so many bytes; it can't be rewound."""

    def __init__(self, after: int) -> None:
        self.left = after

    def read(self, size: int = -1) -> bytes:
        if self.left <= 0:
            raise ConnectionAbortedError("gone")
        some = min(size, self.left)
        self.left -= some
        return b"y" * some


@pytest.mark.parametrize("after", [10, 3 * PART])
def test_an_upload_that_breaks_off_leaves_no_object(storage: Storage, after: int) -> None:
    if isinstance(storage, FileSystemStorage):
        pytest.skip("A disk keeps the half; projects.storage finds and deletes it.")
    broken: Any = File(Breaks(after))  # type: ignore[arg-type]
    with pytest.raises(ConnectionAbortedError):
        storage.save(NAME, broken)
    assert not storage.exists(NAME)


def test_a_name_that_is_put_again_stays_one_file() -> None:
    bucket = Bucket(url="memory:///")
    assert bucket.save(NAME, ContentFile(b"x")) == bucket.save(NAME, ContentFile(b"x")) == NAME


def test_a_bucket_that_is_away_is_said_to_be_away(settings: Any) -> None:
    gone = of(f"http://127.0.0.1:{free_port()}")
    asks: list[Any] = [gone.open, gone.exists, gone.size, gone.delete, gone.listdir]
    asks.append(lambda name: gone.save(name, ContentFile(b"x")))
    for ask in asks:
        with pytest.raises(StorageAway) as told:
            ask(NAME)
        assert outage.is_away(told.value), "a page says 503 and a worker tries again"
        assert bucket_server.SECRET not in str(told.value)
    began = time.monotonic()
    assert not gone.answers()
    assert time.monotonic() - began < 5, "who watches has no patience"
    assert Bucket(url="memory:///").answers()


@pytest.mark.slow
def test_a_wrong_key_opens_nothing(tmp_path: Path) -> None:
    with bucket_server.serving(tmp_path / "server") as server:
        of(server.address).save(NAME, ContentFile(b"x"))
        assert of(server.address).answers()
        assert not of(server.address, "another-secret").answers()
        with pytest.raises(StorageAway):
            of(server.address, "another-secret").open(NAME)
