"""Everything that test keys have made, gone in one go."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from generations import test_data


@member(Role.ADMIN)
@require_POST
def delete(request: MemberRequest) -> HttpResponse:
    """A job removes them; the page says how many."""
    number = test_data.delete_all(organization=request.organization, by_user=request.user, now=timezone.now())
    if number:
        words = ngettext(
            "%(n)d picture of test keys is being deleted.",
            "%(n)d pictures of test keys are being deleted.",
            number,
        )
        messages.success(request, words % {"n": number})
    else:
        messages.info(request, _("There is no test data."))
    return redirect("history", workspace=request.organization.public_id)
