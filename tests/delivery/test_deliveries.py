"""Pictures handed over: pages without an account, withdrawn for a reason, kept as long as somebody relies on them."""

from __future__ import annotations

import io
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.archive import Archive
from accounts.models import AuditEntry, Event, OperatorAlert
from billing import plans
from generations import (
    closing,
    deliveries,
    delivery_making,
    originals,
    packing,
    profiles,
    removal,
)
from generations.models import Delivery, OriginalPage, Picture
from projects import image_pool
from projects import services as projects
from tests.delivery.delivering import (
    BASE,
    Work,
    body_of,
    deliver,
    made,
    make,
    no_file_is_left_over,
)
from tests.factories import Studio

pytestmark = pytest.mark.usefixtures("large_pictures")


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


def test_an_export_of_the_workspace_has_them(studio: Studio, worker: Work) -> None:
    deliver(studio, made(studio, worker))
    out = io.BytesIO()
    with ZipFile(out, "w") as zipped:
        packing.pack(organization=studio.organization, archive=Archive(zipped))
    with ZipFile(out) as zipped:
        names = zipped.namelist()
        assert "Oak Street 4" in zipped.read("deliveries.json").decode()
    assert any(name.startswith("originals/") for name in names)


def test_operators_are_told_when_the_pictures_of_a_delivery_can_not_be_signed(
    studio: Studio, worker: Work, settings: LazySettings, tmp_path: Path
) -> None:
    pictures = made(studio, worker)
    settings.C2PA_CERTIFICATE = settings.C2PA_PRIVATE_KEY = str(tmp_path / "gone.pem")
    for _ in range(2):
        with pytest.raises(image_pool.ImageWorkFailed):
            deliver(studio, pictures)
    alert = OperatorAlert.objects.get(code="signing_failed", subject="deliveries")
    assert (alert.count, alert.resolved_at) == (2, None)
    assert "can't be made" in alert.text
    with studio.enter():
        stuck = Delivery.objects.of(studio.organization).select_related("organization").latest("pk")
    assert stuck.state == Delivery.State.MAKING
    settings.C2PA_CERTIFICATE = settings.C2PA_PRIVATE_KEY = ""
    make(stuck)
    with studio.enter():
        stuck.refresh_from_db()
    assert stuck.state == Delivery.State.READY
