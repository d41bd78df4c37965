"""How review rooms look outside: rooms, what is in them, what was said and decided."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.http import HttpRequest
from rest_framework import serializers

from accounts.models import Organization
from generations import files
from generations.models import Comment, Decision, ReviewItem, ReviewLink
from generations.models.review import MOST_ROUNDS
from generations.review_links import MOST_DAYS, USUAL_DAYS
from generations.review_rooms import MOST_PICTURES
from generations.review_shown import Shown
from generations.serializers import picture_data

_DIGITS = RegexValidator(r"\A[0-9]+\Z", "Digits only.")


class TermsInput(serializers.Serializer):
    """What a room says, and what the client may see and do."""

    title = serializers.CharField(max_length=120)
    message = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    max_rounds = serializers.IntegerField(
        min_value=1, max_value=MOST_ROUNDS, required=False, default=2, help_text="Rounds that are agreed."
    )
    show_prices = serializers.BooleanField(required=False, default=False)
    show_budget = serializers.BooleanField(required=False, default=False)
    show_product_links = serializers.BooleanField(required=False, default=False)
    show_versions = serializers.BooleanField(required=False, default=False)
    allow_downloads = serializers.BooleanField(required=False, default=False)


class ReviewInput(TermsInput):
    """A new room with its first link; `pictures` in the order in which they are shown."""

    project = serializers.CharField(max_length=40)
    pictures = serializers.ListField(child=serializers.CharField(max_length=40), max_length=MOST_PICTURES)
    pin = serializers.CharField(
        min_length=4, max_length=12, required=False, allow_blank=True, default="", validators=[_DIGITS]
    )
    days = serializers.IntegerField(
        min_value=1, max_value=MOST_DAYS, required=False, default=USUAL_DAYS, help_text="The link works."
    )


class ReviewChange(serializers.Serializer):
    """What shall be different; a `pin` of null asks for none any more."""

    title = serializers.CharField(max_length=120, required=False)
    message = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    max_rounds = serializers.IntegerField(min_value=1, max_value=MOST_ROUNDS, required=False)
    show_prices = serializers.BooleanField(required=False)
    show_budget = serializers.BooleanField(required=False)
    show_product_links = serializers.BooleanField(required=False)
    show_versions = serializers.BooleanField(required=False)
    allow_downloads = serializers.BooleanField(required=False)
    pin = serializers.CharField(
        min_length=4, max_length=12, required=False, allow_null=True, validators=[_DIGITS]
    )


class ReviewData(serializers.Serializer):
    """A room. `open`: its present round takes comments and decisions."""

    id = serializers.CharField(source="public_id")
    project = serializers.CharField(source="project.public_id")
    title = serializers.CharField()
    message = serializers.CharField()
    open = serializers.BooleanField(source="is_open")
    current_round = serializers.IntegerField()
    max_rounds = serializers.IntegerField()
    round_closed_at = serializers.DateTimeField(allow_null=True)
    asks_pin = serializers.SerializerMethodField()
    show_prices = serializers.BooleanField()
    show_budget = serializers.BooleanField()
    show_product_links = serializers.BooleanField()
    show_versions = serializers.BooleanField()
    allow_downloads = serializers.BooleanField()
    created_by = serializers.CharField(source="created_by.email", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    first_opened_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)

    def get_asks_pin(self, row: Any) -> bool:
        """Whether its link is opened with a PIN."""
        return bool(row.pin)


class ReviewLinkInput(serializers.Serializer):
    """Another link: to be copied, or with `to` mailed to somebody, who alone gets to know it."""

    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, required=False, default=USUAL_DAYS)
    to = serializers.EmailField(required=False)
    ends_others = serializers.BooleanField(
        required=False, default=False, help_text="Links given away before open nothing any more."
    )


class ReviewLinkData(serializers.Serializer):
    """A link without its address, which is told once."""

    id = serializers.CharField(source="public_id")
    sent_to = serializers.SerializerMethodField()
    made_by = serializers.CharField(source="made_by.email", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()

    def get_sent_to(self, row: ReviewLink) -> str | None:
        """An e-mail address; null for one that was copied."""
        return row.sent_to or None


class NewReviewLink(ReviewLinkData):
    """With its address, which is told this once."""

    url = serializers.URLField()


class NewReview(ReviewData):
    """With its first link."""

    link = NewReviewLink()


class Addition(serializers.Serializer):
    """A picture that is new in a round; `replaces` names the item whose place it takes."""

    picture = serializers.CharField(max_length=40)
    replaces = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)


class RoundInput(serializers.Serializer):
    """The next round; `message` takes the place of the room's."""

    pictures = serializers.ListField(child=Addition(), max_length=MOST_PICTURES)
    message = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    writes_to_reviewers = serializers.BooleanField(
        required=False, default=False, help_text="Mail everybody known in the room a link of their own."
    )


