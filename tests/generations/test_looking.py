"""One picture looked at closely: starred, downloaded, compared, followed to where it came from."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.files.storage import default_storage
from django.test import Client as Browser
from django.utils import timezone
from PIL import Image

from accounts.models import Membership, Role
from generations import conversion, file_check, lineage, marks, removal, renditions, services
from generations.engines.base import EnginePicture, EngineRequest, EngineResult
from generations.models import Generation, Picture, Rendition
from projects import image_pool, storage
from projects import services as projects
from projects.image_pool import ImageWorkDied
from projects.models import Room
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine, png

Work = Callable[[], int]
SAYS = marks.Statement(marks.ALTERED, "Altered.")


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def pictures_of(studio: Studio) -> list[Picture]:
    with studio.enter():
        rows = Picture.objects.of(studio.organization).order_by("pk")
        return list(rows.select_related("organization", "generation__organization", "generation__room"))


def made(studio: Studio, worker: Work, prompt: str = "Japandi", **options: Any) -> Picture:
    studio.ask(prompt, **options)
    worker()
    return pictures_of(studio)[-1]


def room_of(studio: Studio) -> Room:
    project = projects.create_project(organization=studio.organization, name="Flat")
    return projects.create_room(project=project, name="Living room")


def viewer_of(studio: Studio) -> Browser:
    person = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=person, role=Role.VIEWER)
    return factories.browser_of(person)


def assert_files_are_clean() -> None:
    storage.sweep(now=timezone.now())
    check = file_check.check_files(now=timezone.now())
    assert check.is_clean, (check.files_without_row, check.rows_without_file)


# --- Who may ---------------------------------------------------------------------------------------------


def test_a_stranger_finds_no_door_to_a_picture(
    studio: Studio, stranger_client: Browser, home: str, worker: Work, strange_studio: Studio
) -> None:
    picture = made(studio, worker)
    theirs = made(strange_studio, worker)
    elsewhere = f"/w/{strange_studio.organization.public_id}"
    room = room_of(studio)
    for where in (home, elsewhere):  # under our workspace's address, and smuggled into their own
        for path in (
            f"pictures/{picture.public_id}/download/png",
            f"pictures/{picture.public_id}/download/web",
            f"pictures/{picture.public_id}/share",
            f"compare?a={picture.public_id}",
            f"compare?a={picture.public_id}&b={theirs.public_id}",
            f"compare?a={theirs.public_id}&b={picture.public_id}",
            f"generations/{picture.generation.public_id}/versions",
            f"rooms/{room.public_id}/versions",
        ):
            assert stranger_client.get(f"{where}/{path}").status_code == 404, path
        for path in (f"pictures/{picture.public_id}/star", f"pictures/{picture.public_id}/share"):
            assert stranger_client.post(f"{where}/{path}", {"starred": "yes"}).status_code == 404, path
    assert [one.starred_at for one in pictures_of(studio)] == [None]


def test_a_viewer_looks_and_downloads_but_neither_stars_nor_shares(
    studio: Studio, home: str, worker: Work
) -> None:
    picture, viewer = made(studio, worker), viewer_of(studio)
    page = viewer.get(f"{home}/generations/{picture.generation.public_id}").content.decode()
    assert "Download PNG" in page
    assert "/star" not in page
    assert "/share" not in page
    for path in ("download/jpeg",):
        assert viewer.get(f"{home}/pictures/{picture.public_id}/{path}").status_code == 302
    assert viewer.get(f"{home}/compare?a={picture.public_id}").status_code == 200
    assert viewer.get(f"{home}/generations/{picture.generation.public_id}/versions").status_code == 200
    assert viewer.post(f"{home}/pictures/{picture.public_id}/star", {"starred": "yes"}).status_code == 403
    assert viewer.post(f"{home}/pictures/{picture.public_id}/share").status_code == 403
    assert viewer.get(f"{home}/pictures/{picture.public_id}/share").status_code == 403


# --- Star ------------------------------------------------------------------------------------------------


def test_a_star_is_set_and_taken_away_and_a_double_click_is_one(
    colleague_client: Browser, studio: Studio, home: str, worker: Work
) -> None:
    picture = made(studio, worker)
    where = f"{home}/pictures/{picture.public_id}/star"
    answer = colleague_client.post(where, {"starred": "yes"})
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"/generations/{picture.generation.public_id}#picture-1")
    first = pictures_of(studio)[0].starred_at
    colleague_client.post(where, {"starred": "yes"})
    assert pictures_of(studio)[0].starred_at == first is not None
    page = colleague_client.get(f"{home}/generations").content.decode()
    assert "star-full" in page
    colleague_client.post(where, {})
    assert pictures_of(studio)[0].starred_at is None


def test_htmx_gets_the_button_anew(owner_client: Browser, studio: Studio, home: str, worker: Work) -> None:
    picture = made(studio, worker)
    where = f"{home}/pictures/{picture.public_id}/star"
    answer = owner_client.post(where, {"starred": "yes"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert (answer.status_code, 'aria-pressed="true"' in text, "<html" in text) == (200, True, False)
    assert "hx-post" in text


# --- Download --------------------------------------------------------------------------------------------


class CrookedEngine(FakeEngine):
    """Gives pictures of a size of its own."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.size = width, height

    def generate(self, request: EngineRequest) -> EngineResult:
        super().generate(request)
        return EngineResult((EnginePicture(png(*self.size)),), credits_used=10)


