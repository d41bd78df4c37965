"""A picture that fails: what happened, the credits back and where that stands, what to try, and then it works."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from tests import meltflex_server
from tests.factories import data_url
from tests.journeys.people import ROOM, Person, Site


def made() -> str:
    """What MeltFlex answers with: a PNG."""
    content = BytesIO()
    Image.open(ROOM.parent / "room-after.jpg").resize((720, 480)).save(content, "PNG")
    return data_url(content.getvalue(), "image/png")


def balance(person: Person) -> str:
    return person.page.locator(".who-balance").inner_text()


def test_a_failed_picture_says_why_gives_the_credits_back_and_is_made_at_the_second_try(
    someone: Callable[..., Person], site: Site, window: dict[str, Any]
) -> None:
    anna = someone(**window)
    page = anna.page
    anna.join()
    home = anna.workspace
    anna.open(f"{home}/settings/meltflex-key")
    page.get_by_label("Your MeltFlex key").fill("mf_sk_of_a_journey")
    anna.press("Check and store it")
    assert anna.sees("In use")
    anna.look()

    site.upstream.answers = [meltflex_server.say(500, {"error": "Generation failed"})]
    anna.open(f"{home}/studio")
    anna.ask("Terracotta walls")
    page.get_by_role("heading", name="This picture could not be made").wait_for(timeout=60_000)
    failed = page.url
    assert page.get_by_role("status").first.inner_text() == "Failed", "a screen reader is told"
    assert anna.sees("The design service could not make this picture.")
    assert anna.sees("10 credits are back.")
    assert balance(anna) == "30 credits"
    assert anna.sees("What to try:")
    lines = page.locator(".statement-small tbody tr")
    assert [line.split("\n")[0] for line in lines.locator(".statement-what").all_inner_texts()] == [
        "Set aside",
        "Given back",
    ]
    anna.look()
    page.get_by_role("link", name="statement").click()
    page.wait_for_url("**/credits**")
    assert anna.sees("Given back")
    anna.look()

    site.upstream.answers = [
        meltflex_server.say(200, {"success": True, "image": made(), "creditsUsed": 10}),
    ]
    anna.open(failed)
    anna.press("Ask again · 10 credits")
    page.wait_for_url(lambda address: "/generations/gen_" in address and address != failed)
    anna.wait_for_the_picture()
    assert anna.sees("Terracotta walls")
    assert balance(anna) == "20 credits"
    anna.look()
    anna.open(f"{home}/generations")
    assert page.locator(".state-failed").count() == 1
    assert page.locator(".state-succeeded").count() == 1
    anna.look()
