"""Pictures and what was asked for, in the export of a workspace or a person."""

from __future__ import annotations

from typing import Any

from accounts import lifecycle, tenancy
from accounts.archive import Archive
from accounts.models import Organization, User
from generations.models import (
    Comment,
    Decision,
    Generation,
    Picture,
    Proposal,
    ProposalAnswer,
    ProposalLine,
    ProposalPicture,
    ReviewItem,
    ReviewRoom,
    RoomSet,
    ShareLink,
)

_AT_ONCE = 200
_ASKED = (
    "public_id",
    "created_at",
    "finished_at",
    "requested_by__email",
    "prompt",
    "mode",
    "style",
    "resolution",
    "design_level",
    "variations",
    "engine",
    "is_test",
    "is_sample",
    "state",
    "error_code",
    "error_message",
    "credits_settled",
    "photo__public_id",
    "parent__public_id",
    "room__public_id",
    "room_set__public_id",
)
_SET = ("public_id", "name", "project__public_id", "room__public_id", "photos", "created_at", "finished_at")
_PICTURE = (
    "public_id",
    "generation__public_id",
    "position",
    "width",
    "height",
    "notes",
    "starred_at",
    "created_at",
)
_ROOM = (
    "public_id",
    "project__public_id",
    "title",
    "message",
    "created_by__email",
    "created_at",
    "first_opened_at",
    "revoked_at",
    "max_rounds",
    "current_round",
    "round_closed_at",
    "show_prices",
    "show_budget",
    "show_product_links",
    "show_versions",
    "allow_downloads",
)
_ITEM = ("public_id", "room__public_id", "picture__public_id", "replaces__public_id", "position", "round")
_COMMENT = (
    "public_id",
    "item__public_id",
    "parent__public_id",
    "author_name",
    "author_email",
    "author__email",
    "text",
    "x",
    "y",
    "round",
    "created_at",
    "resolved_at",
    "resolved_by__email",
)
_DECISION = (
    "item__public_id",
    "reference__position",
    "reference__photo__public_id",
    "outcome",
    "reason",
    "reviewer_name",
    "reviewer_email",
    "round",
    "number",
    "at",
)

_PROPOSALS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "proposals": (
        Proposal,
        (
            "public_id",
            "project__public_id",
            "state",
            "number",
            "title",
            "client_name",
            "client_email",
            "currency",
            "markup",
            "tax",
            "cost",
            "net",
            "tax_amount",
            "total",
            "terms",
            "valid_until",
            "created_at",
            "sent_at",
            "ended_at",
        ),
    ),
    "proposal-lines": (
        ProposalLine,
        ("proposal__public_id", "name", "details", "quantity", "unit_price", "markup", "product__public_id"),
    ),
    "proposal-pictures": (ProposalPicture, ("proposal__public_id", "picture__public_id", "caption")),
    "proposal-answers": (
        ProposalAnswer,
        ("proposal__public_id", "accepted", "name", "email", "reason", "total", "at"),
    ),
}


@lifecycle.workspace_exported.register
def pack(*, organization: Organization, archive: Archive) -> None:
    """What was asked for as JSON, pictures as files."""
    archive.rows("generations", _asked(organization))
    told, after = [], 0
    while some := _pictures(organization, after):
        after = some[-1]["pk"]
        for picture in some:
            archive.stored("pictures", picture["public_id"], picture["image"])
            told.append({name: picture[name] for name in _PICTURE})
    archive.rows("pictures", told)
    with tenancy.enter(organization):
        for name, (model, columns) in _PROPOSALS.items():
            archive.rows(name, list(model.objects.of(organization).order_by("pk").values(*columns)))
        papers = list(Proposal.objects.of(organization).exclude(pdf="").values_list("public_id", "pdf"))
        links = ShareLink.objects.of(organization).order_by("pk")
        sets = list(RoomSet.objects.of(organization).order_by("pk").values(*_SET))
        shared = list(
            links.values("public_id", "picture__public_id", "created_at", "expires_at", "revoked_at")
        )
    archive.rows("share-links", shared)
    for public_id, stored in papers:
        archive.stored("proposals", public_id, stored)
    archive.rows("room-sets", sets)
    _pack_reviews(organization, archive)


def _pack_reviews(organization: Organization, archive: Archive) -> None:
    with tenancy.enter(organization):
        rooms = list(ReviewRoom.objects.of(organization).order_by("pk").values(*_ROOM))
        items = list(ReviewItem.objects.of(organization).order_by("pk").values(*_ITEM))
        comments = list(Comment.objects.of(organization).order_by("pk").values(*_COMMENT))
        decisions = list(Decision.objects.of(organization).order_by("pk").values(*_DECISION))
    archive.rows("review-rooms", rooms)
    archive.rows("review-pictures", items)
    archive.rows("review-comments", comments)
    archive.rows("review-decisions", decisions)


@lifecycle.person_exported.register
def pack_person(*, user: User, organizations: list[Organization], archive: Archive) -> None:
    """What the person has asked for, in each workspace that they belong to."""
    rows = [
        {"workspace": organization.name, **row}
        for organization in organizations
        for row in _asked(organization, by_user=user)
    ]
    archive.rows("what-you-asked-for", rows)


def _asked(organization: Organization, **only: User) -> list[dict[str, Any]]:
    with tenancy.enter(organization):
        rows = Generation.objects.of(organization).kept().order_by("pk")
        if by_user := only.get("by_user"):
            rows = rows.filter(requested_by=by_user)
        return list(rows.values(*_ASKED))


def _pictures(organization: Organization, after: int) -> list[dict[str, Any]]:
    with tenancy.enter(organization):
        rows = Picture.objects.of(organization).kept().filter(pk__gt=after).order_by("pk")
        return list(rows.values("pk", "image", *_PICTURE)[:_AT_ONCE])
