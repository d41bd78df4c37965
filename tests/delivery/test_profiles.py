"""Files that leave the workspace are as the rule of their profile says."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from PIL import Image

from generations import (
    deliveries,
    delivery_making,
    drawing,
    marks,
    profiles,
    signing,
)
from generations.drawing import Spec
from generations.models import ExportProfile, OriginalPage
from generations.profiles import Profile
from projects import image_pool
from tests.delivery.delivering import (
    BASE,
    Work,
    code_in,
    deliver,
    has_label,
    listed,
    made,
    unzipped,
)
from tests.factories import Studio
from tests.fakes import png

pytestmark = pytest.mark.usefixtures("large_pictures")


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