class DecisionData(serializers.Serializer):
    """What a reviewer decided, for good; the last one about the same thing counts."""

    item = serializers.CharField(source="item.public_id")
    picture = serializers.CharField(source="item.picture.public_id")
    piece = serializers.IntegerField(
        source="reference.position",
        default=None,
        allow_null=True,
        help_text="The number of a piece of furniture; null: the picture itself.",
    )
    outcome = serializers.ChoiceField(Decision.Outcome.choices)
    reason = serializers.CharField()
    reviewer_name = serializers.CharField()
    reviewer_email = serializers.CharField()
    round = serializers.IntegerField()
    number = serializers.IntegerField(help_text="1, 2, … about the same thing.")
    at = serializers.DateTimeField()


class ReviewPiece(serializers.Serializer):
    """A piece of furniture in a picture, with the last word about it."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(Decision.Outcome.choices, allow_null=True)
    reason = serializers.CharField(allow_null=True)


class ReviewItemData(serializers.Serializer):
    """A picture in a room, with the last word about it."""

    id = serializers.CharField()
    number = serializers.IntegerField(
        help_text="As the client counts them; of an older version, the newest's."
    )
    current = serializers.BooleanField(help_text="No newer version has taken its place.")
    replaces = serializers.CharField(allow_null=True)
    round = serializers.IntegerField(help_text="In which it came.")
    name = serializers.CharField(help_text="Of the room in it.")
    picture = serializers.DictField()
    before_url = serializers.URLField(allow_null=True)
    outcome = serializers.ChoiceField(Decision.Outcome.choices, allow_null=True)
    reason = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    open_comments = serializers.IntegerField()
    pieces = ReviewPiece(many=True)


class CommentData(serializers.Serializer):
    """Something said about a picture, maybe at a place in it (fractions of its width and height)."""

    id = serializers.CharField(source="public_id")
    item = serializers.CharField(source="item.public_id")
    reply_to = serializers.CharField(source="parent.public_id", default=None, allow_null=True)
    author = serializers.CharField(source="author_name")
    by_member = serializers.SerializerMethodField()
    email = serializers.SerializerMethodField()
    text = serializers.CharField()
    x = serializers.FloatField(allow_null=True)
    y = serializers.FloatField(allow_null=True)
    round = serializers.IntegerField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_by_member(self, row: Comment) -> bool:
        """Of the workspace's own people; else of a reviewer."""
        return row.link_id is None

    def get_email(self, row: Comment) -> str | None:
        """A reviewer's address."""
        return row.author_email or None


class ReplyInput(serializers.Serializer):
    """An answer; the reviewers read it in the room."""

    text = serializers.CharField(max_length=2000)


class CommentChange(serializers.Serializer):
    """Settled, or open again."""

    resolved = serializers.BooleanField()


# --- Values ----------------------------------------------------------------------------------------------


def item_data(
    shown: Shown, organization: Organization, request: HttpRequest, *, is_current: bool
) -> dict[str, Any]:
    """A picture of a room."""
    item: ReviewItem = shown.item
    decision, before = shown.decision, item.before
    return {
        "id": item.public_id,
        "number": shown.number,
        "current": is_current,
        "replaces": item.replaces.public_id if item.replaces else None,
        "round": item.round,
        "name": shown.name,
        "picture": picture_data(item.picture, organization, request),
        "before_url": files.url(request, before.image) if before and before.image else None,
        "outcome": decision.outcome if decision else None,
        "reason": decision.reason if decision else None,
        "decided_at": decision.at if decision else None,
        "open_comments": shown.open_threads,
        "pieces": [
            {
                "number": piece.position,
                "name": piece.name,
                "product": piece.product.public_id if piece.product else None,
                "outcome": piece.decision.outcome if piece.decision else None,
                "reason": piece.decision.reason if piece.decision else None,
            }
            for piece in shown.pieces
        ],
    }
