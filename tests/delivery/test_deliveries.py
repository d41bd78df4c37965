"""Pictures handed over: files after their profile's rule, pages without an account, withdrawn for a reason."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.archive import Archive
from accounts.models import AuditEntry, Event, Membership, Role
from billing import plans
from generations import (
    closing,
    deliveries,
    delivery_making,
    drawing,
    file_check,
    marks,
    originals,
    packing,
    profiles,
    removal,
    signing,
)
from generations.drawing import Spec
from generations.engines.base import EnginePicture, EngineResult
from generations.models import Delivery, DeliveryItem, ExportProfile, OriginalPage, Picture
from generations.profiles import Profile
from projects import image_pool, storage
from projects import services as projects
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine, png

Work = Callable[[], int]
BASE = "https://rooms.example"


@pytest.fixture(autouse=True)
def large_pictures(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path
) -> None:
    """A code needs room, and files are counted."""
    settings.MEDIA_ROOT = tmp_path / "media"
    large = EngineResult((EnginePicture(png(1200, 900)),), credits_used=10)
    monkeypatch.setattr(engine, "generate", lambda request: large)


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


# --- Profiles --------------------------------------------------------------------------------------------

# format, size, label, QR code, original beside, caption beside: what each rule says, written once more by hand.
RULES: dict[str, tuple[str, tuple[int, int], bool, bool, bool, bool]] = {
    "clean": ("JPEG", (1200, 900), False, False, True, True),
    "label": ("JPEG", (1200, 900), True, False, False, True),
    "label-qr": ("JPEG", (1200, 900), True, True, False, True),
    "pair": ("JPEG", (2416, 900), False, False, False, True),
    "mls-1024": ("JPEG", (1024, 768), False, False, True, True),
    "mls-2048": ("JPEG", (2048, 1536), True, False, True, True),
    "web": ("WEBP", (1600, 1067), True, False, False, True),
    "print": ("PNG", (1200, 900), False, True, False, True),
}


def test_every_built_in_profile_has_a_rule_and_a_test() -> None:
    assert set(RULES) == set(profiles.BUILT_IN)
    assert all(profile.rule for profile in profiles.BUILT_IN.values())


@pytest.mark.parametrize("key", RULES)
def test_files_of_a_profile_are_as_its_rule_says(
    studio: Studio, worker: Work, key: str, tmp_path: Path
) -> None:
    kind, size, label, code, original, caption = RULES[key]
    delivery, _ = deliver(studio, made(studio, worker), key)
    files = unzipped(delivery)
    (name,) = [name for name in files if name.startswith("pictures/")]
    content = files[name]
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.size) == (kind, size)
        assert not picture.getexif()
    assert has_label(content) is label
    with studio.enter():
        page = OriginalPage.objects.of(studio.organization).get()
    assert code_in(content) == (f"{BASE}/o/{page.public_id}" if code else "")
    assert any(name.startswith("originals/") for name in files) is original
    captions = [files[name].decode() for name in files if name.startswith("captions/")]
    assert bool(captions) is caption
    for text in captions:
        assert text.startswith("Digitally altered picture.")
        assert f"{BASE}/o/{page.public_id}" in text
    found = marks.read(content, anchors=signing.anchors())
    assert (found.manifest, found.is_ours, found.xmp_source_type) == ("intact", True, marks.ALTERED)
    if shutil.which("exiftool"):
        path = tmp_path / Path(name).name
        path.write_bytes(content)
        run = subprocess.run(["exiftool", "-json", str(path)], capture_output=True, check=True, text=True)
        (facts,) = json.loads(run.stdout)
        assert facts["DigitalSourceType"] == marks.ALTERED
        assert not [fact for fact in facts if fact.startswith("GPS")]


def test_originals_beside_have_the_same_size_and_no_place(studio: Studio, worker: Work) -> None:
    files = unzipped(deliver(studio, made(studio, worker), "mls-1024")[0])
    (content,) = [files[name] for name in files if name.startswith("originals/")]
    with Image.open(io.BytesIO(content)) as photo:
        assert photo.size == (1024, 768)
        assert not photo.getexif()
        assert photo.getpixel((500, 400)) == pytest.approx((90, 120, 150), abs=4)
    assert b"GPS" not in content


def test_list_and_files_agree(studio: Studio, worker: Work) -> None:
    delivery, _ = deliver(studio, made(studio, worker, 3))
    files = unzipped(delivery)
    rows = listed(files)
    assert {row["file"] for row in rows} == set(files) - {"manifest.csv"}
    for row in rows:
        assert sha256(files[row["file"]]).hexdigest() == row["sha256"]
        assert row["original_page"].startswith(f"{BASE}/o/")
        assert row["altered"]
        assert row["altered"] in row["caption"]
    with studio.enter():
        items = deliveries.items_of(delivery=delivery)
    assert [item.sha256 for item in items] == [row["sha256"] for row in rows if row["kind"] == "picture"]
    assert len({item.filename for item in items}) == 3


def test_words_that_look_like_a_formula_are_defused() -> None:
    assert delivery_making._harmless("=1+1") == "'=1+1"


def test_sizes_are_exact_whatever_the_shape() -> None:
    says = marks.Statement(marks.ALTERED, "Altered.", "https://x.example/o/1")
    for size in ((900, 1200), (1600, 500), (333, 1000)):
        for fit in ("pad", "crop"):
            for layout in ("single", "pair"):
                spec = Spec(
                    layout=layout, width=1024, height=768, fit=fit, label="Virtually altered", qr=True
                )
                drawn = drawing.draw(png(*size), png(640, 480), spec, says, None)
                with Image.open(io.BytesIO(drawn.file.content)) as picture:
                    assert picture.size == (1024, 768) == (drawn.width, drawn.height)
                assert code_in(drawn.file.content) == says.original


def test_an_image_process_can_draw() -> None:
    """One that knows nothing of Django, as the real ones."""
    says = marks.Statement(marks.ALTERED, "Altered.", "https://x.example/o/1")
    by = signing.current().signing
    drawn = image_pool.run(drawing.draw, png(800, 600), png(), Spec(qr=True), says, by, seconds=60)
    assert drawn.file.is_signed


class TestOwnProfiles:
    def test_are_kept_and_used(self, studio: Studio, worker: Work) -> None:
        mine = Profile(
            "", "Portal", Spec(width=800, height=600, label="Symbolfoto – möbliert"), caption=False
        )
        row = profiles.save(
            organization=studio.organization, profile=mine, by_user=studio.owner, now=timezone.now()
        )
        delivery, _ = deliver(studio, made(studio, worker), row.public_id)
        files = unzipped(delivery)
        assert not [name for name in files if name.startswith(("captions/", "originals/"))]
        (name,) = [name for name in files if name.startswith("pictures/")]
        assert Image.open(io.BytesIO(files[name])).size == (800, 600)
        assert has_label(files[name])
        profiles.remove(
            organization=studio.organization, key=row.public_id, by_user=studio.owner, now=timezone.now()
        )
        with studio.enter():
            assert profiles.find(organization=studio.organization, key=row.public_id) is None
        assert profiles.of_data(delivery.profile).name == "Portal"

    @pytest.mark.parametrize(
        ("spec", "caption", "refusal"),
        [
            (Spec(), False, profiles.ProfileDisclosesNothing),
            (Spec(width=800), True, profiles.BadProfile),
            (Spec(label="虚拟"), True, profiles.BadProfile),
            (Spec(width=100, height=100), True, profiles.BadProfile),
            (Spec(label="A", qr=True, qr_place="bottom-left"), True, profiles.BadProfile),
            (Spec(layout="pair", width=400, height=400), True, profiles.BadProfile),
        ],
    )
    def test_are_refused_with_a_reason(
        self, studio: Studio, spec: Spec, caption: bool, refusal: type[Exception]
    ) -> None:
        with pytest.raises(refusal):
            profiles.save(
                organization=studio.organization,
                profile=Profile("", "X", spec, caption),
                by_user=studio.owner,
                now=timezone.now(),
            )

    def test_have_names_of_their_own(self, studio: Studio) -> None:
        mine = Profile("", "Portal", Spec())
        profiles.save(
            organization=studio.organization, profile=mine, by_user=studio.owner, now=timezone.now()
        )
        with pytest.raises(profiles.ProfileExists):
            profiles.save(
                organization=studio.organization,
                profile=replace(mine, name="PORTAL"),
                by_user=studio.owner,
                now=timezone.now(),
            )

    def test_the_database_too_refuses_one_that_discloses_nothing(self, studio: Studio) -> None:
        with studio.enter(), pytest.raises(IntegrityError), transaction.atomic():
            ExportProfile.objects.create(organization=studio.organization, name="X", caption=False)


# --- Pages without an account ----------------------------------------------------------------------------


class TestADelivery:
    def test_is_opened_with_its_pin(self, studio: Studio, worker: Work, client: Client) -> None:
        _, token = deliver(studio, made(studio, worker), pin="4711", days=7)
        page = client.get(f"/d/{token}")
        assert "asks for a PIN" in page.content.decode()
        assert "Oak Street" not in page.content.decode()
        assert client.get(f"/d/{token}/archive").headers["Content-Type"].startswith("text/html")
        assert client.post(f"/d/{token}/pin", {"pin": "1234"}).status_code == 403
        assert client.post(f"/d/{token}/pin", {"pin": "4711"}).status_code == 302
        assert "Oak Street 4" in client.get(f"/d/{token}").content.decode()
        zipped = client.get(f"/d/{token}/archive")
        with ZipFile(io.BytesIO(body_of(zipped))) as archive:
            assert "manifest.csv" in archive.namelist()
        file = client.get(f"/d/{token}/files/1?download")
        assert body_of(file)
        assert "attachment" in file.headers["Content-Disposition"]
        assert Client().get(f"/d/{token}/files/1").headers["Content-Type"].startswith("text/html")

    def test_lets_nobody_guess_its_pin(self, studio: Studio, worker: Work, client: Client) -> None:
        _, token = deliver(studio, made(studio, worker), pin="4711")
        answers = [client.post(f"/d/{token}/pin", {"pin": f"{n:04d}"}) for n in range(10)]
        assert {answer.status_code for answer in answers} == {403}
        late = client.post(f"/d/{token}/pin", {"pin": "4711"})
        assert late.status_code == 429
        assert int(late.headers["Retry-After"]) > 0

    def test_shows_previews_until_it_is_released(self, studio: Studio, worker: Work, client: Client) -> None:
        delivery, token = deliver(studio, made(studio, worker), has_watermark=True)
        with studio.enter():
            (item,) = deliveries.items_of(delivery=delivery)
        assert client.get(f"/d/{token}/archive").status_code == 404
        assert client.get(f"/d/{token}/files/1?download").status_code == 404
        shown = body_of(client.get(f"/d/{token}/files/1"))
        assert sha256(shown).hexdigest() != item.sha256
        deliveries.release(delivery=delivery, by_user=studio.owner, now=timezone.now())
        given = body_of(client.get(f"/d/{token}/files/1?download"))
        assert sha256(given).hexdigest() == item.sha256

    def test_is_gone_when_withdrawn_and_the_reason_is_kept(
        self, studio: Studio, worker: Work, client: Client
    ) -> None:
        delivery, token = deliver(studio, made(studio, worker))
        with pytest.raises(originals.ReasonNeeded):
            deliveries.withdraw(delivery=delivery, reason=" ", by_user=studio.owner, now=timezone.now())
        deliveries.withdraw(delivery=delivery, reason="Wrong flat", by_user=studio.owner, now=timezone.now())
        deliveries.withdraw(delivery=delivery, reason="Again", by_user=studio.owner, now=timezone.now())
        for path in ("", "/archive", "/files/1", "/pin"):
            assert client.get(f"/d/{token}{path}").status_code in (405, 410), path
        assert "Wrong flat" not in client.get(f"/d/{token}").content.decode()
        with studio.enter():
            (entry,) = AuditEntry.objects.of(studio.organization).filter(action="delivery.withdrawn")
            page = OriginalPage.objects.of(studio.organization).get()
        assert entry.details["reason"] == "Wrong flat"
        assert client.get(f"/o/{page.public_id}").status_code == 200

    def test_is_over_after_its_time(self, studio: Studio, worker: Work, client: Client) -> None:
        delivery, token = deliver(studio, made(studio, worker), days=7)
        with studio.enter():
            Delivery.objects.of(studio.organization).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert client.get(f"/d/{token}").status_code == 410
        with pytest.raises(deliveries.NotLive):
            deliveries.renew_link(delivery=delivery, by_user=studio.owner, now=timezone.now())

    def test_a_new_link_ends_the_old_one(self, studio: Studio, worker: Work, client: Client) -> None:
        delivery, old = deliver(studio, made(studio, worker))
        new = deliveries.renew_link(delivery=delivery, by_user=studio.owner, now=timezone.now())
        assert (client.get(f"/d/{old}").status_code, client.get(f"/d/{new}").status_code) == (404, 200)

    def test_tells_the_workspace_of_the_first_time(
        self, studio: Studio, worker: Work, client: Client
    ) -> None:
        _, token = deliver(studio, made(studio, worker))
        for _ in range(2):
            client.get(f"/d/{token}")
            body_of(client.get(f"/d/{token}/files/1?download"))
        with studio.enter():
            kinds = list(Event.objects.of(studio.organization).order_by("pk").values_list("kind", flat=True))
        wanted = [
            "delivery.made",
            "original.published",
            "delivery.ready",
            "delivery.opened",
            "delivery.downloaded",
        ]
        assert [kind for kind in kinds if kind.startswith(("delivery", "original"))] == wanted

    def test_unknown_links_are_looked_up_only_so_often(self, client: Client, db: None) -> None:
        answers = [client.get(f"/d/{'x' * 40}").status_code for _ in range(121)]
        assert answers == [404] * 120 + [429]

    def test_is_made_once_however_often_it_is_tried(self, studio: Studio, worker: Work) -> None:
        delivery, _ = deliver(studio, made(studio, worker))
        make(delivery)
        with studio.enter():
            assert Delivery.objects.of(studio.organization).get().archive == delivery.archive

    def test_withdrawn_while_it_is_made_leaves_no_file(
        self, studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = delivery_making._finish

        def late(delivery: Delivery, *args: Any) -> None:
            deliveries.withdraw(delivery=delivery, reason="Too soon", by_user=None, now=timezone.now())
            real(delivery, *args)

        monkeypatch.setattr(delivery_making, "_finish", late)
        delivery, _ = deliver(studio, made(studio, worker))
        assert (delivery.state, delivery.archive) == ("making", "")
        no_file_is_left_over()

    def test_without_an_original_says_so(self, studio: Studio, worker: Work) -> None:
        (picture,) = made(studio, worker)
        with studio.enter():
            photo = picture.generation.photo
            assert photo is not None
            projects.remove_photos(organization=studio.organization, removed=[photo])
        delivery, _ = deliver(studio, [picture])
        assert delivery.state == Delivery.State.FAILED
        assert "was removed" in delivery.problem

    def test_made_anew_when_its_job_died(self, studio: Studio, worker: Work) -> None:
        pictures = made(studio, worker)
        delivery, _ = deliveries.make(
            organization=studio.organization,
            pictures=pictures,
            profile=profiles.BUILT_IN["clean"],
            title="Left",
            base=BASE,
            by_user=studio.owner,
            now=timezone.now() - timedelta(minutes=11),
        )
        delivery_making.make_left(now=timezone.now())
        with studio.enter():
            delivery.refresh_from_db()
        assert delivery.state == Delivery.State.READY


def test_an_original_is_public_until_it_is_retracted(studio: Studio, worker: Work, client: Client) -> None:
    (picture,) = made(studio, worker)
    now = timezone.now()
    page = originals.publish(
        picture=picture, by_user=studio.owner, now=now, altered="A sofa <b>was</b> added."
    )
    assert originals.publish(picture=picture, by_user=studio.owner, now=now).pk == page.pk
    text = client.get(f"/o/{page.public_id}").content.decode()
    assert "A sofa &lt;b&gt;was&lt;/b&gt; added." in text
    assert "Oak &amp; Linen" in text
    assert picture.generation.prompt not in text
    for which in ("before", "after"):
        content = body_of(client.get(f"/o/{page.public_id}/{which}"))
        assert b"GPS" not in content
    originals.retract(page=page, reason="Sold", by_user=studio.owner, now=now)
    assert client.get(f"/o/{page.public_id}").status_code == 410
    assert client.get(f"/o/{page.public_id}/before").status_code == 404
    assert client.get("/o/nothing").status_code == 404
    with studio.enter():
        (entry,) = AuditEntry.objects.of(studio.organization).filter(action="original.retracted")
    assert entry.details["reason"] == "Sold"
    again = originals.publish(picture=picture, by_user=studio.owner, now=now)
    assert again.public_id == page.public_id
    assert client.get(f"/o/{page.public_id}").status_code == 200
    no_file_is_left_over()


def test_the_vendor_is_named_only_where_the_plan_has_no_white_label(
    studio: Studio, worker: Work, client: Client
) -> None:
    delivery, token = deliver(studio, made(studio, worker), pin="4711")
    with studio.enter():
        page = OriginalPage.objects.of(studio.organization).get()

    def seen() -> list[bool]:
        paths = (f"/o/{page.public_id}", f"/d/{token}")
        pages = [client.get(path).content.decode() for path in paths]
        client.post(f"/d/{token}/pin", {"pin": "4711"})
        pages.append(client.get(f"/d/{token}").content.decode())
        client.cookies.clear()
        return ["roomwright" in text.lower() for text in pages]

    assert seen() == [True, True, True]
    plans.apply_plan(organization=studio.organization, plan="scale")
    assert studio.organization.white_label
    assert seen() == [False, False, False]
    deliveries.withdraw(delivery=delivery, reason="Done", by_user=studio.owner, now=timezone.now())
    originals.retract(page=page, reason="Done", by_user=studio.owner, now=timezone.now())
    assert "roomwright" not in client.get(f"/d/{token}").content.decode().lower()


def test_what_is_public_outlives_its_retention(studio: Studio, worker: Work, client: Client) -> None:
    public, delivered, neither = made(studio, worker, 3)
    page = originals.publish(picture=public, by_user=studio.owner, now=timezone.now())
    delivery, _ = deliver(studio, [delivered])
    with studio.enter():
        other = OriginalPage.objects.of(studio.organization).get(picture=delivered)
    originals.retract(page=other, reason="Only the delivery", by_user=studio.owner, now=timezone.now())
    later = timezone.now() + timedelta(days=4000)

    def kept() -> set[int]:
        with studio.enter():
            return set(Picture.objects.of(studio.organization).kept().values_list("pk", flat=True))

    removal.remove_expired(now=later)
    assert kept() == {public.pk, delivered.pk}
    assert neither.pk not in kept()
    deliveries.withdraw(delivery=delivery, reason="Done", by_user=studio.owner, now=timezone.now())
    removal.remove_expired(now=later)
    assert kept() == {public.pk}
    originals.retract(page=page, reason="Done", by_user=studio.owner, now=timezone.now())
    removal.remove_expired(now=later)
    assert kept() == set()
    no_file_is_left_over()


def test_deleting_what_somebody_relies_on_is_refused(studio: Studio, worker: Work) -> None:
    (picture,) = made(studio, worker)
    delivery, _ = deliver(studio, [picture])
    now = timezone.now()
    with pytest.raises(removal.PictureDelivered):
        removal.delete_generation(generation=picture.generation, by_user=studio.owner, now=now)
    deliveries.withdraw(delivery=delivery, reason="Done", by_user=studio.owner, now=now)
    with pytest.raises(removal.PictureIsPublic):
        removal.delete_generation(generation=picture.generation, by_user=studio.owner, now=now)
    with studio.enter():
        page = OriginalPage.objects.of(studio.organization).get()
    originals.retract(page=page, reason="Done", by_user=studio.owner, now=now)
    removal.delete_generation(generation=picture.generation, by_user=studio.owner, now=now)


def test_a_deleted_workspace_leaves_no_page_and_no_file(studio: Studio, worker: Work, client: Client) -> None:
    _, token = deliver(studio, made(studio, worker))
    with studio.enter():
        page = OriginalPage.objects.of(studio.organization).get()
        told: Any = closing.explain(organization=studio.organization, now=timezone.now())
        assert any("public page" in words for words in told)
    closing.close(organization=studio.organization, now=timezone.now())
    assert client.get(f"/d/{token}").status_code == 410
    assert client.get(f"/o/{page.public_id}").status_code == 410
    no_file_is_left_over()


# --- Pages of members ------------------------------------------------------------------------------------


class TestPages:
    def test_a_delivery_is_made_and_withdrawn(
        self, studio: Studio, worker: Work, colleague_client: Client
    ) -> None:
        (picture,) = made(studio, worker)
        home = f"/w/{studio.organization.public_id}/deliveries"
        form = {
            "title": "Oak",
            "profile": "label",
            "has_link": "on",
            "pin": "4711",
            "days": "30",
            "picture": picture.public_id,
        }
        refused = colleague_client.post(f"{home}/new", form)
        assert refused.status_code == 422
        assert "were not approved" in refused.content.decode()
        answer = colleague_client.post(f"{home}/new", form | {"is_confirmed": "on"})
        assert "shown this once" in answer.content.decode()
        with studio.enter():
            delivery = Delivery.objects.of(studio.organization).select_related("organization").get()
        make(delivery)
        assert "01-living-room.jpg" in colleague_client.get(f"{home}/{delivery.public_id}").content.decode()
        assert body_of(colleague_client.get(f"{home}/{delivery.public_id}/archive")).startswith(b"PK")
        where = f"{home}/{delivery.public_id}/withdraw"
        colleague_client.post(where, {"reason": "Wrong flat"})
        text = colleague_client.get(f"{home}/{delivery.public_id}").content.decode()
        assert "Wrong flat" in text
        assert "Oak" in colleague_client.get(home).content.decode()

    def test_own_profiles_come_and_go(self, studio: Studio, colleague_client: Client) -> None:
        home = f"/w/{studio.organization.public_id}/deliveries/profiles"
        form = {
            "name": "Portal",
            "layout": "single",
            "format": "jpeg",
            "width": "800",
            "height": "600",
            "fit": "pad",
            "label": "",
            "label_place": "bottom-left",
            "qr_place": "bottom-right",
        }
        refused = colleague_client.post(home, form)
        assert refused.status_code == 422
        assert "choose a label, a QR code or a caption" in refused.content.decode()
        assert colleague_client.post(home, form | {"caption": "on"}).status_code == 302
        assert "Exactly 800 × 600 pixels" in colleague_client.get(home).content.decode()
        with studio.enter():
            row = ExportProfile.objects.of(studio.organization).get()
        colleague_client.post(f"{home}/{row.public_id}/remove")
        with studio.enter():
            assert not ExportProfile.objects.of(studio.organization).exists()

    def test_an_original_is_published_and_retracted(
        self, studio: Studio, worker: Work, colleague_client: Client
    ) -> None:
        (picture,) = made(studio, worker)
        where = f"/w/{studio.organization.public_id}/pictures/{picture.public_id}/original"
        assert "It is not public" in colleague_client.get(where).content.decode()
        colleague_client.post(where, {"what": "publish", "altered": "A sofa was added."})
        text = colleague_client.get(where).content.decode()
        assert "It is public" in text
        assert "own test certificate" in text
        colleague_client.post(where, {"what": "retract", "reason": "Sold"})
        assert "It was retracted" in colleague_client.get(where).content.decode()

    def test_strangers_and_viewers_are_kept_out(
        self, studio: Studio, worker: Work, stranger_client: Client
    ) -> None:
        (picture,) = made(studio, worker)
        delivery, _ = deliver(studio, [picture])
        home = f"/w/{studio.organization.public_id}"
        paths = ["deliveries", "deliveries/new", f"deliveries/{delivery.public_id}"]
        paths += [f"deliveries/{delivery.public_id}/archive", f"pictures/{picture.public_id}/original"]
        for path in paths:
            assert stranger_client.get(f"{home}/{path}").status_code == 404, path
        viewer = factories.make_person()
        with studio.enter():
            Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
        browser = factories.browser_of(viewer)
        assert browser.get(f"{home}/deliveries/{delivery.public_id}").status_code == 200
        assert (
            browser.post(f"{home}/deliveries/{delivery.public_id}/withdraw", {"reason": "x"}).status_code
            == 403
        )

    def test_another_workspaces_picture_is_not_delivered(
        self, studio: Studio, strange_studio: Studio, worker: Work
    ) -> None:
        (picture,) = made(strange_studio, worker)
        with pytest.raises(deliveries.NothingChosen):
            deliver(studio, [picture])
        with studio.enter():
            assert not DeliveryItem.objects.of(studio.organization).exists()


def test_an_export_of_the_workspace_has_them(studio: Studio, worker: Work) -> None:
    deliver(studio, made(studio, worker))
    out = io.BytesIO()
    with ZipFile(out, "w") as zipped:
        packing.pack(organization=studio.organization, archive=Archive(zipped))
    with ZipFile(out) as zipped:
        names = zipped.namelist()
        assert "Oak Street 4" in zipped.read("deliveries.json").decode()
    assert any(name.startswith("originals/") for name in names)
