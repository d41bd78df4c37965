"""What becomes of pictures, and of those being made, when their workspace is deleted."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import lifecycle, tenancy
from accounts.models import Organization
from generations import proposal_files, removal, services
from generations.models import Generation, Picture, ReviewRoom, RoomSet, ShareLink, UpstreamKey
from projects import closing as projects

_AT_ONCE = 100


@lifecycle.deletion_explained.register
def explain(*, organization: Organization, now: datetime) -> list[str]:  # noqa: ARG001 — the turn's signature
    """For the owner, before."""
    pictures = Picture.objects.of(organization).kept().count()
    sentences = [
        _("Every photo, product, recipe, project and client is removed for good.")
        if not pictures
        else ngettext(
            "Its %(n)d picture is removed for good, with every photo, product, recipe, project and client.",
            "Its %(n)d pictures are removed for good, with every photo, product, recipe, project and client.",
            pictures,
        )
        % {"n": pictures},
        _("Every link to a picture or a review that you have given away stops working, and every API key."),
    ]
    running = Generation.objects.of(organization).not_ended().count()
    if running:
        sentences.append(
            ngettext(
                "%(n)d picture is being made: it is cancelled, or finished and then removed.",
                "%(n)d pictures are being made: they are cancelled, or finished and then removed.",
                running,
            )
            % {"n": running}
        )
    return sentences


@lifecycle.workspace_deleted.register
def close(*, organization: Organization, now: datetime) -> None:
    """Cancel what can be cancelled, wait for the rest, then remove pictures, photos and the workspace's own keys."""
    _cancel_all(organization, now)
    while some := _kept(organization):
        for generation in some:
            removal.delete_generation(generation=generation, by_user=None, now=now, is_noted=False)
    with tenancy.enter(organization):
        ShareLink.objects.of(organization).delete()
        RoomSet.objects.of(organization).delete()
        ReviewRoom.objects.of(organization).delete()  # with links, comments and decisions
        UpstreamKey.objects.of(organization).kept().update(removed_at=now, sealed=b"")
    proposal_files.erase(organization=organization)
    projects.erase(organization=organization)


def _cancel_all(organization: Organization, now: datetime) -> None:
    """Raises NotYet while an engine is at work for it."""
    with tenancy.enter(organization):
        open_ones = Generation.objects.of(organization).not_ended().select_related("organization", "room")
        left = list(open_ones.order_by("-pk"))  # the last in the line first: no other is admitted in vain
    under_way = 0
    for generation in left:
        try:
            services.cancel(generation=generation, by_user=None, now=now)
        except services.TooLateToCancel:
            under_way += 1
    if under_way:
        raise lifecycle.NotYet


def _kept(organization: Organization) -> list[Generation]:
    with tenancy.enter(organization):
        rows = Generation.objects.of(organization).kept().select_related("organization").order_by("pk")
        return list(rows[:_AT_ONCE])
