"""Rows of proposals: approved pictures, what they would cost, and the client's answer.

What must never happen, and what forbids it:
- a picture in a sent proposal that was not approved, or was declined after: a trigger on sending that reads what was
  last decided, after the service has locked the project's review rooms; accepting looks once more
- something of a sent proposal changes: a trigger lets its state go forward and the files of its making be named
- two of a workspace carry one number: `proposal_number_once`; one is missing: numbers are taken by the send itself
- two newer versions of one: the one-to-one of `replaces`
- a withdrawn, replaced or expired one is accepted: one conditional UPDATE decides, and the trigger knows no such step
- an answer is changed, or there are two: a trigger, and the one-to-one of `proposal`
- a picture of one that is with the client, or accepted, goes by its retention: `PictureQuerySet.expired`
- another workspace sees any of it: row-level security on all of these
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import an_id, new_id
from accounts.models import Organization, TenantQuerySet, User
from generations.models.picture import Picture
from projects.models import Product, Project

MOST_MARKUP = 1000  # %
COLOUR = r"^#[0-9a-f]{6}$"


def proposal_id() -> str:
    return new_id("prp")


def proposal_line_id() -> str:
    return new_id("pln")


def proposal_link_id() -> str:
    return new_id("prl")


class ProposalSettings(models.Model):
    """What a workspace's proposals begin with, and how it presents itself in them. `last_number` was used."""

    organization = models.OneToOneField(Organization, models.CASCADE, related_name="+")
    business_name = models.CharField(max_length=120, blank=True)  # "" is the workspace's name
    business_address = models.TextField(blank=True)  # lines under the name, with whatever the law wants there
    accent = models.CharField(max_length=7, default="#24584a")
    logo = models.CharField(max_length=240, blank=True)  # storage name of a PNG or JPEG
    currency = models.CharField(max_length=3, default="EUR")
    markup = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(0))  # %
    tax_name = models.CharField(max_length=20, blank=True, default="VAT")
    tax = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))  # %
    valid_days = models.PositiveSmallIntegerField(default=30)
    terms = models.TextField(blank=True)
    last_number = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(accent__regex=COLOUR), name="proposal_settings_colour"),
            models.CheckConstraint(
                condition=Q(markup__gte=0, markup__lte=MOST_MARKUP, tax__gte=0, tax__lte=100),
                name="proposal_settings_percents",
            ),
        ]

    def __str__(self) -> str:
        return f"of {self.organization_id}"


class ProposalQuerySet(TenantQuerySet):
    """Words about proposals."""

    def sent(self) -> Self:
        """With the client, unanswered."""
        return self.filter(state=Proposal.State.SENT)

    def answerable(self, today: date) -> Self:
        """With the client, unanswered, and not too old."""
        return self.sent().filter(valid_until__gte=today)


