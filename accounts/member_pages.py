"""Pages of who belongs to a workspace, and of the way in."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import emails, invitations, members
from accounts.errors import Refusal
from accounts.forms import ROLE_WORDS, InviteForm, JoinForm, RoleForm
from accounts.models import Invitation, Membership, Role
from accounts.tenancy import MemberRequest, asked_again, member, public


def _members_page(request: MemberRequest, form: InviteForm) -> HttpResponse:
    organization, now = request.organization, timezone.now()
    rows = Membership.objects.of(organization).select_related("user").order_by("pk")
    invited = Invitation.objects.of(organization).filter(accepted_at=None, revoked_at=None)
    context = {
        "form": form,
        "members": [(each, RoleForm(initial={"role": each.role}, auto_id=f"{each.pk}_%s")) for each in rows],
        "invited": invited.select_related("invited_by").order_by("-pk"),
        "now": now,
        "taken": members.seats_taken(organization=organization, now=now),
        "may_manage": request.membership.may(Role.ADMIN),
        "is_owner": request.membership.may(Role.OWNER),
        "roles": [(role.label, ROLE_WORDS[role]) for role in Role],
    }
    return render(request, "accounts/members.html", context, status=422 if form.errors else 200)


@member()
@require_GET
def members_page(request: MemberRequest) -> HttpResponse:
    """Everybody in the workspace, and who is asked in."""
    return _members_page(request, InviteForm())


@member(Role.ADMIN)
@require_POST
def invite(request: MemberRequest) -> HttpResponse:
    """Ask somebody in."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _members_page(request, form)
    try:
        invitation = invitations.invite(
            organization=request.organization,
            by_user=request.user,
            email=form.cleaned_data["email"],
            role=Role(form.cleaned_data["role"]),
            base=emails.base_url(request),
            now=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return _members_page(request, form)
    messages.success(request, _("An invitation is on its way to %s.") % invitation.email)
    return _to_members(request)


def _to_members(request: MemberRequest) -> HttpResponse:
    return redirect("members", workspace=request.organization.public_id)


def _done(request: MemberRequest, act: Callable[[], object], words: str) -> bool:
    """Do it and say so, or say why not. False for what is not there: a person finds 404."""
    try:
        if act() is False:
            raise Http404
    except members.NoSuchMember as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return False
    messages.success(request, words)
    return True


@member(Role.ADMIN)
@require_POST
def send_again(request: MemberRequest, invitation_id: str) -> HttpResponse:
    """The mail once more, with a new link."""
    _done(
        request,
        lambda: invitations.send_again(
            organization=request.organization,
            by_user=request.user,
            invitation_id=invitation_id,
            base=emails.base_url(request),
            now=timezone.now(),
        ),
        _("The invitation was sent again. The link in the earlier mail works no more."),
    )
    return _to_members(request)


@member(Role.ADMIN)
@require_POST
def revoke_invitation(request: MemberRequest, invitation_id: str) -> HttpResponse:
    """Withdraw it."""
    _done(
        request,
        lambda: invitations.revoke(
            organization=request.organization,
            by_user=request.user,
            invitation_id=invitation_id,
            now=timezone.now(),
        ),
        _("The invitation was withdrawn. Its link works no more."),
    )
    return _to_members(request)


@member(Role.ADMIN)
@require_POST
def change_role(request: MemberRequest, member_id: int) -> HttpResponse:
    """Make a member something else."""
    form = RoleForm(request.POST)
    if form.is_valid():
        _done(
            request,
            lambda: members.change_role(
                organization=request.organization,
                by_user=request.user,
                member_id=member_id,
                role=Role(form.cleaned_data["role"]),
                now=timezone.now(),
            ),
            _("The role was changed."),
        )
    return _to_members(request)


@member(Role.ADMIN)
@require_POST
def remove(request: MemberRequest, member_id: int) -> HttpResponse:
    """End somebody's membership."""
    _done(
        request,
        lambda: members.remove(
            organization=request.organization,
            by_user=request.user,
            member_id=member_id,
            now=timezone.now(),
        ),
        _("The member was removed and can open this workspace no more."),
    )
    return _to_members(request)


@member(Role.OWNER)
@asked_again
@require_http_methods(["GET", "POST"])
def transfer(request: MemberRequest, member_id: int) -> HttpResponse:
    """Hand the workspace over to another member; asked for the password first."""
    found = Membership.objects.of(request.organization).select_related("user").filter(pk=member_id).first()
    if found is None or found.pk == request.membership.pk:
        raise Http404
    if request.method == "GET":
        return render(request, "accounts/transfer.html", {"taker": found})
    _done(
        request,
        lambda: members.transfer(
            organization=request.organization,
            by_user=request.user,
            member_id=member_id,
            now=timezone.now(),
        ),
        _("%s is the owner now; you stay as an admin.") % found.user,
    )
    return _to_members(request)


@member()
@require_http_methods(["GET", "POST"])
def leave(request: MemberRequest) -> HttpResponse:
    """End one's own membership."""
    if request.method == "GET":
        return render(request, "accounts/leave.html", {})
    organization = request.organization
    left = _done(
        request,
        lambda: members.leave(organization=organization, by_user=request.user, now=timezone.now()),
        _("You have left %s.") % organization,
    )
    return redirect("home") if left else redirect("leave", workspace=organization.public_id)


@never_cache  # the address is a secret, and what it shows depends on who looks
@public("an exact invitation link is the permission")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """What one is invited to. A POST joins: as who is signed in, or as a new person with a password."""
    found = invitations.find(token=token, now=timezone.now())
    if found is None:
        return render(request, "accounts/invitation_over.html", status=410)
    form = JoinForm(request.POST or None, email=found.email)
    try:
        if request.method == "POST" and request.user.is_authenticated:
            invitations.accept(token=token, user=request.user, now=timezone.now())
            messages.success(request, _("Welcome to %s.") % found.organization)
            return redirect("switch", workspace=found.organization.public_id)
        if request.method == "POST" and form.is_valid():
            user = invitations.accept_as_new(
                token=token,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                now=timezone.now(),
            )
            messages.success(request, _("Welcome to %s.") % found.organization)
            where = f"/w/{found.organization.public_id}/enter"
            return perform_login(request, user, email_verification="none", redirect_url=where)  # type: ignore[no-any-return]
    except Refusal as refusal:
        form.is_valid()
        form.add_error(None, refusal.message)
    context = {
        "invitation": found,
        "form": form,
        "has_account": invitations.has_account(email=found.email),
        "role_words": ROLE_WORDS[Role(found.role)],
    }
    return render(
        request, "accounts/invitation.html", context, status=422 if request.method == "POST" else 200
    )
