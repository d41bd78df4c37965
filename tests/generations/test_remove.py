"""Deleted by its workspace or past its retention: files and words go, rows and credits stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import AuditEntry, Membership, Role
from billing import plans
from generations import file_check, removal, services, tasks
from generations.engines.base import Again, EngineError
from generations.models import Generation, Picture, State, UpstreamCall
from projects import services as projects
from projects import storage
from projects.models import Photo, Room
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio, body
from tests.fakes import FakeEngine, jpeg

Work = Callable[[], int]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def files(tmp_path: Path) -> set[str]:
    storage.sweep(now=timezone.now())
    return {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}


def made(studio: Studio, worker: Work, **options: Any) -> Generation:
    generation = studio.ask("Secret words", **options)
    worker()
    return services.reload(generation)


def picture_of(generation: Generation) -> Picture:
    (picture,) = generation.pictures.all()
    return cast(Picture, picture)


def photo_of(studio: Studio, generation: Generation) -> Photo:
    with studio.enter():
        found: Photo = Photo.objects.select_related("organization", "room").get(pk=generation.photo_id)
    return found


def delete(studio: Studio, generation: Generation) -> None:
    removal.delete_generation(generation=generation, by_user=studio.owner, now=timezone.now())


def room_of(studio: Studio) -> Room:
    project = projects.create_project(organization=studio.organization, name="Flat")
    return projects.create_room(project=project, name="Living")


def photos(studio: Studio) -> list[str]:
    with studio.enter():
        return list(Photo.objects.of(studio.organization).order_by("pk").values_list("state", flat=True))


def wait(studio: Studio, days: int) -> datetime:
    """The moment so many days after what the studio made."""
    return timezone.now() + days * DAY


# --- Deleted by its workspace ----------------------------------------------------------------------------


def test_deleting_takes_words_pictures_and_photos_away_for_good(
    studio: Studio, worker: Work, tmp_path: Path
) -> None:
    generation = made(studio, worker, references=[IncomingImage(content=jpeg(), name="Grandma's sofa")])
    assert len(files(tmp_path)) == 6
    delete(studio, generation)
    assert files(tmp_path) == set()
    with studio.enter():
        row = Generation.objects.get()
        picture = Picture.objects.get()
        assert (row.prompt, row.state, row.deleted_at is not None) == ("", State.SUCCEEDED, True)
        assert (picture.image, picture.thumbnail, picture.notes) == ("", "", {})
        assert not Photo.objects.exclude(name="", source_url="").exists()
        assert AuditEntry.objects.filter(action="generation.deleted", target=row.public_id).count() == 1
        assert UpstreamCall.objects.count() == 1
    assert photos(studio) == ["gone", "gone"]


def test_deleting_leaves_the_ledger_as_it_was(studio: Studio, worker: Work) -> None:
    generation = made(studio, worker)
    before = (studio.balance(), studio.lines())
    delete(studio, generation)
    assert (studio.balance(), studio.lines()) == before == (90, ["grant", "hold", "settle"])


def test_deleting_twice_is_once(studio: Studio, worker: Work) -> None:
    generation = made(studio, worker)
    delete(studio, generation)
    delete(studio, generation)
    with studio.enter():
        assert AuditEntry.objects.filter(action="generation.deleted").count() == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.WAITING])
def test_what_has_not_ended_is_not_deleted(studio: Studio, state: State, tmp_path: Path) -> None:
    generation = studio.ask()
    with studio.enter():
        Generation.objects.of(studio.organization).update(state=state)
    with pytest.raises(removal.NotEnded):
        delete(studio, generation)
    assert len(files(tmp_path)) == 1


def test_a_running_generation_is_not_deleted(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()

    def try_it() -> None:
        with pytest.raises(removal.NotEnded):
            delete(studio, generation)

    engine.during = try_it
    worker()
    assert services.reload(generation).state == State.SUCCEEDED


def test_one_that_never_got_its_photo_decoded_can_be_deleted(studio: Studio, tmp_path: Path) -> None:
    generation = studio.ask()
    services.cancel(generation=generation, by_user=studio.owner, now=timezone.now())
    delete(studio, generation)
    assert files(tmp_path) == set()
    assert photos(studio) == ["gone"]


def test_a_rooms_photo_stays_and_the_furniture_sent_along_goes(
    studio: Studio, worker: Work, tmp_path: Path
) -> None:
    room = room_of(studio)
    generation = made(studio, worker, room=room, references=[IncomingImage(content=jpeg())])
    delete(studio, generation)
    assert photos(studio) == ["ready", "gone"]
    assert len(files(tmp_path)) == 2


def test_a_photo_goes_with_the_last_generation_that_used_it(
    studio: Studio, worker: Work, tmp_path: Path
) -> None:
    first = made(studio, worker)
    second = studio.ask_from(photo=photo_of(studio, first))
    worker()
    delete(studio, first)
    assert photos(studio) == ["ready"]
    delete(studio, second)
    assert photos(studio) == ["gone"]
    assert files(tmp_path) == set()


def test_what_descends_from_a_deleted_picture_keeps_its_own(
    studio: Studio, worker: Work, tmp_path: Path, owner_client: Browser
) -> None:
    first = made(studio, worker)
    child = studio.ask_from(parent=picture_of(first))
    worker()
    delete(studio, first)
    (picture,) = services.reload(child).pictures.all()
    assert files(tmp_path) == {picture.image, picture.thumbnail}
    page = owner_client.get(f"/w/{studio.organization.public_id}/generations/{child.public_id}")
    assert "a version that was deleted" in page.content.decode()
    assert first.public_id not in page.content.decode()


def test_a_picture_that_a_queued_version_starts_from_is_not_deleted(studio: Studio, worker: Work) -> None:
    first = made(studio, worker)
    child = studio.ask_from(parent=picture_of(first))
    with pytest.raises(removal.PictureInUse):
        delete(studio, first)
    worker()
    assert services.reload(child).state == State.SUCCEEDED
    delete(studio, first)


def test_nothing_starts_from_what_was_removed(studio: Studio, worker: Work) -> None:
    first = made(studio, worker)
    picture, photo = picture_of(first), photo_of(studio, first)
    delete(studio, first)
    with pytest.raises(services.PictureRemoved):
        studio.ask_from(parent=picture)
    with pytest.raises(projects.PhotoRemoved):
        studio.ask_from(photo=photo)
    assert studio.balance() == 90


# --- At the API ------------------------------------------------------------------------------------------


def api_delete(api: factories.ApiClient, generation_id: str) -> Any:
    return Browser().delete(
        f"/api/v1/generations/{generation_id}", headers={"authorization": f"Bearer {api.key}"}
    )


def test_a_program_deletes_and_finds_it_no_more(studio: Studio, worker: Work, tmp_path: Path) -> None:
    api = studio.api()
    made_id = api.post("generations", body()).json()["id"]
    assert (api_delete(api, made_id).status_code, api_delete(api, made_id).json()["code"]) == (
        409,
        "not_ended",
    )
    worker()
    url = api.get(f"generations/{made_id}").json()["pictures"][0]["url"]
    answer = api_delete(api, made_id)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"generations/{made_id}").status_code == 404
    assert api.post(f"generations/{made_id}/cancel", {}).status_code == 404
    assert api_delete(api, made_id).status_code == 404
    assert api.get("generations").json()["results"] == []
    assert files(tmp_path) == set()
    assert Browser().get(url).status_code == 404


def test_a_strangers_delete_is_404(studio: Studio, strange_studio: Studio, worker: Work) -> None:
    generation = made(studio, worker)
    assert api_delete(strange_studio.api(), generation.public_id).status_code == 404
    assert services.reload(generation).deleted_at is None


def test_pictures_say_how_long_their_link_works_and_how_long_they_are_kept(
    studio: Studio, worker: Work
) -> None:
    api = studio.api()
    made_id = api.post("generations", body()).json()["id"]
    worker()
    picture = api.get(f"generations/{made_id}").json()["pictures"][0]
    now = timezone.now()
    assert DAY <= datetime.fromisoformat(picture["expires_at"]) - now <= DAY + timedelta(hours=1)
    assert abs(datetime.fromisoformat(picture["kept_until"]) - now - 365 * DAY) < timedelta(minutes=5)
    assert picture["removed_at"] is None


def test_an_address_works_until_the_moment_it_says(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from generations import files as addresses

    token, until = addresses.path("a/b.png").split("/")[2], addresses.expires_at().timestamp()
    monkeypatch.setattr("time.time", lambda: until - 1)
    assert addresses.name_in(token) == "a/b.png"
    monkeypatch.setattr("time.time", lambda: until + 1)
    assert addresses.name_in(token) is None


def test_a_synchronous_call_repeated_after_the_removal_says_so(studio: Studio, worker: Work) -> None:
    api = studio.api()
    first = api.post("generate", body(), **{"idempotency-key": "k"})
    assert first.status_code == 200
    b"".join(first.streaming_content)
    removal.remove_expired(now=wait(studio, 366))
    repeated = api.post("generate", body(), **{"idempotency-key": "k"})
    assert (repeated.status_code, repeated.json()["code"]) == (410, "picture_removed")
    (generation,) = studio.generations()
    delete(studio, generation)
    for endpoint in ("generate", "generations"):
        repeated = api.post(endpoint, body(), **{"idempotency-key": "k"})
        assert (repeated.status_code, repeated.json()["code"]) == (410, "picture_removed")
    assert studio.balance() == 90


# --- On the pages ----------------------------------------------------------------------------------------


def test_deleting_on_the_page_asks_first_and_says_that_it_is_done(
    studio: Studio, worker: Work, owner_client: Browser, tmp_path: Path
) -> None:
    generation = made(studio, worker)
    page = f"/w/{studio.organization.public_id}/generations/{generation.public_id}"
    shown = owner_client.get(page).content.decode()
    assert "Delete for good" in shown
    assert "Kept until" in shown
    assert owner_client.get(f"{page}/delete").status_code == 405
    done = owner_client.post(f"{page}/delete", follow=True)
    assert "It was deleted" in done.content.decode()
    assert "Secret words" not in done.content.decode()
    assert owner_client.get(page).status_code == 404
    assert owner_client.post(f"{page}/delete").status_code == 404
    assert (
        "Secret words" not in owner_client.get(f"/w/{studio.organization.public_id}/studio").content.decode()
    )
    assert files(tmp_path) == set()


def test_the_page_says_why_it_can_not_be_deleted_now(
    studio: Studio, worker: Work, owner_client: Browser
) -> None:
    generation = made(studio, worker)
    studio.ask_from(parent=picture_of(generation))
    page = f"/w/{studio.organization.public_id}/generations/{generation.public_id}"
    answer = owner_client.post(f"{page}/delete", follow=True).content.decode()
    assert "A new version of one of its pictures is being made" in answer
    assert owner_client.get(page).status_code == 200


def test_viewers_may_not_delete_and_strangers_find_nothing(
    studio: Studio, worker: Work, stranger_client: Browser
) -> None:
    generation, viewer = made(studio, worker), factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
    page = f"/w/{studio.organization.public_id}/generations/{generation.public_id}"
    browser = factories.browser_of(viewer)
    assert "Delete for good" not in browser.get(page).content.decode()
    assert browser.post(f"{page}/delete").status_code == 403
    assert stranger_client.post(f"{page}/delete").status_code == 404
    assert services.reload(generation).deleted_at is None


def test_pages_show_what_was_removed_without_breaking(
    studio: Studio, worker: Work, owner_client: Browser
) -> None:
    room = room_of(studio)
    first = made(studio, worker, room=room)
    studio.ask_from(parent=picture_of(first))
    worker()
    removal.remove_expired(now=wait(studio, 366))
    home = f"/w/{studio.organization.public_id}"
    for generation in studio.generations():
        page = owner_client.get(f"{home}/generations/{generation.public_id}").content.decode()
        assert "This picture was removed on" in page
        assert "Restyle this result" not in page
        assert 'src=""' not in page
    for where in ("generations", "studio", f"rooms/{room.public_id}"):
        page = owner_client.get(f"{home}/{where}").content.decode()
        assert "card-picture-none" in page
        assert 'src=""' not in page
    refused = owner_client.post(
        f"{home}/pictures/{picture_of(first).public_id}/restyle", {"prompt": "Darker", "key": "k2"}
    )
    assert refused.status_code == 422
    assert "This picture was removed" in refused.content.decode()
    assert len(studio.generations()) == 2


def test_a_deleted_generations_picture_can_not_be_restyled_from_its_old_address(
    studio: Studio, worker: Work, owner_client: Browser
) -> None:
    generation = made(studio, worker)
    where = f"/w/{studio.organization.public_id}/pictures/{picture_of(generation).public_id}/restyle"
    delete(studio, generation)
    assert owner_client.post(where, {"prompt": "Darker", "key": "k"}).status_code == 404


def test_what_failed_and_lost_its_photo_offers_another_photo(
    studio: Studio, worker: Work, engine: FakeEngine, owner_client: Browser
) -> None:
    engine.failing = [EngineError("engine_failed", "It broke.", again=Again.NO, detail="")]
    generation = made(studio, worker)
    removal.remove_expired(now=wait(studio, 366))
    page = owner_client.get(f"/w/{studio.organization.public_id}/generations/{generation.public_id}")
    assert "Choose another photo" in page.content.decode()
    assert "Ask again" not in page.content.decode()


# --- Past its retention ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "days"), [("free", 30), ("growth", 365)])
def test_pictures_are_kept_as_long_as_the_plan_says(
    studio: Studio, worker: Work, tmp_path: Path, plan: str, days: int
) -> None:
    plans.apply_plan(organization=studio.organization, plan=plan)
    generation = made(studio, worker)
    assert removal.remove_expired(now=wait(studio, days - 1)) == 0
    assert len(files(tmp_path)) == 4
    assert removal.remove_expired(now=wait(studio, days + 1)) == 2
    assert files(tmp_path) == set()
    assert photos(studio) == ["gone"]
    row = services.reload(generation)
    assert (row.prompt, row.deleted_at, picture_of(row).image) == ("Secret words", None, "")
    assert studio.lines() == ["grant", "hold", "settle"]
    assert removal.remove_expired(now=wait(studio, days + 1)) == 0


def test_an_upgrade_keeps_what_is_there_for_longer(studio: Studio, worker: Work, tmp_path: Path) -> None:
    plans.apply_plan(organization=studio.organization, plan="free")
    made(studio, worker)
    plans.apply_plan(organization=studio.organization, plan="starter")
    assert removal.remove_expired(now=wait(studio, 31)) == 0
    assert len(files(tmp_path)) == 4


def test_30_days_are_kept_whatever_the_workspace_says(studio: Studio, worker: Work) -> None:
    studio.organization.retention_days = 1
    studio.organization.save()
    made(studio, worker)
    assert removal.remove_expired(now=wait(studio, 29)) == 0
    assert removal.remove_expired(now=wait(studio, 31)) == 2


def test_a_picture_that_a_queued_version_starts_from_is_kept_until_that_has_ended(
    studio: Studio, worker: Work
) -> None:
    first = made(studio, worker)
    child = studio.ask_from(parent=picture_of(first))
    assert removal.remove_expired(now=wait(studio, 366)) == 0
    worker()
    assert services.reload(child).state == State.SUCCEEDED
    assert removal.remove_expired(now=wait(studio, 366)) == 3


def test_a_photo_that_a_younger_generation_used_is_kept_with_it(studio: Studio, worker: Work) -> None:
    first = made(studio, worker)
    studio.ask_from(photo=photo_of(studio, first))
    worker()
    with studio.enter():
        long_ago = timezone.now() - 400 * DAY
        Generation.objects.filter(pk=first.pk).update(finished_at=long_ago)
        Picture.objects.filter(generation=first).update(created_at=long_ago)
        Photo.objects.update(created_at=long_ago)
    assert removal.remove_expired(now=timezone.now()) == 1
    assert photos(studio) == ["ready"]
    assert removal.remove_expired(now=wait(studio, 366)) == 2
    assert photos(studio) == ["gone"]


def test_photos_of_rooms_are_kept(studio: Studio, worker: Work) -> None:
    made(studio, worker, room=room_of(studio))
    assert removal.remove_expired(now=wait(studio, 366)) == 1
    assert photos(studio) == ["ready"]


def test_photos_of_what_failed_go_too(studio: Studio, tmp_path: Path) -> None:
    services.cancel(generation=studio.ask(), by_user=studio.owner, now=timezone.now())
    assert removal.remove_expired(now=wait(studio, 366)) == 1
    assert files(tmp_path) == set()


def test_each_workspace_has_its_own_retention_and_its_turn(
    studio: Studio, strange_studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans.apply_plan(organization=studio.organization, plan="free")
    for _ in range(3):
        made(studio, worker)
    made(strange_studio, worker)
    monkeypatch.setattr(removal, "_AT_ONCE", 1)
    assert removal.remove_expired(now=wait(studio, 31)) == 6
    assert photos(strange_studio) == ["ready"]
    for _ in range(2):
        made(studio, worker)
    assert removal.remove_expired(now=wait(studio, 366), limit=4) == 4
    assert photos(strange_studio) == ["gone"]


def test_what_has_to_outlive_its_retention_is_left_out_by_one_word(
    studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = made(studio, worker)
    expired = type(Picture.objects.all()).expired
    monkeypatch.setattr(
        type(Picture.objects.all()),
        "expired",
        lambda self, cutoff: expired(self, cutoff).exclude(pk=picture_of(generation).pk),
    )
    assert removal.remove_expired(now=wait(studio, 366)) == 0
    assert photos(studio) == ["ready"], "a picture that is kept keeps the photo it was made from"


def test_the_queue_sweeps_and_removes(studio: Studio, worker: Work, tmp_path: Path) -> None:
    generation = made(studio, worker)
    with studio.enter():
        Picture.objects.update(created_at=timezone.now() - 366 * DAY)
    tasks.remove_expired(timestamp=0)
    tasks.sweep_storage(timestamp=0)
    assert picture_of(services.reload(generation)).removed_at is not None
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_trouble_in_one_workspace_holds_up_no_other(
    studio: Studio, strange_studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(studio, worker)
    made(strange_studio, worker)
    remove = removal._remove_expired_pictures

    def sometimes(organization: Any, *rest: Any) -> int:
        if organization == studio.organization:
            raise RuntimeError("trouble")
        return remove(organization, *rest)

    monkeypatch.setattr(removal, "_remove_expired_pictures", sometimes)
    assert removal.remove_expired(now=wait(studio, 366)) == 2
    assert photos(strange_studio) == ["gone"]


def test_after_all_of_it_rows_and_files_agree(studio: Studio, worker: Work, tmp_path: Path) -> None:
    first = made(studio, worker)
    studio.ask_from(parent=picture_of(first))
    worker()
    delete(studio, first)
    files(tmp_path)
    with studio.enter():
        names = set(Picture.objects.exclude(image="").values_list("image", "thumbnail"))
        names |= set(Photo.objects.exclude(image="").values_list("image", "thumbnail"))
    assert {name for pair in names for name in pair} == files(tmp_path)
    assert file_check.check_files(now=timezone.now()).rows_without_file == []
