"""The free sample on the empty studio."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import samples
from generations.page_parts import to_generation


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def ask_sample(request: MemberRequest) -> HttpResponse:
    """Make it; pressed twice, go to the one that is there."""
    organization = request.organization
    try:
        return to_generation(
            samples.request_sample(
                organization=organization,
                look=request.POST.get("look", ""),
                by_user=request.user,
                now=timezone.now(),
            )
        )
    except samples.SampleUsed:
        with enter(organization):
            there = samples.of_workspace(organization)
        if there is not None and there.deleted_at is None:
            return to_generation(there)
        return redirect("studio", workspace=organization.public_id)
