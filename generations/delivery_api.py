"""The REST API of handing pictures over: export profiles, deliveries, their links and archives."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import domains
from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.managing import NothingNamed, WorkingView
from accounts.serializers import listed, whole
from accounts.tenancy import enter
from generations import deliveries, files, originals, profiles
from generations import delivery_shapes as shapes
from generations.models import Delivery, ExportProfile, Picture
from generations.profiles import BUILT_IN
from projects.models import Project


class ArchiveNotReady(Refusal):
    """The ZIP is not made yet, could not be made, or went with the delivery. Read the delivery for its state."""

    code, title, status = "archive_not_ready", "Archive not ready", 409


class BuiltInProfile(Refusal):
    """This profile comes with the product and can't be changed. Make one of your own like it."""

    code, title, status = "built_in_profile", "Built-in profile", 409


# --- Export profiles -------------------------------------------------------------------------------------


class ExportProfiles(WorkingView):
    """How files look that leave the workspace."""

    @extend_schema(
        summary="List export profiles",
        operation_id="listExportProfiles",
        responses={200: whole(shapes.ProfileData)},
    )
    def get(self, request: Request) -> Response:
        """The built-in ones, then the workspace's own."""
        rows = profiles.all_of(organization=self.organization)
        return Response({"results": [shapes.profile_data(row) for row in rows]})

    @extend_schema(
        summary="Make an export profile", request=shapes.ProfileInput, responses={201: shapes.ProfileData}
    )
    def post(self, request: Request) -> Response:
        """Of the workspace's own."""
        row = profiles.save(
            organization=self.organization,
            profile=shapes.profile_of(self.checked(shapes.ProfileInput)),
            by_user=self.person,
            now=timezone.now(),
        )
        data = shapes.profile_data(profiles.of_row(row))
        return self.created(data, "api-export-profile", row.public_id)


class ExportProfileDetail(WorkingView):
    """One profile."""

    @extend_schema(summary="Read an export profile", responses={200: shapes.ProfileData})
    def get(self, request: Request, profile_id: str) -> Response:
        """With its rule in sentences."""
        found = profiles.find(organization=self.organization, key=profile_id)
        if found is None:
            raise Http404
        return Response(shapes.profile_data(found))

    @extend_schema(
        summary="Change an export profile",
        request=shapes.ProfileChange,
        responses={200: shapes.ProfileData},
    )
    def patch(self, request: Request, profile_id: str) -> Response:
        """What is named changes; deliveries made with it stay as they are. 409 for a built-in one."""
        row, asked = self.own(profile_id), self.checked(shapes.ProfileChange)
        wanted = shapes.profile_values(profiles.of_row(row)) | asked
        profiles.change(row=row, profile=shapes.profile_of(wanted), by_user=self.person, now=timezone.now())
        return Response(shapes.profile_data(profiles.of_row(self.own(profile_id))))

    @extend_schema(summary="Remove an export profile", responses={204: None})
    def delete(self, request: Request, profile_id: str) -> Response:
        """Deliveries made with it stay as they are. 409 for a built-in one."""
        row = self.own(profile_id)
        profiles.remove(
            organization=self.organization, key=row.public_id, by_user=self.person, now=timezone.now()
        )
        return Response(status=204)

    def own(self, profile_id: str) -> ExportProfile:
        """A profile of the workspace's own, else 404. Raises BuiltInProfile."""
        if profile_id in BUILT_IN:
            raise BuiltInProfile
        rows = ExportProfile.objects.of(self.organization).select_related("organization")
        found: ExportProfile = get_object_or_404(rows, public_id=profile_id)
        return found


# --- Deliveries ------------------------------------------------------------------------------------------


class DeliveryView(WorkingView):
    """What all of them share."""

    def find(self, delivery_id: str) -> Delivery:
        """The delivery of this workspace, else 404; inside the workspace."""
        rows = Delivery.objects.of(self.organization).select_related("organization", "project", "created_by")
        found: Delivery = get_object_or_404(rows, public_id=delivery_id)
        return found

    def whole(self, delivery: Delivery) -> dict[str, Any]:
        """As it stands now; inside the workspace."""
        request = self.request._request
        found = self.find(delivery.public_id)
        items = deliveries.items_of(delivery=found)
        pages = originals.live_of(organization=self.organization, pictures=[item.picture for item in items])
        return shapes.delivery_whole(
            found, items, pages, domains.base_for(request, self.organization), request
        )

    def link(self, token: str) -> dict[str, str]:
        """Where it is opened; told once."""
        return {
            "url": domains.base_for(self.request._request, self.organization)
            + reverse("delivered", args=[token])
        }


