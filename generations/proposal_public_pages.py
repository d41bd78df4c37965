"""A proposal as its client reads and answers it, by a link and without an account."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import Refusal
from accounts.sending import stored_file
from accounts.tenancy import enter, public
from generations import proposal_answers, proposal_document, proposals
from generations.models import Proposal, ProposalAnswer
from generations.proposal_files import before_of
from generations.proposal_forms import AcceptForm, DeclineForm
from projects import branding


def _hidden(response: HttpResponseBase) -> HttpResponseBase:
    """In no search engine and no cache: what is revoked shall be gone."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    return response


def _gone(request: HttpRequest, *, was: object) -> HttpResponseBase:
    status = 404 if was is None else 410
    return _hidden(render(request, "generations/proposal_gone.html", {"was": was}, status=status))


@never_cache
@public("the link's text is the permission")
@require_http_methods(["GET", "HEAD", "POST"])
def read(request: HttpRequest, token: str) -> HttpResponseBase:
    """The proposal; a POST answers it. 410 for a link or a proposal that has ended, 404 for one that never was."""
    link, found = proposal_answers.find(token=token)
    branding.show_as(request, link)
    if found is None:
        return _gone(request, was=link)
    kind, problem = request.POST.get("answer", ""), ""
    accept = AcceptForm(request.POST if kind == "accept" else None, auto_id="yes_%s")
    decline = DeclineForm(request.POST if kind == "decline" else None, auto_id="no_%s")
    with translation.override(found.language):
        form = {"accept": accept, "decline": decline}.get(kind)
        if request.method == "POST" and form is not None and form.is_valid():
            try:
                proposal_answers.answer(
                    proposal=found,
                    accepted=kind == "accept",
                    name=form.cleaned_data["name"],
                    email=form.cleaned_data["email"],
                    reason=form.cleaned_data.get("reason", ""),
                    now=timezone.now(),
                )
                return _hidden(redirect("proposal-read", token=token))
            except Refusal as refusal:
                form.add_error(None, refusal.message)
                problem = refusal.message
                _link, now_found = proposal_answers.find(token=token)
                found = now_found or found
        elif request.method == "GET":
            proposal_answers.note_opened(proposal=found, now=timezone.now())
        with enter(found.organization):
            context = _context(found, token) | {"accept": accept, "decline": decline}
            context["problem"] = problem
        wrong = request.method == "POST"
        return _hidden(
            render(request, "generations/proposal_read.html", context, status=422 if wrong else 200)
        )


def _context(found: Proposal, token: str) -> dict[str, Any]:
    shown = proposal_document.document_of(found)

    def file(which: str, name: str) -> str:
        return reverse("proposal-file", args=[token, which]) if name else ""

    return {
        "shown": shown,
        "proposal": found,
        "words": proposal_document.words(found),
        "pairs": [
            (row, file(f"before_{row.pk}", row.before or before_of(row)), file(f"after_{row.pk}", "yes"))
            for row in shown.pictures
            if row.after or row.picture.image
        ],
        "lines": [(row, file(f"line_{row.line.pk}", row.line.thumbnail)) for row in shown.rows],
        "logo": file("logo", found.logo),
        "client_logo": file("client_logo", found.client_logo),
        "brand": reverse("proposal-read-brand", args=[token]),
        "token": token,
        "given": ProposalAnswer.objects.of(found.organization).filter(proposal=found).first(),
        "is_expired": proposals.is_expired(found, timezone.now().date()),
    }


@public("the link's text is the permission")
@require_safe
def brand(request: HttpRequest, token: str) -> HttpResponseBase:  # noqa: ARG001 — a view
    """The sender's colour, as a stylesheet: the page allows no other styles."""
    _link, found = proposal_answers.find(token=token)
    if found is None:
        raise Http404
    return _hidden(proposal_document.stylesheet(found.accent, found.client_accent))


@public("the link's text is the permission")
@require_safe
def file(request: HttpRequest, token: str, which: str) -> HttpResponseBase:  # noqa: ARG001 — a view
    """A picture, the logo or the PDF of the proposal, asked of the link itself each time."""
    _link, found = proposal_answers.find(token=token)
    if found is None:
        raise Http404
    with enter(found.organization):
        name = _name_of(found, which)
    if not name:
        raise Http404
    answer = stored_file(name)
    if which == "pdf":
        answer["Content-Disposition"] = f'attachment; filename="{found.label}.pdf"'
    return _hidden(answer)


def _name_of(found: Proposal, which: str) -> str:
    if which in ("pdf", "logo", "client_logo"):
        return str(getattr(found, which))
    kind, _, key = which.partition("_")
    if kind == "line":
        names = {str(line.pk): line.thumbnail for line, _price in proposals.priced(found)[0]}
        return str(names.get(key, ""))
    rows = {str(row.pk): row for row in proposals.pictures_of(found)}
    row = rows.get(key)
    if row is None or kind not in ("before", "after"):
        return ""
    return (row.before or before_of(row)) if kind == "before" else (row.after or row.picture.image)
