"""A person's own pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import profile
from accounts.forms import ProfileForm, WishesForm
from accounts.tenancy import MemberRequest, SignedInRequest, member, memberships_of, signed_in


@signed_in
@require_http_methods(["GET", "POST"])
def profile_page(request: SignedInRequest) -> HttpResponse:
    """Who one is, and everything that belongs to the person and not to a workspace."""
    user = request.user
    initial = {"name": user.name, "language": user.language, "wants_news": user.wants_news}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        profile.save_profile(user=user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("profile")
    context = {"form": form, "memberships": memberships_of(user=user)}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def end_session(request: SignedInRequest, session_id: int) -> HttpResponse:
    """Sign another browser out."""
    if not profile.end_session(user=request.user, session_id=session_id):
        raise Http404
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


@member()
@require_http_methods(["GET", "POST"])
def notifications(request: MemberRequest) -> HttpResponse:
    """What the person is told by mail about this workspace."""
    initial = {name: getattr(request.membership, name) for name in profile.WISHES}
    form = WishesForm(request.POST or None, initial=initial)
    if request.method == "POST":
        form = WishesForm(request.POST)  # nothing ticked sends nothing, and is an answer
        if form.is_valid():
            profile.save_wishes(
                organization=request.organization, user=request.user, wishes=form.cleaned_data
            )
            messages.success(request, _("Saved."))
            return redirect("notifications", workspace=request.organization.public_id)
    return render(request, "accounts/notifications.html", {"form": form})
