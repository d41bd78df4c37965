"""Rows of API keys, with what each may be used for."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from accounts.models.people import Membership, Organization, TenantQuerySet, User

MAX_ACTIVE_KEYS = 5


class Scope(models.TextChoices):
    """What a key may be used for; each stands for itself."""

    READ = "read", _("Read")
    GENERATE = "generate", _("Make pictures, and change what they hang on")
    MANAGE = "manage", _("Manage keys, webhooks and members")


class ApiKeyQuerySet(TenantQuerySet):
    """Words about keys."""

    def active(self) -> Self:
        """Not revoked."""
        return self.filter(revoked_at=None)

    def with_makers_role(self) -> Self:
        """With `makers_role`."""
        theirs = Membership.objects.filter(organization=OuterRef("organization"), user=OuterRef("created_by"))
        return self.annotate(makers_role=Coalesce(Subquery(theirs.values("role")[:1]), Value("")))


def api_key_id() -> str:
    return new_id("key")


class ApiKey(models.Model):
    """A program's key: only its hash is kept, and its beginning so that a person can find it again."""

    public_id = models.CharField(max_length=40, unique=True, default=api_key_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="api_keys")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    is_live = models.BooleanField()
    prefix = models.CharField(max_length=24)
    sha256 = models.BinaryField(max_length=32, unique=True)
    slot = models.PositiveSmallIntegerField()  # 1 to 5: the database itself refuses a sixth active key
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    # What it may be used for, until when, and from where ("" = anywhere, else CIDR blocks with spaces between).
    may_read = models.BooleanField(default=True, db_default=True)
    may_generate = models.BooleanField(default=True, db_default=True)
    may_manage = models.BooleanField(default=False, db_default=False)  # asked for by name alone
    expires_at = models.DateTimeField(null=True, blank=True)
    networks = models.CharField(max_length=1000, blank=True, default="", db_default="")
    # The role of `created_by` in the workspace, "" for none any more, where the query that found the key asked for it.
    makers_role: str | None = None

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "slot"], condition=Q(revoked_at=None), name="api_key_slot_once"
            ),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=MAX_ACTIVE_KEYS), name="api_key_at_most_five"
            ),
            models.CheckConstraint(
                condition=Q(may_read=True) | Q(may_generate=True) | Q(may_manage=True),
                name="api_key_is_good_for_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def scopes(self) -> list[Scope]:
        """What it may be used for."""
        return [scope for scope in Scope if getattr(self, f"may_{scope.value}")]

    def has_expired(self, now: datetime) -> bool:
        """Its time is over."""
        return self.expires_at is not None and self.expires_at <= now