class Deliveries(DeliveryView):
    """Pictures handed over."""

    in_transaction = False  # a PIN is hashed slowly, on purpose

    @extend_schema(
        summary="List deliveries",
        parameters=[
            OpenApiParameter("project", str, description="A project's id."),
            OpenApiParameter("state", str, enum=Delivery.State.values),
        ],
        responses={200: listed(shapes.DeliveryRow)},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        with enter(self.organization):
            rows = Delivery.objects.of(self.organization).select_related("project", "created_by")
            if project := request.query_params.get("project"):
                rows = rows.filter(project__public_id=id_or_nothing(project))
            if state := request.query_params.get("state"):
                rows = rows.filter(state=state)
            return self.page(rows, lambda row: shapes.DeliveryRow(row).data)

    @extend_schema(
        summary="Make a delivery", request=shapes.DeliveryInput, responses={201: shapes.NewDelivery}
    )
    def post(self, request: Request) -> Response:
        """Its files are made in the background: read it until `state` is ready. Its link is told this once."""
        asked = self.checked(shapes.DeliveryInput)
        with enter(self.organization):
            project = self.project(asked)
            pictures = self.pictures(asked["pictures"])
            deliveries.check_approved(
                pictures=pictures, project=project, is_confirmed=asked.pop("confirm_unapproved")
            )
            profile = profiles.find(organization=self.organization, key=asked["profile"])
        if profile is None:
            raise NothingNamed("`profile` names no export profile.", field="profile")
        delivery, token = deliveries.make(
            organization=self.organization,
            base=domains.base_for(request._request, self.organization),
            by_user=self.person,
            now=timezone.now(),
            **(asked | {"project": project, "pictures": pictures, "profile": profile}),
        )
        with enter(self.organization):
            data = self.whole(delivery) | {"link": self.link(token) if token else None}
        return self.created(data, "api-delivery", delivery.public_id)

    def project(self, asked: dict[str, Any]) -> Project | None:
        """The one that is named. Raises NothingNamed."""
        if "project" not in asked:
            return None
        projects = Project.objects.of(self.organization).select_related("organization")
        found: Project = self.named("project", projects, asked["project"])
        return found

    def pictures(self, ids: list[str]) -> list[Picture]:
        """In the order in which they are named, once each. Raises NothingNamed."""
        rows = Picture.objects.of(self.organization).kept().filter(generation__deleted_at=None)
        rows = rows.filter(public_id__in=[id_or_nothing(each) for each in ids])
        found = {row.public_id: row for row in rows}
        if missing := [each for each in ids if each not in found]:
            raise NothingNamed(
                f"`pictures` names no picture of this workspace: {missing[0]}.", field="pictures"
            )
        return [found[each] for each in dict.fromkeys(ids)]


class DeliveryDetail(DeliveryView):
    """One delivery."""

    @extend_schema(summary="Read a delivery", responses={200: shapes.DeliveryWhole})
    def get(self, request: Request, delivery_id: str) -> Response:
        """How it stands, and its files."""
        return Response(self.whole(self.find(delivery_id)))


class DeliveryRelease(DeliveryView):
    """A delivery, released."""

    @extend_schema(summary="Release a delivery", request=None, responses={200: shapes.DeliveryWhole})
    def post(self, request: Request, delivery_id: str) -> Response:
        """From now on its page gives the files themselves. Twice is once."""
        found = self.find(delivery_id)
        deliveries.release(delivery=found, by_user=self.person, now=timezone.now())
        return Response(self.whole(found))


class DeliveryWithdrawal(DeliveryView):
    """A delivery, withdrawn."""

    @extend_schema(
        summary="Withdraw a delivery", request=shapes.WithdrawInput, responses={200: shapes.DeliveryWhole}
    )
    def post(self, request: Request, delivery_id: str) -> Response:
        """Its link opens nothing and its files are gone, for good. Twice is once."""
        found, asked = self.find(delivery_id), self.checked(shapes.WithdrawInput)
        deliveries.withdraw(delivery=found, reason=asked["reason"], by_user=self.person, now=timezone.now())
        return Response(self.whole(found))


class DeliveryLinkRenewal(DeliveryView):
    """The link of a delivery, another one."""

    @extend_schema(summary="Renew the link of a delivery", request=None, responses={201: shapes.DeliveryLink})
    def post(self, request: Request, delivery_id: str) -> Response:
        """Told this once; the one before opens nothing any more."""
        found = self.find(delivery_id)
        token = deliveries.renew_link(delivery=found, by_user=self.person, now=timezone.now())
        return Response(self.link(token), status=201)


class DeliveryArchive(DeliveryView):
    """The ZIP."""

    errors: ClassVar = {"GET": (409,)}

    @extend_schema(summary="Download a delivery as ZIP", responses={200: shapes.DeliveryArchive})
    def get(self, request: Request, delivery_id: str) -> Response:
        """409 until it is made."""
        found = self.find(delivery_id)
        url = shapes.archive_url(found, request._request)
        if url is None:
            raise ArchiveNotReady
        return Response(
            {
                "url": url,
                "filename": shapes.archive_name(found),
                "bytes": found.bytes,
                "expires_at": files.expires_at(),
            }
        )
