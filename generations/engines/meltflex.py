"""The MeltFlex API over HTTPS: one synchronous POST that takes about a minute. Source: docs/api.md.

The contract has no idempotency key and no job id, so what a lost connection did is not knowable: such a call ends with
`Again.UNKNOWN` and is never repeated. Upstream text goes into `detail` for the operator, never to a customer.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from generations.engines.base import (
    Again,
    EngineError,
    EnginePicture,
    EngineRequest,
    EngineResult,
    InputImage,
)
from projects import image_pool, photos
from projects.deadline import Deadline

CONNECT_SECONDS = 10.0
BODY_BYTES = 15 * 2**20  # the contract's limit of a request
MAX_CREDITS_USED = 1_000_000
ANSWER_BYTES = 120 * 2**20  # three large pictures in base64, and then some
_ROOM_FOR_TEXT = 64 * 2**10  # prompt, names, JSON's own characters
_SIDES = (2048, 1536, 1280, 1024, 768, 512)  # px, tried in turn until the body fits
_SHRINK_SECONDS = 30.0


class _Row(NamedTuple):
    code: str
    message: str
    again: Again


_UNAVAILABLE = "The design service is unavailable."
_LOST = "The connection to the design service was lost before it answered."
# Every status that the contract names. What it does not name is a server error of unknown outcome.
STATUSES = {
    400: _Row("rejected", "The design service could not use this photo or prompt.", Again.NO),
    401: _Row("service_unavailable", _UNAVAILABLE, Again.NO),
    402: _Row("service_unavailable", _UNAVAILABLE, Again.NO),
    403: _Row("service_unavailable", _UNAVAILABLE, Again.NO),
    404: _Row("service_unavailable", _UNAVAILABLE, Again.NO),
    405: _Row("service_unavailable", _UNAVAILABLE, Again.NO),
    413: _Row("rejected", "The photos are too large for the design service.", Again.NO),
    415: _Row("service_unavailable", _UNAVAILABLE, Again.NO),
    429: _Row("busy", "The design service is too busy at the moment.", Again.SAFE),
    500: _Row("engine_failed", "The design service could not make this picture.", Again.ONCE),
}
_OTHER = _Row("engine_failed", "The design service broke off.", Again.UNKNOWN)


class MeltFlexEngine:
    """`base` is the address without a path. `extensions`: send the fields beyond the vendor's documentation."""

    name = "meltflex"
    repeatable = False

    def __init__(self, *, base: str, key: str, extensions: bool) -> None:
        self._url = f"{base}/api/v1/generate"
        self._key = key
        self._extensions = extensions

    def generate(self, request: EngineRequest) -> EngineResult:
        """One call. Blocks for up to `request.seconds_left`; raises EngineError."""
        with Deadline(request.seconds_left) as deadline:
            body = json.dumps(self._body(request)).encode()
            answer = self._post(body, deadline)
        return _result(answer, request.variations)

    def _body(self, request: EngineRequest) -> dict[str, Any]:
        references = [reference.image for reference in request.references]
        body: dict[str, Any] = {"prompt": request.prompt}
        # All one way: the vendor does not mix addresses and base64 in one request.
        if all(image.url for image in (request.source, *references)):
            body["imageUrl"] = request.source.url
            if references:
                body["referenceImageUrls"] = [image.url for image in references]
        else:
            source, *encoded = _data_urls([request.source, *references])
            body["image"] = source
            if encoded:
                body["referenceImages"] = encoded
        if any(reference.name for reference in request.references):
            body["referenceProducts"] = [{"name": reference.name} for reference in request.references]
        if self._extensions:
            body |= _extension_fields(request)
        return body

    def _post(self, body: bytes, deadline: Deadline) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        wait = max(1.0, deadline.left())
        try:
            with (
                _session(deadline) as session,
                session.post(
                    self._url,
                    data=body,
                    headers=headers,
                    timeout=(min(CONNECT_SECONDS, wait), wait),
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                content = _read(response, deadline)
                if response.status_code != 200:
                    raise _error_of(response, content)
        except requests.ConnectionError as error:
            raise _connection_error(error) from error
        except (requests.RequestException, HTTPError) as error:
            raise _lost(f"{type(error).__name__}: {error}") from error
        return _json(content)


def _session(deadline: Deadline) -> requests.Session:
    """A session whose connection is shut down at the deadline, whatever it waits for at that moment."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.guard(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            deadline.guard(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    adapter = HTTPAdapter()
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    session = requests.Session()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _extension_fields(request: EngineRequest) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if request.resolution:
        fields["resolution"] = request.resolution
    if request.design_level != "quick":
        fields["designLevel"] = request.design_level
    if request.mask:
        fields["mask"] = True
    if request.variations != 1:
        fields["variations"] = request.variations
    return fields


def _data_urls(images: Sequence[InputImage]) -> list[str]:
    """Base64 data URLs that together fit into the contract's body; scaled down as far as that takes."""
    room = (BODY_BYTES - _ROOM_FOR_TEXT) * 3 // 4  # base64 makes four characters of three bytes
    if sum(len(image.read()) for image in images) > room:
        images = _shrunk(images, room)
    return [f"data:{image.media_type};base64,{base64.b64encode(image.read()).decode()}" for image in images]


def _shrunk(images: Sequence[InputImage], room: int) -> list[InputImage]:
    for side in _SIDES:
        smaller = []
        for image in images:
            prepared = image_pool.run(
                photos.prepare, image.read(), longest_side=side, seconds=_SHRINK_SECONDS
            )
            smaller.append(InputImage.of_bytes(prepared.content, prepared.media_type))
        if sum(len(image.read()) for image in smaller) <= room:
            return smaller
    raise EngineError("rejected", "The photos are too large for the design service.", again=Again.NO)


def _read(response: requests.Response, deadline: Deadline) -> bytes:
    """The whole body, within the deadline and the size that we accept."""
    chunks, size = [], 0
    # read1 returns what one read of the socket gave; read would wait for the whole amount, byte by byte.
    while chunk := response.raw.read1(256 * 1024, decode_content=True):
        size += len(chunk)
        if size > ANSWER_BYTES:
            raise _bad_answer(f"more than {ANSWER_BYTES} bytes")
        if deadline.left() <= 0:
            raise _lost("deadline passed while the answer was arriving")
        chunks.append(chunk)
    if deadline.left() <= 0:  # cut off in the middle of the headers looks like a short answer
        raise _lost("deadline passed before the answer was whole")
    return b"".join(chunks)


def _error_of(response: requests.Response, content: bytes) -> EngineError:
    row = STATUSES.get(response.status_code, _OTHER)
    after = response.headers.get("Retry-After", "")
    return EngineError(
        row.code,
        row.message,
        again=row.again,
        detail=f"HTTP {response.status_code}: {content[:300].decode(errors='replace')}",
        status_code=response.status_code,
        retry_after=min(float(after), 60.0) if after.isdigit() else None,
    )


def _connection_error(error: requests.ConnectionError) -> EngineError:
    """A connection that never opened surely did nothing; of any other we can't know."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, (NewConnectionError, ConnectTimeoutError)
    ):
        return EngineError(
            "service_unavailable", _UNAVAILABLE, again=Again.SAFE, detail=f"never connected: {error}"
        )
    return _lost(f"{type(error).__name__}: {error}")


def _lost(detail: str) -> EngineError:
    return EngineError("outcome_unknown", _LOST, again=Again.UNKNOWN, detail=detail)


def _bad_answer(detail: str) -> EngineError:
    return EngineError(
        "bad_answer", "The design service answered with no picture.", again=Again.UNKNOWN, detail=detail
    )


def _json(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise _bad_answer(f"no JSON: {content[:200]!r}") from error
    if not isinstance(answer, dict):
        raise _bad_answer("JSON, but no object")
    return answer


def _result(answer: dict[str, Any], variations: int) -> EngineResult:
    several = answer.get("images")
    texts = several if isinstance(several, list) and several else [answer.get("image")]
    pictures = tuple(EnginePicture(_png(text)) for text in texts[:variations])
    return EngineResult(pictures, credits_used=_credits_used(answer.get("creditsUsed")))


def _credits_used(said: object) -> int:
    """What the upstream says, where that can be: it is untrusted input, and no reason to lose the picture."""
    plausible = isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= MAX_CREDITS_USED
    return said if plausible and isinstance(said, int) else 0


def _png(text: object) -> bytes:
    if not isinstance(text, str) or not text.startswith("data:image/png;base64,"):
        raise _bad_answer("no PNG data URL in the answer")
    try:
        return base64.b64decode(text.partition(",")[2], validate=True)
    except binascii.Error as error:
        raise _bad_answer("the data URL is not base64") from error
