"""The page where budgets are set."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from billing import budgets
from billing.forms import BudgetForm


@member(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def budgets_page(request: MemberRequest) -> HttpResponse:
    """Every member and client with what they may use and have used; a POST sets or removes one."""
    organization, now = request.organization, timezone.now()
    subjects = budgets.subjects(organization=organization)
    form = BudgetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key, cap = form.cleaned_data["key"], form.cleaned_data["cap"]
        change: dict[str, Any] = {
            "organization": organization,
            "key": key,
            "by_user": request.user,
            "now": now,
        }
        if cap is None:
            if budgets.remove_budget(**change):
                messages.success(
                    request, _("There is no budget for %(name)s any more.") % {"name": subjects.get(key, key)}
                )
        elif key not in subjects:
            raise Http404
        else:
            is_total = form.cleaned_data["kind"] == "total"
            budgets.set_budget(cap=cap, is_total=is_total, **change)
            words = (
                _("%(name)s may use %(cap)s credits altogether.")
                if is_total
                else _("%(name)s may use %(cap)s credits a month.")
            )
            messages.success(request, words % {"name": subjects[key], "cap": cap})
        return redirect("budgets", workspace=organization.public_id)
    standing = {each.key: each for each in budgets.budgets_of(organization=organization, now=now)}
    # A budget whose member or client is gone stays until somebody removes it.
    names = subjects | {key: each.name for key, each in standing.items() if key not in subjects}
    rows = [
        (key.startswith("member:"), {"key": key, "name": name, "budget": standing.get(key)})
        for key, name in names.items()
    ]
    context = {
        "members": [row for is_member, row in rows if is_member],
        "others": [row for is_member, row in rows if not is_member],
        "warned": [each for each in standing.values() if each.percent >= min(budgets.NOTICES)],
        "form": form,
    }
    return render(request, "billing/budgets.html", context, status=422 if form.errors else 200)