def fetched(browser: Browser, address: str) -> tuple[Image.Image, str]:
    """The file behind a download, and the name under which it is saved."""
    answer = browser.get(address, follow=True)
    assert answer.status_code == 200
    content = b"".join(cast(Any, answer).streaming_content)
    return Image.open(io.BytesIO(content)), answer.headers["Content-Disposition"].rpartition("''")[2]


@pytest.mark.parametrize(
    ("size", "shape"),
    [((66, 48), (64, 48)), ((64, 49), (64, 48)), ((128, 96), (128, 96)), ((64, 64), (64, 64))],
)
def test_a_download_has_the_shape_of_the_photo(
    size: tuple[int, int],
    shape: tuple[int, int],
    owner_client: Browser,
    studio: Studio,
    home: str,
    worker: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The photo is 64 × 48. A square is another shape altogether, and left alone."""
    monkeypatch.setattr("generations.engines.get", lambda name, *, key="": CrookedEngine(*size))
    picture = made(studio, worker, "Japandi, light oak", room=room_of(studio))
    for kind, media, extension in (("png", "PNG", "png"), ("jpeg", "JPEG", "jpg"), ("web", "WEBP", "webp")):
        image, name = fetched(owner_client, f"{home}/pictures/{picture.public_id}/download/{kind}")
        assert (image.format, image.size) == (media, shape)
        assert name == f"living-room-japandi-light-oak-1-{shape[0]}x{shape[1]}.{extension}"
    page = owner_client.get(f"{home}/generations/{picture.generation.public_id}").content.decode()
    assert ("another shape" in page) == (size == (64, 64))
    assert_files_are_clean()


def test_shapes_are_kept_to_the_pixel() -> None:
    for source in ((4032, 3024), (3000, 2000), (1170, 2532), (1080, 1080)):
        for size in ((1536, 1024), (1024, 1536), (1376, 768), (1184, 864), (1000, 1000)):
            width, height = renditions.shape_of(size, source)
            assert width <= size[0]
            assert height <= size[1]
            if (width, height) != size:
                assert (
                    min(
                        abs(width - height * source[0] / source[1]),
                        abs(height - width * source[1] / source[0]),
                    )
                    <= 0.5
                )
    assert renditions.shape_of((1536, 1024), (0, 0)) == (1536, 1024)


def test_the_web_size_is_at_most_1600_pixels() -> None:
    content, width, height = conversion.convert(png(2000, 1000), "web", (2000, 1000), SAYS)
    assert (width, height) == (1600, 800)
    assert Image.open(io.BytesIO(content)).size == (1600, 800)


def test_an_image_process_can_make_a_copy() -> None:
    """One that knows nothing of Django, as the real ones."""
    for kind, size in (("png", (60, 48)), ("jpeg", (64, 48)), ("web", (64, 47))):
        content, *made_size = image_pool.run(conversion.convert, png(), kind, size, SAYS, seconds=30)
        assert tuple(made_size) == Image.open(io.BytesIO(content)).size == size


def test_a_copy_is_made_once(owner_client: Browser, studio: Studio, home: str, worker: Work) -> None:
    picture = made(studio, worker)
    for _ in range(2):
        fetched(owner_client, f"{home}/pictures/{picture.public_id}/download/jpeg")
    with studio.enter():
        assert Rendition.objects.of(studio.organization).count() == 1


def test_of_two_copies_made_at_once_one_stays(
    studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, real = made(studio, worker), factories.run_image_work_here
    meanwhile: list[bool] = []

    def slow(function: Any, /, *args: Any, seconds: float, **kwargs: Any) -> Any:
        if not meanwhile:
            meanwhile.append(True)
            renditions.copy_of(picture=picture, kind=Rendition.Kind.JPEG)
        return real(function, *args, seconds=seconds, **kwargs)

    monkeypatch.setattr("projects.image_pool.run", slow)
    copy = renditions.copy_of(picture=picture, kind=Rendition.Kind.JPEG)
    with studio.enter():
        assert [one.file for one in Rendition.objects.of(studio.organization)] == [copy.file]
    assert_files_are_clean()


def test_a_copy_of_a_picture_that_is_deleted_meanwhile_leaves_no_file(
    studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, real = made(studio, worker), factories.run_image_work_here

    def slow(function: Any, /, *args: Any, seconds: float, **kwargs: Any) -> Any:
        done = real(function, *args, seconds=seconds, **kwargs)
        removal.delete_generation(generation=picture.generation, by_user=studio.owner, now=timezone.now())
        return done

    monkeypatch.setattr("projects.image_pool.run", slow)
    with pytest.raises(services.PictureRemoved):
        renditions.copy_of(picture=picture, kind=Rendition.Kind.JPEG)
    assert_files_are_clean()


@pytest.mark.parametrize("how", ["deleted", "expired"])
def test_copies_go_with_their_picture(
    how: str, owner_client: Browser, studio: Studio, home: str, worker: Work
) -> None:
    picture = made(studio, worker)
    for kind in ("jpeg", "web"):
        fetched(owner_client, f"{home}/pictures/{picture.public_id}/download/{kind}")
    with studio.enter():
        files = [one.file for one in Rendition.objects.of(studio.organization)]
    assert all(default_storage.exists(name) for name in files)
    assert len(files) == 2
    if how == "deleted":
        removal.delete_generation(generation=picture.generation, by_user=studio.owner, now=timezone.now())
    else:
        removal.remove_expired(now=timezone.now() + timedelta(days=4000))
    storage.sweep(now=timezone.now())  # in a test nothing commits, so nothing was deleted after it
    assert not any(default_storage.exists(name) for name in files)
    with studio.enter():
        assert Rendition.objects.of(studio.organization).count() == 0
    assert owner_client.get(f"{home}/pictures/{picture.public_id}/download/jpeg").status_code == 404
    assert_files_are_clean()


def test_a_conversion_that_breaks_off_is_said_on_the_page(
    owner_client: Browser, studio: Studio, home: str, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = made(studio, worker)

    def die(*args: Any, **kwargs: Any) -> None:
        raise ImageWorkDied

    monkeypatch.setattr("projects.image_pool.run", die)
    answer = owner_client.get(f"{home}/pictures/{picture.public_id}/download/jpeg", follow=True)
    assert "broke off" in answer.content.decode()
    assert owner_client.get(f"{home}/pictures/{picture.public_id}/download/bmp").status_code == 404


# --- Compare ---------------------------------------------------------------------------------------------


def test_any_two_pictures_stand_side_by_side_or_on_each_other(
    owner_client: Browser, studio: Studio, home: str, worker: Work
) -> None:
    first, second = made(studio, worker, "Boho"), made(studio, worker, "Rustic")
    choice = owner_client.get(f"{home}/compare?a={first.public_id}").content.decode()
    assert f"b={second.public_id}" in choice
    both = f"{home}/compare?a={first.public_id}&b={second.public_id}"
    page = owner_client.get(both).content.decode()
    assert page.count("<zoom-view") == 2
    assert "<before-after" in owner_client.get(f"{both}&view=slider").content.decode()
    assert owner_client.get(f"{home}/compare").status_code == 404
    assert owner_client.get(f"{home}/compare?a={first.public_id}&b=x%00").status_code == 404


def test_the_choice_begins_with_what_is_near_and_can_be_searched(studio: Studio, worker: Work) -> None:
    from generations import gallery

    room = room_of(studio)
    near = made(studio, worker, "Boho", room=room)
    made(studio, worker, "Rustic")
    first = made(studio, worker, "Coastal", room=room)
    with studio.enter():
        offered = gallery.pictures_to_choose(
            organization=studio.organization, beside=first, wanted=gallery.Wanted()
        )
        assert [one.generation.prompt for one in offered] == ["Boho", "Rustic"]
        assert offered[0] == near
        found = gallery.pictures_to_choose(
            organization=studio.organization, beside=first, wanted=gallery.Wanted(words="rus")
        )
        assert [one.generation.prompt for one in found] == ["Rustic"]


# --- Version tree ----------------------------------------------------------------------------------------


def drawn(tree: lineage.Tree) -> str:
    """The tree in brackets."""
    text = ""
    for branch in tree.branches:
        for step in branch.steps:
            if step.generation is not None:
                text += step.generation.prompt or "deleted"
                text += str(step.from_picture) if step.from_picture else ""
            text += {"open": "(", "close": ")", "end": " ", "version": ""}[step.kind]
    return text


def restyled(studio: Studio, worker: Work, parent: Picture, prompt: str) -> Picture:
    services.request_generation(
        organization=studio.organization,
        ask=services.Ask(prompt=prompt, parent=parent, room=parent.generation.room),
        by_user=studio.owner,
        now=timezone.now(),
    )
    worker()
    return pictures_of(studio)[-1]


def test_the_tree_of_a_room_and_of_a_generation_without_one(db: None, worker: Work) -> None:
    studio = factories.make_studio(credits=200)
    room = room_of(studio)
    for place in (room, None):
        studio.ask("a", room=place, variations=2)
        worker()
        one, two = pictures_of(studio)[-2:]
        below = restyled(studio, worker, two, "b")
        restyled(studio, worker, below, "c")
        restyled(studio, worker, one, "d")
        with studio.enter():
            tree = lineage.tree_of(generation=below.generation)
            assert drawn(tree) == "(a(b2(c ) d1 ) )"
            assert tree.versions == 4
    made(studio, worker, "other", room=room)
    with studio.enter():
        assert drawn(lineage.tree_of_room(room=room)) == "(a(b2(c ) d1 ) )(other )"


def test_a_deleted_version_stays_only_where_something_living_hangs_on_it(
    studio: Studio, worker: Work
) -> None:
    first = made(studio, worker, "a")
    second = restyled(studio, worker, first, "b")
    third = restyled(studio, worker, second, "c")
    for gone in (second, None):
        target = gone or third
        removal.delete_generation(generation=target.generation, by_user=studio.owner, now=timezone.now())
        with studio.enter():
            tree = lineage.tree_of(generation=first.generation)
            assert drawn(tree) == ("(a(deleted(c ) ) )" if gone else "(a )")


def test_a_very_deep_tree_is_laid_out_without_recursion(studio: Studio, worker: Work, home: str) -> None:
    picture = made(studio, worker, "root")
    with studio.enter():
        for number in range(300):
            generation = Generation.objects.create(
                organization=studio.organization,
                parent=picture,
                engine="preview",
                prompt=str(number),
                price=0,
                state="succeeded",
                finished_at=timezone.now(),
            )
            picture = Picture.objects.create(
                organization=studio.organization,
                generation=generation,
                position=0,
                image="x.png",
                thumbnail="x.jpg",
                width=3,
                height=2,
                bytes=1,
            )
    page = factories.browser_of(studio.owner).get(f"{home}/generations/{generation.public_id}/versions")
    text = page.content.decode().partition('<section class="tree"')[2].partition("</section>")[0]
    assert page.status_code == 200
    assert "301 versions" in text
    assert text.count("<li>") == text.count("</li>") == 301
    assert text.count("<ul>") == text.count("</ul>") == lineage.DEEPEST
