"""Verbs about who belongs to a workspace and as what.

Each of them locks the workspace's row first, so that seats are counted and owners are left one after the other.
That a workspace keeps an owner the database sees to as well (migration 0006).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import services, tenancy
from accounts.errors import Refusal
from accounts.models import Invitation, Membership, Notification, Organization, Role, User


class SeatsFull(Refusal):
    """Every seat of the plan is taken. Remove a member, withdraw an invitation, or choose a larger plan."""

    code, title, status = "seats_full", "No seat left", 409


class LastOwner(Refusal):
    """A workspace needs an owner, and this is its only one. Make somebody else an owner first."""

    code, title, status = "last_owner", "Last owner", 409


class NotAllowed(Refusal):
    """Only an owner can do this."""

    code, title, status = "owner_needed", "Owner needed", 403


class NoSuchMember(Refusal):
    """This person is no longer a member."""

    code, title, status = "no_such_member", "No such member", 404


@contextmanager
def locked(organization: Organization) -> Iterator[None]:
    """Inside the workspace, one after the other. Raises NoSuchMember once it is deleted."""
    with tenancy.enter(organization):
        rows = Organization.objects.select_for_update(no_key=True).filter(deleted_at=None)
        if rows.filter(pk=organization.pk).first() is None:
            raise NoSuchMember(_("This workspace was deleted."))
        yield


def acting(organization: Organization, by_user: User) -> Membership:
    """The membership of who acts, as it is now; asked while the workspace is locked."""
    found: Membership | None = Membership.objects.of(organization).filter(user=by_user).first()
    if found is None:
        raise NoSuchMember
    return found


def seats_taken(*, organization: Organization, now: datetime) -> int:
    """Members and pending invitations; asked inside the workspace."""
    members: int = Membership.objects.of(organization).count()
    return members + int(Invitation.objects.of(organization).pending(now).count())


def check_a_seat_is_free(*, organization: Organization, now: datetime, taken: int | None = None) -> None:
    """Raises SeatsFull; asked while the workspace is locked. `taken` counts otherwise than `seats_taken`."""
    organization.refresh_from_db(fields=["seats", "plan"])
    if taken is None:
        taken = seats_taken(organization=organization, now=now)
    if taken >= organization.seats:
        seats = ngettext(
            "The plan %(plan)s has %(seats)d seat, and it is taken.",
            "The plan %(plan)s has %(seats)d seats, and all are taken.",
            organization.seats,
        ) % {"plan": organization.plan.title(), "seats": organization.seats}
        raise SeatsFull(
            seats + " " + _("Remove a member, withdraw an invitation, or choose a larger plan."),
            seats=organization.seats,
            taken=taken,
        )


def change_role(
    *, organization: Organization, by_user: User, member_id: int, role: Role, now: datetime
) -> Membership:
    """Make a member something else. Raises NotAllowed where owners are concerned and no owner asks; LastOwner."""
    with locked(organization):
        member = _find(organization, member_id)
        before = Role(member.role)
        if before == role:
            return member
        if Role.OWNER in (before, role):
            _need(organization, by_user, Role.OWNER)
        else:
            _need(organization, by_user, Role.ADMIN)
        if before == Role.OWNER:
            _check_another_owner(organization, member)
        member.role = role
        member.save(update_fields=["role"])
        services.record(
            organization=organization,
            by_user=by_user,
            action="member.role_changed",
            target=member.user.email[:60],
            now=now,
            before=before.value,
            after=role.value,
        )
        return member


def remove(*, organization: Organization, by_user: User, member_id: int, now: datetime) -> Membership:
    """End somebody's membership. Raises NotAllowed for an owner unless an owner asks; LastOwner."""
    with locked(organization):
        member = _find(organization, member_id)
        _need(organization, by_user, Role.OWNER if member.role == Role.OWNER else Role.ADMIN)
        if member.role == Role.OWNER:
            _check_another_owner(organization, member)
        _end(member)
        services.record(
            organization=organization,
            by_user=by_user,
            action="member.removed",
            target=member.user.email[:60],
            now=now,
        )
        return member


def leave(*, organization: Organization, by_user: User, now: datetime) -> None:
    """End one's own membership. Raises LastOwner."""
    with locked(organization):
        member = acting(organization, by_user)
        if member.role == Role.OWNER:
            _check_another_owner(organization, member)
        _end(member)
        services.record(organization=organization, by_user=by_user, action="member.left", now=now)


def transfer(*, organization: Organization, by_user: User, member_id: int, now: datetime) -> Membership:
    """Make another member the owner; who hands over stays as an admin. Raises NotAllowed."""
    with locked(organization):
        giver = _need(organization, by_user, Role.OWNER)
        taker = _find(organization, member_id)
        if taker.pk == giver.pk:
            return taker
        Membership.objects.of(organization).filter(pk=taker.pk).update(role=Role.OWNER)
        Membership.objects.of(organization).filter(pk=giver.pk).update(role=Role.ADMIN)
        services.record(
            organization=organization,
            by_user=by_user,
            action="workspace.transferred",
            target=taker.user.email[:60],
            now=now,
        )
        return taker


def _end(member: Membership) -> None:
    """Everything that hangs on the membership goes with it: they are on no project, and told nothing any more."""
    Notification.objects.of(member.organization).filter(user=member.user_id).delete()
    member.delete()


def _find(organization: Organization, member_id: int) -> Membership:
    rows = Membership.objects.of(organization).select_related("user")
    found: Membership | None = rows.filter(pk=member_id).first()
    if found is None:
        raise NoSuchMember
    return found


def _need(organization: Organization, by_user: User, role: Role) -> Membership:
    member = acting(organization, by_user)
    if not member.may(role):
        raise NotAllowed(_("Only an owner can do this.") if role == Role.OWNER else _("This needs an admin."))
    return member


def _check_another_owner(organization: Organization, member: Membership) -> None:
    owners = Membership.objects.of(organization).filter(role=Role.OWNER).exclude(pk=member.pk)
    if not owners.exists():
        raise LastOwner
