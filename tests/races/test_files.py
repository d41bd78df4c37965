"""Files, rows and removals at the same moment, on real connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from accounts.errors import Refusal
from accounts.models import AuditEntry
from generations import admission, file_check, removal, services
from generations.models import Generation, Picture
from projects import image_pool, photos, storage
from projects import services as projects
from projects.models import Photo, UnclaimedFile
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg
from tests.races.test_generations import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(days=400)


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _inline_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.image_pool.run", factories.run_image_work_here)


def all_is_well() -> None:
    found = file_check.check_files(now=timezone.now())
    assert found.is_clean, found
    assert found.rows == found.files


def made(studio: Studio) -> Generation:
    generation = studio.ask()
    factories.work()
    return services.reload(generation)


def delete(studio: Studio, generation: Generation) -> None:
    removal.delete_generation(generation=generation, by_user=studio.owner, now=timezone.now())


def deletion(studio: Studio, generation: Generation) -> str:
    return outcome_of(lambda: delete(studio, generation))


def outcome_of(action: Callable[[], object]) -> str:
    try:
        action()
    except Refusal as refusal:
        return refusal.code
    return "done"


def test_two_workers_make_one_photo_ready_once(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = factories.make_studio()
    stored = projects.store(organization=studio.organization, image=IncomingImage(content=jpeg()))
    with studio.enter():
        photo = projects.create_photo(organization=studio.organization, stored=stored, by_user=studio.owner)
    both_read_it = threading.Barrier(4)
    inline = image_pool.run

    def run(function: Any, /, *args: Any, **options: Any) -> Any:
        if function is photos.prepare:
            both_read_it.wait()
        return inline(function, *args, **options)

    monkeypatch.setattr("projects.image_pool.run", run)
    ready = at_once(4, lambda index: projects.make_ready(photo=photo))
    assert {(one.state, one.image) for one in ready} == {(Photo.State.READY, ready[0].image)}
    assert UnclaimedFile.objects.count() == 0
    all_is_well()


def test_a_file_is_either_claimed_or_swept(tmp_path: Path) -> None:
    names = [storage.new_name("ws/photos", "photo", ".jpg") for _ in range(60)]
    storage.announce(names)
    for name in names:
        storage.write(name, b"x")
    UnclaimedFile.objects.update(since=timezone.now() - storage.CLAIM_WITHIN - timedelta(seconds=1))
    claimed: list[str] = []

    def act(index: int) -> None:
        if index == 0:
            storage.sweep(now=timezone.now())
            return
        for name in names[index - 1 :: 3]:
            try:
                with transaction.atomic():
                    storage.claim([name])
            except storage.ClaimedTooLate:
                continue
            claimed.append(name)

    at_once(4, act)
    storage.sweep(now=timezone.now())
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(claimed)
    assert UnclaimedFile.objects.count() == 0


def test_a_file_whose_row_is_being_written_is_not_swept() -> None:
    name = storage.new_name("ws", "photo", ".jpg")
    storage.announce([name])
    storage.write(name, b"x")
    UnclaimedFile.objects.update(since=timezone.now() - storage.CLAIM_WITHIN - timedelta(seconds=1))
    with transaction.atomic():
        storage.claim([name])
        assert _in_a_thread(lambda: storage.sweep(now=timezone.now())).result(timeout=5) == 0
    assert default_storage.exists(name)


def _in_a_thread(action: Callable[[], Any]) -> Future[Any]:
    def with_own_connection() -> Any:
        try:
            return action()
        finally:
            connection.close()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(with_own_connection)
    pool.shutdown(wait=False)
    return future


@contextmanager
def in_the_middle_of_accepting(
    monkeypatch: pytest.MonkeyPatch, action: Callable[[], Any]
) -> Iterator[list[Future[Any]]]:
    """What is accepted inside has written its rows, and commits half a second after `action` has begun."""
    admit, begun = admission.admit, list[Future[Any]]()

    def slowly(**arguments: Any) -> list[int]:
        monkeypatch.setattr(admission, "admit", admit)
        begun.append(_in_a_thread(action))
        time.sleep(0.5)
        return admit(**arguments)

    monkeypatch.setattr(admission, "admit", slowly)
    yield begun


def test_deleting_what_somebody_is_just_restyling_is_refused(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = factories.make_studio()
    first = made(studio)

    with in_the_middle_of_accepting(monkeypatch, lambda: deletion(studio, first)) as begun:
        child = studio.ask_from(parent=first.pictures.all()[0])
    assert begun[0].result(timeout=10) == "picture_in_use"
    factories.work()
    assert services.reload(child).state == "succeeded"
    all_is_well()


def test_retention_spares_what_somebody_is_just_restyling(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = factories.make_studio()
    first = made(studio)

    with in_the_middle_of_accepting(
        monkeypatch, lambda: removal.remove_expired(now=timezone.now() + LATER)
    ) as begun:
        studio.ask_from(parent=first.pictures.all()[0])
    assert begun[0].result(timeout=10) == 0
    factories.work()
    assert {generation.state for generation in studio.generations()} == {"succeeded"}
    all_is_well()


def test_a_photo_that_somebody_just_starts_from_outlives_the_deletion(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = factories.make_studio()
    first = made(studio)
    with studio.enter():
        photo = Photo.objects.select_related("organization").get()

    with in_the_middle_of_accepting(monkeypatch, lambda: deletion(studio, first)) as begun:
        second = studio.ask_from(photo=photo)
    assert begun[0].result(timeout=10) == "done"
    factories.work()
    assert services.reload(second).state == "succeeded"
    all_is_well()


@pytest.mark.slow
def test_restyling_deleting_and_retention_at_once_leave_no_generation_without_its_source(
    engine: FakeEngine,
) -> None:
    studio = factories.make_studio(credits=1000)
    for _ in range(8):
        first = made(studio)
        with studio.enter():
            picture = Picture.objects.select_related("organization").get(generation=first)
        actions: list[Callable[[], object]] = [
            lambda picture=picture: studio.ask_from(parent=picture),  # type: ignore[misc]
            lambda first=first: delete(studio, first),  # type: ignore[misc]
            lambda first=first: delete(studio, first),  # type: ignore[misc]
            lambda: removal.remove_expired(now=timezone.now() + LATER),
        ]
        at_once(4, lambda index, actions=actions: outcome_of(actions[index]))
        factories.work()
    assert all(generation.state == "succeeded" for generation in studio.generations())
    with studio.enter():
        deleted = Generation.objects.exclude(deleted_at=None).count()
        assert AuditEntry.objects.filter(action="generation.deleted").count() == deleted
    all_is_well()
