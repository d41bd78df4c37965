"""The gallery over the API: found, read, followed, downloaded, asked for again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role
from generations import services
from generations.ask import Piece
from generations.models import GenerationReference, Picture
from projects import library
from projects import services as projects
from projects.models import Photo, Product, Room
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio, body
from tests.fakes import jpeg

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def room_of(studio: Studio, client: str = "") -> Room:
    whose = projects.create_client(organization=studio.organization, name=client) if client else None
    project = projects.create_project(organization=studio.organization, name="Flat", client=whose)
    return projects.create_room(project=project, name="Living room")


def sofa_of(studio: Studio) -> Product:
    image = IncomingImage(content=jpeg(), name="Sofa")
    made = library.add_product(
        organization=studio.organization, by_user=studio.owner, image=image, name="Sofa"
    )
    with studio.enter():
        found: Product = Product.objects.select_related("photo").get(pk=made.pk)
        return found


def make_viewer(studio: Studio) -> None:
    """The owner's keys now act for somebody who may only look."""
    with studio.enter():
        Membership.objects.create(
            organization=studio.organization, user=factories.make_person(), role=Role.OWNER
        )
        Membership.objects.of(studio.organization).filter(user=studio.owner).update(role=Role.VIEWER)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def pictures(studio: Studio) -> list[Picture]:
    with studio.enter():
        rows = Picture.objects.of(studio.organization).select_related("generation__room__project__client")
        return list(rows.order_by("pk"))


