"""Two agencies whose plans have the white label, and the name servers of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import domains, emails
from accounts.models import Domain
from tests import factories
from tests.brand.dns_server import DnsServer
from tests.factories import Studio

# An instance as its operator runs it, with addresses that name the vendor.
VENDOR: dict[str, Any] = {
    "ALLOWED_HOSTS": ["app.roomwright.example", "testserver"],
    "PUBLIC_BASE_URL": "https://app.roomwright.example",
    "DEFAULT_FROM_EMAIL": "Roomwright <hello@roomwright.example>",
    "CLIENT_FROM_EMAIL": "post@mail-relay.example",
}


def prove(world: DnsServer, studio: Studio, host: str) -> Domain:
    """A host, claimed for a workspace and proven as its owner would: by the record."""
    now = timezone.now()
    claim = domains.add(organization=studio.organization, host=host, by_user=studio.owner, now=now)
    name, text = domains.record_of(claim)
    world.records.setdefault(name, []).append(text)
    proven = domains.check(domain=claim, now=now)
    assert proven.state == "proven"
    return proven


@pytest.fixture
def world(settings: Any) -> Iterator[DnsServer]:
    """What every look-up of a record asks."""
    with DnsServer() as server:
        settings.DNS_SERVERS = [server.address]
        yield server


@pytest.fixture(autouse=True)
def _a_vendor(settings: Any) -> None:
    for name, value in VENDOR.items():
        setattr(settings, name, value)


@pytest.fixture
def north(db: None) -> Studio:
    """An agency with the white label."""
    return factories.make_studio(name="North Light", plan="scale", credits=100)


@pytest.fixture
def south(db: None) -> Studio:
    """Another one."""
    return factories.make_studio(name="Southern Rooms", plan="scale", credits=100)


@pytest.fixture
def proves(world: DnsServer) -> Callable[[Studio, str], Domain]:
    """Proves a host for a workspace."""
    return partial(prove, world)


@pytest.fixture
def worker_mails(db: None) -> Callable[[], None]:
    """Call it to send every mail that waits in the queue, each once."""
    done: set[int] = set()

    def send() -> None:
        for job in ProcrastinateJob.objects.filter(queue_name=emails.QUEUE).order_by("id"):
            if job.id not in done:
                done.add(job.id)
                app.tasks[job.task_name].func(**job.args)

    return send
