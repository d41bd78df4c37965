"""Pages that change a client. The client's own page, with their budget, is above: it knows billing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from projects import brand, clients
from projects.forms import ClientChangeForm
from projects.models import Client


def _find(request: MemberRequest, client_id: str) -> Client:
    rows = Client.objects.of(request.organization).select_related("organization")
    found: Client = get_object_or_404(rows, public_id=client_id)
    return found


def _to_client(client: Client) -> HttpResponse:
    return redirect("client", workspace=client.organization.public_id, client_id=client.public_id)


@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def change_client(request: MemberRequest, client_id: str) -> HttpResponse:
    """What is known of a client, and their brand."""
    with enter(request.organization):
        found = _find(request, client_id)
    names = ("name", "email", "phone", "address", "notes", "brand_name", "accent")
    form = ClientChangeForm(
        request.POST or None,
        request.FILES or None,
        initial={name: getattr(found, name) for name in names},
    )
    if request.method == "POST" and form.is_valid() and _save(request, found, form, names):
        messages.success(request, _("%(name)s was saved.") % {"name": form.cleaned_data["name"]})
        return _to_client(found)
    with enter(request.organization):
        context = {"client": found, "form": form}
        return render(request, "projects/change_client.html", context, status=422 if form.errors else 200)


def _save(request: MemberRequest, found: Client, form: ClientChangeForm, names: tuple[str, ...]) -> bool:
    data = form.cleaned_data
    facts = clients.Facts(**{name: data[name] for name in names})
    try:
        clients.change_client(client=found, facts=facts, by_user=request.user, now=timezone.now())
    except (brand.NotAColour, brand.ColourTooPale) as refusal:
        form.add_error("accent", refusal.message)
        return False
    try:
        if data["logo"] is not None:
            clients.set_logo(client=found, content=data["logo"].read())
        elif data["remove_logo"]:
            clients.remove_logo(client=found)
    except Refusal as refusal:
        form.add_error("logo", refusal.message)
        return False
    return True


@member(Role.DESIGNER)
@require_POST
def archive_client(request: MemberRequest, client_id: str) -> HttpResponse:
    """Into the archive, or with `archived=no` out of it."""
    found = _find(request, client_id)
    archived = request.POST.get("archived") != "no"
    clients.archive_client(client=found, archived=archived, by_user=request.user, now=timezone.now())
    words = _("%(name)s is archived.") if archived else _("%(name)s is back from the archive.")
    messages.success(request, words % {"name": found.name})
    return _to_client(found)


@member(Role.DESIGNER)
@require_POST
def delete_client(request: MemberRequest, client_id: str) -> HttpResponse:
    """For good, if they have no projects."""
    found = _find(request, client_id)
    try:
        clients.delete_client(client=found, by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _to_client(found)
    messages.success(request, _("%(name)s was deleted.") % {"name": found.name})
    return redirect("clients", workspace=request.organization.public_id)
