"""Asking people into a workspace: a row, a mail whose link exists nowhere else, and its acceptance, once."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from accounts import emails, members, services, tenancy
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import Invitation, Membership, Organization, Role, User

MAIL_TASK = "accounts.mail_invitation"
LASTS = timedelta(days=14)
MOST_A_DAY = 100  # mails of one workspace: nobody shall use us to write to strangers
AGAIN_AFTER = timedelta(minutes=1)
_TOKEN_LENGTH = 40  # 238 bits


class AlreadyMember(Refusal):
    """This person is a member already."""

    code, title, status = "already_member", "Already a member", 409


class AlreadyInvited(Refusal):
    """This address has an open invitation already. Send that one again, or withdraw it."""

    code, title, status = "already_invited", "Already invited", 409


class TooManyInvitations(Refusal):
    """This workspace has sent very many invitations today. Try again tomorrow."""

    code, title, status = "too_many_invitations", "Too many invitations", 429


class InvitationOver(Refusal):
    """This invitation works no more: it was accepted, withdrawn, replaced by a newer mail, or is too old."""

    code, title, status = "invitation_over", "Invitation over", 410


class HasAnAccount(Refusal):
    """There is an account with this e-mail address already. Sign in to accept the invitation."""

    code, title, status = "has_an_account", "Sign in instead", 409


def invite(
    *, organization: Organization, by_user: User, email: str, role: Role, base: str, now: datetime
) -> Invitation:
    """Ask an address in; a mail goes out when the transaction has committed. `base` is what its link begins with.

    Raises AlreadyMember, AlreadyInvited, SeatsFull, NotAllowed, TooManyInvitations.
    """
    email = email.strip().lower()
    with members.locked(organization):
        if not members.acting(organization, by_user).may(Role.ADMIN):
            raise members.NotAllowed(_("This needs an admin."))
        if Membership.objects.of(organization).filter(user__email__iexact=email).exists():
            raise AlreadyMember
        _check_rate(organization, now)
        open_ones = Invitation.objects.of(organization).filter(
            email__iexact=email, accepted_at=None, revoked_at=None
        )
        if open_ones.pending(now).exists():
            raise AlreadyInvited
        open_ones.update(revoked_at=now)  # one that had grown too old makes room
        members.check_a_seat_is_free(organization=organization, now=now)
        invitation: Invitation = Invitation.objects.create(
            organization=organization,
            email=email,
            role=role,
            invited_by=by_user,
            created_at=now,
            expires_at=now + LASTS,
            sent_at=now,
        )
        services.record(
            organization=organization,
            by_user=by_user,
            action="invitation.sent",
            target=email[:60],
            now=now,
            role=role.value,
        )
        _send_later(invitation, base)
    return invitation


def send_again(
    *, organization: Organization, by_user: User, invitation_id: str, base: str, now: datetime
) -> bool:
    """A new mail with a new link, good for another 14 days; the old link ends. False if there is none open."""
    with members.locked(organization):
        open_ones = Invitation.objects.of(organization).filter(accepted_at=None, revoked_at=None)
        invitation = open_ones.filter(public_id=invitation_id).first()
        if invitation is None:
            return False
        _check_rate(organization, now)
        if now - invitation.sent_at < AGAIN_AFTER:
            raise TooManyInvitations(_("The mail was sent a moment ago. Give it a minute."))
        if invitation.expires_at <= now:
            members.check_a_seat_is_free(organization=organization, now=now)
        open_ones.filter(pk=invitation.pk).update(sent_at=now, expires_at=now + LASTS)
        services.record(
            organization=organization,
            by_user=by_user,
            action="invitation.sent_again",
            target=invitation.email[:60],
            now=now,
        )
        _send_later(invitation, base)
    return True


def revoke(*, organization: Organization, by_user: User, invitation_id: str, now: datetime) -> bool:
    """Its link works no more, its seat is free. False if there is none open."""
    with members.locked(organization):
        rows = Invitation.objects.of(organization).filter(
            public_id=invitation_id, accepted_at=None, revoked_at=None
        )
        invitation = rows.first()
        if invitation is None or not rows.update(revoked_at=now):
            return False
        services.record(
            organization=organization,
            by_user=by_user,
            action="invitation.withdrawn",
            target=invitation.email[:60],
            now=now,
        )
    return True


def mail(*, organization_id: int, invitation_id: int, base: str, now: datetime) -> None:
    """Make a link, keep its hash, send it. Again after a failed attempt: then an earlier link is void."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return
    token = random_base62(_TOKEN_LENGTH)
    with tenancy.enter(organization):
        rows = Invitation.objects.of(organization).pending(now).filter(pk=invitation_id)
        if not rows.update(token_sha256=_fingerprint(token)):
            return
        invitation = rows.select_related("invited_by").get()
    emails.send(
        to=[invitation.email],
        template="invitation",
        context={
            "workspace": organization,
            "invitation": invitation,
            "link": f"{base}{reverse('invitation', args=[token])}",
        },
    )


