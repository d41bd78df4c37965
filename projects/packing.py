"""An agency's work in the export of its workspace."""

from __future__ import annotations

from typing import Any

from accounts import lifecycle, tenancy
from accounts.archive import Archive
from accounts.models import Organization
from projects.brand_rows import Brand
from projects.models import Client, Photo, Product, Project, Recipe, Room
from projects.team_rows import ProjectMember, ProjectNote

_AT_ONCE = 200
_LISTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "clients": (
        Client,
        (
            *("public_id", "name", "email", "phone", "address", "notes", "brand_name", "accent"),
            *("created_at", "archived_at"),
        ),
    ),
    "projects": (
        Project,
        (
            *("public_id", "name", "address", "client__public_id", "status", "deadline"),
            *("cover__public_id", "created_at", "archived_at"),
        ),
    ),
    "rooms": (Room, ("public_id", "name", "project__public_id", "position", "created_at")),
    "products": (
        Product,
        ("public_id", "name", "price", "currency", "link", "photo__public_id", "created_at"),
    ),
    "project-members": (ProjectMember, ("project__public_id", "member__user__email", "assigned_at")),
    "project-notes": (
        ProjectNote,
        ("public_id", "project__public_id", "author__email", "text", "written_at"),
    ),
    "brand": (Brand, ("public_id", "colour", "sender_name", "reply_to")),
    "recipes": (Recipe, ("public_id", "name", "mode", "style", "prompt", "resolution", "variations")),
}
_PHOTO = (
    "public_id",
    "kind",
    "name",
    "room__public_id",
    "position",
    "source_url",
    "width",
    "height",
    "created_at",
)


@lifecycle.workspace_exported.register
def pack(*, organization: Organization, archive: Archive) -> None:
    """Lists as JSON, photos as files."""
    for name, (model, columns) in _LISTS.items():
        with tenancy.enter(organization):
            rows = list(model.objects.of(organization).order_by("pk").values(*columns))
        archive.rows(name, rows)
    for public_id, logo in _logos(organization):
        archive.stored("logos", public_id, logo)
    told, after = [], 0
    while some := _photos(organization, after):
        after = some[-1]["pk"]
        for photo in some:
            if stored := photo["image"] or photo["original"]:
                archive.stored("photos", photo["public_id"], stored)
            told.append({name: photo[name] for name in _PHOTO})
    archive.rows("photos", told)


def _logos(organization: Organization) -> list[tuple[str, str]]:
    with tenancy.enter(organization):
        rows = (model.objects.of(organization).exclude(logo="") for model in (Client, Brand))
        return [named for some in rows for named in some.order_by("pk").values_list("public_id", "logo")]


def _photos(organization: Organization, after: int) -> list[dict[str, Any]]:
    with tenancy.enter(organization):
        rows = Photo.objects.of(organization).exclude(state=Photo.State.GONE).filter(pk__gt=after)
        return list(rows.order_by("pk").values("pk", "image", "original", *_PHOTO)[:_AT_ONCE])
