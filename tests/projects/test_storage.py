"""No row without a file and no file without a row, wherever a process is killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.utils import timezone

from projects import photos, services, storage
from projects.models import Photo, UnclaimedFile
from projects.services import IncomingImage, PhotoRemoved
from tests.factories import Studio
from tests.fakes import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def late() -> datetime:
    """When every announcement of this test has run out."""
    return timezone.now() + storage.CLAIM_WITHIN + timedelta(seconds=5)


def stored(tmp_path: Path) -> set[str]:
    return {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}


def unclaimed() -> set[str]:
    return set(UnclaimedFile.objects.values_list("name", flat=True))


def written(stem: str = "photo") -> str:
    name = storage.new_name("ws/photos", stem, ".jpg")
    storage.announce([name])
    storage.write(name, b"picture")
    return name


def test_a_name_is_never_the_same_twice() -> None:
    assert len({storage.new_name("a", "b", ".png") for _ in range(1000)}) == 1000


def test_a_claimed_file_stays(tmp_path: Path, late: datetime) -> None:
    name = written()
    storage.claim([name])
    assert storage.sweep(now=late) == 0
    assert stored(tmp_path) == {name}
    assert unclaimed() == set()


def test_a_file_is_written_in_pieces_too(tmp_path: Path) -> None:
    name = storage.new_name("ws", "photo", ".jpg")
    storage.announce([name])
    storage.write(name, BytesIO(b"x" * 200_000))
    assert (tmp_path / name).stat().st_size == 200_000


def test_killed_after_the_announcement_leaves_nothing(tmp_path: Path, late: datetime) -> None:
    storage.announce([storage.new_name("ws", "photo", ".jpg")])
    assert storage.sweep(now=timezone.now()) == 0, "the writer may still be at it"
    storage.sweep(now=late)
    assert (stored(tmp_path), unclaimed()) == (set(), set())


def test_killed_between_file_and_row_leaves_nothing(tmp_path: Path, late: datetime) -> None:
    name = written()
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        storage.claim([name])
        raise KeyboardInterrupt
    assert stored(tmp_path) == {name}
    assert storage.sweep(now=late) == 1
    assert (stored(tmp_path), unclaimed()) == (set(), set())


def test_who_comes_back_after_the_sweep_writes_no_row(tmp_path: Path, late: datetime) -> None:
    name = written()
    storage.sweep(now=late)
    with pytest.raises(storage.ClaimedTooLate):
        storage.claim([name])


def test_who_writes_after_the_sweep_leaves_no_file(tmp_path: Path, late: datetime) -> None:
    name = storage.new_name("ws", "photo", ".jpg")
    storage.announce([name])
    storage.sweep(now=late)
    with pytest.raises(storage.ClaimedTooLate):
        storage.write(name, b"late")
    assert stored(tmp_path) == set()


def test_claiming_is_all_or_nothing(late: datetime) -> None:
    first, second = written(), written()
    storage.discard([second])
    with pytest.raises(storage.ClaimedTooLate), transaction.atomic():
        storage.claim([first, second])
    assert unclaimed() == {first}


def test_a_claim_is_one_statement(django_assert_num_queries: Any) -> None:
    """A look and then a deletion would let the sweep in between."""
    name = written()
    with django_assert_num_queries(1):
        storage.claim([name])


def test_discarding_deletes_at_once(tmp_path: Path) -> None:
    storage.discard([written(), ""])
    assert (stored(tmp_path), unclaimed()) == (set(), set())


def test_discarding_spares_a_file_whose_row_was_written_after_all(tmp_path: Path) -> None:
    """The database went away during the commit, which had succeeded."""
    name = written()
    storage.claim([name])
    storage.discard([name])
    assert stored(tmp_path) == {name}


def test_discarding_without_a_database_leaves_it_to_the_sweep(
    tmp_path: Path, late: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = written()

    def is_away(*args: object, **options: object) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(transaction, "atomic", is_away)
        storage.discard([name])
    storage.sweep(now=late)
    assert stored(tmp_path) == set()


def test_a_doomed_file_goes_when_its_row_is_gone_for_sure(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    name = written()
    storage.claim([name])
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        storage.doom([name, "", name])
        assert stored(tmp_path) == {name}
    assert (stored(tmp_path), unclaimed()) == (set(), set())


def test_killed_after_the_row_was_forgotten_the_sweep_deletes_the_file(tmp_path: Path) -> None:
    name = written()
    storage.claim([name])
    storage.doom([name])  # what runs after the commit never runs
    assert storage.sweep(now=timezone.now()) == 1
    assert (stored(tmp_path), unclaimed()) == (set(), set())


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_after_the_commit_leaves_it_to_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = written()
    storage.claim([name])

    def is_away(*args: object, **options: object) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "_delete", is_away)
        with transaction.atomic():
            storage.doom([name])
    assert storage.sweep(now=timezone.now()) == 1
    assert (stored(tmp_path), unclaimed()) == (set(), set())


def test_a_row_that_was_not_forgotten_keeps_its_file(
    tmp_path: Path, late: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    name = written()
    storage.claim([name])
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        storage.doom([name])
        raise ZeroDivisionError
    storage.sweep(now=late)
    assert stored(tmp_path) == {name}


def test_one_file_that_can_not_be_deleted_holds_up_no_other(
    tmp_path: Path, late: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other, delete = written("stuck"), written(), default_storage.delete

    def sometimes(name: str) -> None:
        if "stuck" in name:
            raise PermissionError
        delete(name)

    with monkeypatch.context() as patch:
        patch.setattr(storage, "_AT_ONCE", 1)
        patch.setattr(default_storage, "delete", sometimes, raising=False)
        storage.sweep(now=late)
        storage.sweep(now=late)
        assert stored(tmp_path) == {stuck}
        assert unclaimed() == {stuck}
    storage.sweep(now=late)
    assert (stored(tmp_path), unclaimed(), other in unclaimed()) == (set(), set(), False)


def test_the_sweep_takes_more_than_one_round(tmp_path: Path, late: datetime, monkeypatch: Any) -> None:
    monkeypatch.setattr(storage, "_AT_ONCE", 2)
    for _ in range(5):
        written()
    assert storage.sweep(now=late) == 5
    assert stored(tmp_path) == set()


# --- Photos ----------------------------------------------------------------------------------------------


@pytest.fixture
def new_photo(studio: Studio, worker: object) -> Callable[..., Photo]:
    def make(content: bytes = b"") -> Photo:
        image = IncomingImage(content=content or jpeg())
        kept = services.store(organization=studio.organization, image=image)
        with studio.enter():
            return services.create_photo(organization=studio.organization, stored=kept, by_user=studio.owner)

    return make


def test_images_of_one_request_are_announced_together(
    studio: Studio, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    images = [IncomingImage(content=jpeg()), IncomingImage(url="https://example.com/a.jpg")]
    kept = services.store_all(organization=studio.organization, images=images)
    assert stored(tmp_path) == unclaimed() == {kept[0].original}
    assert (kept[1].original, kept[1].url) == ("", "https://example.com/a.jpg")
    for one in kept:
        one.discard()
    assert (stored(tmp_path), unclaimed()) == (set(), set())


def test_a_request_whose_second_image_can_not_be_stored_keeps_none(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = storage.write, [1]

    def full_disk(name: str, content: bytes) -> None:
        if not left:
            raise OSError("No space left on device")
        left.pop()
        write(name, content)

    monkeypatch.setattr(storage, "write", full_disk)
    with pytest.raises(OSError, match="No space"):
        services.store_all(organization=studio.organization, images=[IncomingImage(content=jpeg())] * 2)
    assert (stored(tmp_path), unclaimed()) == (set(), set())


def test_a_ready_photo_has_its_two_files_and_no_more(
    tmp_path: Path, new_photo: Callable[..., Photo], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        photo = services.make_ready(photo=new_photo())
    assert stored(tmp_path) == {photo.image, photo.thumbnail}
    assert unclaimed() == set()


def test_the_loser_of_two_workers_takes_its_own_files_away(
    studio: Studio,
    tmp_path: Path,
    new_photo: Callable[..., Photo],
    monkeypatch: pytest.MonkeyPatch,
    late: datetime,
) -> None:
    photo, prepare = new_photo(), photos.prepare

    def another_is_quicker(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(photos, "prepare", prepare)
        services.make_ready(photo=photo)
        return prepare(*args, **options)

    monkeypatch.setattr(photos, "prepare", another_is_quicker)
    ready = services.make_ready(photo=photo)
    storage.sweep(now=late)
    assert ready.state == Photo.State.READY
    assert stored(tmp_path) == {ready.image, ready.thumbnail}


def test_killed_before_the_row_knows_of_them_the_files_go_and_the_photo_can_be_made_ready(
    tmp_path: Path, new_photo: Callable[..., Photo], monkeypatch: pytest.MonkeyPatch, late: datetime
) -> None:
    photo, claim = new_photo(), storage.claim

    def killed(names: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(storage, "discard", lambda names: None)  # nobody is left to do it
        patch.setattr(storage, "claim", killed)
        services.make_ready(photo=photo)
    assert len(stored(tmp_path)) == 3
    storage.sweep(now=late)
    assert stored(tmp_path) == {photo.original}
    assert claim is storage.claim
    assert services.make_ready(photo=photo).state == Photo.State.READY


def test_a_photo_removed_meanwhile_is_not_made_ready(
    studio: Studio, tmp_path: Path, new_photo: Callable[..., Photo], late: datetime
) -> None:
    photo = new_photo()
    with studio.enter():
        services.remove_photos(organization=studio.organization, removed=[photo])
    with pytest.raises(PhotoRemoved):
        services.make_ready(photo=photo)
    storage.sweep(now=late)
    assert (stored(tmp_path), unclaimed()) == (set(), set())
