"""Everything of a workspace, or of a person, as a ZIP: asked for, built by a job, told by mail, gone after a week."""

from __future__ import annotations

import logging
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.urls import reverse
from procrastinate.contrib.django import app

from accounts import emails, lifecycle, services, tenancy
from accounts.archive import Archive
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import (
    ApiKey,
    AuditEntry,
    Event,
    Export,
    Invitation,
    Membership,
    Notification,
    Organization,
    User,
)

logger = logging.getLogger(__name__)

BUILD_TASK = "accounts.build_export"
QUEUE = "upkeep"
LASTS = timedelta(days=7)
MOST_A_DAY = 3
GIVEN_UP_AFTER = timedelta(hours=12)  # a build that was killed makes room for another
FOLDER = "exports"


class ExportUnderWay(Refusal):
    """An export is being built already. You get a mail when it is ready."""

    code, title, status = "export_under_way", "Export under way", 409


class TooManyExports(Refusal):
    """Three exports a day are the most. Take one of those that are there."""

    code, title, status = "too_many_exports", "Too many exports", 429


def ask_of_workspace(*, organization: Organization, by_user: User, base: str, now: datetime) -> Export:
    """Have everything of the workspace packed. Raises ExportUnderWay, TooManyExports. `base` begins the mailed link."""
    with tenancy.enter(organization):
        export = _ask(organization, by_user, base, now)
        services.record(organization=organization, by_user=by_user, action="export.asked", now=now)
    return export


def ask_of_person(*, user: User, base: str, now: datetime) -> Export:
    """Have everything of the person packed. Raises as above."""
    with tenancy.system("a person's own exports"):
        return _ask(None, user, base, now)


