"""Pages of members around deliveries, export profiles and the public pages of originals."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import domains
from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.models import Role
from accounts.sending import stored_file
from accounts.tenancy import MemberRequest, enter, member
from generations import deliveries, files, originals, profiles, provenance, reviews
from generations.delivery_forms import DeliveryForm, ProfileForm
from generations.models import Delivery, ExportProfile, OriginalPage, Picture
from generations.page_parts import picture_of, place_of
from projects.models import Project

MOST_OFFERED = 100


@member()
@require_GET
def list_deliveries(request: MemberRequest) -> HttpResponse:
    """All of the workspace, newest first."""
    rows = Delivery.objects.of(request.organization).select_related("project", "created_by").order_by("-pk")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    return render(
        request, "generations/deliveries.html", {"deliveries": page, "page": page, "now": timezone.now()}
    )


@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def new_delivery(request: MemberRequest) -> HttpResponse:
    """Choose pictures and a profile; a POST makes the delivery and shows its link, this once."""
    with enter(request.organization):
        project = _project(request)
        approved = (
            set(reviews.approved_pictures(project=project).values_list("pk", flat=True)) if project else set()
        )
        offered = _offered(request, project)
        all_profiles = profiles.all_of(organization=request.organization)
    initial = {"title": project.name if project else _("Pictures"), "days": 30}
    form = DeliveryForm(request.POST or None, profiles=all_profiles, initial=initial)
    ticked = set(
        request.POST.getlist("picture") if request.method == "POST" else request.GET.getlist("picture")
    )
    for picture in offered:
        picture.is_approved = picture.pk in approved
        picture.is_ticked = picture.public_id in ticked or (not ticked and picture.is_approved)
    if request.method == "POST" and form.is_valid():
        chosen = [picture for picture in offered if picture.public_id in ticked]
        try:
            return _make(request, form, chosen, project, all_profiles)
        except deliveries.NotApproved as refusal:
            form.add_error("is_confirmed", refusal.message)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
    context = {"form": form, "pictures": offered, "project": project, "profiles": all_profiles}
    with enter(request.organization):
        return render(request, "generations/delivery_new.html", context, status=422 if form.errors else 200)


def _project(request: MemberRequest) -> Project | None:
    asked = request.GET.get("project") or request.POST.get("project")
    if not asked:
        return None
    projects = Project.objects.of(request.organization).select_related("organization")
    found: Project = get_object_or_404(projects, public_id=id_or_nothing(asked))
    return found


def _offered(request: MemberRequest, project: Project | None) -> list[Any]:
    rows = Picture.objects.of(request.organization).kept().filter(generation__deleted_at=None)
    if project:
        rows = rows.filter(generation__room__project=project)
    related = ("generation__room", "generation__organization", "organization")
    return list(rows.select_related(*related).order_by("-pk")[:MOST_OFFERED])


def _make(
    request: MemberRequest,
    form: DeliveryForm,
    chosen: list[Picture],
    project: Project | None,
    all_profiles: list[profiles.Profile],
) -> HttpResponse:
    data = form.cleaned_data
    with enter(request.organization):
        deliveries.check_approved(pictures=chosen, project=project, is_confirmed=data["is_confirmed"])
    delivery, token = deliveries.make(
        organization=request.organization,
        pictures=chosen,
        profile=next(profile for profile in all_profiles if profile.key == data["profile"]),
        title=data["title"],
        message=data["message"],
        base=domains.base_for(request, request.organization),
        by_user=request.user,
        now=timezone.now(),
        project=project,
        has_link=data["has_link"],
        pin=data["pin"],
        days=data["days"],
        has_watermark=data["has_watermark"],
    )
    if not token:
        return _to_delivery(delivery)
    return _show_link(request, delivery, token)


def _show_link(request: MemberRequest, delivery: Delivery, token: str) -> HttpResponse:
    address = domains.base_for(request, request.organization) + reverse("delivered", args=[token])
    context = {"delivery": delivery, "address": address}
    with enter(request.organization):
        answer = render(request, "generations/delivery_made.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _to_delivery(delivery: Delivery) -> HttpResponse:
    return redirect("delivery", delivery.organization.public_id, delivery.public_id)


def _find(request: MemberRequest, delivery_id: str) -> Delivery:
    rows = Delivery.objects.of(request.organization).select_related("organization", "project", "created_by")
    found: Delivery = get_object_or_404(rows, public_id=delivery_id)
    return found


@member()
@require_GET
def delivery(request: MemberRequest, delivery_id: str) -> HttpResponse:
    """How it stands, what is in it."""
    found = _find(request, delivery_id)
    items = deliveries.items_of(delivery=found)
    pages = originals.live_of(organization=request.organization, pictures=[item.picture for item in items])
    context = {
        "delivery": found,
        "items": [(item, pages.get(item.picture_id)) for item in items],
        "profile": profiles.of_data(found.profile),
        "is_live": found.is_live(timezone.now()),
    }
    return render(request, "generations/delivery.html", context)


@member(in_transaction=False)
@require_safe
def delivery_archive(request: MemberRequest, delivery_id: str) -> HttpResponseBase:
    """The ZIP, for members."""
    with enter(request.organization):
        found = _find(request, delivery_id)
    return archive_answer(found)


def archive_answer(found: Delivery) -> HttpResponseBase:
    """The ZIP under a name made of the delivery's title; 404 where there is none."""
    if not found.archive:
        raise Http404
    answer = stored_file(found.archive)
    answer["Content-Disposition"] = files.content_disposition(f"{slugify(found.title) or 'pictures'}.zip")
    return answer


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def change_delivery(request: MemberRequest, delivery_id: str, what: str) -> HttpResponse:
    """`release`, `withdraw` (with a `reason`) or `renew` its link."""
    with enter(request.organization):
        found = _find(request, delivery_id)
    now, by_user = timezone.now(), request.user
    try:
        if what == "release":
            deliveries.release(delivery=found, by_user=by_user, now=now)
            messages.success(request, _("It is released: its page gives the files now."))
        elif what == "withdraw":
            deliveries.withdraw(
                delivery=found, reason=request.POST.get("reason", ""), by_user=by_user, now=now
            )
            messages.success(
                request, _("It was withdrawn. Its link opens nothing any more, and its files are gone.")
            )
        elif what == "renew":
            return _show_link(request, found, deliveries.renew_link(delivery=found, by_user=by_user, now=now))
        else:
            raise Http404
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return _to_delivery(found)


