"""A ZIP that is being written: lists as JSON, and files out of storage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder

_CHUNK = 1024 * 1024


class Archive:
    """`missing` names the stored files that were gone when their turn came."""

    def __init__(self, zipped: ZipFile) -> None:
        self._zip = zipped
        self.missing: list[str] = []

    def rows(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """`<name>.json`: a list, one object a line, written as it comes."""
        with self._zip.open(_info(f"{name}.json", ZIP_DEFLATED), "w", force_zip64=True) as into:
            into.write(b"[")
            for number, row in enumerate(rows):
                line = json.dumps(dict(row), cls=DjangoJSONEncoder, ensure_ascii=False)
                into.write(f"{',' if number else ''}\n{line}".encode())
            into.write(b"\n]\n")

    def stored(self, folder: str, name: str, stored: str) -> None:
        """A file out of storage as `<folder>/<name>` with the ending of the stored one. Not inside a transaction."""
        target = f"{folder}/{name}{PurePosixPath(stored).suffix}"
        try:
            source = default_storage.open(stored)
        except FileNotFoundError:  # removed in this moment
            self.missing.append(target)
            return
        with source, self._zip.open(_info(target, ZIP_STORED), "w", force_zip64=True) as into:
            shutil.copyfileobj(source, into, _CHUNK)


def _info(name: str, how: int) -> ZipInfo:
    info = ZipInfo(name)
    info.compress_type = how
    return info
