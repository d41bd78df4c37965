"""A client's page: what is known of them, their projects, and what may be spent for them."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from billing import budgets
from billing.forms import BudgetForm
from projects.models import Client, Project

AT_ONCE = 24  # projects on a page


def _find(request: MemberRequest, client_id: str) -> Client:
    rows = Client.objects.of(request.organization).select_related("organization")
    found: Client = get_object_or_404(rows, public_id=client_id)
    return found


@member()
@require_GET
def client(request: MemberRequest, client_id: str) -> HttpResponse:
    """One client."""
    return _page(request, _find(request, client_id), BudgetForm())


def _page(request: MemberRequest, found: Client, form: BudgetForm) -> HttpResponse:
    key = budgets.client_key(found.public_id)
    rows = Project.objects.of(request.organization).filter(client=found).with_cover()
    ordered = rows.order_by(F("archived_at").desc(nulls_first=True), "-pk")
    page = Paginator(ordered, AT_ONCE).get_page(request.GET.get("page"))
    context = {
        "client": found,
        "page": page,
        "budget": budgets.budget_of(organization=request.organization, key=key, now=timezone.now()),
        "key": key,
        "form": form,
        "may_edit": request.membership.may(Role.DESIGNER),
        "may_set_budget": request.membership.may(Role.ADMIN),
        "today": timezone.now().date(),
    }
    return render(request, "generations/client.html", context, status=422 if form.errors else 200)


@member(Role.ADMIN)
@require_POST
def client_budget(request: MemberRequest, client_id: str) -> HttpResponse:
    """Set what may be spent for the client; an empty cap removes it."""
    found = _find(request, client_id)
    key = budgets.client_key(found.public_id)
    form = BudgetForm(_with_key(request, key))
    if not form.is_valid():
        return _page(request, found, form)
    organization, now, cap = request.organization, timezone.now(), form.cleaned_data["cap"]
    if cap is None:
        budgets.remove_budget(organization=organization, key=key, by_user=request.user, now=now)
        messages.success(request, _("There is no budget for %(name)s any more.") % {"name": found.name})
    else:
        is_total = form.cleaned_data["kind"] == "total"
        budgets.set_budget(
            organization=organization, key=key, cap=cap, is_total=is_total, by_user=request.user, now=now
        )
        words = (
            _("For %(name)s, %(cap)s credits may be used altogether.")
            if is_total
            else _("For %(name)s, %(cap)s credits may be used a month.")
        )
        messages.success(request, words % {"name": found.name, "cap": cap})
    return redirect("client", workspace=organization.public_id, client_id=client_id)


def _with_key(request: MemberRequest, key: str) -> dict[str, str]:
    return {"key": key, "cap": request.POST.get("cap", ""), "kind": request.POST.get("kind", "")}
