"""The contract's 200 body, streamed from storage: no picture is ever whole in memory as base64."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pybase64
from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse

from generations.models import Generation, Picture

_STEP = 3 * 2**18  # bytes; three at a time make four characters, so pieces fit together
_HEAD = b'"data:image/png;base64,'


def picture_response(generation: Generation, *, with_list: bool) -> StreamingHttpResponse:
    """The first picture, and with `with_list` all of them as `images` and their `count`.

    Raises FileNotFoundError when a file is gone; one that goes while it is sent breaks the answer off, and its
    Content-Length shows it.
    """
    pictures = list(generation.pictures.all())
    tail: dict[str, Any] = {"creditsUsed": generation.credits_settled}
    if with_list:
        tail["count"] = len(pictures)
    end = b"," + json.dumps(tail).encode()[1:]
    for picture in pictures:
        default_storage.size(picture.image)

    def body() -> Iterator[bytes]:
        yield b'{"success":true,"image":'
        yield from _data_url(pictures[0])
        if with_list:
            for position, picture in enumerate(pictures):
                yield b"," if position else b',"images":['
                yield from _data_url(picture)
            yield b"]"
        yield end

    response = StreamingHttpResponse(body(), content_type="application/json")
    response["Content-Length"] = str(_length(pictures, end, with_list=with_list))
    response["X-Generation-Id"] = generation.public_id
    return response


def _length(pictures: Sequence[Picture], end: bytes, *, with_list: bool) -> int:
    """Bytes of the body; base64 makes four characters of three bytes."""
    sizes = [len(_HEAD) + 4 * ((picture.bytes + 2) // 3) + 1 for picture in pictures]
    length = len('{"success":true,"image":') + sizes[0] + len(end)
    if with_list:
        length += len(',"images":[') + sum(sizes) + len(sizes) - 1 + 1
    return length


def _data_url(picture: Picture) -> Iterator[bytes]:
    yield _HEAD
    with default_storage.open(picture.image) as file:
        while chunk := file.read(_STEP):
            yield pybase64.b64encode(chunk)
    yield b'"'
