"""What a person does at the site, in the words that a person would use."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email import message_from_bytes
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tests.journeys import axe
from tests.journeys.newcomers import PASSWORD, Newcomers
from tests.journeys.pages import ROOM as ROOM

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page

    from tests.meltflex_server import MeltFlexServer

JAPANDI = "Japandi, light oak floor, white walls, warm light"
PICTURE_SECONDS = 60
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # host names of workspaces' own lead to the stack
    # … and are served over HTTPS in earnest: what Chromium keeps for that, it shall do here too.
    "--unsafely-treat-insecure-origin-as-secure=*.roomwright.example,*.north.example,*.south.example",
]
_numbers = count(1)


# What breaks the policy of a page says so where the console is listened to, whatever the browser itself prints.
TELL_OF_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""


@dataclass(frozen=True)
class Site:
    """A running stack; `upstream` is the MeltFlex that workspaces with a key of their own reach from it."""

    address: str
    data_dir: Path
    newcomers: Newcomers
    upstream: MeltFlexServer

    def mail_to(self, email: str) -> str:
        """The text of the newest mail to this address."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            files = sorted(self.data_dir.glob("mail/*"), key=lambda file: file.stat().st_mtime, reverse=True)
            for file in files:
                mail = message_from_bytes(file.read_bytes())
                if mail["To"] == email:
                    return str(mail.get_payload())
            time.sleep(0.1)
        raise AssertionError(f"no mail to {email}")


class Person:
    """Somebody in front of a browser window.

    `complaints` are what the console said that it should not, `faults` what `look` has found on pages.
    """

    def __init__(self, site: Site, window: BrowserContext) -> None:
        self.site = site
        self.window = window
        self.email = f"person{next(_numbers)}@journeys.example"
        self.complaints: list[str] = []
        self.faults: list[str] = []
        window.add_init_script(TELL_OF_VIOLATIONS)
        self.page: Page = window.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        # That a page itself was answered 404 or 422 is for the test to judge; anything else is a complaint.
        of_the_page = message.location.get("url") == self.page.url and "status of 4" in message.text
        if message.type in ("error", "warning") and not of_the_page:
            self.complaints.append(f"{self.page.url}: {message.text}")

    # --- Going about -------------------------------------------------------------------------------------

    def open(self, path: str) -> int:
        """Open a page of the site; returns the status of the answer."""
        answer = self.page.goto(path if path.startswith("http") else self.site.address + path)
        assert answer is not None
        return answer.status

    def press(self, name: str) -> None:
        """Press the button whose name begins so."""
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()

    def sees(self, text: str) -> bool:
        """Whether the text stands somewhere on the page, visibly, now or in a moment."""
        self.page.get_by_text(text).first.wait_for()
        return True

    @property
    def workspace(self) -> str:
        """The path of the workspace that the page belongs to."""
        found = re.search(r"/w/\w+", self.page.url)
        assert found, self.page.url
        return found[0]

    # --- The account -------------------------------------------------------------------------------------

    def sign_up(self) -> None:
        self.open("/accounts/signup/")
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Make my account")
        self.page.wait_for_url("**/studio")

    def confirm_email(self) -> None:
        link = re.search(r"http\S+/confirm-email/\S+", self.site.mail_to(self.email))
        assert link
        self.open(link[0])

    def join(self, plan: str = "free") -> None:
        """In the studio, with a confirmed address and the free credits: where signing up is not what it is about."""
        self.email, session = self.site.newcomers.take(plan)
        self.window.add_cookies([{"name": "sessionid", "value": session, "url": self.site.address}])
        self.open("/home")
        self.page.wait_for_url("**/studio")

    # --- The work ----------------------------------------------------------------------------------------

    def ask(self, prompt: str = JAPANDI) -> None:
        """From the studio to the page of a new generation."""
        self.open(f"{self.workspace}/studio")
        self.page.get_by_label("A photo of the room").set_input_files(ROOM)
        self.page.get_by_label("What should it look like?").fill(prompt)
        self.press("Redesign")
        self.page.wait_for_url("**/generations/gen_*")

    def wait_for_the_picture(self) -> None:
        self.page.get_by_role("link", name="Download PNG").wait_for(timeout=1000 * PICTURE_SECONDS)

    # --- How the page is -------------------------------------------------------------------------------------

    def too_wide(self) -> list[str]:
        """What reaches beyond the right edge of the window."""
        return self._ask_page("""() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.body.querySelectorAll("*")]
                .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
                .map((one) => `${location.pathname}: ${one.tagName}.${one.className}`)""")

    def too_small(self) -> list[str]:
        """Visible controls lower than a finger needs (44 px)."""
        return self._ask_page("""() => [...document.querySelectorAll(
                "button, .button, .nav-link, summary, select, textarea, input:not([type=hidden])")]
                .map((one) => one.closest("label.check, label.choice, .tray-piece label") ?? one)
                .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
                .map((one) => `${location.pathname}: ${one.outerHTML.slice(0, 80)}`)""")

    def nameless(self) -> list[str]:
        """What a screen reader could not name, and pages without exactly one main heading."""
        return self._ask_page("""() => [
            ...[...document.querySelectorAll("input:not([type=hidden]), textarea:not([hidden]), select")]
                .filter((one) => !one.labels.length && !one.getAttribute("aria-label")),
            ...[...document.querySelectorAll("img:not([alt])")],
            ...(document.querySelectorAll("h1").length === 1 ? [] : [document.body]),
        ].map((one) => `${location.pathname}: ${one.outerHTML.slice(0, 80)}`)""")

    def look(self) -> None:
        """The page as it stands: it fits, everything has a name, axe finds nothing grave."""
        self.page.wait_for_load_state()
        self.faults += self.too_wide() + self.nameless() + axe.grave_findings(self.page)

    def _ask_page(self, script: str) -> list[str]:
        answer: list[str] = self.page.evaluate(script)
        return answer
