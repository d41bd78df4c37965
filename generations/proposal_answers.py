"""What a client does with a proposal, by its link: open, accept, decline."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import cast

from accounts import tenancy
from accounts.errors import Refusal
from generations.models import (
    Decision,
    Proposal,
    ProposalAnswer,
    ProposalLink,
    ProposalPicture,
    ReviewItem,
)
from generations.proposal_sending import fingerprint, lock_decisions, record
from projects import team


class TooLateToAnswer(Refusal):
    """This proposal can't be answered any more: it was withdrawn, replaced by a newer one, or is too old."""

    code, title, status = "proposal_over", "Too late", 409


class AnsweredOtherwise(Refusal):
    """This proposal was answered before. Write to who sent it if that should be another answer."""

    code, title, status = "proposal_answered", "Answered before", 409


class PictureDeclined(Refusal):
    """A picture in this proposal was declined in the meantime. Ask who sent it for a new version."""

    code, title, status = "proposal_picture_declined", "Picture declined", 409


def find(*, token: str) -> tuple[ProposalLink | None, Proposal | None]:
    """The link of this text, and its proposal; no proposal once the link was revoked or the proposal withdrawn."""
    with tenancy.system("an exact proposal link hash"):
        rows = ProposalLink.objects.filter(sha256=fingerprint(token), organization__deleted_at=None)
        related = ("proposal__project", "proposal__organization", "organization")
        link = cast("ProposalLink | None", rows.select_related(*related).first())
    if link is None or link.revoked_at is not None or link.proposal.state == Proposal.State.WITHDRAWN:
        return link, None
    return link, link.proposal


def note_opened(*, proposal: Proposal, now: datetime) -> None:
    """The client sees it; the team is told of the first time."""
    if proposal.first_opened_at is not None or proposal.state != Proposal.State.SENT:
        return
    organization = proposal.organization
    with tenancy.enter(organization):
        mine = Proposal.objects.of(organization).filter(pk=proposal.pk, first_opened_at=None)
        if mine.update(first_opened_at=now):
            record(proposal, "proposal.opened", now, notify=_whom(proposal))


def answer(
    *, proposal: Proposal, accepted: bool, name: str, email: str, reason: str = "", now: datetime
) -> ProposalAnswer:
    """What the client says, once: the same answer of the same person again is the first one.

    One conditional UPDATE decides against a withdrawal, a newer version or another answer in the same moment.
    Raises TooLateToAnswer, AnsweredOtherwise, PictureDeclined.
    """
    organization, total = proposal.organization, cast(Decimal, proposal.total)  # it was sent
    with tenancy.enter(organization):
        lock_decisions(proposal)
        mine = Proposal.objects.of(organization).filter(pk=proposal.pk)
        if accepted and mine.sent().exists() and declined_since(proposal):
            raise PictureDeclined
        state = Proposal.State.ACCEPTED if accepted else Proposal.State.DECLINED
        if not mine.answerable(now.date()).update(state=state, ended_at=now):
            return _said_before(proposal, accepted=accepted, email=email)
        given: ProposalAnswer = ProposalAnswer.objects.create(
            organization=organization,
            proposal=proposal,
            accepted=accepted,
            name=name,
            email=email,
            reason=reason,
            total=total,
            at=now,
        )
        kind = "proposal.accepted" if accepted else "proposal.declined"
        record(
            proposal,
            kind,
            now,
            by_name=name,
            notify=_whom(proposal),
            name=name,
            email=email,
            total=f"{total} {proposal.currency}",
            reason=reason,
        )
    return given


def declined_since(proposal: Proposal) -> bool:
    """Whether the client has last said anything but yes about a picture in it; inside the workspace."""
    organization = proposal.organization
    pictures = ProposalPicture.objects.of(organization).filter(proposal=proposal).values("picture")
    items = ReviewItem.objects.of(organization).current().filter(room__project=proposal.project_id)
    last = (
        Decision.objects.of(organization)
        .filter(item__in=items.filter(picture__in=pictures), reference=None)
        .order_by("item__picture", "-pk")
        .distinct("item__picture")
    )
    return any(outcome != Decision.Outcome.APPROVED for outcome in last.values_list("outcome", flat=True))


def _said_before(proposal: Proposal, *, accepted: bool, email: str) -> ProposalAnswer:
    rows = ProposalAnswer.objects.of(proposal.organization).filter(proposal=proposal)
    before: ProposalAnswer | None = rows.first()
    if before is None:
        raise TooLateToAnswer
    if before.accepted != accepted or before.email.casefold() != email.casefold():
        raise AnsweredOtherwise
    return before


def _whom(proposal: Proposal) -> set[int]:
    """Who is on the project, and who sent it."""
    sent_by = {proposal.sent_by_id} if proposal.sent_by_id else set()
    return team.users_on(proposal.project) | sent_by