def _ask(organization: Organization | None, by_user: User, base: str, now: datetime) -> Export:
    mine = Export.objects.filter(organization=organization)
    if organization is None:
        mine = mine.filter(asked_by=by_user)
    if mine.filter(created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise TooManyExports
    try:
        with transaction.atomic():
            export: Export = Export.objects.create(
                organization=organization, asked_by=by_user, created_at=now, expires_at=now + LASTS
            )
    except IntegrityError as error:
        raise ExportUnderWay from error
    job = app.configure_task(BUILD_TASK, queue=QUEUE, allow_unknown=True)
    job.defer(export_id=export.pk, base=base)
    return export


def of_workspace(*, organization: Organization) -> list[Export]:
    """Newest first; asked inside the workspace."""
    return list(Export.objects.of(organization).select_related("asked_by").order_by("-pk"))


def of_person(*, user: User) -> list[Export]:
    """The person's own, newest first."""
    with tenancy.system("a person's own exports"):
        return list(Export.objects.filter(organization=None, asked_by=user).order_by("-pk"))


def build(*, export_id: int, base: str, now: datetime) -> None:
    """Pack it and tell who asked. Nothing when it was built or given up meanwhile."""
    export = _find(export_id)
    if export is None or export.ready_at is not None:
        return
    name = f"{FOLDER}/{export.public_id}-{random_base62(8)}.zip"
    with tempfile.TemporaryDirectory(prefix="roomwright-export-") as folder:
        path = Path(folder) / "export.zip"
        with ZipFile(path, "w") as zipped:
            archive = Archive(zipped)
            if export.organization is not None:
                _pack_workspace(export.organization, archive)
            else:
                _pack_person(export.asked_by, archive)
            archive.rows("missing-files", ({"file": missing} for missing in archive.missing))
        size = path.stat().st_size
        with path.open("rb") as packed:
            default_storage.save(name, File(packed))
    with tenancy.system("a person's own exports"):
        kept = Export.objects.filter(pk=export.pk, ready_at=None).update(file=name, bytes=size, ready_at=now)
    if not kept:
        default_storage.delete(name)
        return
    workspace = export.organization
    where = (
        reverse("exports", args=[workspace.public_id]) if workspace is not None else reverse("person-exports")
    )
    emails.send(
        to=[export.asked_by.email],
        template="export_ready",
        context={"workspace": workspace, "export": export, "link": f"{base}{where}"},
        language=export.asked_by.language,
    )


def sweep(*, now: datetime) -> int:
    """Remove exports that have expired or were given up, and files that no row names. Returns how many."""
    with tenancy.system("a person's own exports"):
        stuck = Export.objects.filter(ready_at=None, created_at__lt=now - GIVEN_UP_AFTER)
        over = list(Export.objects.filter(expires_at__lte=now)) + list(stuck)
        Export.objects.filter(pk__in=[export.pk for export in over]).delete()
        named = set(Export.objects.exclude(file="").values_list("file", flat=True))
    removed = len(over)
    try:
        _, files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return removed
    for file in files:
        name = f"{FOLDER}/{file}"
        young = default_storage.get_modified_time(name) > now - GIVEN_UP_AFTER
        if name not in named and (not young or any(export.file == name for export in over)):
            default_storage.delete(name)
    return removed


def forget(*, organization: Organization) -> None:
    """Of a deleted workspace: rows and files."""
    with tenancy.enter(organization):
        files = [export.file for export in Export.objects.of(organization) if export.file]
        Export.objects.of(organization).delete()
    for file in files:
        default_storage.delete(file)


def forget_person(*, user: User) -> list[str]:
    """A person's own exports; asked across workspaces. Returns the files, to be removed after the commit."""
    mine = Export.objects.filter(organization=None, asked_by=user)
    files = [export.file for export in mine if export.file]
    mine.delete()
    return files


def remove_file(name: str) -> None:
    """Of an export whose row is gone."""
    default_storage.delete(name)


def _find(export_id: int) -> Export | None:
    with tenancy.system("a person's own exports"):
        found: Export | None = (
            Export.objects.filter(pk=export_id).select_related("organization", "asked_by").first()
        )
    if found is not None and found.organization is not None and found.organization.deleted_at is not None:
        return None
    return found


def _pack_workspace(organization: Organization, archive: Archive) -> None:
    with tenancy.enter(organization):
        members = list(
            Membership.objects.of(organization).values("user__email", "user__name", "role", "created_at")
        )
        invited = list(
            Invitation.objects.of(organization).values("email", "role", "created_at", "accepted_at")
        )
        keys = list(
            ApiKey.objects.of(organization).values("name", "prefix", "is_live", "created_at", "revoked_at")
        )
        log = list(
            AuditEntry.objects.of(organization)
            .order_by("pk")
            .values("at", "actor__email", "action", "target", "details")
        )
        events = list(
            Event.objects.of(organization)
            .order_by("pk")
            .values("public_id", "at", "actor__email", "actor_name", "kind", "subject", "project", "data")
        )
    facts = {"name": organization.name, "plan": organization.plan, "created_at": organization.created_at}
    archive.rows("workspace", [facts])
    for name, rows in {
        "members": members,
        "invitations": invited,
        "api-keys": keys,
        "audit-log": log,
        "events": events,
    }.items():
        archive.rows(name, rows)
    lifecycle.workspace_exported.happened(organization=organization, archive=archive)


def _pack_person(user: User, archive: Archive) -> None:
    organizations = services.workspaces_of(user=user)
    with tenancy.system("the signed-in user's memberships"):
        memberships = list(
            Membership.objects.filter(user=user).values(
                "organization__name", "role", "created_at", "mail_ready", "mail_failed", "mail_weekly"
            )
        )
    archive.rows(
        "person",
        [
            {
                "email": user.email,
                "name": user.name,
                "language": user.language,
                "joined": user.date_joined,
                "last_sign_in": user.last_login,
                "wants_news": user.wants_news,
            }
        ],
    )
    addresses = EmailAddress.objects.filter(user=user)
    archive.rows("e-mail-addresses", addresses.values("email", "verified", "primary"))
    archive.rows("memberships", memberships)
    sessions = UserSession.objects.filter(user=user)
    archive.rows("sessions", sessions.values("created_at", "last_seen_at", "ip", "user_agent"))
    done: list[dict[str, object]] = []
    told: list[dict[str, object]] = []
    for organization in organizations:
        with tenancy.enter(organization):
            mine = AuditEntry.objects.of(organization).filter(actor=user).order_by("pk")
            done += [{"workspace": organization.name, **row} for row in mine.values("at", "action", "target")]
            heard = Notification.objects.of(organization).filter(user=user).order_by("pk")
            told += [
                {"workspace": organization.name, **row}
                for row in heard.values("event__at", "event__kind", "event__subject", "read_at")
            ]
    archive.rows("what-you-did", done)
    archive.rows("what-you-were-told", told)
    lifecycle.person_exported.happened(user=user, organizations=organizations, archive=archive)
