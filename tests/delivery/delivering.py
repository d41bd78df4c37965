"""Pictures made from a photo with a place in it, handed over and taken apart, for tests of deliveries."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import cv2
import numpy as np
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from generations import (
    deliveries,
    delivery_making,
    file_check,
    profiles,
)
from generations.models import Delivery, Picture
from projects import services as projects
from projects import storage
from projects.services import IncomingImage
from tests.factories import Studio

Work = Callable[[], int]
BASE = "https://rooms.example"


def no_file_is_left_over() -> None:
    storage.sweep(now=timezone.now())  # within a test nothing commits, so the doomed wait for it
    check = file_check.check_files(now=timezone.now())
    assert check.is_clean, check


def body_of(answer: Any) -> bytes:
    content: bytes = b"".join(answer.streaming_content)  # which closes the file
    return content


def photo_with_a_place() -> bytes:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 22.0, 0.0)}
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), (90, 120, 150)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def made(studio: Studio, worker: Work, number: int = 1) -> list[Picture]:
    project = projects.create_project(organization=studio.organization, name="Flat")
    room = projects.create_room(project=project, name="Living room")
    photo = projects.add_photo(
        organization=studio.organization,
        room=room,
        image=IncomingImage(content=photo_with_a_place(), name="p.jpg"),
        by_user=studio.owner,
    )
    for _ in range(number):
        studio.ask_from(photo=photo, room=room)
    worker()
    with studio.enter():
        related = ("generation__room__project", "organization")
        return list(Picture.objects.of(studio.organization).select_related(*related).order_by("pk"))


def deliver(
    studio: Studio, pictures: list[Picture], key: str = "clean", **options: Any
) -> tuple[Delivery, str]:
    with studio.enter():
        profile = profiles.find(organization=studio.organization, key=key)
    assert profile is not None
    delivery, token = deliveries.make(
        organization=studio.organization,
        pictures=pictures,
        profile=profile,
        title="Oak Street 4",
        base=BASE,
        by_user=studio.owner,
        now=timezone.now(),
        **options,
    )
    make(delivery)
    with studio.enter():
        delivery.refresh_from_db()
    return delivery, token


def make(delivery: Delivery) -> None:
    delivery_making.make(
        delivery_id=delivery.pk, organization_id=delivery.organization_id, now=timezone.now()
    )


def unzipped(delivery: Delivery) -> dict[str, bytes]:
    with default_storage.open(delivery.archive) as opened, ZipFile(io.BytesIO(opened.read())) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def listed(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["manifest.csv"].decode("utf-8-sig"))))


def code_in(content: bytes) -> str:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return str(cv2.QRCodeDetector().detectAndDecode(picture)[0])


def has_label(content: bytes) -> bool:
    """Pictures are one plain colour here: a label is a dark box within the lowest tenth at the left."""
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    corner = picture[-picture.shape[0] // 10 :, : picture.shape[1] // 2]
    return bool((corner < 70).mean() > 0.02)
