"""The MeltFlex API over HTTPS: one synchronous POST that takes about a minute. Source: docs/api.md.

The contract has no idempotency key and no job id, so what a lost connection did is not knowable: such a call ends with
`Again.UNKNOWN` and is never repeated. Upstream text goes into `detail` for the operator, never to a customer.
Bodies and answers pass through in pieces, so that memory does not grow with the number of calls under way.
"""

from __future__ import annotations

import http.client
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import HTTPError

from accounts.deadline import Deadline
from generations.engines.base import (
    Again,
    EngineError,
    EnginePicture,
    EngineRequest,
    EngineResult,
    InputImage,
)
from generations.engines.meltflex_answer import bad_answer, read_answer
from generations.engines.meltflex_body import StreamedBody, base64_length
from generations.engines.meltflex_wire import Wire
from projects import image_pool, photos

BODY_BYTES = 15 * 2**20  # the contract's limit of a request
ANSWER_BYTES = 120 * 2**20  # three large pictures in base64, and then some
DETAIL_LENGTH = 400  # characters kept of what the upstream said
ERROR_BYTES = 64 * 2**10  # of an answer that brings no picture
MAX_RETRY_AFTER = 60.0  # seconds; an upstream that names more is asked again then
_ROOM_FOR_TEXT = 64 * 2**10  # prompt, names, JSON's own characters
_SIDES = (2048, 1536, 1280, 1024, 768, 512)  # px, tried in turn until the body fits
_SHRINK_SECONDS = 30.0
_PIECE = 64 * 2**10  # bytes of an answer in memory at once


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

    def __repr__(self) -> str:
        return f"<MeltFlexEngine {self._url}>"  # whatever is added here: never the key

    def generate(self, request: EngineRequest) -> EngineResult:
        """One call. Blocks for up to `request.seconds_left`; raises EngineError.

        The pictures are files in `request.folder`; without a folder they come in memory.
        """
        if request.folder is not None:
            return self._call(request, request.folder)
        with tempfile.TemporaryDirectory(prefix="meltflex-") as folder:
            result = self._call(request, Path(folder))
            return replace(result, pictures=tuple(_in_memory(picture) for picture in result.pictures))

    def _call(self, request: EngineRequest, folder: Path) -> EngineResult:
        answer = folder / "answer.json"
        opened = False
        try:
            with Deadline(request.seconds_left) as deadline, Wire(deadline) as wire:
                try:
                    self._post(self._body(request, folder, deadline), wire, answer)
                finally:
                    opened = wire.opened
            return read_answer(answer, variations=request.variations, folder=folder)
        except OSError as error:  # of our own disk: whatever the network does ends as EngineError
            raise _not_kept(error, opened=opened) from error
        except EngineError as error:
            # An upstream may well repeat what it was sent; its texts are cut only when the key is out of them.
            raise _without(error, self._key) from None
        finally:
            answer.unlink(missing_ok=True)

    def _body(self, request: EngineRequest, folder: Path, deadline: Deadline) -> StreamedBody:
        images = [request.source, *(reference.image for reference in request.references)]
        fields: dict[str, Any] = {"prompt": request.prompt}
        if any(reference.name for reference in request.references):
            fields["referenceProducts"] = [{"name": reference.name} for reference in request.references]
        if self._extensions:
            fields |= _extension_fields(request)
        # All one way: the vendor does not mix addresses and base64 in one request.
        if all(image.url for image in images):
            fields["imageUrl"] = request.source.url
            if request.references:
                fields["referenceImageUrls"] = [image.url for image in images[1:]]
            return StreamedBody(fields, source=None, references=())
        source, *references = _fitting(images, folder, deadline)
        return StreamedBody(fields, source=source, references=references)

    def _post(self, body: StreamedBody, wire: Wire, answer: Path) -> None:
        """Send it, and leave a 200's body in the file `answer`."""
        if not re.fullmatch(r"[!-~]+", self._key):  # an error about a bad header would quote it
            raise EngineError(
                "service_unavailable", _UNAVAILABLE, again=Again.NO, detail="The key is no key."
            )
        try:
            with wire.post(self._url, body, key=self._key) as response:
                if response.status_code != 200:
                    raise _error_of(response, wire.deadline)
                _spool(response, answer, wire.deadline)
        except (requests.RequestException, HTTPError, http.client.HTTPException, ValueError) as error:
            detail = f"{type(error).__name__}: {error}"
            if wire.opened:
                raise _lost(detail) from error
            raise EngineError(  # what never opened surely did nothing
                "service_unavailable", _UNAVAILABLE, again=Again.SAFE, detail=f"never connected: {detail}"
            ) from error


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


