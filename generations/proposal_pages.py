"""Pages of a team's proposals: made, changed as drafts, sent, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import formset_factory
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import converters, domains
from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import proposal_document, proposal_sending, proposals, reviews
from generations.models import Proposal, ProposalLink
from generations.proposal_files import save_look
from generations.proposal_forms import FreeLineForm, LineForm, ProposalForm, SettingsForm
from projects.models import Product, Project

LineForms = formset_factory(LineForm, extra=0, max_num=proposals.MOST_LINES, absolute_max=500)
TEXTS = tuple(ProposalForm.base_fields)


@member(Role.ADMIN, in_transaction=False)
@require_http_methods(["GET", "POST"])
def proposal_settings(request: MemberRequest) -> HttpResponse:
    """How the workspace presents itself, and what its proposals begin with."""
    with enter(request.organization):
        row = proposals.settings_of(request.organization)
    names = [name for name in SettingsForm.base_fields if name not in ("logo", "remove_logo")]
    initial = {name: getattr(row, name) for name in names}
    form = SettingsForm(request.POST or None, request.FILES or None, initial=initial)
    if not row.logo:
        del form.fields["remove_logo"]
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["logo"]
        try:
            save_look(
                organization=request.organization,
                fields={name: form.cleaned_data[name] for name in names},
                logo=upload.read() if upload else b"",
                remove_logo=form.cleaned_data.get("remove_logo", False),
            )
        except Refusal as refusal:
            form.add_error("logo", refusal.message)
        else:
            messages.success(request, _("Saved. Proposals that were sent stay as they are."))
            return redirect("proposal-settings", workspace=request.organization.public_id)
    with enter(request.organization):
        context = {"form": form, "logo": row.logo}
        return render(
            request, "generations/proposal_settings.html", context, status=422 if form.errors else 200
        )


@member()
@require_http_methods(["GET", "POST"])
def of_project(request: MemberRequest, project_id: str) -> HttpResponse:
    """The proposals of a project; a POST by a designer begins one."""
    projects = Project.objects.of(request.organization).select_related("client", "organization")
    project: Project = get_object_or_404(projects, public_id=project_id)
    if request.method == "POST" and request.membership.may(Role.DESIGNER):
        try:
            made, left_out = proposals.start(project=project, by_user=request.user, now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            _say_left_out(request, left_out, made.currency)
            return _to(made)
    rows = Proposal.objects.of(request.organization).filter(project=project).order_by("-pk")
    context = {
        "project": project,
        "proposals": rows.select_related("organization")[:100],
        "approved": reviews.approved_pictures(project=project).count(),
        "may_edit": request.membership.may(Role.DESIGNER),
        "today": timezone.now().date(),
    }
    return render(request, "generations/proposals.html", context)


def find(request: MemberRequest, proposal_id: str) -> Proposal:
    """The proposal of this id in the workspace of the request; Http404 where there is none."""
    rows = Proposal.objects.of(request.organization)
    related = ("organization", "project__client", "replaces", "sent_by")
    found: Proposal = get_object_or_404(rows.select_related(*related), public_id=proposal_id)
    return found


def _to(proposal: Proposal) -> HttpResponse:
    return redirect("proposal", workspace=proposal.organization.public_id, proposal_id=proposal.public_id)


@member()
@require_http_methods(["GET", "POST"])
def proposal(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """One of them. A POST by a designer changes a part of the draft, which `part` names."""
    found = find(request, proposal_id)
    forms = _forms(found)
    if request.method == "POST" and request.membership.may(Role.DESIGNER):
        change = _CHANGES.get(request.POST.get("part", ""))
        if change is None:
            raise Http404
        try:
            if not found.is_draft:
                raise proposals.NotADraft
            if change(request, found, forms):
                return _to(found)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return _to(found)
    wrong = any(form.is_bound and not form.is_valid() for form in forms.values())
    return render(
        request, "generations/proposal.html", _context(request, found, forms), status=422 if wrong else 200
    )


def _forms(found: Proposal) -> dict[str, Any]:
    if not found.is_draft:
        return {}
    lines = [line for line, _price in proposals.priced(found)[0]]
    fields = ("name", "details", "quantity", "unit_price", "markup")
    return {
        "texts": ProposalForm(initial={name: getattr(found, name) for name in TEXTS}),
        "lines": LineForms(
            initial=[{name: getattr(line, name) for name in fields} for line in lines], prefix="lines"
        ),
        "line": FreeLineForm(prefix="new"),
    }


def _context(request: MemberRequest, found: Proposal, forms: dict[str, Any]) -> dict[str, Any]:
    lines, sums = proposals.priced(found)
    with translation.override(found.language):
        shown = proposal_document.document_of(found)
    context = forms | {
        "proposal": found,
        "shown": shown,
        "sums": sums,
        "answer": getattr(found, "answer", None),
        "links": ProposalLink.objects.of(request.organization).open().filter(proposal=found).order_by("-pk"),
        "may_edit": request.membership.may(Role.DESIGNER),
        "is_expired": proposals.is_expired(found, timezone.now().date()),
        "newer": Proposal.objects.of(request.organization).filter(replaces=found).first(),
    }
    if found.is_draft:
        chosen = {row.picture.public_id: row for row in shown.pictures}
        approved = reviews.approved_pictures(project=found.project).select_related("generation__room")
        context["pictures"] = [(picture, chosen.get(picture.public_id)) for picture in approved]
        context["gone"] = [
            row for key, row in chosen.items() if key not in {picture.public_id for picture in approved}
        ]
        context["pieces"] = list(zip([line for line, _price in lines], forms["lines"], strict=False))
        context["products"] = Product.objects.of(request.organization).kept().order_by("name", "pk")[:500]
    return context


# --- Parts of a draft: each returns whether it was done ------------------------------------------------------


def _change_texts(request: MemberRequest, found: Proposal, forms: dict[str, Any]) -> bool:
    form = forms["texts"] = ProposalForm(request.POST)
    if not form.is_valid():
        return False
    proposals.change(proposal=found, fields=form.cleaned_data)
    messages.success(request, _("Saved."))
    return True


def _change_lines(request: MemberRequest, found: Proposal, forms: dict[str, Any]) -> bool:
    lines = [line for line, _price in proposals.priced(found)[0]]
    sheet = LineForms(request.POST, prefix="lines", initial=forms["lines"].initial)
    keys = request.POST.getlist("key")
    if keys != [str(line.pk) for line in lines]:
        messages.error(request, _("Somebody else has changed the lines meanwhile. Look again."))
        return True
    forms["lines"] = sheet
    if not sheet.is_valid():
        return False
    changes = {
        line.pk: proposals.LineChange(
            name=data["name"],
            details=data["details"],
            quantity=data["quantity"],
            unit_price=data["unit_price"],
            markup=data["markup"],
            remove=data["remove"],
        )
        for line, data in zip(lines, (form.cleaned_data for form in sheet), strict=True)
        if data
    }
    proposals.change_lines(proposal=found, changes=changes)
    messages.success(request, _("Saved."))
    return True


def _add_line(request: MemberRequest, found: Proposal, forms: dict[str, Any]) -> bool:
    form = forms["line"] = FreeLineForm(request.POST, prefix="new")
    if not form.is_valid():
        return False
    proposals.add_line(proposal=found, **form.cleaned_data)
    return True


def _add_product(request: MemberRequest, found: Proposal, forms: dict[str, Any]) -> bool:  # noqa: ARG001
    if not proposals.add_product(proposal=found, product_id=request.POST.get("product", "")[:40]):
        messages.error(request, _("Choose a product of the library."))
    return True


def _add_furniture(request: MemberRequest, found: Proposal, forms: dict[str, Any]) -> bool:  # noqa: ARG001
    _say_left_out(request, proposals.add_furniture(proposal=found), found.currency)
    return True


def _choose_pictures(request: MemberRequest, found: Proposal, forms: dict[str, Any]) -> bool:  # noqa: ARG001
    chosen = [converters.id_or_nothing(each) for each in request.POST.getlist("picture")]
    captions = {one: request.POST.get(f"caption_{one}", "").strip()[:120] for one in chosen}
    proposals.choose_pictures(proposal=found, captions=captions)
    messages.success(request, _("Saved."))
    return True


_CHANGES: dict[str, Callable[[MemberRequest, Proposal, dict[str, Any]], bool]] = {
    "texts": _change_texts,
    "lines": _change_lines,
    "line": _add_line,
    "product": _add_product,
    "furniture": _add_furniture,
    "pictures": _choose_pictures,
}


def _say_left_out(request: MemberRequest, left_out: list[Product], currency: str) -> None:
    for product in left_out:
        messages.warning(request, proposals.mixed_words(product, currency))


# --- What becomes of it --------------------------------------------------------------------------------------


@member(Role.DESIGNER)
@require_POST
def send(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """Freeze and send it."""
    found = find(request, proposal_id)
    mail_client = request.POST.get("mail") == "on"
    sent = _("The proposal was sent. Its PDF is made now.")
    return _act(
        request,
        found,
        lambda: proposal_sending.send(
            proposal=found,
            by_user=request.user,
            mail_client=mail_client,
            base=domains.base_for(request, request.organization),
            now=timezone.now(),
        ),
        sent,
    )


@member(Role.DESIGNER)
@require_POST
def withdraw(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """Take it back from the client."""
    found = find(request, proposal_id)
    return _act(
        request,
        found,
        lambda: proposal_sending.withdraw(proposal=found, by_user=request.user, now=timezone.now()),
        gettext_lazy("The proposal was withdrawn. Its links open nothing any more."),
    )


@member(Role.DESIGNER)
@require_POST
def new_version(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """A draft like it, to replace it."""
    found = find(request, proposal_id)
    return _to(proposals.new_version(proposal=found, by_user=request.user, now=timezone.now()))


@member(Role.DESIGNER)
@require_POST
def delete(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """Throw a draft away."""
    found = find(request, proposal_id)
    where = reverse("proposals", args=[request.organization.public_id, found.project.public_id])
    try:
        proposals.delete_draft(proposal=found)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _to(found)
    return redirect(where)


def _act(request: MemberRequest, found: Proposal, act: Callable[[], object], words: Any) -> HttpResponse:
    try:
        act()
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, words)
    return _to(found)


@never_cache  # a new link is shown once
@member(Role.DESIGNER)
@require_POST
def make_link(request: MemberRequest, proposal_id: str) -> HttpResponse:
    """Another link, shown this once."""
    found = find(request, proposal_id)
    try:
        _link, token = proposal_sending.make_link(proposal=found, by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _to(found)
    address = domains.base_for(request, request.organization) + reverse("proposal-read", args=[token])
    return render(
        request, "generations/proposal.html", _context(request, found, _forms(found)) | {"address": address}
    )


@member(Role.DESIGNER)
@require_POST
def revoke_link(request: MemberRequest, proposal_id: str, link: int) -> HttpResponse:
    """End a link at once."""
    rows = ProposalLink.objects.of(request.organization).select_related(
        "organization", "proposal__organization"
    )
    found: ProposalLink = get_object_or_404(rows, pk=link, proposal__public_id=proposal_id)
    proposal_sending.revoke_link(link=found, by_user=request.user, now=timezone.now())
    messages.success(request, _("The link was revoked. It opens nothing any more."))
    return _to(found.proposal)
