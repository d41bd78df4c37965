"""What picture work costs a megapixel: decode and turn upright, thumbnail, mark and sign."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image

from tests.bench import servers
from tests.bench.report import Options, Part, Row, percentile
from tests.real_stack import SAMPLE

SIDES = ((1024, 768), (2048, 1536), (4000, 3000))


def part_of(options: Options) -> Part:
    """In this process, one after the other; image processes do the same beside each other."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(options.folder)}
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost/nothing")  # nothing asks it
    import django

    django.setup()
    from generations import marks, signing
    from projects import photos

    turns = options.pick(15, 2)
    by = signing.current().signing
    says = marks.Statement(source_type=marks.ALTERED, caption="Altered", title="bench")
    part = Part("Image work")
    for width, height in SIDES if not options.quick else SIDES[:1]:
        size = f"{width} × {height}"
        jpeg, png = _picture((width, height), "JPEG"), _picture((width, height), "PNG")
        sizes = f"{size} (JPEG {len(jpeg) / 1e6:.1f} MB)", f"{size} (PNG {len(png) / 1e6:.1f} MB)"
        works: dict[str, Callable[[], object]] = {
            f"photo {sizes[0]}: decode, upright, write anew, thumbnail": partial(photos.prepare, jpeg),
            f"picture {sizes[1]}: thumbnail": partial(photos.thumbnail, png),
            f"picture {sizes[1]}: mark and sign": partial(marks.mark_png, png, says=says, by=by),
        }
        assert marks.mark_png(png, says=says, by=by).is_signed
        for what, work in works.items():
            milliseconds = _timed(work, turns)
            part.rows.append(Row(what, "ms", milliseconds))
            part.rows.append(Row(f"{what}, a megapixel", "ms", milliseconds / (width * height / 1e6)))
    part.notes.append(f"Medians of {turns}, in one process on one core.")
    return part


def _timed(work: Callable[[], object], turns: int) -> float:
    work()
    taken = []
    for _ in range(turns):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return percentile(taken, 50)


def _picture(size: tuple[int, int], kind: str) -> bytes:
    """The sample room at this size, a little noisy, as photos and engines' pictures are."""
    if size == (4000, 3000) and kind == "JPEG":
        return servers.phone_photo(megabytes=6.0)
    with Image.open(SAMPLE) as sample:
        pixels = np.asarray(sample.convert("RGB").resize(size, Image.Resampling.LANCZOS), np.int16)
    noise = np.random.default_rng(7).normal(0, 3, pixels.shape).astype(np.int16)
    out = BytesIO()
    Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(out, kind)
    return out.getvalue()