class Proposal(models.Model):
    """An offer to a client. A draft changes; from the moment it is sent nothing of it does but its state.

    Sums are written when it is sent. `valid_until` is a day in UTC, included.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        SUPERSEDED = "superseded", _("Replaced by a newer one")

    public_id = models.CharField(max_length=40, unique=True, default=proposal_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.PROTECT, related_name="proposals")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    number = models.PositiveIntegerField(null=True, blank=True)  # of the workspace, from 1; a draft has none
    replaces = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )
    title = models.CharField(max_length=120)
    introduction = models.TextField(blank=True)
    client_name = models.CharField(max_length=120, blank=True)
    client_email = models.EmailField(blank=True)
    language = models.CharField(max_length=10, default="en")  # of the page and the PDF
    currency = models.CharField(max_length=3)
    markup = models.DecimalField(max_digits=6, decimal_places=2)  # % of products that have none of their own
    show_markup = models.BooleanField(default=False)  # to the client; else it is in the prices
    tax_name = models.CharField(max_length=20, blank=True)
    tax = models.DecimalField(max_digits=5, decimal_places=2)
    terms = models.TextField(blank=True)
    valid_until = models.DateField()

    # What it was when it was sent. `net` is what the client pays before tax: cost and markup.
    business_name = models.CharField(max_length=120, blank=True)
    business_address = models.TextField(blank=True)
    accent = models.CharField(max_length=7, default="#24584a")
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    net = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    total = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    client_accent = models.CharField(max_length=7, blank=True, default="", db_default="")  # "" for none

    # Storage names; "" until a job has made them.
    logo = models.CharField(max_length=240, blank=True)
    client_logo = models.CharField(max_length=240, blank=True, default="", db_default="")
    pdf = models.CharField(max_length=240, blank=True)

    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    first_opened_at = models.DateTimeField(null=True, blank=True)  # by the client
    ended_at = models.DateTimeField(null=True, blank=True)  # accepted, declined, withdrawn or replaced

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="proposal_number_once"),
            models.CheckConstraint(
                condition=Q(state="draft", number=None, sent_at=None, total=None)
                | Q(
                    ~Q(state="draft"),
                    number__isnull=False,
                    sent_at__isnull=False,
                    cost__isnull=False,
                    total=F("net") + F("tax_amount"),
                ),
                name="proposal_sent_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "sent"], ended_at=None)
                | Q(state__in=["accepted", "declined", "withdrawn", "superseded"], ended_at__isnull=False),
                name="proposal_ends_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(markup__gte=0, markup__lte=MOST_MARKUP, tax__gte=0, tax__lte=100),
                name="proposal_percents",
            ),
            models.CheckConstraint(condition=Q(accent__regex=COLOUR), name="proposal_colour"),
            models.CheckConstraint(
                condition=Q(client_accent="") | Q(client_accent__regex=COLOUR), name="proposal_client_colour"
            ),
        ]
        indexes = [models.Index(fields=["organization", "project", "-id"], name="proposal_newest_first")]

    def __str__(self) -> str:
        return f"{self.label} {self.title}".strip()

    @property
    def label(self) -> str:
        """Its number as people write it; "" while it is a draft."""
        return f"P-{self.number:04d}" if self.number else ""

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.state == self.State.DRAFT


class ProposalPicture(models.Model):
    """An approved picture in a proposal. Of a sent one, `before` and `after` are files of the proposal's own."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="pictures")
    picture = models.ForeignKey(Picture, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    caption = models.CharField(max_length=120, blank=True)
    before = models.CharField(max_length=240, blank=True)  # storage names
    after = models.CharField(max_length=240, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "picture"], name="proposal_picture_once")]
        indexes = [models.Index(fields=["proposal", "position", "id"], name="proposal_picture_in_order")]

    def __str__(self) -> str:
        return f"{self.picture_id} in {self.proposal_id}"


class ProposalLine(models.Model):
    """A product or anything else in a proposal. `unit_price` is the cost, before markup, in the proposal's currency."""

    public_id = models.CharField(
        max_length=40, unique=True, default=proposal_line_id, db_default=an_id("pln"), editable=False
    )
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.SET_NULL, null=True, blank=True, related_name="+")
    is_product = models.BooleanField()  # else a free line: a fee, the delivery
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=160)
    details = models.CharField(max_length=300, blank=True)
    quantity = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(1))
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    # %; None is the proposal's own, which free lines don't take part in.
    markup = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    thumbnail = models.CharField(max_length=240, blank=True)  # storage name, of a sent proposal's own file
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, unit_price__gte=0), name="proposal_line_amounts"
            ),
            models.CheckConstraint(
                condition=Q(markup=None) | Q(markup__gte=0, markup__lte=MOST_MARKUP),
                name="proposal_line_markup",
            ),
            models.CheckConstraint(
                condition=Q(is_product=True) | Q(product=None), name="proposal_line_free_has_no_product"
            ),
            models.UniqueConstraint(
                fields=["proposal", "product"],
                condition=Q(product__isnull=False),
                name="proposal_line_product_once",
            ),
        ]
        indexes = [models.Index(fields=["proposal", "position", "id"], name="proposal_line_in_order")]

    def __str__(self) -> str:
        return self.name


class ProposalLinkQuerySet(TenantQuerySet):
    """Words about links."""

    def open(self) -> Self:
        """Not revoked."""
        return self.filter(revoked_at=None)


class ProposalLink(models.Model):
    """An address under which a sent proposal is read and answered without an account; only its hash is kept."""

    public_id = models.CharField(
        max_length=40, unique=True, default=proposal_link_id, db_default=an_id("prl"), editable=False
    )
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="links")
    sha256 = models.BinaryField(max_length=32, unique=True)
    sent_to = models.EmailField(blank=True)  # "" was copied by hand
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ProposalLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"a link to {self.proposal_id}"


class ProposalAnswer(models.Model):
    """What the client said: once, for good. `total` is what stood there when they said it."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    proposal = models.OneToOneField(Proposal, models.CASCADE, related_name="answer")
    accepted = models.BooleanField()
    name = models.CharField(max_length=120)
    email = models.EmailField()
    reason = models.CharField(max_length=1000, blank=True)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name="") & ~Q(email=""), name="proposal_answer_by_somebody"),
            models.CheckConstraint(
                condition=Q(accepted=True) | ~Q(reason=""), name="proposal_declined_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{'accepted' if self.accepted else 'declined'} by {self.name}"
