"""A workspace's own host name: claimed by anybody, proven by who owns it, and nobody else's then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import attempts, domains, tenancy
from accounts.models import AuditEntry, Domain
from billing import plans
from tests.brand.dns_server import DnsServer
from tests.factories import Studio, browser_of, make_studio

Proves = Callable[[Studio, str], Domain]
HOST = "rooms.north.example"


def claim(studio: Studio, host: str = HOST) -> Domain:
    return domains.add(organization=studio.organization, host=host, by_user=studio.owner, now=timezone.now())


def look(domain: Domain, **later: float) -> Domain:
    return domains.check(domain=domain, now=timezone.now() + timedelta(**later))


# --- What can be claimed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "rooms.localhost", "north", "rooms", "", ".", "..", "a..b.example", "-a.example"),
        *("127.0.0.1", "10.0.0.8", "[::1]", "::1", "127.1", "0x7f.1", "1.2.3.04", "http://192.0.2.1"),
        *("printer.local", "db.internal", "rooms.north.example:8000", "rooms.north.example/path"),
        *(
            "rooms north.example",
            "a_b.example",
            "*.north.example",
            "user@north.example",
            "x" * 64 + ".example",
        ),
        *(".".join(["a" * 50] * 5), "rooms.north.example\n", "roo\0ms.example", "1.2.3.in-addr.arpa"),
    ],
)
def test_what_is_no_public_host_name_can_not_be_claimed(north: Studio, host: str) -> None:
    if host == "rooms.north.example\n":  # nothing but the name is left of it
        assert claim(north, host).host == HOST
        return
    with pytest.raises(domains.NotAHost):
        claim(north, host)


@pytest.mark.parametrize(
    "host",
    [
        "app.roomwright.example",
        "APP.ROOMWRIGHT.EXAMPLE.",
        "x.app.roomwright.example",  # its cookies would reach the instance's
        "roomwright.example",  # and the instance's would reach it
        "https://app.roomwright.example/",
    ],
)
def test_the_hosts_of_the_instance_can_not_be_claimed(north: Studio, host: str) -> None:
    with pytest.raises(domains.HostOfOurs):
        claim(north, host)


def test_a_host_is_kept_in_one_spelling_whatever_its_script(north: Studio) -> None:
    assert claim(north, "https://Räume.Nord.example/").host == "xn--rume-loa.nord.example"
    assert domains.in_letters("xn--rume-loa.nord.example") == "räume.nord.example"
    with pytest.raises(domains.ClaimedAlready):
        claim(north, "XN--RUME-LOA.nord.example.")


def test_a_plan_without_white_label_has_no_hosts(studio: Studio) -> None:
    with pytest.raises(domains.WhiteLabelNeeded):
        claim(studio)


def test_a_workspace_has_five_at_the_most(north: Studio) -> None:
    for number in range(domains.MOST):
        claim(north, f"rooms{number}.north.example")
    with pytest.raises(domains.TooManyDomains):
        claim(north)


# --- Proof -----------------------------------------------------------------------------------------------


def test_a_claim_does_nothing_before_its_record_is_there(north: Studio, world: DnsServer) -> None:
    mine = claim(north)
    assert (look(mine).state, look(mine).problem) == ("waiting", "missing")
    name, text = domains.record_of(mine)
    assert name == f"_workspace-proof.{HOST}"
    world.records[name] = ["something else"]
    assert look(mine).problem == "wrong"
    assert domains.find(HOST) is None
    world.records[name].append(text)
    assert look(mine).state == "proven"
    found = domains.find(HOST)
    assert found is not None
    assert found.organization == north.organization
    assert domains.host_of(north.organization) == HOST


def test_a_claim_that_is_not_proven_blocks_nobody(north: Studio, south: Studio, proves: Proves) -> None:
    squatter = claim(south)
    proves(north, HOST)
    assert look(squatter).state == "waiting"
    found = domains.find(HOST)
    assert found is not None
    assert found.organization == north.organization


def test_the_record_of_one_workspace_proves_nothing_for_another(
    north: Studio, south: Studio, world: DnsServer
) -> None:
    mine, theirs = claim(north), claim(south)
    world.records[f"_workspace-proof.{HOST}"] = [mine.proof]
    assert look(theirs).state == "waiting"
    assert look(mine).state == "proven"


def test_while_both_records_are_there_the_first_keeps_the_host(
    north: Studio, south: Studio, proves: Proves, world: DnsServer
) -> None:
    proves(north, HOST)
    theirs = claim(south)
    world.records[f"_workspace-proof.{HOST}"].append(theirs.proof)
    theirs = look(theirs)
    assert (theirs.state, theirs.problem) == ("waiting", "taken")


def test_who_holds_the_domain_now_gets_the_host_at_once(
    north: Studio, south: Studio, proves: Proves, world: DnsServer
) -> None:
    first = proves(north, HOST)
    theirs = claim(south)
    world.records[f"_workspace-proof.{HOST}"] = [theirs.proof]
    assert look(theirs).state == "proven"
    found = domains.find(HOST)
    assert found is not None
    assert found.organization == south.organization
    with north.enter():
        assert Domain.objects.of(north.organization).get(pk=first.pk).state == "ended"
        assert AuditEntry.objects.of(north.organization).filter(action="domain.ended").exists()


def test_the_database_refuses_a_second_owner_of_a_host(north: Studio, south: Studio, proves: Proves) -> None:
    proves(north, HOST)
    theirs = claim(south)
    with pytest.raises(IntegrityError, match="domain_proven_once"), south.enter(), transaction.atomic():
        Domain.objects.of(south.organization).filter(pk=theirs.pk).update(verified_at=timezone.now())


def test_servers_that_do_not_answer_say_nothing_about_the_record(
    north: Studio, proves: Proves, world: DnsServer
) -> None:
    mine = proves(north, HOST)
    world.broken = True
    for days in (1, 10, 100):
        checked = look(mine, days=days)
        assert (checked.state, checked.problem) == ("proven", "unanswered")


def test_a_record_that_is_gone_warns_and_after_a_week_switches_off(
    north: Studio, proves: Proves, world: DnsServer, worker_mails: Callable[[], None]
) -> None:
    mine = proves(north, HOST)
    name, text = domains.record_of(mine)
    del world.records[name]
    assert look(mine, hours=1).state == "lost"
    worker_mails()
    (warning,) = mail.outbox
    assert warning.to == [north.owner.email]
    assert warning.subject == f"The record of {HOST} is missing"
    assert text in warning.body
    assert domains.find(HOST) is not None  # it works still
    assert look(mine, days=6).state == "lost"
    world.records[name] = [text]
    assert look(mine, days=6).state == "proven"
    del world.records[name]
    look(mine, days=7)
    worker_mails()
    assert look(mine, days=13).state == "lost"  # counted from when it was lost again
    assert look(mine, days=14, minutes=1).state == "ended"
    assert domains.find(HOST) is None
    assert domains.host_of(north.organization) == ""
    mail.outbox.clear()
    worker_mails()
    assert [each.subject for each in mail.outbox] == [f"{HOST} was switched off"]
    world.records[name] = [text]
    assert look(mine, days=15).state == "proven"


def test_every_hour_those_are_looked_at_that_are_due(
    north: Studio, south: Studio, proves: Proves, world: DnsServer
) -> None:
    proves(north, HOST)
    new = claim(south, "rooms.south.example")
    now = timezone.now()
    assert domains.check_all(now=now + timedelta(hours=1)) == 1  # the new one
    assert domains.check_all(now=now + timedelta(hours=25)) == 2
    assert domains.check_all(now=now + timedelta(days=8)) == 1  # nobody waits for the new one any more
    domains.check_one(domain_id=new.pk, organization_id=south.organization.pk, now=now)
    assert world.asked[-1] == "_workspace-proof.rooms.south.example"


def test_asking_is_limited(north: Studio, world: DnsServer) -> None:
    mine, now = claim(north), timezone.now()
    for _ in range(domains.CHECKS.most):
        domains.check_now(domain=mine, now=now)
    asked = len(world.asked)
    with pytest.raises(attempts.TooManyAttempts):
        domains.check_now(domain=mine, now=now)
    assert len(world.asked) == asked


def test_a_removed_host_serves_nothing(north: Studio, proves: Proves) -> None:
    domains.remove(domain=proves(north, HOST), by_user=north.owner, now=timezone.now())
    assert domains.find(HOST) is None


def test_a_closed_workspace_has_no_host(north: Studio, proves: Proves) -> None:
    proves(north, HOST)
    north.organization.deleted_at = timezone.now()
    north.organization.save()
    assert domains.find(HOST) is None


def test_another_workspace_can_not_touch_a_claim(north: Studio, south: Studio, proves: Proves) -> None:
    mine = proves(north, HOST)
    where = f"/w/{south.organization.public_id}/settings/brand/domains/{mine.public_id}"
    stranger = browser_of(south.owner)
    assert stranger.post(f"{where}/check").status_code == 404
    assert stranger.post(f"{where}/remove").status_code == 404
    own = f"/w/{north.organization.public_id}/settings/brand/domains/{mine.public_id}/remove"
    assert stranger.post(own).status_code == 404
    assert browser_of(north.colleague).post(own).status_code == 403
    assert domains.find(HOST) is not None


def test_links_begin_with_the_host_that_was_proven_last(north: Studio, proves: Proves) -> None:
    ours = "https://app.roomwright.example"
    assert domains.base_of(north.organization, ours) == ours
    proves(north, HOST)
    proves(north, "new.north.example")
    assert domains.base_of(north.organization, ours) == "https://new.north.example"
    assert domains.base_of(north.organization, "http://localhost:8000") == "http://new.north.example:8000"
    plans.apply_plan(organization=north.organization, plan="growth")
    assert domains.base_of(north.organization, ours) == ours


# --- The proxy's question, pages and the API -------------------------------------------------------------


def test_a_proxy_gets_certificates_for_proven_hosts_alone(
    north: Studio, south: Studio, proves: Proves
) -> None:
    proves(north, HOST)
    claim(south, "rooms.south.example")

    def ask(domain: str) -> int:
        return Client().get("/domains/ask", {"domain": domain}).status_code

    assert ask(HOST) == 200
    assert ask("ROOMS.north.example") == 200
    for other in ("rooms.south.example", "app.roomwright.example", "x.rooms.north.example", "127.0.0.1", ""):
        assert ask(other) == 404
    assert Client().get("/domains/ask").status_code == 404


def test_owners_and_admins_set_it_up_on_a_page(north: Studio, world: DnsServer) -> None:
    browser, where = browser_of(north.owner), f"/w/{north.organization.public_id}/settings/brand"
    page = browser.post(f"{where}/domains", {"host": "localhost"})
    assert (page.status_code, b"no host name that can be used" in page.content) == (422, True)
    page = browser.post(f"{where}/domains", {"host": HOST}, follow=True)
    with north.enter():
        mine = Domain.objects.of(north.organization).get()
    text = page.content.decode()
    for told in (f"_workspace-proof.{HOST}", mine.proof, "app.roomwright.example", "Waits for its record"):
        assert told in text
    page = browser.post(f"{where}/domains/{mine.public_id}/check", follow=True)
    assert "There is no such record." in page.content.decode()
    world.records[f"_workspace-proof.{HOST}"] = [mine.proof]
    page = browser.post(f"{where}/domains/{mine.public_id}/check", follow=True)
    assert f"Links for your clients begin with {HOST}." in page.content.decode()
    page = browser.post(f"{where}/domains/{mine.public_id}/remove", follow=True)
    assert HOST not in page.content.decode().replace(f"{HOST} was removed", "")


def test_programs_set_it_up_by_the_api(north: Studio, world: DnsServer) -> None:
    from tests.accounts.test_accounts_api import manager

    api = manager(north)
    made = api.post("domains", {"host": HOST}).json()
    assert made["state"] == "waiting"
    assert made["record"]["type"] == "TXT"
    assert api.post("domains", {"host": HOST}).status_code == 409
    assert api.post("domains", {"host": "10.0.0.1"}).json()["code"] == "not_a_host"
    assert api.post(f"domains/{made['id']}/check", {}).json()["problem"] == "missing"
    world.records[made["record"]["name"]] = [made["record"]["value"]]
    assert api.post(f"domains/{made['id']}/check", {}).json()["state"] == "proven"
    assert [row["host"] for row in api.get("domains").json()["results"]] == [HOST]
    assert api.get(f"domains/{made['id']}").json()["proven_at"]
    stranger = manager(make_studio(name="Elsewhere", plan="scale"))
    assert stranger.get(f"domains/{made['id']}").status_code == 404
    assert stranger.delete(f"domains/{made['id']}").status_code == 404
    assert api.delete(f"domains/{made['id']}").status_code == 204
    assert domains.find(HOST) is None


# --- Confinement -----------------------------------------------------------------------------------------


def test_confined_to_a_workspace_no_door_opens_to_another(north: Studio, south: Studio, proves: Any) -> None:
    proves(north, HOST)
    proves(south, "rooms.south.example")
    with tenancy.confined(north.organization):
        with tenancy.system("an exact host name"):
            assert [row.host for row in Domain.objects.all()] == [HOST]
        with pytest.raises(tenancy.WrongTenant), south.enter():
            pass
        with north.enter(), tenancy.system("an exact host name"):
            assert [row.host for row in Domain.objects.all()] == [HOST]
    with tenancy.system("an exact host name"):
        assert Domain.objects.count() == 2
