"""The studio: modes, styles, the prompt that is sent, options with prices, furniture, a painted part, recipes."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import Image

from generations.engines.preview import read_prompt
from generations.modes import KEEP_STRUCTURE, MODES, compose
from projects import services as projects
from projects.models import Photo, Product
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg

Work = Callable[[], int]


def upload(name: str = "room.jpg", content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or jpeg(), "image/jpeg")


def strokes(box: tuple[int, int, int, int] | None = (10, 10, 40, 40)) -> SimpleUploadedFile:
    picture = Image.new("RGB", (64, 48))
    if box:
        picture.paste((255, 0, 0), box)
    out = BytesIO()
    picture.save(out, "PNG")
    return SimpleUploadedFile("paint.png", out.getvalue(), "image/png")


def ask(browser: Browser, home: str, *, status: int = 302, **fields: Any) -> Any:
    given = {"prompt": "Warm oak", "photo": upload(), "key": "k1", **fields}
    response = browser.post(
        f"{home}/studio", {name: value for name, value in given.items() if value is not None}
    )
    assert response.status_code == status, response.content.decode()[-3000:]
    return response


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_begins_the_prompt_in_its_own_way(mode: str) -> None:
    prompt = compose(mode=mode, style="japandi", words="warm  light", keep_structure=True)
    assert prompt == f"{MODES[mode].lead_in} in japandi style. warm light. {KEEP_STRUCTURE}"


def test_own_words_alone_are_sent_as_they_are() -> None:
    assert compose(mode="", style="", words="Oak floor", keep_structure=False) == "Oak floor"
    assert compose(mode="", style="rustic", words="Oak!", keep_structure=False) == "rustic style. Oak!"


def test_mode_style_words_and_what_stays_become_the_prompt(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    ask(owner_client, home, mode="floor", style="rustic", keep_structure="on")
    (made,) = studio.generations()
    assert made.prompt == f"Restyle only the floor in rustic style. Warm oak. {KEEP_STRUCTURE}"
    assert (made.mode, made.style) == ("floor", "rustic")


def test_a_prompt_that_was_edited_is_sent_as_it_stands(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    ask(owner_client, home, mode="floor", keep_structure="on", final="Only this")
    assert [each.prompt for each in studio.generations()] == ["Only this"]


def test_a_style_is_enough_and_nothing_at_all_is_not(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    ask(owner_client, home, prompt="", style="coastal")
    text = ask(owner_client, home, prompt="", mode="restyle", status=422).content.decode()
    assert "Say how the room shall look" in text
    assert len(studio.generations()) == 1


def test_level_and_variations_change_the_price_that_is_on_the_button(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    options: dict[str, Any] = {"design_level": "pro", "variations": "2", "resolution": "2K"}
    refused = ask(owner_client, home, agreed="10", status=422, **options).content.decode()
    assert "This costs 30 credits, not 10." in refused
    assert 'name="agreed" value="30"' in refused
    assert studio.balance() == 100
    ask(owner_client, home, agreed="30", **options)
    (made,) = studio.generations()
    assert (made.design_level, made.variations, made.resolution) == ("pro", 2, "2K")
    assert studio.balance() == 70


def test_options_that_the_instance_does_not_offer_are_not_shown_and_refused(
    owner_client: Browser, home: str, studio: Studio, settings: LazySettings
) -> None:
    settings.DEFAULT_ENGINE, settings.MELTFLEX_EXTENSIONS = "meltflex", False
    assert "design_level" not in owner_client.get(f"{home}/studio").content.decode()
    assert "switched off" in ask(owner_client, home, variations="3", status=422).content.decode()
    assert studio.balance() == 100


def test_furniture_goes_along_with_its_names(
    owner_client: Browser, home: str, studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    pieces = [upload("grey-sofa_2.jpg"), upload("IMG.jpg")]
    ask(owner_client, home, furniture=pieces, furniture_name=["", "Floor lamp"])
    worker()
    assert [reference.name for reference in engine.calls[0].references] == ["Grey sofa 2", "Floor lamp"]


def test_more_than_ten_pieces_are_refused(owner_client: Browser, home: str, studio: Studio) -> None:
    text = ask(owner_client, home, furniture=[upload() for _ in range(11)], status=422).content.decode()
    assert "At most 10 pieces" in text
    assert studio.lines() == ["grant"]


def test_a_piece_of_the_library_is_placed_by_a_tick(
    owner_client: Browser, home: str, studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    sofa = add_product(owner_client, home, studio)
    ask(owner_client, home, product=[sofa.public_id])
    worker()
    assert [reference.name for reference in engine.calls[0].references] == ["Sofa"]


def add_product(browser: Browser, home: str, studio: Studio, **fields: Any) -> Product:
    given = {"photo": upload(), "name": "Sofa", "price": "899.00", "currency": "EUR", **fields}
    assert browser.post(f"{home}/library", given).status_code == 302
    with studio.enter():
        newest: Product = Product.objects.of(studio.organization).order_by("-pk")[0]
    return newest


def test_another_workspaces_piece_is_not_placed(
    owner_client: Browser, home: str, studio: Studio, strange_studio: Studio, stranger_client: Browser
) -> None:
    theirs = f"/w/{strange_studio.organization.public_id}"
    sofa = add_product(stranger_client, theirs, strange_studio)
    ask(owner_client, home, status=422, product=[sofa.public_id])
    assert studio.generations() == []
    assert owner_client.post(f"{home}/library/{sofa.public_id}/remove").status_code == 404


def test_what_is_painted_goes_up_in_red_and_the_photo_stays_as_it_was(
    owner_client: Browser, home: str, studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    ask(owner_client, home, mode="region", paint=strokes())
    worker()
    sent = engine.calls[0]
    assert sent.mask
    with Image.open(BytesIO(sent.source.read())) as picture:
        width, height = picture.size
        inside = picture.convert("RGB").getpixel((width * 25 // 64, height * 25 // 48))
        outside = picture.convert("RGB").getpixel((width * 60 // 64, height * 45 // 48))
    assert isinstance(inside, tuple)
    assert inside[0] > 240
    assert max(inside[1:]) < 16
    assert outside != inside
    (made,) = studio.generations()
    with studio.enter():
        photo = Photo.objects.of(studio.organization).get(pk=made.photo_id)
    assert photo.kind == Photo.Kind.ROOM


def test_a_part_has_to_be_painted(owner_client: Browser, home: str, studio: Studio, worker: Work) -> None:
    assert "Paint in red" in ask(owner_client, home, mode="region", status=422).content.decode()
    assert studio.lines() == ["grant"]
    page = ask(owner_client, home, mode="region", paint=strokes(None)).headers["Location"]
    worker()
    assert "Nothing was painted" in owner_client.get(page).content.decode()
    assert studio.balance() == 100


def test_a_photo_is_sent_ahead_with_advice_and_then_used(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    answer = owner_client.post(f"{home}/photos", {"photo": upload()})
    assert answer.status_code == 200
    told = answer.json()
    assert any("1024" in line for line in told["advice"])
    ask(owner_client, home, photo=None, photo_id=told["id"])
    (made,) = studio.generations()
    with studio.enter():
        assert Photo.objects.of(studio.organization).get(pk=made.photo_id).public_id == told["id"]


def test_a_photo_that_is_none_is_refused_before_anything_is_spent(owner_client: Browser, home: str) -> None:
    answer = owner_client.post(f"{home}/photos", {"photo": upload(content=b"not a picture at all")})
    assert set(answer.json()) == {"error"}


def test_a_strangers_photo_is_not_there(
    home: str, owner_client: Browser, stranger_client: Browser, strange_studio: Studio
) -> None:
    told = owner_client.post(f"{home}/photos", {"photo": upload()}).json()
    theirs = f"/w/{strange_studio.organization.public_id}"
    ask(stranger_client, theirs, photo=None, photo_id=told["id"], status=404)
    assert stranger_client.post(f"{home}/photos", {"photo": upload()}).status_code == 404


# --- Library and recipes ---------------------------------------------------------------------------------


def test_the_library_keeps_price_and_link_and_changes_them(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    sofa = add_product(owner_client, home, studio, link="https://shop.example/sofa")
    prefix = sofa.public_id
    changed = {f"{prefix}-name": "Grey sofa", f"{prefix}-price": "", f"{prefix}-currency": "EUR"}
    owner_client.post(f"{home}/library/{prefix}", changed)
    text = owner_client.get(f"{home}/library").content.decode()
    assert "Grey sofa" in text
    assert "No price yet" in text


def test_a_script_is_told_the_new_piece_and_may_rename_it(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    answer = owner_client.post(
        f"{home}/library", {"photo": upload("floor_lamp.png")}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 201
    assert answer.json()["name"] == "Floor lamp"
    where = f"{home}/library/{answer.json()['id']}"
    assert owner_client.post(where, {"name": "Brass lamp"}).status_code == 204
    with studio.enter():
        product = Product.objects.of(studio.organization).select_related("photo").get()
    assert (product.name, product.photo.name) == ("Brass lamp", "Brass lamp")


def test_a_removed_piece_leaves_the_library_and_stays_in_its_pictures(
    owner_client: Browser, home: str, studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    sofa = add_product(owner_client, home, studio)
    ask(owner_client, home, product=[sofa.public_id])
    owner_client.post(f"{home}/library/{sofa.public_id}/remove")
    assert "Sofa" not in owner_client.get(f"{home}/studio").content.decode()
    worker()
    assert [reference.name for reference in engine.calls[0].references] == ["Sofa"]


def test_a_picture_is_not_made_and_paid_without_a_piece_that_was_removed_meanwhile(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    sofa, lamp = (add_product(owner_client, home, studio) for _ in range(2))
    owner_client.post(f"{home}/library/{sofa.public_id}/remove")
    chosen = [lamp.public_id, sofa.public_id]
    page = ask(owner_client, home, status=422, product=chosen).content.decode()
    assert "One of the pieces of furniture was removed. Choose another." in page
    assert studio.generations() == []
    assert studio.balance() == 100
    look = {"recipe_name": "Our look", "prompt": "Sage green", "key": "k", "product": chosen}
    told = owner_client.post(f"{home}/recipes/save", look, follow=True).content.decode()
    assert "One of the pieces of furniture was removed. Choose another." in told
    assert "Our look" not in owner_client.get(f"{home}/recipes").content.decode()


def test_a_recipe_brings_its_choices_back(owner_client: Browser, home: str, studio: Studio) -> None:
    sofa = add_product(owner_client, home, studio)
    look = {
        "recipe_name": "Our look", "mode": "walls", "style": "rustic", "prompt": "Sage green", "key": "k",
        "design_level": "pro", "variations": "2", "product": [sofa.public_id],
    }  # fmt: skip
    assert owner_client.post(f"{home}/recipes/save", look).status_code == 302
    listed = owner_client.get(f"{home}/recipes").content.decode()
    assert "Our look" in listed
    recipe = listed.split("?recipe=")[1].split('"')[0]
    page = owner_client.get(f"{home}/studio?recipe={recipe}").content.decode()
    assert "Sage green" in page
    assert f'value="{sofa.public_id}" checked' in page
    assert 'name="agreed" value="30"' in page
    again = owner_client.post(f"{home}/recipes/save", look, follow=True).content.decode()
    assert "A recipe of this name exists" in again


def test_a_locked_recipe_is_removed_by_admins_alone(
    owner_client: Browser, colleague_client: Browser, home: str
) -> None:
    owner_client.post(f"{home}/recipes/save", {"recipe_name": "Standard", "prompt": "x", "key": "k"})
    page = owner_client.get(f"{home}/recipes").content.decode()
    recipe = page.split("?recipe=")[1].split('"')[0]
    where = f"{home}/recipes/{recipe}"
    assert colleague_client.post(f"{where}/lock", {"locked": "yes"}).status_code == 403
    owner_client.post(f"{where}/lock", {"locked": "yes"})
    assert "is locked" in colleague_client.post(f"{where}/remove", follow=True).content.decode()
    owner_client.post(f"{where}/remove")
    assert "Standard" not in owner_client.get(f"{home}/recipes").content.decode()


# --- Furniture moved by hand -----------------------------------------------------------------------------


def test_pieces_are_placed_where_they_were_dragged(
    owner_client: Browser, home: str, studio: Studio, worker: Work, engine: FakeEngine, settings: LazySettings
) -> None:
    settings.DEFAULT_ENGINE = "preview"  # no other heeds places
    page = ask(owner_client, home, furniture=[upload(), upload()], furniture_name=["Sofa", "Lamp"])
    worker()
    assert "Move the furniture" in owner_client.get(page.headers["Location"]).content.decode()
    (picture,) = studio.generations()[0].pictures.all()
    placed = {"key": "k2", "piece-0-x": "0.4", "piece-0-y": "0.8", "piece-0-scale": "120", "piece-1-x": ""}
    answer = owner_client.post(f"{home}/pictures/{picture.public_id}/place", placed)
    assert answer.status_code == 302
    worker()
    sofa, lamp = engine.calls[1].references
    assert (sofa.at, sofa.scale, lamp.at) == ((0.4, 0.8), 1.2, None)
    assert engine.calls[1].prompt == engine.calls[0].prompt
    assert studio.balance() == 80


def test_a_place_outside_of_the_picture_is_none(
    owner_client: Browser, home: str, studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    ask(owner_client, home, furniture=[upload()], furniture_name=["Sofa"])
    worker()
    (picture,) = studio.generations()[0].pictures.all()
    where = f"{home}/pictures/{picture.public_id}/place"
    owner_client.post(where, {"key": "k2", "piece-0-x": "4", "piece-0-y": "nan"})
    worker()
    assert engine.calls[1].references[0].at is None


def test_asking_again_brings_everything_along(
    owner_client: Browser, home: str, studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    fields: dict[str, Any] = {"mode": "region", "paint": strokes(), "design_level": "pro", "variations": "2"}
    page = ask(owner_client, home, furniture=[upload()], furniture_name=["Sofa"], **fields)
    owner_client.post(f"{page.headers['Location']}/cancel")
    text = owner_client.get(page.headers["Location"]).content.decode()
    assert 'name="agreed" value="30"' in text
    again = owner_client.post(f"{page.headers['Location']}/again", {"key": "k2", "agreed": "30"})
    assert again.status_code == 302
    worker()
    (request,) = engine.calls
    assert (request.mask, request.design_level, request.variations) == (True, "pro", 2)
    assert [reference.name for reference in request.references] == ["Sofa"]
    assert studio.balance() == 70


def test_several_photos_of_a_room_come_at_once(owner_client: Browser, home: str, studio: Studio) -> None:
    with studio.enter():
        project = projects.create_project(organization=studio.organization, name="Flat")
        room = projects.create_room(project=project, name="Living room")
    photos = [upload("one.jpg"), upload("two.jpg", b"not a picture at all"), upload("three.jpg")]
    answer = owner_client.post(f"{home}/rooms/{room.public_id}", {"photo": photos})
    assert answer.status_code == 422
    assert "two.jpg: " in answer.content.decode()
    with studio.enter():
        assert room.photos.count() == 2


@pytest.mark.parametrize("mode", MODES)
def test_the_preview_knows_how_every_mode_begins(mode: str) -> None:
    plan = read_prompt(compose(mode=mode, style="", words="", keep_structure=True))
    assert plan.ignored == ()
    assert plan.keep == ()  # walls that stay where they are may well be painted


def test_a_photo_that_came_with_a_form_that_was_refused_is_kept_and_ends_the_offer_of_a_sample(
    owner_client: Browser, home: str
) -> None:
    assert b"Try our sample room" in owner_client.get(f"{home}/studio").content
    sent = {"photo": SimpleUploadedFile("room.jpg", jpeg()), "prompt": "", "mode": "restyle", "key": "k"}
    answer = owner_client.post(f"{home}/studio", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    kept = re.search(r'name="photo_id" value="(\w+)"', page)
    assert kept
    assert "Try our sample room" not in page
    again = {"photo_id": kept[1], "prompt": "Warm oak", "mode": "restyle", "key": "k", "agreed": "10"}
    assert owner_client.post(f"{home}/studio", again).status_code == 302
