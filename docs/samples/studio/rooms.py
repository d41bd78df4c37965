"""The sample rooms: what stands where, the light, and the camera. X to the right, Y into the room, metres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.kinds import DOOR, RUG, WINDOW
from training.rooms import Opening

from . import cases, fittings, seats, skins
from .house import House, daylight, fill, lamp, sun

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Plan:
    """`wall` is its paint; `key` the linear light of a typical pixel; `level` keeps uprights upright."""

    title: str
    furnish: Callable[[], None]
    at: Point
    toward: Point
    wall: str
    lens: float = 20
    size: tuple[int, int] = (1200, 800)
    key: float = 0.36
    sky: str = "dfeaff"
    sky_strength: float = 0.25
    samples: int = 7
    level: bool = True


def _house(
    width: float, depth: float, height: float, wall: str, floor: object, **openings: list[Opening]
) -> House:
    return House(
        width,
        depth,
        height,
        skins.plaster(wall),
        floor,
        skins.plaster("f3f2ee"),
        skins.plain("f1f0ec", rough=0.35),
        openings,
    ).build()


def empty_living() -> None:
    """Oak boards, two windows on the left with the sun in them, a door on the right."""
    house = _house(
        5.2,
        5.8,
        2.7,
        "e6e1d6",
        skins.boards("b98d5e"),
        left=[Opening(0.9, 1.7, 0.35, 2.35, WINDOW), Opening(-1.5, 1.5, 0.35, 2.35, WINDOW)],
        back=[Opening(1.55, 0.9, 0, 2.05, DOOR)],
    )
    daylight(house, sky=52)
    sun(height=36, heading=-66, strength=9)
    fill((1.2, -2.6, 2.2), (0, 2, 0.6), 2.2, 26)


def living() -> None:
    """A sofa group in the light of a tall window, shelves, a picture over the sofa."""
    one = Opening(0.5, 1.9, 0.1, 2.4, WINDOW)
    house = _house(5.0, 5.4, 2.65, "dcd9d0", skins.boards("a87b4f", turn=1.5708), left=[one])
    daylight(house, sky=60)
    sun(height=33, heading=-58, strength=4.0)
    fill((1.4, -2.4, 2.2), (0, 2, 0.6), 2.0, 24)
    house.curtains("left", one, skins.cloth("d9cfbb", weave=500), skins.plain("2f2d2b", rough=0.4), share=0.2)
    cloth = skins.cloth("5f7377")
    seats.sofa(
        cloth,
        skins.wood("5b3b25", upright=True),
        pillows=(skins.cloth("b9743d"), skins.cloth("d8cdb8"), skins.cloth("34474d")),
    ).stand(*house.place("back", 0.1, 0.56))
    seats.rug(
        skins.cloth("d8ccb6", weave=350),
        skins.cloth("4a5560", weave=350),
        skins.cloth("96553c", weave=350),
        width=2.7,
        depth=1.8,
    ).stand((0.1, 0.75, 0.001), kind=RUG)
    table = cases.coffee_table(skins.wood("a5794c"), skins.wood("8e6540", upright=True))
    cases.stack(table, (-0.25, 0.0, 0.416), 3)
    cases.bowl(table, (0.22, 0.05, 0.416), skins.plain("e6ded0", rough=0.4), 0.8)
    table.stand((0.1, 0.85, 0))
    seats.armchair(skins.cloth("c3b08c"), skins.wood("7b5232", upright=True)).stand((1.75, 0.75, 0), -62)
    cases.floor_lamp(skins.plain("2b2a29", rough=0.4, metal=1), skins.cloth("ece4d2", weave=700)).stand(
        (1.62, 2.3, 0)
    )
    cases.bookshelf(skins.wood("94693f", upright=True), width=0.9, height=1.95).stand(
        *house.place("right", -0.9, 0.18)
    )
    cases.plant(skins.plain("e0d8cb", rough=0.6), skins.leaf(), height=1.3).stand((-2.0, 2.2, 0))
    art = skins.picture("e7ddc9", "c08a55", "4b6468", "d8b97f", scale=2.4)
    cases.framed(art, skins.wood("3b2c22"), width=1.15, height=0.8).stand(
        *house.place("back", 0.1, 0.0, 1.35)
    )


def bedroom() -> None:
    """A bed between two night tables, a window on the right behind linen curtains, pale boards."""
    one = Opening(-0.35, 1.6, 0.75, 2.25, WINDOW)
    house = _house(
        4.2,
        4.6,
        2.6,
        "b9c3bb",
        skins.boards("cdb08a", wide=0.19),
        right=[one],
        left=[Opening(-0.7, 0.85, 0, 2.05, DOOR)],
    )
    daylight(house, sky=70)
    sun(height=30, heading=74, strength=3.2)
    fill((-1.2, -2.0, 2.2), (0, 2, 0.6), 2.0, 22)
    house.curtains(
        "right", one, skins.cloth("efe8da", weave=450), skins.plain("8a6a45", rough=0.5), share=0.3
    )
    house.radiator("right", one)
    seats.bed(
        skins.wood("8d6440"), skins.cloth("f1ede4"), skins.cloth("6f7f86"), skins.cloth("c2a98a")
    ).stand(*house.place("back", -0.1, 1.14))
    seats.plain_rug(skins.cloth("d9d0c0", weave=260, deep=0.004), width=2.5, depth=1.6).stand(
        (-0.1, 0.45, 0.001), kind=RUG
    )
    for x in (-1.2, 1.0):
        table = cases.round_table(
            skins.wood("8d6440"), skins.plain("2b2a29", rough=0.4), width=0.44, height=0.52
        )
        table.stand(*house.place("back", x, 0.3))
        cases.table_lamp(skins.plain("cfc6b6", rough=0.5), skins.cloth("eee4cf", weave=600)).stand(
            *house.place("back", x, 0.32, 0.52)
        )
    art = skins.picture("e9e2d4", "a9b3a6", "7d6a58", scale=2.0, shift=4)
    for x in (-0.52, 0.32):
        cases.framed(art, skins.wood("b08a5c"), width=0.6, height=0.75).stand(
            *house.place("back", x, 0, 1.42)
        )
    cases.sideboard(skins.wood("8d6440"), skins.plain("2b2a29"), width=1.2).stand(
        *house.place("left", 0.95, 0.24)
    )


def kitchen() -> None:
    """Units along the back wall, a window over the sink, a small table on stone tiles."""
    side = Opening(-0.2, 1.5, 0.95, 2.25, WINDOW)
    house = _house(
        4.0,
        4.4,
        2.6,
        "e9e4da",
        skins.tiles("c4b9a7", wide=0.6, high=0.6, joint="9c9284"),
        right=[side],
        left=[Opening(-0.9, 0.9, 0, 2.05, DOOR)],
    )
    daylight(house, sky=85)
    sun(height=42, heading=62, strength=3.0)
    fill((-1.0, -1.9, 2.2), (0, 2, 0.8), 1.8, 26)
    fittings.kitchen(
        skins.plain("5f7266", rough=0.45),
        skins.wood("b58a5a"),
        skins.tiles("f1efe9", wide=0.15, high=0.075, joint="cfcac0", offset=0.5),
        skins.plain("b08d57", rough=0.3, metal=1),
        width=4.0,
    ).stand(*house.place("back", 0, 0.3))
    cases.dining_table(skins.wood("a5794c"), skins.wood("946a41", upright=True), width=1.2, depth=0.75).stand(
        (0.9, -0.25, 0), 90
    )
    for y, turn in ((-0.25, -90), (0.3, -84)):
        seats.dining_chair(skins.wood("4a3527", upright=True), skins.cloth("c9b998")).stand(
            (1.55 if turn == -90 else 1.52, y - 0.1 * (turn == -90), 0), turn
        )
    seats.dining_chair(skins.wood("4a3527", upright=True), skins.cloth("c9b998")).stand((0.3, -0.2, 0), 88)
    cases.pendant(skins.plain("2b2a29", rough=0.4), skins.plain("efe9dc", rough=0.5), drop=0.8).stand(
        (0.9, -0.2, 2.6)
    )


def hallway() -> None:
    """Long and narrow: doors on both sides, a window at the end, a console with a mirror."""
    house = _house(
        1.9,
        6.2,
        2.65,
        "d9d2c5",
        skins.tiles("a8a39a", wide=0.3, high=0.3, joint="7c776f", rough=0.28),
        back=[Opening(0, 1.0, 0.5, 2.3, WINDOW)],
        left=[Opening(0.6, 0.85, 0, 2.05, DOOR)],
        right=[Opening(-1.9, 0.85, 0, 2.05, DOOR), Opening(1.1, 0.85, 0, 2.05, DOOR)],
    )
    daylight(house, sky=120)
    for y in (-1.6, 0.9):
        lamp((0, y, 2.2), 22, tone="fff0dc")
        fittings.ceiling_lamp(skins.plain("b08d57", rough=0.3, metal=1), skins.glow("fff2df", 1.6)).stand(
            (0, y, 2.65)
        )
    fill((0, -2.9, 2.0), (0, 2, 0.8), 1.2, 10)
    seats.plain_rug(skins.stripes("7d3f35", "c9b48f", pitch=0.16), width=0.8, depth=3.2).stand(
        (0.05, 0.6, 0.001), kind=RUG
    )
    fittings.console(skins.wood("7a5236")).stand(*house.place("left", 2.0, 0.18))
    cases.mirror(skins.plain("2b2a29", rough=0.35, metal=1), width=0.6, height=0.6).stand(
        *house.place("left", 2.0, 0.0, 1.25)
    )
    fittings.hooks(skins.wood("7a5236"), (skins.cloth("46525e"), skins.cloth("a08660"))).stand(
        *house.place("right", -0.45, 0.0, 1.62)
    )


def dining() -> None:
    """A long table with six chairs below two pendants, a sideboard, a window at the back."""
    one = Opening(-0.95, 1.8, 0.6, 2.3, WINDOW)
    house = _house(
        4.8,
        5.2,
        2.75,
        "efe9dc",
        skins.boards("8a5f3d", wide=0.13),
        back=[one],
        right=[Opening(0.9, 0.9, 0, 2.1, DOOR)],
    )
    daylight(house, sky=95)
    sun(height=36, heading=-18, strength=4.0)
    fill((0.8, -2.3, 2.3), (0, 2, 0.6), 2.2, 34)
    house.radiator("back", one)
    cases.dining_table(skins.wood("9b7048"), skins.wood("8b6340", upright=True), width=2.0).stand(
        (0.25, 0.35, 0), 90
    )
    for x, turn in ((-0.45, 90), (0.95, -90)):
        for i, y in enumerate((-0.25, 0.35, 0.95)):
            seats.dining_chair(skins.wood("3d2c21", upright=True), skins.cloth("9aa28c")).stand(
                (x - (0.09 if i == 1 else 0) * (1 if x < 0 else -1), y, 0), turn + 4 * i - 3
            )
    for y in (-0.15, 0.85):
        cases.pendant(skins.plain("2b2a29", rough=0.4), skins.plain("2f4a45", rough=0.4), drop=0.95).stand(
            (0.25, y, 2.75)
        )
    cases.sideboard(skins.wood("6d4a30"), skins.plain("b08d57", rough=0.3, metal=1), width=1.5).stand(
        *house.place("left", 0.6, 0.24)
    )
    art = skins.picture("2f4858", "d9b26a", "e7ddc9", "8a3b2e", scale=2.0, shift=6)
    cases.framed(art, skins.plain("1f1e1d", rough=0.4), width=0.9, height=0.9).stand(
        *house.place("left", 0.6, 0, 1.15)
    )
    cases.plant(skins.plain("b06a48", rough=0.7), skins.leaf("466b3c"), height=1.35, seed=9).stand(
        (1.75, 2.1, 0)
    )


def office() -> None:
    """A desk at the side wall, shelves behind, carpet on the floor."""
    one = Opening(0.55, 1.3, 0.8, 2.2, WINDOW)
    house = _house(
        3.6,
        4.2,
        2.55,
        "cfd6d9",
        skins.cloth("8d8a84", weave=420, deep=0.003, other="9b9891"),
        left=[one],
        right=[Opening(-1.2, 0.85, 0, 2.05, DOOR)],
    )
    daylight(house, sky=90)
    sun(height=40, heading=-52, strength=3.0)
    fill((0.8, -1.8, 2.1), (0, 2, 0.7), 1.8, 20)
    house.radiator("left", one)
    cases.desk(skins.wood("b48a5c"), skins.plain("e9e7e2", rough=0.4)).stand(*house.place("back", -0.15, 0.4))
    seats.office_chair(skins.cloth("3c4750"), skins.plain("55585b", rough=0.35, metal=1)).stand(
        (-0.35, 0.85, 0), 158
    )
    cases.bookshelf(skins.plain("eceae5", rough=0.45), width=0.8, height=2.0, seed=5).stand(
        *house.place("back", 1.28, 0.18)
    )
    for j, x in enumerate((-0.75, -0.1)):
        art = skins.picture("f0ebe0", "7d8ca3", "c9a227", scale=2.5, shift=3.0 * j + 1)
        cases.framed(art, skins.plain("1f1e1d", rough=0.4), width=0.5, height=0.62).stand(
            *house.place("back", x, 0, 1.5)
        )
    cases.plant(skins.plain("d8d2c6", rough=0.6), skins.leaf(), height=1.0, seed=3).stand((-1.35, 1.55, 0))
    cases.table_lamp(skins.plain("33302e", rough=0.4), skins.cloth("e9dfc9", weave=600)).stand(
        *house.place("back", 0.42, 0.35, 0.755)
    )


def nook() -> None:
    """A small room on end: an armchair by the window, a lamp, a low shelf."""
    one = Opening(0.25, 1.15, 0.55, 2.25, WINDOW)
    house = _house(2.6, 3.6, 2.75, "c4ab97", skins.boards("7d5638", wide=0.12, long=1.1), left=[one])
    daylight(house, sky=95)
    sun(height=35, heading=-66, strength=3.6)
    fill((0.6, -1.6, 2.2), (0, 2, 0.7), 1.4, 13)
    house.curtains(
        "left", one, skins.cloth("e6ddcb", weave=480), skins.plain("8a6a45", rough=0.5), share=0.24
    )
    seats.plain_rug(skins.cloth("d3c3a5", weave=260, deep=0.004), width=1.7, depth=1.2).stand(
        (0.05, 0.5, 0.001), 6, kind=RUG
    )
    seats.armchair(
        skins.cloth("55695e"), skins.wood("6d4a30", upright=True), pillow=skins.cloth("cf9f52")
    ).stand((0.35, 0.95, 0), -28)
    cases.floor_lamp(skins.plain("b08d57", rough=0.28, metal=1), skins.cloth("efe6d2", weave=700)).stand(
        (1.0, 1.45, 0)
    )
    cases.round_table(skins.wood("8d6440"), skins.plain("2b2a29", rough=0.4), width=0.42, height=0.5).stand(
        (-0.35, 1.15, 0)
    )
    cases.plant(skins.plain("b06a48", rough=0.7), skins.leaf(), height=1.05, seed=7, count=16).stand(
        (-0.95, 1.4, 0)
    )
    art = skins.picture("efe7d8", "8b9a7a", "c97b4a", "4b5a50", scale=2.6, shift=9)
    cases.framed(art, skins.wood("3b2c22"), width=0.62, height=0.82).stand(*house.place("back", 0.3, 0, 1.45))


def evening() -> None:
    """After sunset: three lamps, a dark window, warm pools of light on blue-grey walls."""
    one = Opening(-0.2, 1.8, 0.6, 2.3, WINDOW)
    house = _house(4.6, 5.0, 2.6, "8c979e", skins.boards("6f4d33", wide=0.15), back=[one])
    dusk = skins.view(sky="24365c", low="6a5a78", green="0e1410", far="141b28", strength=0.5)
    daylight(house, sky=1.6, sky_tone="8fb0ff", outside=dusk)
    shade = skins.glow("ffdcae", 2.2)
    brass = skins.plain("b08d57", rough=0.28, metal=1)
    cases.floor_lamp(brass, shade).stand((-1.75, 1.9, 0))
    lamp((-1.75, 1.9, 1.4), 34)
    cases.sideboard(skins.wood("5b3b25"), brass, width=1.5, dressed=False).stand(
        *house.place("right", -0.6, 0.24)
    )
    place, turn = house.place("right", -1.0, 0.24, 0.72)
    cases.table_lamp(skins.plain("cfc6b6", rough=0.5), shade).stand(place, turn)
    lamp((place[0], place[1], 1.1), 22)
    art = skins.picture("d8c8a8", "7a4a35", "2f3d45", "b98a4e", scale=2.2, shift=12)
    cases.framed(art, skins.plain("1f1e1d", rough=0.4), width=0.8, height=0.6).stand(
        *house.place("right", -0.45, 0, 1.35)
    )
    seats.sofa(
        skins.cloth("8b6f52"),
        skins.wood("3b2c22", upright=True),
        width=1.95,
        pillows=(skins.cloth("d8cdb8"), skins.cloth("6d2f3c")),
    ).stand(*house.place("left", 0.35, 0.56))
    seats.rug(
        skins.cloth("b7a88d", weave=350),
        skins.cloth("5a2f2c", weave=350),
        skins.cloth("3a4a52", weave=350),
        width=2.2,
        depth=1.6,
    ).stand((0.1, 0.35, 0.001), 90, kind=RUG)
    cases.coffee_table(skins.wood("6d4a30"), skins.wood("4a3222", upright=True), width=1.0).stand(
        (-0.1, 0.35, 0), 90
    )
    seats.pouf(skins.cloth("a3754a", weave=160, deep=0.006)).stand((1.1, 0.2, 0))
    cases.plant(skins.plain("33302e", rough=0.6), skins.leaf("35552f"), height=1.25, seed=12).stand(
        (1.75, 2.0, 0)
    )
    lamp((0, -0.6, 2.45), 8)


ROOMS: dict[str, Plan] = {
    "empty-living": Plan(
        "Empty living room", empty_living, (1.75, -2.75, 1.4), (-0.95, 2.4, 1.22), "e6e1d6", 19, key=0.5
    ),
    "living": Plan("Living room", living, (0.9, -2.6, 1.4), (-0.1, 2.2, 1.15), "dcd9d0", 20),
    "bedroom": Plan("Bedroom", bedroom, (-0.75, -2.2, 1.4), (0.15, 1.9, 1.1), "b9c3bb", 19, key=0.33),
    "kitchen": Plan("Kitchen", kitchen, (-0.9, -2.05, 1.5), (0.3, 2, 1.15), "e9e4da", 19),
    "hallway": Plan("Hallway", hallway, (0.1, -3.0, 1.5), (-0.05, 3, 1.25), "d9d2c5", 20, key=0.44),
    "dining": Plan("Dining room", dining, (1.0, -2.5, 1.55), (-0.35, 2.3, 1.1), "efe9dc", 20),
    "office": Plan("Home office", office, (0.75, -2.0, 1.45), (-0.25, 1.9, 1.12), "cfd6d9", 18),
    "nook": Plan(
        "Reading nook", nook, (0.35, -1.72, 1.4), (-0.05, 1.7, 1.12), "c4ab97", 20, size=(800, 1200), key=0.36
    ),
    "evening": Plan(
        "Evening lounge",
        evening,
        (0.5, -2.4, 1.4),
        (-0.1, 2.3, 1.12),
        "8c979e",
        19,
        sky="2b3a5c",
        sky_strength=0.03,
        samples=10,
        key=0.06,
    ),
}
