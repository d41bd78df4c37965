"""The end of a workspace: closed to everybody at once, emptied by a job, its books kept (decision 0015)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from accounts import exports, lifecycle, members, services, tenancy
from accounts.errors import Refusal
from accounts.models import ApiKey, Event, Invitation, Membership, Organization, Role, User

logger = logging.getLogger(__name__)

EMPTY_TASK = "accounts.empty_workspace"
QUEUE = "upkeep"
# A request that had come in before may go on for so long; what it still writes shall be found by the emptying.
SETTLED_AFTER = timedelta(minutes=3)
NAME_AFTERWARDS = "Deleted workspace"


class WrongName(Refusal):
    """That is not the name of this workspace. Nothing was deleted."""

    code, title, status = "wrong_name", "Wrong name", 422


def explain(*, organization: Organization, now: datetime) -> list[str]:
    """What deleting it would mean, in sentences; asked inside the workspace."""
    found = lifecycle.deletion_explained.gathered(organization=organization, now=now)
    return [sentence for sentences in found if isinstance(sentences, list) for sentence in sentences]


def delete_workspace(*, organization: Organization, by_user: User, typed: str, now: datetime) -> None:
    """Close it to everybody; a job empties it. `typed` must be its name. Raises WrongName, NotAllowed."""
    with members.locked(organization):
        if not members.acting(organization, by_user).may(Role.OWNER):
            raise members.NotAllowed
        current = Organization.objects.get(pk=organization.pk)
        if " ".join(typed.split()) != " ".join(current.name.split()):
            raise WrongName
        Organization.objects.filter(pk=organization.pk).update(deleted_at=now)
        ApiKey.objects.of(organization).active().update(revoked_at=now)
        Invitation.objects.of(organization).filter(accepted_at=None, revoked_at=None).update(revoked_at=now)
        services.record(organization=organization, by_user=by_user, action="workspace.deleted", now=now)
        wait = {"seconds": int(SETTLED_AFTER.total_seconds())}
        job = app.configure_task(EMPTY_TASK, queue=QUEUE, schedule_in=wait, allow_unknown=True)
        job.defer(organization_id=organization.pk)


def empty(*, organization_id: int, now: datetime) -> bool:
    """Remove what is in a deleted workspace; False when something of it runs still, or is emptied already."""
    rows = Organization.objects.filter(pk=organization_id, deleted_at__isnull=False, emptied_at=None)
    organization = rows.first()
    if organization is None:
        return False
    try:
        lifecycle.workspace_deleted.happened(organization=organization, now=now)
    except lifecycle.NotYet:
        return False
    exports.forget(organization=organization)
    with tenancy.enter(organization):
        Event.objects.of(organization).delete()
        Invitation.objects.of(organization).delete()
        ApiKey.objects.of(organization).update(name=_("Deleted"))
        Membership.objects.of(organization).delete()
        services.record(organization=organization, by_user=None, action="workspace.emptied", now=now)
        rows.update(name=NAME_AFTERWARDS, emptied_at=now, payment_overdue_since=None)
    return True


def empty_all(*, now: datetime) -> int:
    """Every deleted workspace that is not empty yet; one's trouble is not another's. Returns how many were emptied."""
    emptied = 0
    waiting = Organization.objects.filter(deleted_at__lte=now - SETTLED_AFTER, emptied_at=None)
    for pk in waiting.order_by("deleted_at").values_list("pk", flat=True):
        try:
            emptied += empty(organization_id=pk, now=now)
        except Exception:
            logger.exception("The deleted workspace %s could not be emptied; it is tried again.", pk)
    return emptied
