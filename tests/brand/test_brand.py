"""A workspace's brand: what can be put into it, where it shows, and when it stops."""

from __future__ import annotations

import colorsys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import deletion, domains
from accounts.models import AuditEntry
from billing import plans
from projects import brand, branding, storage
from projects.brand_rows import Brand
from tests.accounts.test_accounts_api import manager, patch
from tests.brand.agencies import give_brand
from tests.factories import Studio, browser_of, run_image_work_here
from tests.fakes import png

GROUNDS = (("#faf7f2", "#ffffff", "#f1ece4"), ("#171513", "#211e1b", "#2a2623"))  # static/css/app.css


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("projects.image_pool.run", run_image_work_here)


def test_every_colour_that_is_taken_can_be_read_by_day_and_by_night() -> None:
    css = Path("static/css/app.css").read_text()
    assert all(f"{ground};" in css for grounds in GROUNDS for ground in grounds)
    for step in range(360):
        red, green, blue = colorsys.hls_to_rgb(step / 360, 0.15 + step % 7 / 10, step % 5 / 4)
        picked = brand.darker(f"#{int(red * 255):02x}{int(green * 255):02x}{int(blue * 255):02x}")
        assert brand.checked(picked) == picked
        for tones, grounds in zip(brand.tones(picked), GROUNDS, strict=True):
            for colour in (tones.accent, tones.strong):
                found = [brand.contrast(colour, ground) for ground in (*grounds, tones.soft, tones.on_accent)]
                assert min(found) >= 4.5, (picked, tones)


def test_owners_and_admins_save_it_on_a_page(north: Studio) -> None:
    browser, where = browser_of(north.owner), f"/w/{north.organization.public_id}/settings/brand"
    fields = {"colour": "#ffe000", "sender_name": "North\nTeam", "reply_to": "hello@north.example"}
    page = browser.post(where, fields)
    assert (page.status_code, "text needs 4.5 : 1" in page.content.decode()) == (422, True)
    page = browser.post(where, {**fields, "colour": "#8a1c3b", "reply_to": "x"})
    assert page.status_code == 422
    logo = SimpleUploadedFile("logo.png", png(2000, 500))
    page = browser.post(where, {**fields, "colour": "#8A1C3B", "logo": logo}, follow=True)
    assert "The brand was saved." in page.content.decode()
    with north.enter():
        mine = branding.of(north.organization)
        done = set(AuditEntry.objects.of(north.organization).values_list("action", flat=True))
    assert (mine.colour, mine.sender_name) == ("#8a1c3b", "North Team")
    assert {"brand.saved", "brand.logo_set"} <= done
    picture: Any = Client().get(f"/brand/{mine.public_id}/logo")
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert b"".join(picture.streaming_content).startswith(b"\x89PNG")
    sheet = Client().get(f"/brand/{mine.public_id}/colours.css").content.decode()
    assert "--accent: #8a1c3b;" in sheet
    bad = SimpleUploadedFile("logo.png", b"no picture")
    page = browser.post(where, {**fields, "colour": "#8a1c3b", "logo": bad})
    assert page.status_code == 422
    browser.post(where, {"colour": "", "sender_name": "", "reply_to": "", "remove_logo": "on"})
    assert Client().get(f"/brand/{mine.public_id}/logo").status_code == 404
    assert Client().get(f"/brand/{mine.public_id}/colours.css").status_code == 404
    assert not default_storage.exists(mine.logo) or storage.sweep(now=timezone.now())
    assert browser_of(north.colleague).get(where).status_code == 403


def test_without_the_white_label_nothing_can_be_put_in_and_nothing_shows(
    north: Studio, studio: Studio
) -> None:
    who: dict[str, Any] = {"by_user": studio.owner, "now": timezone.now()}
    with pytest.raises(domains.WhiteLabelNeeded):
        branding.save(organization=studio.organization, colour="", sender_name="", reply_to="", **who)
    with pytest.raises(domains.WhiteLabelNeeded):
        branding.set_logo(organization=studio.organization, content=png(), **who)
    page = browser_of(studio.owner).get(f"/w/{studio.organization.public_id}/settings/brand")
    assert "Compare the plans" in page.content.decode()
    give_brand(north, "#8a1c3b")
    look, sender = branding.look_of(north.organization), branding.sender_of(north.organization)
    assert look is not None
    assert look.logo
    assert sender is not None
    plans.apply_plan(organization=north.organization, plan="growth")
    assert branding.look_of(north.organization) is None
    assert branding.sender_of(north.organization) is None
    assert Client().get(look.logo).status_code == 404
    branding.remove_logo(organization=north.organization, by_user=north.owner, now=timezone.now())


def test_programs_change_it_by_the_api(north: Studio) -> None:
    api = manager(north)
    assert api.get("brand").json() == {
        "colour": "",
        "sender_name": "",
        "reply_to": "",
        "logo": False,
        "shown": True,
    }
    assert patch(api, "brand", {"colour": "#8a1c3b"}).json()["colour"] == "#8a1c3b"
    assert patch(api, "brand", {"sender_name": "North"}).json()["colour"] == "#8a1c3b"
    assert patch(api, "brand", {"colour": "#ffe000"}).json()["code"] == "colour_too_pale"
    upload = SimpleUploadedFile("logo.png", png(200, 80))
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    answer = Client().put(
        "/api/v1/brand/logo",
        encode_multipart(BOUNDARY, {"file": upload}),
        content_type=MULTIPART_CONTENT,
        headers={"authorization": f"Bearer {api.key}"},
    )
    assert answer.status_code == 204, answer.content
    assert api.get("brand").json()["logo"] is True
    assert api.delete("brand/logo").status_code == 204
    assert api.get("brand").json()["logo"] is False


def test_a_name_on_mails_can_carry_no_other_header(north: Studio) -> None:
    branding.save(
        organization=north.organization,
        colour="",
        sender_name='North\r\nBcc: all@example.com, "x" <y@z>',
        reply_to="",
        by_user=north.owner,
        now=timezone.now(),
    )
    sender = branding.sender_of(north.organization)
    assert sender is not None
    assert "\n" not in sender.name
    assert "\r" not in sender.name


def test_a_deleted_workspace_leaves_neither_brand_nor_host(north: Studio) -> None:
    give_brand(north, "#8a1c3b")
    organization = north.organization
    domains.add(
        organization=organization, host="rooms.north.example", by_user=north.owner, now=timezone.now()
    )
    deletion.delete_workspace(
        organization=organization, by_user=north.owner, typed=organization.name, now=timezone.now()
    )
    assert deletion.empty(organization_id=organization.pk, now=timezone.now())
    with north.enter():
        assert not Brand.objects.of(organization).exists()
        assert domains.all_of(organization) == []
