"""What clients would see of a proposal, for its team: the page as it would be opened, and the file."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET

from accounts.tenancy import MemberRequest, member
from generations import files, proposal_document, proposal_pages, proposals
from generations.proposal_files import before_of
from projects import branding


@member()
@require_GET
def preview(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """As the client sees it."""
    found = proposal_pages.find(request, proposal_id)
    if found.is_draft:
        begin = proposals.settings_of(request.organization)
        found.business_name = begin.business_name or request.organization.name
        found.business_address = begin.business_address
        found.accent, found.logo = proposals.look_of(request.organization)
        found.client_logo = found.project.client.logo if found.project.client else ""
    branding.show_as(request, found)
    with translation.override(found.language):
        shown = proposal_document.document_of(found)
        context = {
            "shown": shown,
            "proposal": found,
            "words": proposal_document.words(found),
            "pairs": [
                (row, files.path(row.before or before_of(row)), files.path(row.after or row.picture.image))
                for row in shown.pictures
                if row.after or row.picture.image
            ],
            "lines": [(row, _thumbnail(row.line)) for row in shown.rows],
            "logo": files.path(found.logo) if found.logo else "",
            "client_logo": files.path(found.client_logo) if found.client_logo else "",
            "brand": reverse("proposal-brand", args=[request.organization.public_id, found.public_id]),
            "is_preview": True,
        }
        return render(request, "generations/proposal_read.html", context)


def _thumbnail(line: Any) -> str:
    name = line.thumbnail or (line.product.photo.thumbnail if line.product else "")
    return files.path(name) if name else ""


@member()
@require_GET
def brand(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """The colour of the preview."""
    found = proposal_pages.find(request, proposal_id)
    accent, client_accent = found.accent, found.client_accent
    if found.is_draft:
        accent, _logo = proposals.look_of(request.organization)
        client_accent = found.project.client.accent if found.project.client else ""
    return proposal_document.stylesheet(accent, client_accent)


@member()
@require_GET
def pdf(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """To the file, once it is made."""
    found = proposal_pages.find(request, proposal_id)
    if not found.pdf:
        raise Http404
    return redirect(files.path(found.pdf, filename=f"{found.label}.pdf"))
