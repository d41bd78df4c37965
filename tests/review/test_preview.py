"""A member looks at a project as its client does: the same pages, and nothing can be done or is noted there."""

from __future__ import annotations

import re

from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Event, Membership, Role
from billing import plans
from generations import review_rooms
from tests import factories
from tests.brand.agencies import give_brand
from tests.factories import Studio
from tests.review.conftest import Guest, Review, make_review


def as_client(review: Review) -> str:
    return f"/w/{review.studio.organization.public_id}/reviews/{review.room.public_id}/as-client"


def said(page: str) -> str:
    """The words of a page between its header and its footer."""
    main = page.partition("<h1")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_a_viewer_reads_the_room_that_the_client_reads(studio: Studio, guest: Guest, review: Review) -> None:
    viewer = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
    browser = factories.browser_of(viewer)
    there = f"/w/{studio.organization.public_id}/projects/{review.project.public_id}"
    assert f'href="{there}/as-client"' in browser.get(there).content.decode()
    listed = browser.get(f"{there}/as-client").content.decode()
    assert "First looks" in listed
    assert f'href="{as_client(review)}"' in listed
    mine, theirs = (one.content.decode() for one in (browser.get(as_client(review)), guest.get(review.path)))
    assert said(theirs).partition("Done with this round?")[0].strip() in said(mine)
    assert "Secret words" not in mine
    assert review.token not in mine
    item = f"{as_client(review)}/{review.items()[0].public_id}"
    assert f'href="{item}"' in mine
    page = browser.get(item).content.decode()
    assert "Sofa" in page
    assert "This is what your client sees" in page
    assert "<form" not in page.partition("<main")[2], "nothing is decided or written here"
    addresses = re.findall(r'src="(/files/[^"]+)"', page)
    assert addresses
    for address in addresses:
        assert b"".join(browser.get(address).streaming_content)  # type: ignore[attr-defined]  # it streams


def test_the_member_sees_the_brand_that_the_client_sees(guest: Guest, review: Review) -> None:
    studio = review.studio
    plans.apply_plan(organization=studio.organization, plan="scale")
    give_brand(studio, "#8a1c3b")
    browser, item = factories.browser_of(studio.owner), review.items()[0].public_id
    for mine, theirs in (
        (as_client(review), review.path),
        (f"{as_client(review)}/{item}", review.item_path()),
    ):
        pages = [one.content.decode() for one in (browser.get(mine), guest.get(theirs))]
        marks = [re.findall(r'"(/brand/brd_[^"]+)"', page) for page in pages]
        assert marks[0] == marks[1] != []
        assert "Made with Roomwright" not in "".join(pages)


def test_looking_as_the_client_is_not_noted_as_their_visit(
    studio: Studio, owner_client: Browser, review: Review
) -> None:
    with studio.enter():
        before = Event.objects.of(studio.organization).count()
    owner_client.get(as_client(review))
    owner_client.get(f"{as_client(review)}/{review.items()[0].public_id}")
    assert review.reload().first_opened_at is None
    with studio.enter():
        assert Event.objects.of(studio.organization).count() == before


def test_each_switch_hides_from_the_member_what_it_hides_from_the_client(
    owner_client: Browser, review: Review
) -> None:
    item = f"{as_client(review)}/{review.items()[0].public_id}"

    def sees() -> tuple[bool, ...]:
        page = owner_client.get(item).content.decode()
        words = ("1290.00 EUR", "shop.example", "The furniture", "Download JPEG")
        return tuple(word in page for word in words)

    assert sees() == (False, False, False, False)
    review.set(show_prices=True, show_product_links=True, show_budget=True, allow_downloads=True)
    assert sees() == (True, True, True, True)


def test_a_revoked_room_is_shown_to_no_client_and_so_not_here(owner_client: Browser, review: Review) -> None:
    review_rooms.revoke(room=review.room, by_user=review.studio.owner, now=timezone.now())
    assert owner_client.get(as_client(review)).status_code == 404
    there = f"/w/{review.studio.organization.public_id}/projects/{review.project.public_id}/as-client"
    assert "Your client sees nothing yet" in owner_client.get(there).content.decode()


def test_another_workspaces_room_is_not_found(
    strange_studio: Studio, stranger_client: Browser, owner_client: Browser, review: Review
) -> None:
    theirs = f"/w/{strange_studio.organization.public_id}/reviews/{review.room.public_id}/as-client"
    assert stranger_client.get(as_client(review)).status_code == 404
    assert stranger_client.get(theirs).status_code == 404
    other = make_review(review.studio)
    assert owner_client.get(f"{as_client(review)}/{other.items()[0].public_id}").status_code == 404