def find(*, token: str, now: datetime) -> Invitation | None:
    """The pending invitation of this link, with its workspace and who sent it."""
    with tenancy.system("an exact invitation hash"):
        rows = Invitation.objects.pending(now).select_related("organization", "invited_by")
        found: Invitation | None = rows.filter(
            token_sha256=_fingerprint(token), organization__deleted_at=None
        ).first()
    return found


def accept(*, token: str, user: User, now: datetime) -> Organization:
    """Join by a link. The mailed address counts as proven, if it is the person's. Raises InvitationOver, SeatsFull."""
    invitation = find(token=token, now=now)
    if invitation is None:
        raise InvitationOver
    with transaction.atomic():
        _join(invitation, user, now)
        _prove_address(invitation, user)
    if user.email.lower() == invitation.email:
        services.confirm_person(user=user, now=now)
    return invitation.organization


def accept_as_new(*, token: str, name: str, password: str, now: datetime) -> User:
    """Make an account for the invited address, which the link has proven, and join. Raises HasAnAccount as well."""
    invitation = find(token=token, now=now)
    if invitation is None:
        raise InvitationOver
    if has_account(email=invitation.email):
        raise HasAnAccount
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, name=name)
            _join(invitation, user, now)
            _prove_address(invitation, user)
    except IntegrityError as error:  # somebody signed up with it in this moment
        raise HasAnAccount from error
    return user


def has_account(*, email: str) -> bool:
    """Whether somebody signs in with this address."""
    return User.objects.filter(email__iexact=email).exists() or (
        EmailAddress.objects.filter(email__iexact=email, verified=True).exists()
    )


def _join(invitation: Invitation, user: User, now: datetime) -> None:
    organization = invitation.organization
    with members.locked(organization):
        pending = Invitation.objects.of(organization).pending(now).filter(pk=invitation.pk)
        if not pending.update(accepted_at=now, accepted_by=user):
            raise InvitationOver
        if Membership.objects.of(organization).filter(user=user).exists():
            return
        # The invitation held its own seat; a plan that has shrunk since has fewer.
        taken = Membership.objects.of(organization).count()
        members.check_a_seat_is_free(organization=organization, now=now, taken=taken)
        Membership.objects.create(organization=organization, user=user, role=invitation.role)
        services.record(
            organization=organization,
            by_user=user,
            action="invitation.accepted",
            target=invitation.email[:60],
            now=now,
            role=invitation.role,
        )


def _prove_address(invitation: Invitation, user: User) -> None:
    others = EmailAddress.objects.filter(email=invitation.email, verified=True).exclude(user=user)
    if user.email.lower() != invitation.email or others.exists():
        return
    address, _made = EmailAddress.objects.get_or_create(
        user=user, email=invitation.email, defaults={"primary": True, "verified": True}
    )
    if not address.verified:
        address.verified = True
        address.save(update_fields=["verified"])


def _check_rate(organization: Organization, now: datetime) -> None:
    sent = Invitation.objects.of(organization).filter(sent_at__gt=now - timedelta(days=1)).count()
    if sent >= MOST_A_DAY:
        raise TooManyInvitations


def _send_later(invitation: Invitation, base: str) -> None:
    job = app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True)
    job.defer(organization_id=invitation.organization_id, invitation_id=invitation.pk, base=base)


def _fingerprint(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
