"""The REST API of the workspace as a whole: what is told by mail, leaving, handing over, its end, its data."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import deletion, emails, exports, members, profile
from accounts import workspace_shapes as shapes
from accounts.export_files import packed
from accounts.managing import ManagingView, WorkingView, merged
from accounts.models import ApiKey, Export, Membership, Role, Scope
from accounts.permitted import ScopeMissing
from accounts.serializers import MemberData, listed
from accounts.tenancy import enter

# --- What one is told by mail ----------------------------------------------------------------------------


class Mail(WorkingView):
    """What the caller is told by mail."""

    changing_scope = Scope.READ  # one's own letter box
    role = Role.VIEWER

    def mine(self) -> Membership:
        """404 for who is no member any more."""
        rows = Membership.objects.of(self.organization)
        found: Membership = get_object_or_404(rows, user=self.person)
        return found

    @extend_schema(summary="Read what is told by mail", responses={200: shapes.MailWishes})
    def get(self, request: Request) -> Response:
        """The caller's own wishes."""
        return Response(shapes.MailWishes(self.mine()).data)

    @extend_schema(
        summary="Change what is told by mail", request=shapes.MailWishes, responses={200: shapes.MailWishes}
    )
    def patch(self, request: Request) -> Response:
        """What is named changes."""
        wishes = merged(self.mine(), self.checked(shapes.MailWishes), profile.WISHES)
        profile.save_wishes(organization=self.organization, user=self.person, wishes=wishes)
        return Response(wishes)


# --- Leaving it, handing it over, its end ----------------------------------------------------------------


class Leave(WorkingView):
    """The end of one's own membership."""

    changing_scope = Scope.READ  # of a person who is signed in; a program needs more
    role = Role.VIEWER

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A key that reads shall not throw its maker out."""
        super().initial(request, *args, **kwargs)
        if isinstance(request.auth, ApiKey) and Scope.MANAGE not in request.auth.scopes:
            raise ScopeMissing("This needs an API key with the scope manage.", scope=Scope.MANAGE.value)

    @extend_schema(summary="Leave the workspace", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """409 for the only owner."""
        members.leave(organization=self.organization, by_user=self.person, now=timezone.now())
        return Response(status=204)


class Transfer(ManagingView):
    """Another owner."""

    role = Role.OWNER

    @extend_schema(
        summary="Hand the workspace over", request=shapes.TransferInput, responses={200: MemberData}
    )
    def post(self, request: Request) -> Response:
        """Who hands over stays as an admin. Plan, credits and card stay with the workspace."""
        member = members.transfer(
            organization=self.organization,
            by_user=self.person,
            member_id=self.checked(shapes.TransferInput)["member"],
            now=timezone.now(),
        )
        rows = Membership.objects.of(self.organization).select_related("user")
        return Response(MemberData(rows.get(pk=member.pk)).data)


class Deletion(ManagingView):
    """The end of the workspace."""

    role = Role.OWNER

    @extend_schema(summary="Read what deleting the workspace means", responses={200: shapes.DeletionData})
    def get(self, request: Request) -> Response:
        """Nothing is deleted by reading."""
        told = deletion.explain(organization=self.organization, now=timezone.now())
        return Response({"name": self.organization.name, "consequences": told})

    @extend_schema(summary="Delete the workspace", request=shapes.DeletionInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """It is closed to everybody at once, this key too, and emptied soon after. 422 for another name."""
        deletion.delete_workspace(
            organization=self.organization,
            by_user=self.person,
            typed=self.checked(shapes.DeletionInput)["name"],
            now=timezone.now(),
        )
        return Response(status=204)


# --- Its data --------------------------------------------------------------------------------------------


class _Exports(ManagingView):
    role = Role.OWNER

    def find(self, export_id: str) -> Export:
        rows = Export.objects.of(self.organization).select_related("asked_by")
        found: Export = get_object_or_404(rows, public_id=export_id)
        return found

    def data(self, export: Export) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = shapes.ExportData(export, context={"request": self.request}).data
        return shown


class Exports(_Exports):
    """Everything of the workspace, packed."""

    @extend_schema(summary="List exports", responses={200: listed(shapes.ExportData)})
    def get(self, request: Request) -> Response:
        """Newest first; they are gone after a week."""
        return self.page(Export.objects.of(self.organization).select_related("asked_by"), self.data)

    @extend_schema(summary="Ask for an export", request=None, responses={201: shapes.ExportData})
    def post(self, request: Request) -> Response:
        """It is built by a job; a mail tells when it is ready. 409 while one is built, 429 past three a day."""
        made = exports.ask_of_workspace(
            organization=self.organization,
            by_user=self.person,
            base=emails.base_url(request._request),
            now=timezone.now(),
        )
        return self.created(self.data(made), "api-export", made.public_id)


class ExportDetail(_Exports):
    """One of them."""

    @extend_schema(summary="Read an export", responses={200: shapes.ExportData})
    def get(self, request: Request, export_id: str) -> Response:
        """Whether it is ready."""
        return Response(self.data(self.find(export_id)))


class ExportFile(_Exports):
    """The ZIP itself."""

    in_transaction = False  # a slow reader shall hold a thread, not a transaction

    @extend_schema(summary="Fetch an export", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, export_id: str) -> HttpResponseBase:
        """404 until it is ready, and once it has expired."""
        with enter(self.organization):
            export = self.find(export_id)
        if not export.file or export.expires_at <= timezone.now():
            raise Http404
        return packed(export)
