"""Rows of the review room: where a client without an account compares, comments and decides.

What must never happen, and what forbids it:
- a link's text, or a PIN, can be read from the database: only a SHA-256, and a password hash, are kept
- a decision about another room's picture, in a round that is closed or over, after the room was revoked, by a link that
  has ended, about a picture that a newer version has replaced, about furniture of another picture: a trigger on
  `Decision` that locks the room's row, so that a decision comes before a revocation or after it, never during it
- a decision is changed or rewritten: a trigger; whoever thinks again adds another, with the next number
- two first decisions about one thing: `decision_number_once`, `decision_of_piece_number_once`
- a comment of a reviewer where they may not decide, an answer to a comment on another picture: a trigger on `Comment`
- more rounds than agreed: `review_room_rounds_within_limit`
- a picture twice in a room, or two newer versions of one: `review_item_once`, the one-to-one of `replaces`
- a picture, or the photo it began with, goes by its retention while a client may look at it: `PictureQuerySet.expired`,
  `removal._remove_expired_photos`
- another workspace sees any of it: row-level security on all of these
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import an_id, new_id
from accounts.models import Organization, TenantQuerySet, User
from generations.models.generation import GenerationReference
from generations.models.picture import Picture
from projects.models import Photo, Project

MOST_ROUNDS = 20


def review_room_id() -> str:
    return new_id("rev")


def review_item_id() -> str:
    return new_id("rit")


def review_comment_id() -> str:
    return new_id("com")


def review_link_id() -> str:
    return new_id("rvl")


class ReviewRoom(models.Model):
    """Pictures of a project, put before a client. `current_round` is open until `round_closed_at`."""

    public_id = models.CharField(max_length=40, unique=True, default=review_room_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="review_rooms")
    title = models.CharField(max_length=120)
    message = models.TextField(blank=True)
    pin = models.CharField(max_length=128, blank=True)  # hashed as a password; "" asks for none
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    first_opened_at = models.DateTimeField(null=True, blank=True)
    max_rounds = models.PositiveSmallIntegerField(default=2)
    current_round = models.PositiveSmallIntegerField(default=1)
    round_closed_at = models.DateTimeField(null=True, blank=True)
    told_event = models.BigIntegerField(default=0)  # the last event of it that the members were mailed about
    # What the client may see and do.
    show_prices = models.BooleanField(default=False)
    show_budget = models.BooleanField(default=False)
    show_product_links = models.BooleanField(default=False)
    show_versions = models.BooleanField(default=False)
    allow_downloads = models.BooleanField(default=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    current_round__gte=1, current_round__lte=F("max_rounds"), max_rounds__lte=MOST_ROUNDS
                ),
                name="review_room_rounds_within_limit",
            ),
        ]
        indexes = [models.Index(fields=["organization", "project", "-id"], name="review_room_newest_first")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether its present round takes comments and decisions, over a link that has not ended."""
        return self.revoked_at is None and self.round_closed_at is None


class ReviewLinkQuerySet(TenantQuerySet):
    """Words about links."""

    def open(self, now: datetime) -> Self:
        """Neither ended nor expired, of a room that is not revoked."""
        return self.filter(revoked_at=None, expires_at__gt=now, room__revoked_at=None)


class ReviewLink(models.Model):
    """An address under which a room is opened without an account.

    A room has several over time: the one that its maker copied, and those that were mailed, each to one person.
    """

    public_id = models.CharField(
        max_length=40, unique=True, default=review_link_id, db_default=an_id("rvl"), editable=False
    )
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    room = models.ForeignKey(ReviewRoom, models.CASCADE, related_name="links")
    sha256 = models.BinaryField(max_length=32, unique=True)
    sent_to = models.EmailField(blank=True)  # "" was copied by hand
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # None: a reviewer asked
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"a link to {self.room_id}"

    def is_open(self, now: datetime) -> bool:
        """As `open()` says of the rows; the room's part apart."""
        return self.revoked_at is None and self.expires_at > now


