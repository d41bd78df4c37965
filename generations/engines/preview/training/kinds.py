"""The classes that a scene is labelled with, the same as those of the parser."""

from __future__ import annotations

FLOOR, WALL, CEILING, WINDOW, DOOR, RUG, OTHER = range(7)
KINDS = ("floor", "wall", "ceiling", "window", "door", "rug", "other")
# The room without its contents: wall by the way it faces, seen from the camera.
BARE_FLOOR, BARE_CEILING, BARE_LEFT, BARE_RIGHT, BARE_BACK = range(5)
BARE = ("floor", "ceiling", "left", "right", "back")
UNKNOWN = 255
PER_KIND = 2000  # object numbers of a class: an object's number over this is its class
LONGEST = 320  # pixels of the longer side of what the parser feeds the net, as in parser.py
