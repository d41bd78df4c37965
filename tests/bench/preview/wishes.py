"""What the contact sheet asks for. Data, and which wish goes to which room."""

from __future__ import annotations

# A column each: a kind of wish, in three wordings that take turns from room to room.
PROMPTS: tuple[tuple[str, tuple[str, str, str]], ...] = (
    (
        "style",
        ("Japandi", "Mid-century modern living room", "Italian contemporary"),
    ),
    (
        "what must stay",
        (
            "Scandinavian, keep the floor",
            "Industrial loft, but don't change the walls",
            "Bohemian, no rug, leave the ceiling as it is",
        ),
    ),
    (
        "floor",
        ("Light oak floor", "Herringbone parquet floor", "Terracotta tiles on the floor"),
    ),
    (
        "wall colour",
        ("Paint the walls sage green", "Navy blue walls and a white ceiling", "Warm terracotta walls"),
    ),
    (
        "light",
        (
            "Transform this room during sunset with warm golden light",
            "The same room at night",
            "Bright and airy morning light",
        ),
    ),
    (
        "season",
        (
            "Cosy autumn evening, rust red accents",
            "Christmas living room, candlelight",
            "Fresh spring morning, pastel walls",
        ),
    ),
    (
        "wall finish",
        (
            "Exposed brick walls and a concrete floor",
            "Wood panelling on the walls, dark wood floor",
            "Concrete walls, polished marble floor",
        ),
    ),
    (
        "furniture",
        (
            "Art deco with a green velvet sofa and a gold chandelier",
            "Coastal, linen curtains, a rattan armchair and plants",
            "Remove the clutter and make it a minimalist room",
        ),
    ),
)

# The room that suits (another where it is not among the photos), what is said, and a set of products. Names that are no
# product of ours are passed over.
PLACEMENTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "empty-living",
        "Place these items naturally in this room",
        ("sofa", "coffee table", "armchair", "rug", "floor lamp", "plant"),
    ),
    ("living", "Japandi, add the plant and the mirror", ("plant", "mirror")),
    ("empty-living", "A bedroom in sage green", ("bed", "rug", "picture")),
    ("empty-living", "Dining room, walnut floor, sunset", ("dining table", "dining chair", "sideboard")),
    ("bedroom", "Scandinavian, a reading corner", ("armchair", "floor lamp")),
    ("office", "A shelf and a plant more, evening", ("bookshelf", "plant")),
    ("nook", "A bed in here", ("bed", "sideboard")),
    (
        "kitchen",
        "Everything that fits",
        (
            "sofa",
            "armchair",
            "coffee table",
            "rug",
            "bookshelf",
            "sideboard",
            "floor lamp",
            "plant",
            "picture",
            "mirror",
        ),
    ),
)


def prompt(column: int, row: int) -> str:
    """The wording for a room: neighbours in a column differ, and so do neighbours in a row."""
    wordings = PROMPTS[column][1]
    return wordings[(row + column) % len(wordings)]
