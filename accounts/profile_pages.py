"""A person's own pages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import farewell, news, profile
from accounts.errors import Refusal
from accounts.forms import CloseForm, ProfileForm, WishesForm
from accounts.tenancy import (
    MemberRequest,
    SignedInRequest,
    asked_again,
    member,
    memberships_of,
    public,
    signed_in,
)


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


@signed_in
@asked_again
@require_http_methods(["GET", "POST"])
def close_account(request: SignedInRequest) -> HttpResponse:
    """What the end of the account means, what stands in its way, and the end itself for who types its address."""
    user = request.user
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            farewell.close_account(user=user, typed=form.cleaned_data["email"], now=timezone.now())
        except farewell.WrongAddress as refusal:
            form.add_error("email", refusal.message)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            logout(request)
            messages.success(request, _("Your account was deleted. A mail confirms it."))
            return redirect("start")
    alone = farewell.only_owner_of(user=user)
    context = {"form": form, "alone": alone, "sentences": farewell.explain(user=user)}
    return render(request, "accounts/close_account.html", context, status=422 if form.errors else 200)


@csrf_exempt  # mail programs press the button for their reader (RFC 8058), and bring no cookie
@public("the signed address is the permission")
@require_http_methods(["GET", "POST"])
def stop_news(request: HttpRequest, token: str) -> HttpResponse:
    """The link below every mail of news. Opening it asks; only a POST stops them, since programs open links too."""
    reader = news.reader_of(token)
    if reader is None:
        raise Http404
    if request.method == "POST":
        news.stop(user=reader)
        reader.refresh_from_db()
    return render(request, "accounts/stop_news.html", {"reader": reader, "token": token})


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
