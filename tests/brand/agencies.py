"""An agency with everything that it can show to a client, made over its own pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core import mail
from django.test import Client as Browser
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import emails
from generations import deliveries, proposal_sending
from generations.engines.base import EnginePicture, EngineResult
from generations.models import OriginalPage
from projects import branding
from tests.factories import Studio, browser_of
from tests.fakes import png
from tests.generations.proposing import Job, make_job

PIN = "4711"
LARGE = EngineResult((EnginePicture(png(1200, 900)),), credits_used=10)  # a code needs room
_done: set[int] = set()


def work_off() -> None:
    """What a worker would do: files of deliveries and proposals, then mails."""
    for _ in range(2):
        queued = ProcrastinateJob.objects.exclude(id__in=_done).order_by("id")
        for job in queued:
            if job.queue_name == emails.QUEUE or job.task_name in (
                deliveries.MAKE_TASK,
                proposal_sending.MAKE_TASK,
            ):
                _done.add(job.id)
                app.tasks[job.task_name].func(**job.args)


@dataclass
class Agency:
    """`pages` are whole addresses as clients were given them, by what they show."""

    studio: Studio
    host: str
    job: Job
    pages: dict[str, str] = field(default_factory=dict)
    mails: list[Any] = field(default_factory=list)

    def paths(self) -> Iterator[str]:
        """Of all pages, without their host."""
        for address in self.pages.values():
            yield address.partition("://")[2].partition("/")[2]


def give_brand(studio: Studio, colour: str) -> None:
    """Its colour, its logo, and whom its mails are from."""
    who: dict[str, Any] = {"organization": studio.organization, "by_user": studio.owner}
    name = f"{studio.organization.name} Team"
    branding.save(**who, colour=colour, sender_name=name, reply_to="", now=timezone.now())
    branding.set_logo(**who, content=png(200, 80), now=timezone.now())


def make_agency(studio: Studio, host: str = "") -> Agency:
    """With a picture shared, in a review room, a proposal and a delivery; links as pages and mails have them."""
    job = make_job(studio, pictures=1)
    job.decide(0)
    made, browser = Agency(studio, host, job), browser_of(studio.owner)
    home, picture = f"/w/{studio.organization.public_id}", job.pictures[0].public_id

    def link(answer: Any) -> str:
        found = re.search(r'id="new-link">([^<]+)<', answer.content.decode())
        assert answer.status_code == 200, answer.content.decode()[:3000]
        assert found
        return found[1]

    made.pages["shared"] = link(browser.post(f"{home}/pictures/{picture}/share"))
    fields = {"title": "Oak Street 4", "profile": "label-qr", "days": "30", "has_link": "on", "pin": PIN}
    asked = {**fields, "is_confirmed": "on", "picture": picture}
    made.pages["delivered"] = link(browser.post(f"{home}/deliveries/new", asked))
    proposal = job.draft()
    browser.post(job.page_of(proposal, "/send"), {"mail": "on"})
    made.pages["proposal"] = link(browser.post(job.page_of(proposal, "/links")))
    browser.post(f"{home}/reviews/{job.review.public_id}/send", {"to": "winter@example.com", "days": "30"})
    mail.outbox.clear()
    work_off()
    made.mails = [each for each in mail.outbox if each.to == ["winter@example.com"]]
    links = [found for each in made.mails for found in re.findall(r"https?://\S+", each.body)]
    made.pages["review"] = next(each for each in links if "/r/" in each)
    made.pages["proposal by mail"] = next(each for each in links if "/p/" in each)
    with studio.enter():
        page = OriginalPage.objects.of(studio.organization).get()
    base = made.pages["shared"].partition("/s/")[0]
    made.pages["original"] = f"{base}/o/{page.public_id}"
    return made


class Visitor(Browser):
    """Somebody without an account in front of one host, who loads pages with all that belongs to them."""

    def __init__(self, host: str) -> None:
        super().__init__(headers={"host": host})
        self.host = host

    def load(self, path: str) -> tuple[int, str, bytes]:
        """Status, headers as text, content."""
        answer: Any = self.get(f"/{path.lstrip('/')}")
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        return answer.status_code, f"{headers}\n{answer.cookies.output()}", content

    def everything(self, path: str) -> dict[str, tuple[int, str, bytes]]:
        """The page and all that it names on its own host, pages that it links to included."""
        seen: dict[str, tuple[int, str, bytes]] = {}
        waiting = [path]
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen[at] = self.load(at)
            if b"<html" in seen[at][2]:
                text = seen[at][2].decode()
                named = re.findall(r'(?:href|src|action)="(/[^"#]*)', text)
                waiting += [each.replace("&amp;", "&") for each in named if not is_verb(each)]
        return seen


def is_verb(path: str) -> bool:
    """An address that only takes forms."""
    return path.endswith(("/decide", "/comment", "/done", "/again", "/pin"))