@member(in_transaction=False)
@require_http_methods(["GET", "POST"])
def export_profiles(request: MemberRequest) -> HttpResponse:
    """The built-in ones with their rules, the workspace's own, and a form for another."""
    may_edit = request.membership.may(Role.DESIGNER)
    form = ProfileForm(request.POST or None)
    if request.method == "POST" and may_edit and form.is_valid():
        try:
            profiles.save(
                organization=request.organization,
                profile=form.profile(),
                by_user=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The profile was saved."))
            return redirect("export-profiles", request.organization.public_id)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
    with enter(request.organization):
        every = profiles.all_of(organization=request.organization)
        context = {
            "built_in": [profile for profile in every if profile.key in profiles.BUILT_IN],
            "own": [profile for profile in every if profile.key not in profiles.BUILT_IN],
            "form": form,
            "may_edit": may_edit,
        }
        return render(
            request, "generations/export_profiles.html", context, status=422 if form.errors else 200
        )


@member(Role.DESIGNER, in_transaction=False)
@require_POST
def remove_profile(request: MemberRequest, profile_id: str) -> HttpResponse:
    """Deliveries made with it stay."""
    with enter(request.organization):
        get_object_or_404(ExportProfile.objects.of(request.organization), public_id=profile_id)
    profiles.remove(
        organization=request.organization, key=profile_id, by_user=request.user, now=timezone.now()
    )
    messages.success(request, _("The profile was removed. Deliveries made with it stay as they are."))
    return redirect("export-profiles", request.organization.public_id)


@never_cache
@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def original_settings(request: MemberRequest, picture_id: str) -> HttpResponse:
    """The public page of a picture's original: publish, put into other words, retract."""
    with enter(request.organization):
        picture = picture_of(request, picture_id)
        pages = OriginalPage.objects.of(request.organization).filter(picture=picture)
        page = pages.select_related("organization", "picture__generation").first()
    if picture.removed_at is not None and page is None:
        raise Http404
    if request.method == "POST":
        try:
            if request.POST.get("what") == "retract" and page is not None:
                originals.retract(
                    page=page, reason=request.POST.get("reason", ""), by_user=request.user, now=timezone.now()
                )
                messages.success(request, _("The page was retracted. Its address shows nothing any more."))
            else:
                originals.publish(
                    picture=picture,
                    by_user=request.user,
                    now=timezone.now(),
                    altered=" ".join(request.POST.get("altered", "").split())[:400],
                )
                messages.success(request, _("The page is public."))
            return redirect("original-settings", request.organization.public_id, picture_id)
        except Refusal as refusal:
            messages.error(request, refusal.message)
    context: dict[str, Any] = {
        "picture": picture,
        "original": page,
        "back": place_of(picture),
        "marked": provenance.words_for(picture),
    }
    if page is not None:
        context["altered"] = originals.altered_words(page)
        context["address"] = domains.base_for(request, request.organization) + reverse(
            "original", args=[page.public_id]
        )
    with enter(request.organization):
        return render(request, "generations/original_settings.html", context)