def _in_memory(picture: EnginePicture) -> EnginePicture:
    with picture.open() as file:
        return EnginePicture(file.read(), notes=picture.notes)


# --- Images that are too large together ------------------------------------------------------------------


def _fitting(images: Sequence[InputImage], folder: Path, deadline: Deadline) -> Sequence[InputImage]:
    """Images whose base64 together fits into the contract's body; scaled down as far as that takes."""
    if _fits(images):
        return images
    for side in _SIDES:
        smaller = [
            _shrunk(image, folder / f"sent-{number}", side, deadline) for number, image in enumerate(images)
        ]
        if _fits(smaller):
            return smaller
    raise EngineError("rejected", "The photos are too large for the design service.", again=Again.NO)


def _fits(images: Sequence[InputImage]) -> bool:
    return sum(base64_length(image.size) for image in images) <= BODY_BYTES - _ROOM_FOR_TEXT


def _shrunk(image: InputImage, path: Path, side: int, deadline: Deadline) -> InputImage:
    """The image at `side` pixels, as a file."""
    seconds = max(0.0, min(_SHRINK_SECONDS, deadline.left()))
    try:
        prepared = image_pool.run(_shrink, image, longest_side=side, seconds=seconds)
    except photos.PhotoRefused as refusal:
        raise EngineError(
            "rejected", "The design service could not use this photo.", again=Again.NO, detail=refusal.message
        ) from refusal
    except image_pool.ImageWorkFailed as failed:
        raise EngineError(
            "internal_error", "Reading the photo failed on our side.", again=Again.SAFE, detail=failed.message
        ) from failed
    path.write_bytes(prepared.content)
    return InputImage(lambda: path.open("rb"), len(prepared.content), prepared.media_type)


def _shrink(image: InputImage, *, longest_side: int) -> photos.PreparedImage:
    """In the image process: the bytes of a photo are on our side only while they are handed over."""
    return photos.prepare(image.read(), longest_side=longest_side)


# --- What came back --------------------------------------------------------------------------------------


def _spool(response: requests.Response, path: Path, deadline: Deadline) -> None:
    """The whole body into a file, within the deadline and the size that we accept."""
    size = 0
    with path.open("wb") as file:
        # read1 returns what one read of the socket gave; read would wait for the whole amount, byte by byte.
        while chunk := response.raw.read1(_PIECE, decode_content=True):
            size += len(chunk)
            if size > ANSWER_BYTES:
                raise bad_answer(f"more than {ANSWER_BYTES} bytes")
            if deadline.left() <= 0:
                raise _lost("deadline passed while the answer was arriving")
            file.write(chunk)
    if deadline.left() <= 0:  # cut off in the middle of the headers looks like a short answer
        raise _lost("deadline passed before the answer was whole")


def _error_of(response: requests.Response, deadline: Deadline) -> EngineError:
    """What a status other than 200 means; its text is only for the operator, so that losing the end of it is fine."""
    row = STATUSES.get(response.status_code, _OTHER)
    content = b""
    with suppress(requests.RequestException, HTTPError, http.client.HTTPException, ValueError):
        while len(content) < ERROR_BYTES and deadline.left() > 0:
            if not (chunk := response.raw.read1(ERROR_BYTES - len(content), decode_content=True)):
                break
            content += chunk
    return EngineError(
        row.code,
        row.message,
        again=row.again,
        detail=f"HTTP {response.status_code}: {content[:4000].decode(errors='replace')}",
        status_code=response.status_code,
        retry_after=_retry_after(response.headers.get("Retry-After", ""), now=datetime.now(UTC)),
    )


def _retry_after(said: str, *, now: datetime) -> float | None:
    """Seconds to wait, from a number of them or a date; None when it says neither."""
    if re.fullmatch(r"[0-9]{1,9}", said.strip()):
        return min(float(said), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(said)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max(0.0, (moment - now).total_seconds()), MAX_RETRY_AFTER)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _lost(detail: str) -> EngineError:
    return EngineError("outcome_unknown", _LOST, again=Again.UNKNOWN, detail=detail)


def _not_kept(error: OSError, *, opened: bool) -> EngineError:
    return EngineError(
        "internal_error",
        "The picture could not be kept on our side.",
        again=Again.UNKNOWN if opened else Again.SAFE,
        detail=f"{type(error).__name__}: {error}",
    )


def _without(error: EngineError, secret: str) -> EngineError:
    return EngineError(
        error.code,
        error.message,
        again=error.again,
        detail=(error.detail.replace(secret, "(the key)") if secret else error.detail)[:DETAIL_LENGTH],
        status_code=error.status_code,
        retry_after=error.retry_after,
    )
