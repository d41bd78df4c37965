"""`check_files` finds what is missing and what is too many, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from generations.file_check import check_files
from generations.models import Picture
from projects import storage
from projects.models import Photo
from tests.factories import Studio

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def report(*arguments: str) -> tuple[list[str], bool]:
    """The lines that the command prints, and whether it was content."""
    said = StringIO()
    try:
        call_command("check_files", *arguments, stdout=said)
    except CommandError:
        return said.getvalue().splitlines(), False
    return said.getvalue().splitlines(), True


def test_an_empty_instance_is_clean(db: None) -> None:
    assert report() == (["rows 0, files 0, rows without a file 0, files without a row 0"], True)


def test_what_was_made_in_two_workspaces_is_clean(
    studio: Studio, strange_studio: Studio, worker: Work
) -> None:
    for one in (studio, strange_studio):
        one.ask()
    worker()
    storage.sweep(now=timezone.now())
    assert report() == (["rows 8, files 8, rows without a file 0, files without a row 0"], True)


def test_a_lost_file_and_a_stray_one_are_named(studio: Studio, worker: Work) -> None:
    studio.ask()
    worker()
    storage.sweep(now=timezone.now())
    with studio.enter():
        lost = Picture.objects.get().thumbnail
        also_lost = Photo.objects.get().image
    default_storage.delete(lost)
    default_storage.delete(also_lost)
    default_storage.save("ws_x/pictures/stray.png", ContentFile(b"x"))
    lines, clean = report()
    assert lines[0] == "rows 4, files 3, rows without a file 2, files without a row 1"
    assert set(lines[1:]) == {
        f"row without a file: {lost}",
        f"row without a file: {also_lost}",
        "file without a row: ws_x/pictures/stray.png",
    }
    assert not clean


def test_announced_and_doomed_files_are_no_finding(db: None) -> None:
    names = [storage.new_name("ws", "photo", ".jpg") for _ in range(2)]
    storage.announce(names)
    for name in names:
        storage.write(name, b"x")
    storage.claim(names[:1])
    storage.doom(names[:1])
    assert report() == (["rows 0, files 2, rows without a file 0, files without a row 0"], True)


def test_what_is_young_may_be_left_out(studio: Studio, worker: Work) -> None:
    studio.ask()
    worker()
    default_storage.save("ws_x/stray.png", ContentFile(b"x"))
    with studio.enter():
        default_storage.delete(Picture.objects.get().image)
    assert not report()[1]
    assert report("--ignore-younger", "60")[1]
    assert not check_files(now=timezone.now() + timedelta(seconds=120), ignore_younger=60).is_clean
