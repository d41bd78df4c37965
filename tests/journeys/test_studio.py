"""What an end customer does in the studio: furniture, a painted part, a recipe, a photo that is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.people import ROOM, Person

PRODUCTS = ROOM.parent / "products"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
TABLET = {"viewport": {"width": 820, "height": 1180}}
DESK = {"viewport": {"width": 1440, "height": 900}}


def choose_the_room(person: Person) -> None:
    person.open(f"{person.workspace}/studio")
    person.page.get_by_label("A photo of the room").set_input_files(ROOM)
    person.page.locator(".drop-progress", has_text="px").wait_for()  # it has arrived


def redesign(person: Person) -> None:
    person.press("Redesign")
    person.page.wait_for_url("**/generations/gen_*")
    person.wait_for_the_picture()


def balance(person: Person) -> str:
    return person.page.locator(".who-balance").inner_text()


@pytest.mark.parametrize("window", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
@pytest.mark.parametrize("light", ["light", "dark"])
def test_furniture_goes_from_the_tray_into_the_room_and_where_it_is_dragged(
    someone: Callable[..., Person], window: dict[str, Any], light: str
) -> None:
    anna = someone(color_scheme=light, **window)
    anna.join()
    page = anna.page
    choose_the_room(anna)
    pieces = [PRODUCTS / "sofa.jpg", PRODUCTS / "floor-lamp.jpg"]
    page.get_by_label("Add photos of furniture").set_input_files(pieces)
    page.locator(".tray-name").nth(1).wait_for()
    page.locator("label.choice", has_text="Japandi").click()
    page.get_by_label("What should it look like?").fill("Light oak floor")
    sent = page.get_by_label("The prompt as it is sent").input_value()
    assert sent.startswith("Redesign this room in japandi style. Light oak floor. Keep the architecture")
    redesign(anna)
    assert balance(anna) == "20 credits"

    page.locator("summary", has_text="Move the furniture").click()
    sofa = page.get_by_role("button", name="Sofa")
    sofa.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    wanted = float(page.locator("[name=piece-0-x]").input_value())
    assert anna.too_wide() == []
    first = page.url
    anna.press("Place them so")
    page.wait_for_url(lambda url: "/generations/gen_" in url and url != first)
    anna.wait_for_the_picture()
    page.locator("summary", has_text="Move the furniture").click()
    assert abs(float(page.locator("[name=piece-0-x]").input_value()) - wanted) < 0.02
    assert balance(anna) == "10 credits"


def test_only_the_painted_part_changes(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    anna.join()
    page = anna.page
    choose_the_room(anna)
    page.locator("label.choice", has_text="Only a part").click()
    box = page.locator(".brush-canvas").bounding_box()
    assert box
    y = box["y"] + 0.35 * box["height"]
    page.mouse.move(box["x"] + 0.6 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], y, steps=8)
    page.mouse.up()
    page.get_by_label("What should it look like?").fill("dark green paint")
    redesign(anna)
    before, after = (page.locator(f".before-after-{side} img") for side in ("before", "after"))
    assert "photo" in str(before.get_attribute("src"))
    colours = """(image, [x, y]) => { const c = document.createElement("canvas");
        c.width = image.naturalWidth; c.height = image.naturalHeight; const p = c.getContext("2d");
        p.drawImage(image, 0, 0); return [...p.getImageData(x * c.width, y * c.height, 1, 1).data]; }"""
    painted, was = after.evaluate(colours, [0.7, 0.35]), before.evaluate(colours, [0.7, 0.35])
    assert sum(painted[:3]) < sum(was[:3]) - 150
    beside, was_beside = after.evaluate(colours, [0.7, 0.6]), before.evaluate(colours, [0.7, 0.6])
    assert max(abs(one - other) for one, other in zip(beside, was_beside, strict=True)) < 12


def test_a_recipe_is_saved_and_used_again(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    anna.join()
    page = anna.page
    anna.open(f"{anna.workspace}/studio")
    page.locator("label.choice", has_text="Coastal").click()
    page.get_by_label("What should it look like?").fill("White walls")
    page.locator("summary", has_text="Recipes").click()
    page.get_by_label("Save what is chosen above as a recipe").fill("By the sea")
    anna.press("Save the recipe")
    anna.sees("By the sea")
    page.get_by_role("link", name="Use it").click()
    assert page.get_by_label("What should it look like?").input_value() == "White walls"
    assert page.get_by_label("Coastal").is_checked()


def test_a_photo_that_is_none_is_told_at_once_and_costs_nothing(
    someone: Callable[..., Person], tmp_path: Any
) -> None:
    anna = someone(**DESK)
    anna.join()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    anna.page.get_by_label("A photo of the room").set_input_files(broken)
    anna.page.locator(".drop-progress .error").wait_for()
    anna.page.get_by_label("A photo of the room").set_input_files(ROOM)
    anna.page.locator(".drop-progress", has_text="px").wait_for()
    anna.page.get_by_label("What should it look like?").fill("White walls")
    redesign(anna)
    assert balance(anna) == "20 credits"


def test_without_scripts_one_still_uploads_asks_and_reloads(someone: Callable[..., Person]) -> None:
    anna = someone(java_script_enabled=False, **DESK)
    anna.join()
    anna.ask()
    anna.page.get_by_role("link", name="Download PNG").wait_for(timeout=60_000)  # the page reloads itself
    assert balance(anna) == "20 credits"