class ReviewItemQuerySet(TenantQuerySet):
    """Words about pictures in rooms."""

    def current(self) -> Self:
        """No newer version of them is in the room: what is to be decided."""
        return self.filter(replaced_by=None)

    def before_a_client(self) -> Self:
        """Of rooms that are not revoked, while the round is open or a link opens them."""
        links = ReviewLink.objects.filter(
            organization=OuterRef("organization"),
            room=OuterRef("room"),
            expires_at__gt=Now(),
            revoked_at=None,
        )
        return self.filter(Q(room__round_closed_at=None) | Exists(links), room__revoked_at=None)

    def with_decision(self) -> Self:
        """Annotated with what was last decided about the picture: `outcome`, `decided_at`, or None."""
        last = Decision.objects.filter(
            organization=OuterRef("organization"), item=OuterRef("pk"), reference=None
        ).order_by("-number")
        return self.annotate(
            outcome=Subquery(last.values("outcome")[:1]), decided_at=Subquery(last.values("at")[:1])
        )


class ReviewItem(models.Model):
    """A picture in a room since a round, maybe in the place of an older version of it."""

    public_id = models.CharField(max_length=40, unique=True, default=review_item_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    room = models.ForeignKey(ReviewRoom, models.CASCADE, related_name="items")
    picture = models.ForeignKey(Picture, models.CASCADE, related_name="review_items")
    # The photo that its versions began with; None where it is not known.
    before = models.ForeignKey(Photo, models.SET_NULL, null=True, blank=True, related_name="+")
    replaces = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )
    position = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=1)

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "picture"], name="review_item_once"),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="review_item_replaces_another"),
        ]
        indexes = [models.Index(fields=["room", "position", "id"], name="review_item_in_order")]

    def __str__(self) -> str:
        return f"{self.picture_id} in {self.room_id}"


class Comment(models.Model):
    """Something said about a picture in a room, maybe at a place in it (fractions of its width and height).

    A member's has `author`; a reviewer's has a name and an address, and the link it came by.
    """

    public_id = models.CharField(max_length=40, unique=True, default=review_comment_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    room = models.ForeignKey(ReviewRoom, models.CASCADE, related_name="comments")
    item = models.ForeignKey(ReviewItem, models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="replies")
    link = models.ForeignKey(ReviewLink, models.CASCADE, null=True, related_name="+")
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=120)
    author_email = models.EmailField(blank=True)
    text = models.CharField(max_length=2000)
    x = models.FloatField(null=True, blank=True)
    y = models.FloatField(null=True, blank=True)
    round = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(x=None, y=None) | Q(x__gte=0, x__lte=1, y__gte=0, y__lte=1, parent=None),
                name="review_comment_pin_in_the_picture",
            ),
            models.CheckConstraint(
                condition=Q(link=None) | (Q(author=None) & ~Q(author_email="")),
                name="review_comment_of_a_reviewer_has_an_address",
            ),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(author_name=""), name="review_comment_says_something"
            ),
        ]
        indexes = [models.Index(fields=["room", "id"], name="review_comment_in_order")]

    def __str__(self) -> str:
        return self.text[:60]


class DecisionQuerySet(TenantQuerySet):
    """Words about decisions."""

    def standing(self) -> Self:
        """The last one about each picture and each piece; ends a chain, it can't be narrowed further."""
        return self.order_by("item", "reference", "-number").distinct("item", "reference")


class Decision(models.Model):
    """What a reviewer decided about a picture, or about one piece of furniture in it; never changed afterwards."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")
        MAYBE = "maybe", _("Maybe")

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    room = models.ForeignKey(ReviewRoom, models.CASCADE, related_name="decisions")
    item = models.ForeignKey(ReviewItem, models.CASCADE, related_name="decisions")
    link = models.ForeignKey(ReviewLink, models.CASCADE, related_name="+")
    # A piece of the picture's tray; None is the picture itself.
    reference = models.ForeignKey(
        GenerationReference, models.CASCADE, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=1000, blank=True)
    reviewer_name = models.CharField(max_length=120)
    reviewer_email = models.EmailField()
    round = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()  # 1, 2, … about the same thing
    at = models.DateTimeField()

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "number"], condition=Q(reference=None), name="decision_number_once"
            ),
            models.UniqueConstraint(
                fields=["item", "reference", "number"],
                condition=Q(reference__isnull=False),
                name="decision_of_piece_number_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["approved", "declined", "maybe"]), name="decision_outcome_known"
            ),
            models.CheckConstraint(
                condition=~Q(reviewer_name="") & ~Q(reviewer_email=""), name="decision_by_somebody"
            ),
        ]
        indexes = [models.Index(fields=["room", "-id"], name="decision_newest_first")]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.item_id}"
