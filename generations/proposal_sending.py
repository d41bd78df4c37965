"""Verbs of a team about proposals that go out: send, withdraw, and links to them."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from procrastinate.contrib.django import app

from accounts import activity, tenancy
from accounts import services as accounts
from accounts.activity import Kind
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import Event, Organization, User
from generations import proposals, reviews
from generations.models import (
    Picture,
    Proposal,
    ProposalLink,
    ProposalPicture,
    ProposalSettings,
    ReviewRoom,
)

MAKE_TASK = "generations.make_proposal"
QUEUE = "upkeep"
TOKEN_LENGTH = 40  # 238 bits
MOST_OPEN = 20
MOST_MONEY = 10**11  # of a total


class NotApproved(Refusal):
    """A picture in this proposal is not approved any more. Take it out, or ask the client to approve it."""

    code, title, status = "picture_not_approved", "Picture not approved", 409


class NoLines(Refusal):
    """This proposal has no lines yet. Add a product or a fee first."""

    code, title, status = "proposal_without_lines", "No lines", 409


class TooMuchMoney(Refusal):
    """The total is too large. Look at the quantities and prices once more."""

    code, title, status = "total_too_large", "Total too large", 409


class NoAddress(Refusal):
    """There is no e-mail address of the client. Enter one, or send it without a mail and copy the link."""

    code, title, status = "no_client_address", "No address", 409


class TooOld(Refusal):
    """The day until which it is valid has passed. Choose a later one."""

    code, title, status = "proposal_too_old", "Too old", 409


class AnsweredAlready(Refusal):
    """The client has answered the earlier version in the meantime. Look at that one first."""

    code, title, status = "proposal_answered", "Answered already", 409


class NotWithTheClient(Refusal):
    """This proposal is not with the client any more."""

    code, title, status = "proposal_not_sent", "Not with the client", 409


class TooManyProposalLinks(Refusal):
    """20 links to this proposal are open. Revoke one that nobody needs, then make another."""

    code, title, status = "too_many_links", "Too many links", 409


def page_of(event: Event) -> str:
    """Where members read of the proposal that an event is about."""
    return reverse("proposal", args=[event.organization.public_id, event.subject])


for _name, _words, _wish in (
    ("proposal.sent", gettext_lazy("%(who)s sent the proposal %(label)s for %(project)s"), ""),
    ("proposal.withdrawn", gettext_lazy("%(who)s withdrew the proposal %(label)s for %(project)s"), ""),
    ("proposal.opened", gettext_lazy("The client opened the proposal %(label)s for %(project)s"), ""),
    (
        "proposal.accepted",
        gettext_lazy("%(who)s accepted the proposal %(label)s for %(project)s"),
        "mail_proposals",
    ),
    (
        "proposal.declined",
        gettext_lazy("%(who)s declined the proposal %(label)s for %(project)s"),
        "mail_proposals",
    ),
):
    activity.register(_name, Kind(_words, page_of, wish=_wish))


def send(*, proposal: Proposal, by_user: User, mail_client: bool, base: str, now: datetime) -> Proposal:
    """Freeze it, give it its number, and put the one it replaces aside; a job makes its files and the mail.

    Sent twice is sent once. Raises NotADraft, NotApproved, NoLines, NoAddress, TooOld, TooMuchMoney, AnsweredAlready.
    """
    with proposals.drafting(proposal) as draft:
        organization = draft.organization
        if mail_client and not draft.client_email:
            raise NoAddress
        if draft.valid_until < now.date():
            raise TooOld
        _check_approved(draft)
        _lines, sums = proposals.priced(draft)
        if not _lines:
            raise NoLines
        if sums.total >= MOST_MONEY:
            raise TooMuchMoney
        if draft.replaces_id:
            _put_aside(draft, now)
        begin = _with_next_number(organization)
        accent, _logo = proposals.look_of(organization)
        try:
            with transaction.atomic():
                Proposal.objects.of(organization).filter(pk=draft.pk).update(
                    state=Proposal.State.SENT,
                    number=begin.last_number,
                    business_name=begin.business_name or organization.name,
                    business_address=begin.business_address,
                    accent=accent,
                    client_accent=draft.project.client.accent if draft.project.client else "",
                    cost=sums.cost,
                    net=sums.net,
                    tax_amount=sums.tax,
                    total=sums.total,
                    sent_by=by_user,
                    sent_at=now,
                )
        except IntegrityError as error:
            if "proposal_pictures_approved" not in _rule(error):
                raise
            raise NotApproved from error
        draft.refresh_from_db()
        _record(draft, "proposal.sent", by_user, now)
        job = app.configure_task(MAKE_TASK, queue=QUEUE, allow_unknown=True)
        job.defer(proposal_id=draft.pk, organization_id=organization.pk, base=base, mail_client=mail_client)
    return draft


def withdraw(*, proposal: Proposal, by_user: User, now: datetime) -> None:
    """The client can't answer it any more. Twice is once. Raises NotWithTheClient when it was answered before."""
    organization = proposal.organization
    with tenancy.enter(organization):
        mine = Proposal.objects.of(organization).filter(pk=proposal.pk)
        if mine.sent().update(state=Proposal.State.WITHDRAWN, ended_at=now):
            _record(mine.select_related("project", "organization").get(), "proposal.withdrawn", by_user, now)
        elif not mine.filter(state=Proposal.State.WITHDRAWN).exists():
            raise NotWithTheClient


