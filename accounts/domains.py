"""A workspace's own host names: claimed, proven by a DNS record, looked at again, found by their name.

`accounts/models/domains.py` lists what must never happen.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from procrastinate.contrib.django import app

from accounts import attempts, dns_records, emails, lifecycle, services, tenancy
from accounts.archive import Archive
from accounts.errors import Refusal
from accounts.models import Domain, Organization, Role, User

logger = logging.getLogger(__name__)

CHECK_TASK = "accounts.check_domain"
MAIL_TASK = "accounts.mail_domain"
QUEUE = "domains"
KIND = "TXT"
RECORD = "_workspace-proof"  # the record stands at this name below the host
MOST = 5  # claims of one workspace
GRACE = timedelta(days=7)  # how long a host works whose record is gone
CHECK_EVERY = timedelta(hours=24)  # a proven one
CHECK_LOST_EVERY = timedelta(hours=1)
WAITS_FOR = timedelta(days=7)  # so long a new claim is looked at without being asked to
CHECKS = attempts.Limit("domain-check", most=20, within=timedelta(minutes=10))
_LONGEST = 230  # with the record's name before it, it has to fit into 253
_NOT_PUBLIC = ("localhost", "local", "internal", "invalid", "onion", "arpa", "alt")


class WhiteLabelNeeded(Refusal):
    """A brand and a host name of your own need a plan with white label. Upgrade the plan first."""

    code, title, status = "white_label_needed", "White label not included", 403


class NotAHost(Refusal):
    """That is no host name that can be used here. Write one of your own, like rooms.example.com."""

    code, title, status = "not_a_host", "Not a host name", 400


class HostOfOurs(Refusal):
    """This host name belongs to the site itself."""

    code, title, status = "host_of_ours", "Not yours", 400


class TooManyDomains(Refusal):
    """A workspace has at most 5 host names. Remove one that nobody uses."""

    code, title, status = "too_many_domains", "Too many host names", 409


class ClaimedAlready(Refusal):
    """This host name stands in your list already."""

    code, title, status = "claimed_already", "In the list already", 409


# --- Names -----------------------------------------------------------------------------------------------


def normalised(text: str) -> str:
    """The host name as it is kept, of a name in any script or of a pasted address. Raises NotAHost, HostOfOurs."""
    text = text.strip().lower()
    if "://" in text:
        text = text.partition("://")[2].rstrip("/")
    try:
        host = idna.encode(text.rstrip("."), uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise NotAHost from error
    labels = host.split(".")
    if len(labels) < 2 or len(host) > _LONGEST or labels[-1] in _NOT_PUBLIC or is_address(host):
        raise NotAHost
    if any(_is_within(host, ours) or _is_within(ours, host) for ours in own_hosts()):
        raise HostOfOurs
    return host


def is_address(host: str) -> bool:
    """An IP address, of any spelling that a browser takes for one."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        last = host.rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
    return True


def own_hosts() -> set[str]:
    """The names under which the settings know this instance."""
    named = {each.lower().lstrip(".") for each in settings.ALLOWED_HOSTS if each != "*"}
    return (named | {urlsplit(settings.PUBLIC_BASE_URL).hostname or ""}) - {""}


def _is_within(host: str, zone: str) -> bool:
    return host == zone or host.endswith(f".{zone}")


def in_letters(host: str) -> str:
    """As people read it."""
    try:
        return idna.decode(host)
    except idna.IDNAError:
        return host


def record_of(domain: Domain) -> tuple[str, str]:
    """Name and text of the TXT record that proves the claim."""
    return f"{RECORD}.{domain.host}", domain.proof


# --- Reading ---------------------------------------------------------------------------------------------


def find(host: str) -> Domain | None:
    """The proven claim of exactly this host, with its workspace, whatever its plan."""
    with tenancy.system("an exact host name"):
        rows = Domain.objects.proven().filter(host=host, organization__deleted_at=None)
        return cast("Domain | None", rows.select_related("organization").first())


def host_of(organization: Organization) -> str:
    """Under which host clients see the workspace: of several the one proven last; "" for none."""
    if not organization.white_label:
        return ""
    with tenancy.enter(organization):
        rows = Domain.objects.of(organization).proven().order_by("-verified_at", "-pk")
        return str(rows.values_list("host", flat=True).first() or "")


