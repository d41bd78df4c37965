"""How the room parser comes about: rooms made up in Blender, a small net trained on them, its scores. Not run by the product."""
