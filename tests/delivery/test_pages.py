"""Members hand pictures over, look after their profiles, and publish originals."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership, Role
from generations import (
    deliveries,
)
from generations.models import Delivery, DeliveryItem, ExportProfile
from tests import factories
from tests.delivery.delivering import (
    Work,
    body_of,
    deliver,
    made,
    make,
)
from tests.factories import Studio

pytestmark = pytest.mark.usefixtures("large_pictures")


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
