"""What a client sees of a project, for members: the same pages, read only, and nothing is noted as opened."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.tenancy import MemberRequest, member
from generations import review_shown
from generations.models import Proposal, ReviewLink, ReviewRoom
from generations.review_shown import RoomShown
from projects import branding
from projects.models import Project


@member()
@require_safe
def project(request: MemberRequest, project_id: str) -> HttpResponse:
    """All that links have been made for: review rooms with what each shows, and proposals."""
    projects = Project.objects.of(request.organization).select_related("client")
    found: Project = get_object_or_404(projects, public_id=project_id)
    rooms = ReviewRoom.objects.of(request.organization).filter(project=found, revoked_at=None)
    proposals = Proposal.objects.of(request.organization).filter(project=found)
    states = (Proposal.State.SENT, Proposal.State.ACCEPTED, Proposal.State.DECLINED)
    context = {
        "project": found,
        "rooms": rooms.order_by("-pk")[:100],
        "proposals": proposals.filter(state__in=states).select_related("organization").order_by("-pk")[:100],
    }
    return render(request, "generations/project_preview.html", context)


@member()
@require_safe
def review(request: MemberRequest, review_id: str) -> HttpResponse:
    """The client's page of a review room."""
    room, shown = _room(request, review_id)
    return render(request, "generations/review_guest_room.html", _context(request, room, shown))


@member()
@require_safe
def review_item(request: MemberRequest, review_id: str, item_id: str) -> HttpResponse:
    """The client's page of one of its pictures."""
    room, shown = _room(request, review_id)
    one = shown.find(item_id, with_older=room.show_versions)
    if one is None:
        raise Http404
    earlier, later = shown.neighbours(one)
    context = _context(request, room, shown) | {
        "one": one,
        "earlier": earlier,
        "later": later,
        "is_open": False,  # nothing is decided or written here
        "is_older": one not in shown.pictures,
    }
    return render(request, "generations/review_guest_item.html", context)


def _room(request: MemberRequest, review_id: str) -> tuple[ReviewRoom, RoomShown]:
    rows = ReviewRoom.objects.of(request.organization).select_related("organization", "project")
    found: ReviewRoom = get_object_or_404(rows.filter(revoked_at=None), public_id=review_id)
    return found, review_shown.show(room=found)


def _context(request: MemberRequest, room: ReviewRoom, shown: RoomShown) -> dict[str, Any]:
    links = ReviewLink.objects.of(request.organization).open(timezone.now()).filter(room=room)
    last = links.order_by("-expires_at").first()
    branding.show_as(request, room)
    return {
        "is_preview": True,
        "room": room,
        "organization": request.organization,
        "shown": shown,
        "totals": shown.totals if room.show_budget else [],
        "until": last.expires_at if last else None,
    }
