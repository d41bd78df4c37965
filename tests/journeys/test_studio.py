"""What an end customer does in the studio: furniture, a painted part, a recipe, a photo that is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.journeys.pages import DESK
from tests.journeys.people import ROOM, Person

PRODUCTS = ROOM.parent / "products"


def choose_the_room(person: Person) -> None:
    person.open(f"{person.workspace}/studio")
    choose_the_room_here(person)


def choose_the_room_here(person: Person) -> None:
    person.page.get_by_label("A photo of the room").set_input_files(ROOM)
    person.page.locator(".drop-progress", has_text="px").wait_for()  # it has arrived


def redesign(person: Person) -> None:
    person.press("Redesign")
    person.page.wait_for_url("**/generations/gen_*")
    person.wait_for_the_picture()


def balance(person: Person) -> str:
    return person.page.locator(".who-balance").inner_text()


def drag(person: Person, points: list[tuple[float, float]]) -> None:
    """With a finger where the window has touch, else with the mouse."""
    page = person.page
    if not page.evaluate("navigator.maxTouchPoints"):
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()
        return
    finger = person.window.new_cdp_session(page)
    for number, (x, y) in enumerate(points):
        event = {"type": "touchMove" if number else "touchStart", "touchPoints": [{"x": x, "y": y}]}
        finger.send("Input.dispatchTouchEvent", event)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.detach()


def test_furniture_goes_from_the_tray_into_the_room_and_where_it_is_dragged(
    someone: Callable[..., Person], window: dict[str, Any]
) -> None:
    anna = someone(**window)
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
    anna.look()
    redesign(anna)
    assert balance(anna) == "20 credits"

    page.locator("summary", has_text="Move the furniture").click()
    sofa = page.get_by_role("button", name="Sofa")
    sofa.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    wanted = float(page.locator("[name=piece-0-x]").input_value())
    anna.look()
    first = page.url
    anna.press("Place them so")
    page.wait_for_url(lambda url: "/generations/gen_" in url and url != first)
    anna.wait_for_the_picture()
    page.locator("summary", has_text="Move the furniture").click()
    assert abs(float(page.locator("[name=piece-0-x]").input_value()) - wanted) < 0.02
    assert balance(anna) == "10 credits"
    anna.look()


def test_only_the_painted_part_changes(someone: Callable[..., Person], window: dict[str, Any]) -> None:
    anna = someone(**window)
    anna.join()
    page = anna.page
    choose_the_room(anna)
    page.locator("label.choice", has_text="Only a part").click()
    page.locator(".brush-canvas").scroll_into_view_if_needed()
    box = page.locator(".brush-canvas").bounding_box()
    assert box
    y = box["y"] + 0.35 * box["height"]
    drag(anna, [(box["x"] + part * box["width"], y) for part in (0.6, 0.65, 0.7, 0.75, 0.8)])
    page.get_by_label("What should it look like?").fill("dark green paint")
    anna.look()
    redesign(anna)
    anna.look()
    before, after = (page.locator(f".before-after-{side} img") for side in ("before", "after"))
    assert "photo" in str(before.get_attribute("src"))
    colours = """(image, [x, y]) => { const c = document.createElement("canvas");
        c.width = image.naturalWidth; c.height = image.naturalHeight; const p = c.getContext("2d");
        p.drawImage(image, 0, 0); return [...p.getImageData(x * c.width, y * c.height, 1, 1).data]; }"""
    painted, was = after.evaluate(colours, [0.7, 0.35]), before.evaluate(colours, [0.7, 0.35])
    assert sum(painted[:3]) < sum(was[:3]) - 150
    beside, was_beside = after.evaluate(colours, [0.7, 0.6]), before.evaluate(colours, [0.7, 0.6])
    assert max(abs(one - other) for one, other in zip(beside, was_beside, strict=True)) < 12


def test_a_recipe_is_saved_and_used_again(someone: Callable[..., Person], window: dict[str, Any]) -> None:
    anna = someone(**window)
    anna.join()
    page = anna.page
    anna.open(f"{anna.workspace}/studio")
    page.locator("label.choice", has_text="Coastal").click()
    page.get_by_label("What should it look like?").fill("White walls")
    page.locator("summary", has_text="Recipes").click()
    page.get_by_label("Save what is chosen above as a recipe").fill("By the sea")
    anna.press("Save the recipe")
    assert anna.sees("By the sea")
    anna.look()
    page.get_by_role("link", name="Use it").click()
    page.wait_for_url("**recipe=*")
    anna.look()
    assert page.get_by_label("What should it look like?").input_value() == "White walls"
    assert page.get_by_label("Coastal").is_checked()
    choose_the_room_here(anna)
    redesign(anna)
    assert anna.sees("coastal style. White walls")
    assert balance(anna) == "20 credits"


def test_a_photo_that_is_none_is_told_at_once_and_costs_nothing(
    someone: Callable[..., Person], tmp_path: Any
) -> None:
    anna = someone(**DESK)
    anna.join()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    anna.page.get_by_label("A photo of the room").set_input_files(broken)
    anna.page.locator(".drop-progress .error").wait_for()
    assert anna.sees("No photo at hand?")
    anna.page.get_by_label("A photo of the room").set_input_files(ROOM)
    anna.page.locator(".drop-progress", has_text="px").wait_for()
    assert anna.page.locator(".sample").is_hidden(), "who has a photo needs no sample room"
    anna.page.get_by_label("What should it look like?").fill("White walls")
    redesign(anna)
    assert balance(anna) == "20 credits"


def test_without_scripts_one_still_uploads_asks_and_reloads(someone: Callable[..., Person]) -> None:
    anna = someone(java_script_enabled=False, **DESK)
    anna.join()
    anna.ask()
    anna.page.get_by_role("link", name="Download PNG").wait_for(timeout=60_000)  # the page reloads itself
    assert balance(anna) == "20 credits"
