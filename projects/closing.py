"""What becomes of an agency's work when its workspace is deleted."""

from __future__ import annotations

from accounts import tenancy
from accounts.models import Organization
from projects import branding, services, storage, uploads
from projects.models import Client, Photo, Product, Project, Recipe

_AT_ONCE = 50  # photos of one transaction


def erase(*, organization: Organization) -> None:
    """Photos with their files, library, recipes, projects and clients; rows of photos stay for what names them.

    To be called when nothing of the workspace is being made any more; calling it again is harmless.
    """
    while _erase_photos(organization):
        pass
    with tenancy.enter(organization):
        uploads.erase(organization=organization)
        Recipe.objects.of(organization).delete()
        Product.objects.of(organization).delete()
        Project.objects.of(organization).delete()
        clients = Client.objects.of(organization)
        storage.doom(clients.exclude(logo="").values_list("logo", flat=True))
        clients.delete()
    branding.erase(organization=organization)


def _erase_photos(organization: Organization) -> int:
    with tenancy.enter(organization):
        left = Photo.objects.of(organization).exclude(state=Photo.State.GONE)
        some = list(left.select_for_update(no_key=True).order_by("pk")[:_AT_ONCE])
        services.remove_photos(organization=organization, removed=some)
    return len(some)