def base_of(organization: Organization, otherwise: str) -> str:
    """What links for the workspace's clients begin with; `otherwise`: what the instance's own do.

    A host of a workspace's own is reached in the same way: by the same scheme and at the same port.
    """
    host = host_of(organization)
    if not host:
        return otherwise
    ours = urlsplit(otherwise)
    port = f":{ours.port}" if ours.port else ""
    return f"{ours.scheme or 'https'}://{host}{port}"


def base_for(request: HttpRequest, organization: Organization) -> str:
    """The same for a link that is made in a request."""
    return base_of(organization, emails.base_url(request))


def all_of(organization: Organization) -> list[Domain]:
    """Oldest claim first; asked inside the workspace."""
    return list(Domain.objects.of(organization).order_by("pk"))


# --- Verbs -----------------------------------------------------------------------------------------------


def add(*, organization: Organization, host: str, by_user: User, now: datetime) -> Domain:
    """Claim a host; it does nothing before it is proven.

    Raises WhiteLabelNeeded, NotAHost, HostOfOurs, ClaimedAlready, TooManyDomains.
    """
    if not organization.white_label:
        raise WhiteLabelNeeded
    host = normalised(host)
    with tenancy.enter(organization):
        # Locked, so that two at once count each other.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        mine = Domain.objects.of(organization)
        if mine.filter(host=host).exists():
            raise ClaimedAlready
        if mine.count() >= MOST:
            raise TooManyDomains
        domain: Domain = mine.create(organization=organization, host=host, created_by=by_user, created_at=now)
        _note(domain, "domain.added", now, by_user)
    return domain


def remove(*, domain: Domain, by_user: User, now: datetime) -> None:
    """At once nothing is served under it. Twice is once."""
    with tenancy.enter(domain.organization):
        deleted, _ = Domain.objects.of(domain.organization).filter(pk=domain.pk).delete()
        if deleted:
            _note(domain, "domain.removed", now, by_user)


def check_now(*, domain: Domain, now: datetime) -> Domain:
    """Because somebody asks. Not inside a transaction. Raises TooManyAttempts."""
    attempts.count(limit=CHECKS, subject=domain.organization.public_id, now=now)
    return check(domain=domain, now=now)


def check(*, domain: Domain, now: datetime) -> Domain:
    """Look its record up and do what follows; the claim as it stands then. Not inside a transaction."""
    tenancy.release_connection()
    try:
        found = dns_records.texts(record_of(domain)[0])
    except dns_records.Unanswered as trouble:
        logger.info("%s", trouble)
        _update(domain, checked_at=now, problem=Domain.Problem.UNANSWERED)  # says nothing about the record
    else:
        if domain.proof in found:
            _proven(domain, found, now)
        else:
            _missing(domain, found, now)
    with tenancy.enter(domain.organization):
        rows = Domain.objects.of(domain.organization).select_related("organization")
        return cast("Domain | None", rows.filter(pk=domain.pk).first()) or domain


def check_all(*, now: datetime) -> int:
    """Have every claim looked at that is due. Returns how many."""
    with tenancy.system("hosts to be looked at"):
        proven = Q(lost_since=None, checked_at__lt=now - CHECK_EVERY)
        lost = Q(lost_since__isnull=False, checked_at__lt=now - CHECK_LOST_EVERY)
        new = Q(verified_at=None, ended_at=None, created_at__gt=now - WAITS_FOR)
        due = Domain.objects.filter(organization__deleted_at=None).filter(
            Q(verified_at__isnull=False) & (proven | lost) | new
        )
        todo = list(due.values_list("pk", "organization"))
    job = app.configure_task(CHECK_TASK, queue=QUEUE, allow_unknown=True)
    for pk, organization in todo:
        job.defer(domain_id=pk, organization_id=organization)
    return len(todo)


def check_one(*, domain_id: int, organization_id: int, now: datetime) -> None:
    """The job of one claim."""
    domain = _of_job(domain_id, organization_id)
    if domain is not None:
        check(domain=domain, now=now)


