"""The embedded preview engine: what a clone without a key, and every test key, makes its pictures with.

A prompt becomes a `Plan` (prompt.py, vocabulary.py, modes.py); a photo becomes a `Room` (parser, segments, layout,
labelling, panels, rugs, judging, matting, room); a plan and a variation become a `Look`; render.py draws the look into
the room and staging.py its furniture. Nothing here knows rows, settings or sockets.
docs/decisions/0011-honest-preview.md tells why.
"""

from generations.engines.preview.engine import PreviewEngine, generate
from generations.engines.preview.plan import Plan
from generations.engines.preview.prompt import read_prompt

__all__ = ["Plan", "PreviewEngine", "generate", "read_prompt"]
