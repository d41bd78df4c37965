"""What billing's opaque ids are called: it keeps them in references, labels and budgets and knows none of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organization
from billing import naming
from billing.naming import Named
from generations.models import Generation
from projects.models import Client, Project, Room


def _page(name: str, organization: Organization, **ids: str) -> str:
    return reverse(name, kwargs={"workspace": organization.public_id, **ids})


def _rows(rows: Any, ids: Collection[str] | None) -> Any:
    return rows if ids is None else rows.filter(public_id__in=ids)


@naming.register("gen")
def generations_named(*, organization: Organization, ids: Collection[str] | None) -> dict[str, Named]:
    """By what was asked for; one that was deleted has no words and no page left."""
    found = _rows(Generation.objects.of(organization), ids).order_by("-pk")
    names = {}
    for public_id, prompt, deleted_at in found.values_list("public_id", "prompt", "deleted_at"):
        url = _page("generation", organization, generation_id=public_id)
        words = prompt if len(prompt) <= 60 else f"{prompt[:59].rstrip()}…"
        names[public_id] = Named(_("A redesign that was deleted")) if deleted_at else Named(words, url)
    return names


@naming.register("room")
def rooms_named(*, organization: Organization, ids: Collection[str] | None) -> dict[str, Named]:
    """By their names."""
    found = _rows(Room.objects.of(organization), ids).order_by("name").values_list("public_id", "name")
    return {key: Named(name, _page("room", organization, room_id=key)) for key, name in found}


@naming.register("prj")
def projects_named(*, organization: Organization, ids: Collection[str] | None) -> dict[str, Named]:
    """By their names."""
    found = _rows(Project.objects.of(organization), ids).order_by("name").values_list("public_id", "name")
    return {key: Named(name, _page("project", organization, project_id=key)) for key, name in found}


@naming.register("cli")
def clients_named(*, organization: Organization, ids: Collection[str] | None) -> dict[str, Named]:
    """By their names."""
    found = _rows(Client.objects.of(organization), ids).order_by("name").values_list("public_id", "name")
    return {key: Named(name, _page("client", organization, client_id=key)) for key, name in found}
