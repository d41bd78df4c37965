"""The files of a sent proposal, made by a job: its own copies of the pictures, its logo, the PDF; then the mail."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import translation
from procrastinate.contrib.django import app

from accounts import emails, tenancy
from accounts.models import Organization
from generations import proposal_document, proposal_paper, proposal_pdf, proposal_sending, proposals
from generations.models import (
    Proposal,
    ProposalLine,
    ProposalLink,
    ProposalPicture,
    ProposalSettings,
)
from generations.proposal_document import Document
from projects import branding, image_pool, photos, storage

logger = logging.getLogger(__name__)

MAIL_TASK = "generations.mail_proposal"
PICTURE_SIDE, THUMBNAIL_SIDE, LOGO_SIDE = 1400, 260, 600  # px
SECONDS = 60.0
PDF_SECONDS = 180.0


def make(*, proposal_id: int, organization_id: int, base: str, mail_client: bool) -> None:
    """Whatever of it is not there yet; the mail follows the PDF once. Doing it again is harmless."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    proposal = _find(organization, proposal_id) if organization else None
    if organization is None or proposal is None or proposal.pdf:
        return
    with tenancy.enter(organization):
        client = proposal.project.client
        logos = {
            "logo": proposals.look_of(organization)[1],
            "client_logo": client.logo if client else "",
        }
    for column, source in logos.items():
        _keep_logo(proposal, column, source)
    with tenancy.enter(organization):
        pictures = proposals.pictures_of(proposal)
        lines = [line for line, _price in proposals.priced(proposal)[0]]
    for row in pictures:
        for column, source in (("before", before_of(row)), ("after", row.picture.image)):
            if not getattr(row, column) and source:
                _keep_copy(proposal, row, column, source, PICTURE_SIDE)
    for line in lines:
        source = line.product.photo.thumbnail if line.product else ""
        if source and not line.thumbnail:
            _keep_copy(proposal, line, "thumbnail", source, THUMBNAIL_SIDE)
    content = render(proposal)
    with _written(proposal, "proposal", ".pdf", content) as name, tenancy.enter(organization):
        mine = Proposal.objects.of(organization).filter(pk=proposal.pk, pdf="")
        if mine.update(pdf=name):
            storage.claim([name])
            if mail_client:
                job = app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True)
                job.defer(proposal_id=proposal.pk, organization_id=organization.pk, base=base)


def render(proposal: Proposal) -> bytes:
    """The PDF of a proposal, made in an image process. Not inside a transaction."""
    organization = proposal.organization
    with tenancy.enter(organization), translation.override(proposal.language):
        proposal.refresh_from_db()
        paper = _paper(proposal_document.document_of(proposal))
    return image_pool.run(proposal_pdf.render, paper, seconds=PDF_SECONDS)


def mail(*, proposal_id: int, organization_id: int, base: str, now: datetime) -> None:
    """The link to the client; exists nowhere but in this mail. Nothing when it is not with the client any more."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    proposal = _find(organization, proposal_id) if organization else None
    if organization is None or proposal is None or proposal.state != Proposal.State.SENT:
        return
    _link, token = proposal_sending.make_link(
        proposal=proposal, by_user=None, sent_to=proposal.client_email, now=now
    )
    context = {"proposal": proposal, "link": f"{base}{reverse('proposal-read', args=[token])}"}
    emails.send(
        to=[proposal.client_email],
        template="proposal",
        context=context,
        language=proposal.language,
        sender=branding.sender_of(organization, answers_to=_sent_by(proposal)),
    )


def before_of(row: ProposalPicture) -> str:
    """The storage name of what the picture was made from."""
    made = row.picture.generation
    return str(made.photo.image if made.photo else made.parent.image if made.parent else "")


def named_files(organization: Organization) -> list[str]:
    """Every file that the workspace's proposals have; asked inside it."""
    found: list[str] = []
    for model, columns in COLUMNS:
        for column in columns:
            rows = model.objects.of(organization).exclude(**{column: ""})
            found += rows.values_list(column, flat=True)
    return found


COLUMNS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (ProposalSettings, ("logo",)),
    (Proposal, ("logo", "client_logo", "pdf")),
    (ProposalPicture, ("before", "after")),
    (ProposalLine, ("thumbnail",)),
)


