"""Rows of people and workspaces, with the constraints that hold whatever the code does."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id

NOBODY = "@deleted.invalid"  # what the address of a deleted account ends with: a domain that can't exist (RFC 2606)


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who can sign in; without a password only through a reset."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An operator of this instance."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail; may belong to several workspaces."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=120, blank=True)
    wants_news = models.BooleanField(default=False, db_default=False)  # mail about the product
    is_staff = models.BooleanField("operator", default=False)
    is_active = models.BooleanField(default=True)
    # The language of pages and mails; "" = not chosen, so the browser's.
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    date_joined = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(
        null=True, blank=True, editable=False
    )  # nameless from then on (farewell.py)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
            models.CheckConstraint(
                condition=Q(deleted_at=None)
                | Q(
                    email__endswith=NOBODY,
                    name="",
                    is_active=False,
                    is_staff=False,
                    is_superuser=False,
                    wants_news=False,
                ),
                name="user_deleted_is_nameless",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Deleted account") if self.deleted_at else self.email

    def get_short_name(self) -> str:
        """How a page addresses the person."""
        if self.deleted_at:
            return gettext("Deleted account")
        return self.name or self.email.partition("@")[0]


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Workspaces have no second wall of their own: they are found only through a membership or a key."""

    def with_member(self, user: User) -> Self:
        """The workspaces that this person belongs to; ask inside `tenancy.system`."""
        return self.filter(memberships__user=user, deleted_at=None).order_by("created_at", "pk")

    def owned_by(self, user: User) -> Self:
        """Of those, the ones that the person owns."""
        mine = self.filter(memberships__user=user, memberships__role=Role.OWNER, deleted_at=None)
        return mine.order_by("created_at", "pk")


def organization_id() -> str:
    return new_id("ws")


class Organization(models.Model):
    """A workspace: the tenant that owns everything else."""

    public_id = models.CharField(max_length=40, unique=True, default=organization_id, editable=False)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # What the plan entitles to. billing.plans writes these columns; everybody below reads them here.
    plan = models.CharField(max_length=20, default="free")
    api_access = models.BooleanField(default=False)
    white_label = models.BooleanField(default=False)
    seats = models.PositiveSmallIntegerField(default=1)
    in_flight_limit = models.PositiveSmallIntegerField(default=2)
    retention_days = models.PositiveSmallIntegerField(default=30)
    payment_overdue_since = models.DateTimeField(
        null=True, blank=True
    )  # the plan's renewal could not be charged
    deleted_at = models.DateTimeField(null=True, blank=True)  # closed to everybody; a job empties it
    emptied_at = models.DateTimeField(null=True, blank=True)  # nothing but its books is left

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class TenantQuerySet(models.QuerySet[Any]):
    """The first wall: rows of a workspace are reached through `.of(organization)` alone."""

    def of(self, organization: Organization) -> Self:
        """Only the rows of this workspace."""
        return self.filter(organization=organization)


class Role(models.TextChoices):
    """What a member may do; each may do what those after it may."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    DESIGNER = "designer", _("Designer")
    VIEWER = "viewer", _("Viewer")

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) <= order.index(other)


class Membership(models.Model):
    """A person in a workspace."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # What the person wants to be told by mail about this workspace.
    mail_ready = models.BooleanField(default=False, db_default=False)  # a picture, when its page was left
    mail_failed = models.BooleanField(default=False, db_default=False)  # the same of one that failed
    mail_weekly = models.BooleanField(default=False, db_default=False)  # what was made and used in a week
    mail_budgets = models.BooleanField(default=True, db_default=True)  # budgets and the balance running low
    mail_mentions = models.BooleanField(default=True, db_default=True)  # named in a note, at once
    mail_assigned = models.BooleanField(default=True, db_default=True)  # put on a project, at once
    mail_proposals = models.BooleanField(default=True, db_default=True)  # accepted or declined, at once
    mail_reviews = models.BooleanField(default=True, db_default=True)  # what a client does in a review room

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in Role]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id} as {self.role}"

    def may(self, role: Role) -> bool:
        """Whether this member may do what `role` may."""
        return Role(self.role).includes(role)


class InvitationQuerySet(TenantQuerySet):
    """Words about invitations."""

    def pending(self, now: datetime) -> Self:
        """Neither accepted nor withdrawn nor too old: each takes a seat."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)


def invitation_id() -> str:
    return new_id("inv")


class Invitation(models.Model):
    """An address that was asked into a workspace. The link is in the mail alone; here is its hash.

    What must never happen, and what forbids it: two open invitations of one address to one workspace (unique
    constraint), one that is both accepted and withdrawn, one that makes an owner (checks), a link that works for
    two invitations (unique hash), one used twice (`accepted_at` is set by one conditional update).
    """

    public_id = models.CharField(max_length=40, unique=True, default=invitation_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    email = models.EmailField("e-mail")
    role = models.CharField(max_length=10, choices=[role for role in Role.choices if role[0] != "owner"])
    token_sha256 = models.BinaryField(max_length=32, unique=True, null=True)  # None until the mail is made
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField()  # when its mail was last asked for
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_one_open_per_address",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["admin", "designer", "viewer"]), name="invitation_makes_no_owner"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_ends_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization_id} as {self.role}"


class AuditEntry(models.Model):
    """Who did what, when; written once. `actor` is None where the system itself acted."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    # PROTECT: a written line can not change, so a person who leaves is made anonymous, not deleted.
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-at"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


def export_id() -> str:
    return new_id("exp")


class Export(models.Model):
    """A ZIP of everything of a workspace, or of a person (no organization; seen through `tenancy.system` alone).

    `file` is "" until it is built; the row and the file go together when it expires. At most one is being built
    for a workspace or a person (unique constraints).
    """

    public_id = models.CharField(max_length=40, unique=True, default=export_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")
    asked_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    file = models.CharField(max_length=240, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(ready_at=None), name="export_one_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["asked_by"],
                condition=Q(ready_at=None, organization=None),
                name="export_one_of_a_person_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ready_at=None, file="") | Q(ready_at__isnull=False) & ~Q(file=""),
                name="export_ready_has_a_file",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class OperatorAlert(models.Model):
    """Something that whoever runs this instance has to know. Raised again, it counts up instead of repeating."""

    code = models.CharField(max_length=60)  # what kind of thing
    subject = models.CharField(max_length=120)  # which one of its kind
    text = models.TextField()  # of the latest
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)  # by an operator; the next one starts afresh

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"], condition=Q(resolved_at=None), name="operator_alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.subject}"


class Counter(models.Model):
    """Tries counted lately; written by `accounts.counters` alone, which prescribes these columns."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key
