"""An agency's whole job in one piece: budget, rooms, a set of pictures, two rounds of review, a proposal, accepted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from config.local.postgres import REPOSITORY
from tests.journeys import axe
from tests.journeys.people import Person, Site
from tests.journeys.test_agency import (
    DESK,
    _over_the_budget,
    a_client_with_a_budget,
    a_project_with_photos,
    credits_of,
    give,
)
from tests.journeys.test_review import a_sofa, redesigned

SHOTS = os.environ.get("JOB_SHOTS", "")
ADA, HER_ADDRESS = "Ada Winter", "ada@onejob.example"


def looks_right(person: Person, name: str) -> None:
    if SHOTS:
        person.page.screenshot(path=REPOSITORY / SHOTS / f"{name}.png", full_page=True)
    # A slider is as high as its pictures, once they are there.
    person.page.wait_for_function(
        "() => [...document.querySelectorAll('before-after img')].every((one) => one.complete)"
    )
    assert person.too_wide() + person.too_small() + person.nameless() + axe.grave_findings(person.page) == []


def test_from_a_clients_budget_to_an_accepted_proposal(
    someone: Callable[..., Person], site: Site, tmp_path: Path
) -> None:
    anna = someone(accept_downloads=True, **DESK)
    anna.join()
    give(anna, site, 200)
    a_sofa(anna)
    had = credits_of(anna)
    a_client_with_a_budget(anna, 60)
    project = a_project_with_photos(anna)
    price = _a_set_of_pictures(anna)
    anna.open(project)
    assert credits_of(anna) == had - price
    _over_the_budget(anna, project, price)

    ada = someone(accept_downloads=True, **DESK)
    address = _a_review_room(anna, project)
    assert ada.open(address) == 200
    _decides(ada)
    _second_round(anna, ada, project, address)

    offer = _a_proposal(anna, project)
    paper = _accepts(ada, offer)
    (tmp_path / "proposal.pdf").write_bytes(paper)
    pages = (
        subprocess.run(
            ["pdftotext", "-layout", str(tmp_path / "proposal.pdf"), "-"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        if _has_pdftotext()
        else ""
    )
    assert not pages or "Armchair" in pages
    anna.open(f"{anna.workspace}/notifications")
    assert anna.sees(f"{ADA} accepted the proposal P-0001")


def _has_pdftotext() -> bool:
    return any(
        (Path(folder) / "pdftotext").exists() for folder in os.environ.get("PATH", "").split(os.pathsep)
    )


def _a_set_of_pictures(anna: Person) -> int:
    page = anna.page
    page.get_by_role("link", name="Redesign all photos", exact=True).click()
    page.wait_for_url("**/set")
    page.get_by_label("What should it look like?").fill("Warm oak floor, white walls, linen curtains")
    price = int(page.locator(".set-sum [data-price]").inner_text())
    anna.press("Redesign all")
    page.wait_for_url("**/room-sets/set_*")
    page.get_by_role("heading", name="4 of 4 done").wait_for(timeout=240_000)
    return price


def _a_review_room(anna: Person, project: str) -> str:
    page = anna.page
    anna.open(f"{project}/reviews/new")
    for box in page.locator("input[name=picture]").all():
        box.check()
    anna.press("Make the room")
    return page.locator("#new-link").inner_text()


def _decides(ada: Person) -> None:
    """One pin; one approved, one declined with a reason, one she can't decide on."""
    page = ada.page
    assert ada.sees("0 of 4 decided")
    page.locator(".card-link").first.click()
    page.wait_for_url("**/rit_*")
    page.get_by_role("button", name="Comments on the picture").click()
    picture = page.locator(".review-pins")
    box = picture.bounding_box()
    assert box
    picture.click(position={"x": box["width"] * 0.4, "y": box["height"] * 0.5})
    page.get_by_label("Your comment").fill("A floor lamp here?")
    form = page.locator("#comment-form")
    form.get_by_label("Your name").fill(ADA)
    form.get_by_label("Your e-mail").fill(HER_ADDRESS)
    ada.press("Send the comment")
    page.wait_for_url("**#com_*")
    for outcome, why in (("Approve", ""), ("Decline", "Too warm for us"), ("Maybe", "")):
        side = page.locator("section", has=page.get_by_role("heading", name="Your decision"))
        if why:
            side.get_by_label("Why, or what should be different").fill(why)
        side.get_by_role("button", name=outcome).click()
        ada.sees("Your decision is saved")
        if outcome != "Maybe":
            page.get_by_role("link", name="Next picture").click()
            page.wait_for_load_state()
    page.get_by_role("link", name="All pictures").click()
    assert ada.sees("3 of 4 decided")
    ada.press("I am done with this round")
    assert ada.sees("This round is closed")
    looks_right(ada, "round-one")


def _second_round(anna: Person, ada: Person, project: str, address: str) -> None:
    page = anna.page
    anna.open(f"{project}/reviews")
    page.locator(".links a").first.click()
    page.wait_for_url("**/reviews/rev_*")
    review = page.url
    assert anna.sees("Too warm for us")
    anna.open(project)
    page.locator(".room-row h3 a").first.click()
    page.wait_for_url("**/rooms/room_*")
    redesigned(anna, page.url, "Cool grey walls, less wood")
    anna.open(review)
    page.get_by_role("link", name="Start the next round").click()
    page.wait_for_url("**/next-round")
    page.locator("input[name=picture]").first.check()
    anna.press("Open the round")
    assert anna.sees("round 2 of 2")
    ada.open(address)
    assert ada.sees("new in this round")
    ada.page.locator(".card", has_text="new in this round").locator(".card-link").first.click()
    ada.page.wait_for_url("**/rit_*")
    ada.press("Approve")
    ada.sees("Your decision is saved")
    looks_right(ada, "round-two")


def _a_proposal(anna: Person, project: str) -> str:
    """Its address for the client, whose PDF is made by then."""
    page = anna.page
    anna.open(f"{project}/proposals")
    anna.press("Begin a proposal")
    page.wait_for_url("**/proposals/prp_*")
    page.get_by_label("From the library").select_option(label="Armchair · 640.00 EUR")
    anna.press("Add the product")
    looks_right(anna, "draft")
    anna.press("Send the proposal")
    anna.sees("The proposal was sent.")
    anna.press("Make a link")
    return page.locator("#new-link").inner_text()


def _accepts(ada: Person, offer: str) -> bytes:
    page = ada.page
    for _try in range(90):
        assert ada.open(offer) == 200
        if page.get_by_role("link", name="Download the PDF").count():
            break
        page.wait_for_timeout(1000)
    assert page.locator("before-after").count() == 2, "the two that were approved, and no other"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the PDF").click()
    paper = download.value.path().read_bytes()
    if SHOTS:
        (REPOSITORY / SHOTS / "proposal.pdf").write_bytes(paper)
    page.get_by_label("Your name").first.fill(ADA)
    page.get_by_label("Your e-mail").first.fill(HER_ADDRESS)
    page.get_by_label("I accept this proposal").check()
    page.get_by_role("button", name="Accept for").click()
    assert ada.sees(f"Accepted by {ADA}")
    looks_right(ada, "accepted")
    return paper
