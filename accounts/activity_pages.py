"""What a member was told, and what happened in the workspace."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import activity
from accounts.converters import number_or_none
from accounts.models import Event, Notification
from accounts.tenancy import MemberRequest, member

PER_PAGE = 30


def page_after(request: HttpRequest, rows: Any) -> tuple[list[Any], int | None]:
    """The rows older than `?before=` (a number; anything else is the newest page), and what the next page is before."""
    before = number_or_none(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PER_PAGE + 1])
    return found[:PER_PAGE], found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None


def in_words(events: list[Event]) -> list[tuple[Event, str, str]]:
    """Each with its sentence and the path it leads to ("" for none)."""
    return [(event, activity.words_of(event), activity.address_of(event)) for event in events]


@member()
@require_GET
def workspace_activity(request: MemberRequest) -> HttpResponse:
    """Everything that happened in the workspace, newest first."""
    events, older = page_after(request, activity.feed(organization=request.organization))
    return render(request, "accounts/activity.html", {"lines": in_words(events), "older": older})


@member()
@require_GET
def told(request: MemberRequest) -> HttpResponse:
    """What the member was told, newest first."""
    found, older = page_after(request, activity.told_to(organization=request.organization, user=request.user))
    context = {
        "lines": [(one, activity.words_of(one.event)) for one in found],
        "older": older,
        "newest": found[0].pk if found else 0,
        "has_unread": any(one.read_at is None for one in found),
    }
    return render(request, "accounts/told.html", context)


def _mine(request: MemberRequest, notification: int) -> Notification:
    mine = activity.told_to(organization=request.organization, user=request.user)
    found: Notification | None = mine.filter(pk=notification).first()
    if found is None:
        raise Http404
    return found


@member()
@require_GET
def go(request: MemberRequest, notification: int) -> HttpResponse:
    """To where it happened; who goes there has read it."""
    found = _mine(request, notification)
    _read(request, notification)
    where = activity.address_of(found.event)
    return redirect(where) if where else _back(request)


@member()
@require_POST
def mark_one(request: MemberRequest, notification: int) -> HttpResponse:
    """One of them is read."""
    _read(request, _mine(request, notification).pk)
    return _back(request)


@member()
@require_POST
def mark_all(request: MemberRequest) -> HttpResponse:
    """All of them are read that were there when the page was made."""
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) < 19:
        activity.mark_read_until(
            organization=request.organization, user=request.user, newest=int(newest), now=timezone.now()
        )
        messages.success(request, _("Everything is marked as read."))
    return _back(request)


def _read(request: MemberRequest, notification: int) -> None:
    activity.mark_read(
        organization=request.organization,
        user=request.user,
        notification=notification,
        now=timezone.now(),
    )


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("told", workspace=request.organization.public_id)
