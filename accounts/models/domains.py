"""Host names of workspaces' own, under which their clients see what is shown to them.

What must never happen, and what forbids it:
- a host serves a workspace that has not proven it: only rows with `verified_at` are served, and that is set by
  `accounts.domains.check` alone, from a DNS record with the row's own random value
- a host belongs to two workspaces: `domain_proven_once`; a claim that is not proven blocks nobody
- the instance's own host, an address or a name of this machine is claimed: `domains.normalised` refuses it, and the
  instance's own hosts are looked at first
- a page of one workspace on the host of another: a request to such a host is confined to its workspace
  (`tenancy.confined`), so that the database shows no other rows, whatever link is asked for
- a cookie, a session or a form of one host counts on another: cookies carry no domain, sessions are not read there
- a link leads from such a host to anywhere else: its URLconf knows the pages of guests alone, and the only redirect to
  another host goes to PUBLIC_BASE_URL
- an answer for one host is given to another: nothing is kept between requests
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id, random_base62
from accounts.models.people import Organization, TenantQuerySet, User


def domain_id() -> str:
    return new_id("dom")


def proof_id() -> str:
    """What its record must say: 190 random bits."""
    return f"proof-{random_base62(32)}"


class DomainQuerySet(TenantQuerySet):
    """Words about hosts."""

    def proven(self) -> Self:
        """Whose record was there, or is missing for a few days only."""
        return self.exclude(verified_at=None)


class Domain(models.Model):
    """A claim of a host, proven or not."""

    class Problem(models.TextChoices):
        """What the last look at its record has found."""

        MISSING = "missing", _("There is no such record.")
        WRONG = "wrong", _("There is such a record, but it says something else.")
        UNANSWERED = "unanswered", _("The servers of this domain did not answer.")
        TAKEN = (
            "taken",
            _("Another workspace has proven this host, and its record is still there. Remove it."),
        )

    public_id = models.CharField(max_length=40, unique=True, default=domain_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    host = models.CharField(max_length=230)  # in small letters, other scripts as xn--…
    proof = models.CharField(max_length=60, default=proof_id, editable=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)  # proven since; None: not, or not any more
    lost_since = models.DateTimeField(null=True)  # proven, but the record is not there any more
    ended_at = models.DateTimeField(null=True)  # it was proven until then
    checked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=12, choices=Problem, blank=True, default="")

    objects = DomainQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["host"], condition=Q(verified_at__isnull=False), name="domain_proven_once"
            ),
            models.UniqueConstraint(fields=["organization", "host"], name="domain_claimed_once"),
            models.CheckConstraint(
                condition=Q(host__regex=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"), name="domain_is_a_host_name"
            ),
            models.CheckConstraint(
                condition=Q(lost_since=None) | Q(verified_at__isnull=False), name="domain_lost_was_proven"
            ),
        ]

    def __str__(self) -> str:
        return self.host

    @property
    def state(self) -> str:
        """`waiting` for its record, `proven`, `lost` (its record is gone, it works still) or `ended`."""
        if self.verified_at is None:
            return "ended" if self.ended_at else "waiting"
        return "lost" if self.lost_since else "proven"
