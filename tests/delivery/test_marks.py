"""Every picture says that a machine altered it, in marks that can be read back."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import c2pa
import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import OperatorAlert
from generations import marks, provenance, removal, renditions, resigning, signing
from generations.models import Picture, Rendition, Signature, State
from generations.provenance import Verdict
from projects import image_pool
from tests.factories import Studio
from tests.fakes import jpeg, png, same_picture

Work = Callable[[], int]


def made(studio: Studio, worker: Work) -> Picture:
    studio.ask()
    worker()
    with studio.enter():
        found: Picture = (
            Picture.objects.of(studio.organization)
            .select_related("generation__room", "generation__photo", "organization")
            .latest("pk")
        )
    return found


def stored(name: str) -> bytes:
    with default_storage.open(name) as opened:
        content: bytes = opened.read()
    return content


def told(content: bytes, media_type: str) -> dict[str, Any]:
    """By the library's own reader."""
    with c2pa.Reader(media_type, io.BytesIO(content)) as reader:
        answer: dict[str, Any] = json.loads(reader.json())
    return answer


def test_a_picture_is_marked_as_it_arrives(studio: Studio, worker: Work) -> None:
    picture = made(studio, worker)
    content = stored(picture.image)
    assert picture.signature == Signature.TEST
    assert picture.bytes == len(content)
    assert same_picture(content, png())
    answer = told(content, "image/png")
    assert answer["validation_state"] == "Valid"
    assert [status["code"] for status in answer["validation_status"]] == ["signingCredential.untrusted"]
    report = provenance.verify(content=content)
    assert report.verdict is Verdict.OURS
    assert report.by_test_certificate
    assert report.says == ("a photo that was altered with artificial intelligence",)


@pytest.mark.parametrize("kind", Rendition.Kind.values)
def test_copies_are_marked_again(studio: Studio, worker: Work, kind: str) -> None:
    picture = made(studio, worker)
    content = stored(renditions.copy_of(picture=picture, kind=Rendition.Kind(kind)).file)
    found = marks.read(content, anchors=signing.anchors())
    assert (found.manifest, found.is_ours, found.xmp_source_type) == ("intact", True, marks.ALTERED)
    assert marks.ALTERED in found.source_types


def test_what_is_made_of_a_drawing_says_so(studio: Studio, worker: Work) -> None:
    studio.ask(mode="render")
    worker()
    with studio.enter():
        picture = Picture.objects.of(studio.organization).latest("pk")
    assert marks.read(stored(picture.image), anchors=b"").source_types == (marks.GENERATED,)


def test_exiftool_reads_the_label(studio: Studio, worker: Work, tmp_path: Path) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed: the label was read by our own reader alone")
    picture = made(studio, worker)
    for kind in Rendition.Kind:
        copy = renditions.copy_of(picture=picture, kind=kind)
        path = tmp_path / Path(copy.file).name
        path.write_bytes(stored(copy.file))
        asked = ["exiftool", "-json", "-XMP-iptcExt:DigitalSourceType", "-GPS:all", str(path)]
        (facts,) = json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)
        assert facts["DigitalSourceType"] == marks.ALTERED
        assert not [name for name in facts if name.startswith("GPS")]


def test_a_reencoded_picture_is_unmarked_and_that_proves_nothing(studio: Studio, worker: Work) -> None:
    with Image.open(io.BytesIO(stored(made(studio, worker).image))) as picture:
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG")
    report = provenance.verify(content=out.getvalue())
    assert report.verdict is Verdict.UNMARKED
    assert "That proves nothing" in report.meaning
    assert report.says == ()


def test_a_changed_picture_is_called_changed(studio: Studio, worker: Work) -> None:
    content = stored(made(studio, worker).image)
    other = png(64, 48, (10, 10, 10))
    kept = b"".join(chunk for kind, chunk in marks._chunks(content) if kind in (b"caBX", b"iTXt"))
    end = other.index(b"IDAT") - 4
    report = provenance.verify(content=other[:end] + kept + other[end:])
    assert report.verdict is Verdict.BROKEN
    assert report.says == ("a photo that was altered with artificial intelligence",)  # of the label alone
    assert "assertion.dataHash.mismatch" in report.failures


def test_a_label_alone_is_called_a_label() -> None:
    says = marks.Statement(marks.ALTERED, "Altered & labelled <here>")
    report = provenance.verify(content=marks.png_with_xmp(png(), marks.packet(says)))
    assert report.verdict is Verdict.LABELLED


def test_somebody_elses_signature_is_not_ours(
    studio: Studio, worker: Work, settings: LazySettings, tmp_path: Path
) -> None:
    content = stored(made(studio, worker).image)
    settings.C2PA_DIR = tmp_path / "another"
    signing.current()
    report = provenance.verify(content=content)
    assert report.verdict is Verdict.OTHERS
    assert not report.by_test_certificate


def test_a_file_that_names_a_manifest_elsewhere_makes_us_fetch_nothing() -> None:
    xmp = marks.packet(marks.Statement(marks.ALTERED, "")).replace(
        b"<dc:description>",
        b'<dcterms:provenance xmlns:dcterms="http://purl.org/dc/terms/">http://127.0.0.1:9/m</dcterms:provenance><dc:description>',
    )
    found = marks.read(marks.png_with_xmp(png(), xmp), anchors=b"")
    assert found.manifest == "none"