def test_the_gallery_is_searched_and_filtered_over_the_api(studio: Studio, worker: Work) -> None:
    room = room_of(studio, "Ada")
    studio.ask("Warm oak floor", room=room, mode="floor", style="japandi")
    studio.ask("Blue walls")
    worker()
    api, (oak, blue) = studio.api(), pictures(studio)
    assert ids(api.get("pictures")) == [blue.public_id, oak.public_id]
    assert ids(api.get("pictures", q="oa")) == [oak.public_id]
    place = oak.generation.room
    assert place is not None
    assert place.project.client is not None
    for narrowing in (
        {"room": place.public_id},
        {"project": place.project.public_id},
        {"client": place.project.client.public_id},
        {"mode": "floor"},
        {"style": "japandi"},
    ):
        assert ids(api.get("pictures", **narrowing)) == [oak.public_id]
        assert [row["prompt"] for row in api.get("generations", **narrowing).json()["results"]] == [
            "Warm oak floor"
        ]
    api.put(f"pictures/{blue.public_id}/star")
    assert ids(api.get("pictures", starred="true")) == [blue.public_id]
    assert ids(api.get("pictures", person=studio.colleague.email)) == []
    assert ids(api.get("pictures", engine="preview")) == []
    assert ids(api.get("pictures", test="true")) == []
    assert ids(api.get("pictures", until="2020-01-01")) == []
    assert ids(api.get("generations", state="failed")) == []
    for wrong in ({"since": "yesterday"}, {"engine": "oil"}, {"colour": "blue"}, {"starred": "perhaps"}):
        answer = api.get("pictures", **wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter"), wrong


def test_a_page_of_pictures_leads_to_the_next(studio: Studio, worker: Work) -> None:
    for number in range(3):
        studio.ask(f"Oak {number}")
    worker()
    api = studio.api()
    first = api.get("pictures", limit=2).json()
    rest = Client().get(first["next"], headers={"authorization": f"Bearer {api.key}"})
    assert ids(rest) == [pictures(studio)[0].public_id]


def test_a_picture_tells_what_it_is_made_of_and_what_came_of_it(studio: Studio, worker: Work) -> None:
    sofa = sofa_of(studio)
    studio.ask(pieces=[Piece(photo=sofa.photo, at=(0.5, 0.75))])
    worker()
    (first,) = pictures(studio)
    studio.ask_from(parent=first)
    worker()
    second = pictures(studio)[1]
    api = studio.api()
    read = api.get(f"pictures/{first.public_id}").json()
    file: Any = Client().get(read["url"])  # needs no key
    assert file.status_code == 200
    b"".join(file.streaming_content)
    assert read["made_from"]["photo"].startswith("pho_")
    assert read["children"] == [
        {
            "generation": second.generation.public_id,
            "state": "succeeded",
            "pictures": [second.public_id],
        }
    ]
    (piece,) = read["pieces"]
    assert (piece["product"], piece["x"], piece["y"]) == (sofa.public_id, 0.5, 0.75)
    assert read["provenance"]["source_type"].startswith("http://cv.iptc.org/")
    below = api.get(f"pictures/{second.public_id}").json()
    assert below["made_from"]["picture"] == first.public_id


def test_a_picture_says_what_the_preview_understood(studio: Studio, worker: Work) -> None:
    studio.ask()
    worker()
    (picture,) = pictures(studio)
    with studio.enter():
        Picture.objects.of(studio.organization).update(notes={"understood": ["oak"], "left_out": []})
    assert studio.api().get(f"pictures/{picture.public_id}").json()["plan"]["understood"] == ["oak"]
    generation = studio.api().get(f"generations/{picture.generation.public_id}").json()
    assert generation["pictures"][0]["plan"]["understood"] == ["oak"]


def test_copies_have_names_and_addresses(studio: Studio, worker: Work) -> None:
    studio.ask("Light oak")
    worker()
    (picture,) = pictures(studio)
    api, where = studio.api(), f"pictures/{picture.public_id}/renditions"
    copy = api.get(f"{where}/jpeg").json()
    assert (copy["media_type"], copy["filename"]) == ("image/jpeg", "light-oak-1-64x48.jpg")
    file: Any = Client().get(copy["url"])
    assert file.headers["Content-Type"] == "image/jpeg"
    b"".join(file.streaming_content)
    assert [each["kind"] for each in api.get(where).json()["results"]] == ["png", "jpeg", "web"]
    assert api.get(f"{where}/gif").status_code == 404


def test_the_versions_of_a_room_are_a_flat_list_with_parents(studio: Studio, worker: Work) -> None:
    room = room_of(studio)
    studio.ask("Oak", room=room)
    worker()
    (first,) = pictures(studio)
    studio.ask_from(parent=first, room=room)
    worker()
    second = pictures(studio)[1]
    tree = studio.api().get(f"rooms/{room.public_id}/lineage").json()
    ((top, below),) = [branch["versions"] for branch in tree["branches"]]
    assert (top["generation"], top["parent"]) == (first.generation.public_id, None)
    assert below["generation"] == second.generation.public_id
    assert (below["parent"], below["from_picture"]) == (first.generation.public_id, first.public_id)
    around = studio.api().get(f"generations/{second.generation.public_id}/lineage").json()
    assert around["versions"] == 2


def test_modes_and_styles_are_data(studio: Studio) -> None:
    api = studio.api()
    modes = api.get("modes").json()["results"]
    assert {"key", "name", "hint", "lead_in", "paints"} == set(modes[0])
    assert "region" in [mode["key"] for mode in modes if mode["paints"]]
    assert "japandi" in [style["name"] for style in api.get("styles").json()["results"]]


# --- Asking ----------------------------------------------------------------------------------------------


def test_a_price_is_told_before_anything_is_asked(studio: Studio) -> None:
    api = studio.api()
    told = api.post("generations/price", {"designLevel": "pro", "variations": 2}).json()
    assert (told["price"], told["balance"], told["balance_after"]) == (30, 100, 70)
    assert (told["affordable"], told["free"]) == (True, False)
    assert studio.generations() == []
    free = studio.api(live=False).post("generations/price", {}).json()
    assert (free["free"], free["engine"], free["balance_after"]) == (True, "preview", 100)
    assert api.post("generations/price", {"variations": 9}).json()["code"] == "invalid_request"


def test_what_is_chosen_in_the_studio_is_named_over_the_api(studio: Studio, worker: Work) -> None:
    room, sofa = room_of(studio), sofa_of(studio)
    photo = projects.add_photo(
        organization=studio.organization, room=room, image=IncomingImage(jpeg()), by_user=studio.owner
    )
    asked = {
        "photo": photo.public_id,
        "mode": "floor",
        "style": "japandi",
        "prompt": "Wide boards",
        "products": [sofa.public_id],
    }
    answer = studio.api().post("generations", asked)
    assert answer.status_code == 202, answer.content
    read = answer.json()
    assert read["prompt"].startswith("Restyle only the floor in japandi style. Wide boards. Keep the arch")
    assert read["room"] == room.public_id
    worker()
    (made,) = studio.generations()
    assert (made.mode, made.style, made.photo_id) == ("floor", "japandi", photo.pk)
    (picture,) = pictures(studio)
    version = studio.api().post("generations", {"picture": picture.public_id, "prompt": "Darker"})
    assert version.json()["prompt"] == "Darker"
    assert studio.generations()[1].parent_id == picture.pk


def test_a_recipe_is_asked_for_by_its_id_and_what_is_sent_wins(studio: Studio, worker: Work) -> None:
    sofa = sofa_of(studio)
    recipe = library.save_recipe(
        organization=studio.organization,
        by_user=studio.owner,
        name="Oak",
        look=library.Look(prompt="Oak", style="japandi", variations=2),
        products=[sofa],
    )
    api = studio.api()
    assert api.post("generations/price", {"recipe": recipe.public_id}).json()["price"] == 20
    answer = api.post(
        "generations", body() | {"prompt": None, "recipe": recipe.public_id, "variations": 1}
    ).json()
    assert "japandi style. Oak." in answer["prompt"]
    assert answer["variations"] == 1
    with studio.enter():
        (piece,) = GenerationReference.objects.of(studio.organization)
        assert piece.photo_id == sofa.photo_id


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"photo": "pho_none"}, "#/photo"),
        ({"picture": "pic_none"}, "#/picture"),
        ({"mode": "wild"}, "#/mode"),
        ({"mode": "region"}, "#/mode"),
        ({"style": "wild"}, "#/style"),
        ({"products": ["prd_none"]}, "#/products"),
        ({"recipe": "rcp_none"}, "#/recipe"),
        ({"keep_structure": "yes"}, "#/keep_structure"),
    ],
)
def test_what_names_nothing_is_refused_where_it_stands(
    studio: Studio, fields: dict[str, Any], pointer: str
) -> None:
    asked = {"prompt": "Oak", **fields} if set(fields) & {"photo", "picture"} else body(**fields)
    answer = studio.api().post("generations", asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert studio.balance() == 100


def test_two_sources_exclude_each_other(studio: Studio) -> None:
    answer = studio.api().post("generations", body(photo="pho_x"))
    assert answer.status_code == 400
    assert "exclude each other" in answer.json()["message"]


def test_the_words_of_the_studio_mean_nothing_to_a_program_of_meltflex(studio: Studio, worker: Work) -> None:
    assert studio.api().post("generate", body(mode="wild", style=7, photo=[])).status_code == 200


def test_a_generation_is_asked_for_again(studio: Studio, worker: Work) -> None:
    sofa = sofa_of(studio)
    studio.ask("Oak", pieces=[Piece(photo=sofa.photo, at=(0.5, 0.5))], mode="floor")
    worker()
    (first,) = studio.generations()
    api, where = studio.api(), f"generations/{first.public_id}/again"
    refused = api.post(where, {"price": 8})
    assert (refused.status_code, refused.json()["code"], refused.json()["price"]) == (
        409,
        "price_changed",
        10,
    )
    answer = api.post(where, {"price": 10}, **{"Idempotency-Key": "one"})
    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.json()["url"]
    again = api.post(where, {"price": 10}, **{"Idempotency-Key": "one"})
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (answer.json()["id"], "true")
    _first, second = studio.generations()
    assert (second.prompt, second.mode, second.photo_id) == ("Oak", "floor", first.photo_id)
    with studio.enter():
        row = GenerationReference.objects.of(studio.organization).get(generation=second)
    assert row.at == (0.5, 0.5)


def test_a_key_repeats_no_other_generation(studio: Studio, worker: Work) -> None:
    studio.ask("Oak")
    studio.ask("Pine")
    worker()
    one, two = studio.generations()
    api, key = studio.api(), {"Idempotency-Key": "same"}
    assert api.post(f"generations/{one.public_id}/again", {}, **key).status_code == 202
    assert api.post(f"generations/{two.public_id}/again", {}, **key).status_code == 422


def test_furniture_is_moved_over_the_api(studio: Studio, worker: Work) -> None:
    sofa = sofa_of(studio)
    studio.ask("Oak", pieces=[Piece(photo=sofa.photo)])
    worker()
    (picture,) = pictures(studio)
    api, where = studio.api(), f"pictures/{picture.public_id}/placement"
    moved = api.post(where, {"pieces": [{"number": 0, "x": 0.25, "y": 0.8, "scale": 1.5}]})
    assert moved.status_code == 202, moved.content
    with studio.enter():
        row = GenerationReference.objects.of(studio.organization).latest("pk")
    assert (row.at, row.scale) == ((0.25, 0.8), 1.5)
    outside = api.post(where, {"pieces": [{"number": 0, "x": 2}]})
    assert outside.status_code == 400


# --- Who may ---------------------------------------------------------------------------------------------


def test_another_workspace_finds_no_picture(studio: Studio, strange_studio: Studio, worker: Work) -> None:
    room = room_of(studio)
    studio.ask("Oak", room=room)
    worker()
    (picture,) = pictures(studio)
    stranger, made = strange_studio.api(), picture.generation.public_id
    assert ids(stranger.get("pictures")) == []
    assert ids(stranger.get("pictures", room=room.public_id)) == []
    for path in (
        f"pictures/{picture.public_id}",
        f"pictures/{picture.public_id}/renditions",
        f"pictures/{picture.public_id}/renditions/png",
        f"rooms/{room.public_id}/lineage",
        f"generations/{made}/lineage",
    ):
        assert stranger.get(path).status_code == 404, path
    assert stranger.post(f"generations/{made}/again", {}).status_code == 404
    assert stranger.post(f"pictures/{picture.public_id}/placement", {"pieces": []}).status_code == 404
    with studio.enter():
        photo = Photo.objects.of(studio.organization).latest("pk")
    for named in ({"photo": photo.public_id}, {"picture": picture.public_id}):
        assert stranger.post("generations", {"prompt": "Oak", **named}).status_code == 400


def test_who_may_only_look_changes_nothing_by_a_key(studio: Studio, worker: Work) -> None:
    studio.ask()
    worker()
    (picture,) = pictures(studio)
    api = studio.api()
    make_viewer(studio)
    assert api.get(f"pictures/{picture.public_id}").status_code == 200
    assert api.post("generations/price", {}).status_code == 200
    made = picture.generation.public_id
    answers = [
        api.post("generations", body()),
        api.post("generate", body()),
        api.post(f"generations/{made}/again", {}),
        api.post(f"generations/{made}/cancel", {}),
        api.post(f"pictures/{picture.public_id}/placement", {"pieces": []}),
        api.post(f"pictures/{picture.public_id}/links", {}),
        api.put(f"pictures/{picture.public_id}/star"),
        api.delete(f"generations/{made}"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "role_needed")}


def test_a_key_whose_maker_has_left_is_the_workspaces_own(studio: Studio, worker: Work) -> None:
    api = studio.api()
    with studio.enter():
        Membership.objects.of(studio.organization).filter(user=studio.colleague).update(role=Role.OWNER)
        Membership.objects.of(studio.organization).filter(user=studio.owner).delete()
    assert api.post("generations", body()).status_code == 202


def test_asking_again_for_what_was_deleted_finds_nothing(studio: Studio, worker: Work) -> None:
    studio.ask()
    worker()
    (made,) = studio.generations()
    api = studio.api()
    assert api.delete(f"generations/{made.public_id}").status_code == 204
    assert api.post(f"generations/{made.public_id}/again", {}).status_code == 404
    assert services.reload(made).deleted_at is not None
    assert timezone.now() > made.created_at