def make_link(
    *, proposal: Proposal, by_user: User | None, sent_to: str = "", now: datetime
) -> tuple[ProposalLink, str]:
    """A new link and its text, which is never to be had again. Raises NotADraft's opposite, TooManyProposalLinks."""
    organization, token = proposal.organization, random_base62(TOKEN_LENGTH)
    with tenancy.enter(organization):
        rows = Proposal.objects.of(organization).filter(pk=proposal.pk)
        if rows.exclude(state=Proposal.State.DRAFT).select_for_update(no_key=True).first() is None:
            raise NotWithTheClient(_("Send the proposal first; then it can have a link."))
        if ProposalLink.objects.of(organization).open().filter(proposal=proposal).count() >= MOST_OPEN:
            raise TooManyProposalLinks
        link = ProposalLink.objects.create(
            organization=organization,
            proposal=proposal,
            sha256=fingerprint(token),
            sent_to=sent_to,
            made_by=by_user,
            created_at=now,
        )
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="proposal.link_made",
            target=proposal.public_id,
            now=now,
        )
    return link, token


def revoke_link(*, link: ProposalLink, by_user: User, now: datetime) -> None:
    """From now on it opens nothing. Twice is once."""
    organization = link.organization
    with tenancy.enter(organization):
        if ProposalLink.objects.of(organization).open().filter(pk=link.pk).update(revoked_at=now):
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="proposal.link_revoked",
                target=link.proposal.public_id,
                now=now,
            )


def fingerprint(token: str) -> bytes:
    """What is kept of a link."""
    return sha256(token.encode()).digest()


def lock_decisions(proposal: Proposal) -> None:
    """No client decides about a picture of the project until the transaction ends."""
    rooms = ReviewRoom.objects.of(proposal.organization).filter(project=proposal.project_id)
    list(rooms.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _check_approved(draft: Proposal) -> None:
    lock_decisions(draft)
    mine = list(
        ProposalPicture.objects.of(draft.organization)
        .filter(proposal=draft)
        .values_list("picture", flat=True)
    )
    # Locked, so that none is removed before the job has its own copy or this transaction is over.
    list(
        Picture.objects.of(draft.organization)
        .filter(pk__in=mine)
        .select_for_update(no_key=True)
        .order_by("pk")
    )
    approved = reviews.approved_pictures(project=draft.project).filter(pk__in=mine)
    if not mine or set(approved.values_list("pk", flat=True)) != set(mine):
        raise NotApproved


def _put_aside(draft: Proposal, now: datetime) -> None:
    """What it replaces, unless the client was quicker."""
    old = Proposal.objects.of(draft.organization).filter(pk=draft.replaces_id)
    if not old.sent().update(state=Proposal.State.SUPERSEDED, ended_at=now):
        state = old.values_list("state", flat=True).get()
        if state == Proposal.State.ACCEPTED:
            raise AnsweredAlready(
                _("The client has accepted the earlier version. Make a new proposal for anything else.")
            )


def _with_next_number(organization: Organization) -> ProposalSettings:
    """One more than the last, held until the transaction ends: a number that was taken is a proposal that was sent."""
    rows = ProposalSettings.objects.of(organization)
    rows.get_or_create(organization=organization)
    rows.update(last_number=F("last_number") + 1)
    return cast(ProposalSettings, rows.get())


def _rule(error: IntegrityError) -> str:
    """The name of the constraint that was hurt."""
    diag = getattr(error.__cause__, "diag", None)
    return str(getattr(diag, "constraint_name", ""))


def _record(proposal: Proposal, kind: str, by_user: User, now: datetime) -> None:
    record(proposal, kind, now, by_user=by_user)


def record(
    proposal: Proposal,
    kind: str,
    now: datetime,
    *,
    by_user: User | None = None,
    by_name: str = "",
    notify: set[int] | None = None,
    **details: str,
) -> None:
    """Event and audit line of something that became of a sent proposal; in the caller's transaction."""
    with override(None):
        activity.record(
            organization=proposal.organization,
            kind=kind,
            subject=proposal.public_id,
            project=proposal.project.public_id,
            by_user=by_user,
            by_name=by_name,
            data={"label": proposal.label, "project": proposal.project.name}
            | ({"text": details["reason"]} if details.get("reason") else {}),
            notify=notify or set(),
            now=now,
        )
    accounts.record(
        organization=proposal.organization,
        by_user=by_user,
        action=kind,
        target=proposal.public_id,
        now=now,
        number=proposal.label,
        **details,
    )
