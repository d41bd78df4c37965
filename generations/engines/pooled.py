"""The preview engine in a process of its own, so that its arithmetic holds up neither requests nor leases."""

from __future__ import annotations

from dataclasses import replace

from generations.engines.base import Again, EngineError, EngineRequest, EngineResult
from projects import image_pool

_TOO_LARGE = "This picture is too large for the preview engine; please use a smaller one."


def _generate(request: EngineRequest) -> EngineResult:
    # Imported in the child alone: the arithmetic libraries are heavy, and web processes never need them.
    from generations.engines.preview import PreviewEngine

    try:
        result = PreviewEngine().generate(request)
    except MemoryError as error:  # the child's address space is capped; numpy and OpenCV both say so
        raise EngineError(
            "engine_failed", _TOO_LARGE, again=Again.NO, detail=f"out of memory: {error}"
        ) from error
    if request.folder is None:
        return result
    pictures = []
    for number, picture in enumerate(result.pictures, start=1):
        path = request.folder / f"{number}.png"
        path.write_bytes(picture.png)
        pictures.append(replace(picture, png=b"", path=path))  # a picture does not travel through the pipe
    return replace(result, pictures=tuple(pictures))


class PooledPreviewEngine:
    """Same interface, same results; with `request.folder` the pictures are files in it."""

    name = "preview"
    repeatable = True

    def generate(self, request: EngineRequest) -> EngineResult:
        """Raises EngineError, also when the child dies or takes longer than `request.seconds_left`."""
        try:
            return image_pool.run(_generate, request, seconds=request.seconds_left)
        except image_pool.ImageWorkTimedOut as error:
            raise EngineError(
                "engine_timeout", "The preview took too long.", again=Again.NO, detail=str(error)
            ) from error
        except image_pool.ImageWorkDied as error:
            raise EngineError(
                "engine_failed", "The preview engine stopped.", again=Again.ONCE, detail=str(error)
            ) from error