def mail(*, domain_id: int, organization_id: int, base: str) -> None:
    """Owners and admins learn that a host's record is gone, or that the host does not work any more."""
    domain = _of_job(domain_id, organization_id)
    if domain is None or domain.state not in ("lost", "ended"):
        return  # put right meanwhile
    name, text = record_of(domain)
    context = {
        "domain": domain,
        "kind": KIND,
        "name": name,
        "text": text,
        "until": domain.lost_since + GRACE if domain.lost_since else None,
        "link": f"{base}/w/{domain.organization.public_id}/settings/brand" if base else "",
    }
    emails.send_to_members(
        organization=domain.organization, role=Role.ADMIN, template="domain_lost", context=context
    )


@lifecycle.workspace_deleted.register
def erase(*, organization: Organization, now: datetime) -> None:  # noqa: ARG001 — as registered
    """Of a deleted workspace: none is served any more anyway."""
    with tenancy.enter(organization):
        Domain.objects.of(organization).delete()


@lifecycle.workspace_exported.register
def pack(*, organization: Organization, archive: Archive) -> None:
    """The list of hosts."""
    with tenancy.enter(organization):
        rows = Domain.objects.of(organization).order_by("pk")
        archive.rows("domains", list(rows.values("host", "created_at", "verified_at", "ended_at")))


# --- Hands -----------------------------------------------------------------------------------------------


def _of_job(domain_id: int, organization_id: int) -> Domain | None:
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return None
    with tenancy.enter(organization):
        rows = Domain.objects.of(organization).select_related("organization")
        return cast("Domain | None", rows.filter(pk=domain_id).first())


def _update(domain: Domain, **columns: Any) -> None:
    with tenancy.enter(domain.organization):
        Domain.objects.of(domain.organization).filter(pk=domain.pk).update(**columns)


def _proven(domain: Domain, found: Iterable[str], now: datetime) -> None:
    """Who holds the domain now has the say: an earlier workspace whose record is gone loses the host at once."""
    fine: dict[str, Any] = {"lost_since": None, "ended_at": None, "problem": "", "checked_at": now}
    try:
        with tenancy.system("a host that is proven"):
            rows = Domain.objects.filter(host=domain.host).select_related("organization")
            locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
            others = [row for row in locked if row.verified_at and row.pk != domain.pk]
            if any(row.proof in found for row in others):
                Domain.objects.filter(pk=domain.pk).update(checked_at=now, problem=Domain.Problem.TAKEN)
                return
            for row in others:
                _end(row, now)
            if Domain.objects.filter(pk=domain.pk, verified_at=None).update(verified_at=now):
                _note(domain, "domain.proven", now)
            Domain.objects.filter(pk=domain.pk).update(**fine)
    except IntegrityError:  # another one was proven in this moment
        _update(domain, checked_at=now, problem=Domain.Problem.TAKEN)


def _missing(domain: Domain, found: Iterable[str], now: datetime) -> None:
    problem = Domain.Problem.WRONG if found else Domain.Problem.MISSING
    with tenancy.enter(domain.organization):
        rows = Domain.objects.of(domain.organization).select_related("organization").filter(pk=domain.pk)
        row = rows.select_for_update(of=("self",)).first()
        if row is None:
            return
        rows.update(checked_at=now, problem=problem)
        if row.verified_at is None:
            return
        if row.lost_since is None:
            rows.update(lost_since=now)
            _note(row, "domain.record_lost", now)
            _mail_later(row)
        elif row.lost_since <= now - GRACE:
            _end(row, now)


def _end(row: Domain, now: datetime) -> None:
    """It serves nothing from now on; in the caller's transaction."""
    Domain.objects.filter(pk=row.pk).update(verified_at=None, lost_since=None, ended_at=now)
    _note(row, "domain.ended", now)
    _mail_later(row)


def _mail_later(row: Domain) -> None:
    job = app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True)
    job.defer(domain_id=row.pk, organization_id=row.organization_id, base=settings.PUBLIC_BASE_URL)


def _note(domain: Domain, action: str, now: datetime, by_user: User | None = None) -> None:
    assert transaction.get_connection().in_atomic_block  # noqa: S101 — with what it tells of, or not at all
    services.record(
        organization=domain.organization,
        by_user=by_user,
        action=action,
        target=domain.public_id,
        now=now,
        host=domain.host,
    )