def save_look(
    *, organization: Organization, fields: Mapping[str, Any], logo: bytes, remove_logo: bool
) -> None:
    """A workspace's beginnings of proposals, maybe with a new logo. Raises what is wrong with its file."""
    name = ""
    if logo:
        prepared = image_pool.run(
            photos.prepare, logo, longest_side=LOGO_SIDE, keep_png=True, seconds=SECONDS
        )
        extension = ".png" if prepared.media_type == "image/png" else ".jpg"
        name = storage.new_name(f"{organization.public_id}/proposals", "logo", extension)
        storage.announce([name])
        storage.write(name, prepared.content)
    try:
        with tenancy.enter(organization):
            before = proposals.settings_of(organization).logo
            changed = {"logo": name} if name or remove_logo else {}
            proposals.save_settings(organization=organization, fields={**fields, **changed})
            if changed:
                storage.doom([before])
            if name:
                storage.claim([name])
    finally:
        storage.discard([name] if name else [])  # keeps what was claimed


def erase(*, organization: Organization) -> None:
    """Of a deleted workspace: all of them, with their files. To be called again harmlessly."""
    with tenancy.enter(organization):
        storage.doom(named_files(organization))
        ProposalLink.objects.of(organization).delete()
        Proposal.objects.of(organization).update(replaces=None)
        Proposal.objects.of(organization).delete()
        ProposalSettings.objects.of(organization).delete()


# --- Hands -----------------------------------------------------------------------------------------------


def _find(organization: Organization, proposal_id: int) -> Proposal | None:
    with tenancy.enter(organization):
        rows = Proposal.objects.of(organization).exclude(state=Proposal.State.DRAFT)
        related = rows.select_related("organization", "project__client")
        found: Proposal | None = related.filter(pk=proposal_id).first()
    return found


def _sent_by(proposal: Proposal) -> str:
    """Who gets the answers to its mail."""
    sender = proposal.sent_by
    return sender.email if sender and sender.deleted_at is None else ""


def _keep_logo(proposal: Proposal, column: str, source: str) -> None:
    content = _read(source)
    if getattr(proposal, column) or not content:
        return
    organization, extension = proposal.organization, "." + source.rpartition(".")[2]
    with _written(proposal, column, extension, content) as name, tenancy.enter(organization):
        mine = Proposal.objects.of(organization).filter(pk=proposal.pk, **{column: ""})
        if mine.update(**{column: name}):
            storage.claim([name])


def _keep_copy(proposal: Proposal, row: Any, column: str, source: str, side: int) -> None:
    content = _read(source)
    if not content:  # removed in this moment
        return
    small = image_pool.run(proposal_paper.small_jpeg, content, side, seconds=SECONDS)
    organization, mine = proposal.organization, type(row).objects.of(proposal.organization)
    with _written(proposal, column, ".jpg", small) as name, tenancy.enter(organization):
        if mine.filter(pk=row.pk, **{column: ""}).update(**{column: name}):
            storage.claim([name])


class _written:  # noqa: N801 — reads as a verb
    """A file in storage whose name is claimed inside, or which is gone afterwards."""

    def __init__(self, proposal: Proposal, stem: str, extension: str, content: bytes) -> None:
        folder = f"{proposal.organization.public_id}/proposals/{proposal.public_id}"
        self.name, self.content = storage.new_name(folder, stem, extension), content

    def __enter__(self) -> str:
        storage.announce([self.name])
        storage.write(self.name, self.content)
        return self.name

    def __exit__(self, *_: object) -> None:
        storage.discard([self.name])  # keeps what was claimed


def _read(name: str) -> bytes:
    if not name:
        return b""
    try:
        with default_storage.open(name) as opened:
            return bytes(opened.read())
    except FileNotFoundError:
        logger.warning("The file %s of a proposal was gone.", name)
        return b""


def _paper(document: Document) -> proposal_paper.Paper:
    proposal = document.proposal
    return proposal_paper.Paper(
        language=proposal.language,
        creator=proposal.business_name if proposal.organization.white_label else proposal_paper.Paper.creator,
        title=proposal.title,
        business=proposal.business_name,
        business_lines=_lines(proposal.business_address),
        accent=proposal.accent,
        logo=_read(proposal.logo),
        client=proposal.client_name,
        client_logo=_read(proposal.client_logo),
        client_accent=proposal.client_accent,
        facts=document.facts,
        introduction=proposal.introduction,
        pairs=[
            proposal_paper.Pair(row.caption, _read(row.before), _read(row.after))
            for row in document.pictures
            if row.after
        ],
        rows=[
            proposal_paper.Row(
                name=row.line.name,
                details=row.line.details,
                quantity=row.quantity,
                unit=row.unit,
                total=row.total,
                thumbnail=_read(row.line.thumbnail),
            )
            for row in document.rows
        ],
        sums=document.sums,
        terms=proposal.terms,
        words=proposal_document.words(proposal),
    )


def _lines(text: str) -> Sequence[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
