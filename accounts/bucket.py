"""The files of an instance in an S3-compatible bucket, for one that runs on several machines (decision 0045).

The only file that knows `obstore`. Nothing else knows that there is a bucket: all go through Django's storage.
"""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any

import obstore
from django.core.files.base import File
from django.core.files.storage import Storage
from obstore.exceptions import BaseError
from obstore.store import S3Store
from obstore.store import from_url as store_of

from accounts.errors import StorageAway

PART = 8 * 2**20  # bytes; what is longer goes up in parts of this size, so no file is ever whole in memory
PARTS_AT_ONCE = 2
PIECE = 2**18  # bytes of an object that are read at once
# How long one request may take, and for how long it is repeated by itself; then who asked is told (StorageAway).
CONNECT_SECONDS, REQUEST_SECONDS, RETRY_SECONDS, RETRIES = 3, 60, 10, 3
WATCH_SECONDS = 2  # so long, and once, for those who only want to know whether it is there


@contextmanager
def _in_our_words() -> Iterator[None]:
    """A missing object is FileNotFoundError, as on a disk; whatever else goes wrong is StorageAway."""
    try:
        yield
    except BaseError as error:
        raise StorageAway(str(error).partition("\n")[0][:300]) from error


class Bucket(Storage):
    """Django's storage in a bucket. Safe for threads; each process makes its own connections, when it needs them.

    `endpoint` "" is Amazon's; without `access_key_id` the machine's own role is asked. `prefix` is put before every
    name. `url` in the place of all that names any store that obstore knows: "memory:///" is one for tests.
    """

    def __init__(self, *, url: str = "", prefix: str = "", **s3: str) -> None:
        self._url, self._prefix, self._s3 = url, prefix or None, s3

    @cached_property
    def _store(self) -> Any:
        return self._reached(connect=CONNECT_SECONDS, request=REQUEST_SECONDS, retries=RETRIES)

    @cached_property
    def _watched(self) -> Any:
        return self._reached(connect=WATCH_SECONDS, request=WATCH_SECONDS, retries=0)

    def _reached(self, *, connect: int, request: int, retries: int) -> Any:
        if self._url:
            return store_of(self._url)
        given = {name: value for name, value in self._s3.items() if value and name != "bucket"}
        return S3Store(
            self._s3["bucket"],
            prefix=self._prefix,
            config=given,  # type: ignore[arg-type]  # names are those of its TypedDict
            client_options={
                "allow_http": given.get("endpoint", "").startswith("http:"),
                "connect_timeout": f"{connect}s",
                "timeout": f"{request}s",
            },
            retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        )

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError(f"Objects are written whole, by `save`, and not opened as {mode!r}.")
        return File(io.BufferedReader(_Object(self._store, name), PIECE), name)

    def _save(self, name: str, content: File[bytes]) -> str:
        kind = {"Content-Type": mimetypes.guess_type(name)[0] or "application/octet-stream"}
        pieces = content.chunks(PART)
        first = next(pieces, b"")
        more = next(pieces, b"")
        with _in_our_words():
            if not more:
                obstore.put(self._store, name, first, attributes=kind, use_multipart=False)
                return name
            whole = chain((first, more), pieces)
            obstore.put(
                self._store,
                name,
                whole,
                attributes=kind,
                chunk_size=PART,
                max_concurrency=PARTS_AT_ONCE,
            )
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: names are never used twice, and the same file put again is the same file."""
        return name

    def delete(self, name: str) -> None:
        """Gone afterwards, whether it was there or not."""
        with _in_our_words(), suppress(FileNotFoundError):
            obstore.delete(self._store, name)

    def delete_many(self, names: Sequence[str]) -> None:
        """The same for some hundreds, with one request."""
        with _in_our_words(), suppress(FileNotFoundError):
            obstore.delete(self._store, list(names))

    def exists(self, name: str) -> bool:
        """Asks the bucket."""
        try:
            self._about(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        """Bytes. Raises FileNotFoundError."""
        size: int = self._about(name)["size"]
        return size

    def get_modified_time(self, name: str) -> datetime:
        """When it was written, by the bucket's clock. Raises FileNotFoundError."""
        moment: datetime = self._about(name)["last_modified"]
        return moment

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files right under `path`; both empty where there is none."""
        with _in_our_words():
            found = obstore.list_with_delimiter(self._store, path or None)
        return (
            [folder.rstrip("/").rpartition("/")[2] for folder in found["common_prefixes"]],
            [each["path"].rpartition("/")[2] for each in found["objects"]],
        )

    def answers(self) -> bool:
        """Whether it can be reached and lets us in, found out within WATCH_SECONDS."""
        try:
            with _in_our_words(), suppress(FileNotFoundError):
                obstore.head(self._watched, "watched")  # an object that need not be there
        except StorageAway:
            return False
        return True

    def names(self) -> Iterator[str]:
        """Every object's, a thousand with each request."""
        with _in_our_words():
            for some in obstore.list(self._store, chunk_size=1000):
                yield from (each["path"] for each in some)

    def _about(self, name: str) -> Any:
        with _in_our_words():
            return obstore.head(self._store, name)


class _Object(io.RawIOBase):
    """An object that is read as it comes, from one request unless somebody jumps. Raises as `_in_our_words` says."""

    def __init__(self, store: Any, name: str) -> None:
        super().__init__()
        self._store, self.name = store, name
        self._at = 0  # where the reader is
        self._size = self._ask(0)

    def _ask(self, start: int) -> int:
        """Have it sent from this byte on. Returns the size of all of it."""
        options: Any = {"range": {"offset": start}} if start else None
        with _in_our_words():
            answer = obstore.get(self._store, self.name, options=options)
            self._pieces: Iterator[Any] = iter(answer.stream(min_chunk_size=PIECE))
        self._piece, self._sent_up_to = memoryview(b""), start
        size: int = answer.meta["size"]
        return size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Asks for nothing yet: finding out how long a file is means to jump to its end and back."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if self._at != self._sent_up_to - len(self._piece):
            self._ask(self._at)
        if not self._piece:
            with _in_our_words():
                self._piece = memoryview(bytes(next(self._pieces, b"")))
            if not self._piece:
                raise StorageAway(f"{self.name} ended after {self._at} of {self._size} bytes.")
            self._sent_up_to += len(self._piece)
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        self._at += count
        return count

    def close(self) -> None:
        self._pieces, self._piece = iter(()), memoryview(b"")  # lets go of the connection
        super().close()