def test_the_manifest_of_an_engine_is_kept_below_ours() -> None:
    by = signing.current().signing
    theirs = marks.mark_png(png(), says=marks.Statement(marks.GENERATED, "", agent="Their engine"), by=by)
    ours = marks.mark_png(theirs.content, says=marks.Statement(marks.ALTERED, "Altered."), by=by)
    answer = told(ours.content, "image/png")
    assert answer["validation_state"] == "Valid"
    assert len(answer["manifests"]) == 2


def test_an_image_process_signs(studio: Studio) -> None:
    """One that knows nothing of Django, as the real ones."""
    says = marks.Statement(marks.ALTERED, "Altered.")
    marked = image_pool.run(marks.mark_png, png(), says=says, by=signing.current().signing, seconds=30)
    assert marked.is_signed


def test_the_test_certificate_is_made_once_and_is_private(settings: LazySettings, tmp_path: Path) -> None:
    settings.C2PA_DIR = tmp_path / "certificates"
    first, second = signing.current(), signing.current()
    assert first == second
    (file,) = settings.C2PA_DIR.iterdir()
    assert file.stat().st_mode & 0o077 == 0


class TestAFailingSigner:
    @pytest.fixture(autouse=True)
    def broken(self, settings: LazySettings, tmp_path: Path) -> None:
        for name in ("C2PA_CERTIFICATE", "C2PA_PRIVATE_KEY"):
            path = tmp_path / f"{name}.pem"
            path.write_text("no certificate")
            setattr(settings, name, str(path))

    def test_loses_no_picture_and_no_credit(self, studio: Studio, worker: Work) -> None:
        picture = made(studio, worker)
        assert picture.generation.state == State.SUCCEEDED
        assert studio.balance() == 90
        assert picture.signature == Signature.WAITING
        report = provenance.verify(content=stored(picture.image))
        assert report.verdict is Verdict.LABELLED
        assert OperatorAlert.objects.get().code == "signing_failed"
        assert "yet to be signed" in provenance.words_for(picture)

    def test_signs_later_what_it_could_not(
        self, studio: Studio, worker: Work, settings: LazySettings
    ) -> None:
        picture = made(studio, worker)
        copy = renditions.copy_of(picture=picture, kind=Rendition.Kind.JPEG)
        assert resigning.sign_waiting(now=timezone.now()) == 0
        settings.C2PA_CERTIFICATE = settings.C2PA_PRIVATE_KEY = ""
        assert resigning.sign_waiting(now=timezone.now()) == 1
        assert resigning.sign_waiting(now=timezone.now()) == 0
        old = picture.image
        with studio.enter():
            picture.refresh_from_db()
        assert picture.signature == Signature.TEST
        assert not default_storage.exists(old) or picture.image != old
        content = stored(picture.image)
        assert picture.bytes == len(content)
        assert same_picture(content, png())
        assert provenance.verify(content=content).verdict is Verdict.OURS
        again = renditions.copy_of(picture=picture, kind=Rendition.Kind.JPEG)
        assert again.file != copy.file
        assert provenance.verify(content=stored(again.file)).verdict is Verdict.OURS

    def test_a_missing_key_is_told_too(self, studio: Studio, worker: Work, settings: LazySettings) -> None:
        settings.C2PA_PRIVATE_KEY = "/nowhere/key.pem"
        assert made(studio, worker).signature == Signature.WAITING


def test_an_image_process_that_dies_leaves_a_labelled_picture(
    studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = image_pool.run

    def dies(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if function is marks.mark_png_file:
            raise image_pool.ImageWorkDied
        return real(function, *args, **kwargs)

    monkeypatch.setattr("projects.image_pool.run", dies)
    picture = made(studio, worker)
    assert picture.signature == Signature.WAITING
    assert provenance.verify(content=stored(picture.image)).verdict is Verdict.LABELLED


def test_the_command_tells(
    studio: Studio, worker: Work, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(stored(made(studio, worker).image))
    call_command("verify_picture", path)
    assert "own test certificate" in capsys.readouterr().out
    path.write_bytes(jpeg())
    call_command("verify_picture", path)
    assert "That proves nothing" in capsys.readouterr().out
    path.write_bytes(b"no picture")
    with pytest.raises(CommandError):
        call_command("verify_picture", path)


class TestTheCheckingPage:
    def post(self, client: Client, content: bytes) -> Any:
        return client.post("/verify", {"picture": SimpleUploadedFile("room.png", content)})

    def test_reads_a_picture_for_anybody(self, studio: Studio, worker: Work, client: Client) -> None:
        answer = self.post(client, stored(made(studio, worker).image))
        assert answer.status_code == 200
        assert "Signed here, and unchanged since" in answer.content.decode()
        assert client.get("/verify").status_code == 200

    def test_says_what_is_wrong_with_a_file(self, client: Client, db: None, worker: Work) -> None:
        assert self.post(client, b"%PDF-1.7").status_code == 400
        assert client.post("/verify").status_code == 400

    def test_refuses_large_files(self, client: Client, db: None, settings: LazySettings) -> None:
        settings.PHOTO_BYTES = 100
        assert self.post(client, b"x" * 101).status_code == 413

    def test_answers_only_so_often(self, client: Client, db: None, worker: Work) -> None:
        answers = [self.post(client, png()).status_code for _ in range(21)]
        assert answers == [200] * 20 + [429]


def test_a_deleted_picture_is_not_signed_any_more(studio: Studio, worker: Work) -> None:
    picture = made(studio, worker)
    with studio.enter():
        Picture.objects.of(studio.organization).update(signature=Signature.WAITING)
    removal.delete_generation(
        generation=picture.generation, by_user=studio.owner, now=timezone.now() + timedelta(1)
    )
    assert resigning.sign_waiting(now=timezone.now()) == 0
