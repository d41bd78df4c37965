"""The REST API of people and the workspace itself: what the pages can do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit, devices, emails, invitations, members, profile, rates, services
from accounts import serializers as shapes
from accounts.managing import Collection, ManagingView, PersonView
from accounts.models import Invitation, Membership, Organization, Role
from accounts.permitted import WorkspaceNeeded
from accounts.tenancy import enter, find_membership, memberships_of


class Me(Collection):
    """Who asks."""

    in_transaction = False
    here: Organization | None = None

    def come_in(self, request: Request, address: str, now: datetime) -> None:
        """An app need not know yet which workspaces there are."""
        try:
            super().come_in(request, address, now)
            self.here = self.organization
        except WorkspaceNeeded:
            self.count({"address": rates.subject_of_address(address)}, now)

    @extend_schema(summary="Read who you are", responses={200: shapes.MeData})
    def get(self, request: Request) -> Response:
        """The person, their workspaces and roles, and what the key may be used for. A key knows its workspace alone."""
        mine = memberships_of(user=self.person)
        if self.api_key is not None:
            mine = [each for each in mine if each.organization_id == self.api_key.organization_id]
        role = next((each.role for each in mine if each.organization == self.here), None)
        return Response(
            {
                "email": self.person.email,
                "name": self.person.name,
                "organization": self.here.public_id if self.here else None,
                "role": role,
                "api_key": self.key_data(),
                "workspaces": [shapes.WorkspaceData(each).data for each in mine],
            }
        )

    def key_data(self) -> dict[str, Any] | None:
        """The key, with its cap; None for a session."""
        if self.api_key is None:
            return None
        with enter(self.organization):
            caps = services.caps_of_api_keys(organization=self.organization, now=timezone.now())
        data: dict[str, Any] = shapes.ApiKeyData(self.api_key, context={"caps": caps}).data
        return data


# --- The person who is signed in with an app -------------------------------------------------------------


class Sessions(PersonView):
    """Where the person is signed in."""

    @extend_schema(summary="List your sessions", responses={200: shapes.SessionList})
    def get(self, request: Request) -> Response:
        """Browsers and apps, the latest used first."""
        rows = devices.of(user=self.person)
        return Response(
            {"results": [shapes.SessionData(row, context={"mine": self.device}).data for row in rows]}
        )


class SessionDetail(PersonView):
    """One session."""

    @extend_schema(summary="End a session", responses={204: None})
    def delete(self, request: Request, session_id: int) -> Response:
        """Its token or cookie opens nothing from now on."""
        if not profile.end_session(user=self.person, session_id=session_id):
            raise Http404
        return Response(status=204)


class Workspaces(PersonView):
    """The person's workspaces."""

    @extend_schema(summary="List your workspaces", responses={200: shapes.WorkspaceList})
    def get(self, request: Request) -> Response:
        """Oldest first, with the person's role in each. Name one of them in `X-Workspace`."""
        mine = memberships_of(user=self.person)
        return Response({"results": [shapes.WorkspaceData(each).data for each in mine]})

    @extend_schema(
        summary="Open a workspace", request=shapes.OrganizationChange, responses={201: shapes.WorkspaceData}
    )
    def post(self, request: Request) -> Response:
        """Another one, on the free plan."""
        name = self.checked(shapes.OrganizationChange)["name"]
        made = services.open_workspace(name=name, by_user=self.person, now=timezone.now())
        mine = find_membership(user=self.person, workspace=made.public_id)
        return Response(shapes.WorkspaceData(mine).data, status=201)


class Memberships(PersonView):
    """Where the person belongs."""

    @extend_schema(
        summary="Accept an invitation", request=shapes.JoinInput, responses={201: shapes.WorkspaceData}
    )
    def post(self, request: Request) -> Response:
        """`invitation` is what stands at the end of the link in the mail."""
        token, now = self.checked(shapes.JoinInput)["invitation"], timezone.now()
        try:
            joined = invitations.accept(token=token, user=self.person, now=now)
        except invitations.InvitationOver:
            address = get_adapter().get_client_ip(request._request)
            self.count({"failed": rates.subject_of_address(address)}, now)  # somebody may be guessing
            raise
        mine = find_membership(user=self.person, workspace=joined.public_id)
        return Response(shapes.WorkspaceData(mine).data, status=201)


class MembershipDetail(PersonView):
    """One membership of the person's."""

    @extend_schema(summary="Leave a workspace", responses={204: None})
    def delete(self, request: Request, workspace: str) -> Response:
        """What they made stays there. 409 for its last owner."""
        mine = find_membership(user=self.person, workspace=workspace)
        if mine is None:
            raise Http404
        members.leave(organization=mine.organization, by_user=self.person, now=timezone.now())
        return Response(status=204)


# --- The workspace ---------------------------------------------------------------------------------------


class ThisOrganization(Collection):
    """The key's workspace."""

    @extend_schema(summary="Read the workspace", responses={200: shapes.OrganizationData})
    def get(self, request: Request) -> Response:
        """With what its plan entitles it to."""
        return Response(shapes.OrganizationData(self.organization).data)


class OrganizationName(ManagingView):
    """The name of the workspace."""

    @extend_schema(
        summary="Rename the workspace",
        request=shapes.OrganizationChange,
        responses={200: shapes.OrganizationData},
    )
    def put(self, request: Request) -> Response:
        """Call it something else."""
        services.rename_workspace(
            organization=self.organization,
            by_user=self.person,
            name=self.checked(shapes.OrganizationChange)["name"],
            now=timezone.now(),
        )
        return Response(shapes.OrganizationData(Organization.objects.get(pk=self.organization.pk)).data)


class Members(ManagingView):
    """Who belongs to the workspace."""

    @extend_schema(summary="List members", responses={200: shapes.listed(shapes.MemberData)})
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Membership.objects.of(self.organization).select_related("user")
        return self.page(rows, lambda row: shapes.MemberData(row).data)


class MemberDetail(ManagingView):
    """One member."""

    @extend_schema(
        summary="Change a member's role",
        request=shapes.MemberChange,
        responses={200: shapes.MemberData},
    )
    def patch(self, request: Request, member_id: int) -> Response:
        """By the rules of the page: nobody gives what they don't have, and one owner stays."""
        members.change_role(
            organization=self.organization,
            by_user=self.person,
            member_id=member_id,
            role=Role(self.checked(shapes.MemberChange)["role"]),
            now=timezone.now(),
        )
        rows = Membership.objects.of(self.organization).select_related("user")
        return Response(shapes.MemberData(rows.get(pk=member_id)).data)

    @extend_schema(summary="Remove a member", responses={204: None})
    def delete(self, request: Request, member_id: int) -> Response:
        """They can no longer enter; what they made stays."""
        members.remove(
            organization=self.organization,
            by_user=self.person,
            member_id=member_id,
            now=timezone.now(),
        )
        return Response(status=204)


class Invitations(ManagingView):
    """Who was asked in and has not come yet."""

    @extend_schema(summary="List open invitations", responses={200: shapes.listed(shapes.InvitationData)})
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Invitation.objects.of(self.organization).pending(timezone.now())
        return self.page(rows, lambda row: shapes.InvitationData(row).data)

    @extend_schema(
        summary="Invite somebody", request=shapes.InvitationInput, responses={201: shapes.InvitationData}
    )
    def post(self, request: Request) -> Response:
        """The link goes by mail alone."""
        asked = self.checked(shapes.InvitationInput)
        made = invitations.invite(
            organization=self.organization,
            by_user=self.person,
            email=asked["email"],
            role=Role(asked["role"]),
            base=emails.base_url(request._request),
            now=timezone.now(),
        )
        return Response(shapes.InvitationData(made).data, status=201)


class InvitationDetail(ManagingView):
    """One invitation."""

    @extend_schema(summary="Withdraw an invitation", responses={204: None})
    def delete(self, request: Request, invitation_id: str) -> Response:
        """Its link opens nothing from now on."""
        if not invitations.revoke(
            organization=self.organization,
            by_user=self.person,
            invitation_id=invitation_id,
            now=timezone.now(),
        ):
            raise Http404
        return Response(status=204)


class AuditLog(ManagingView):
    """Who did what, when."""

    @extend_schema(
        summary="List the audit log",
        parameters=[OpenApiParameter("kind", str, enum=list(audit.KINDS))],
        responses={200: shapes.listed(shapes.AuditData)},
    )
    def get(self, request: Request) -> Response:
        """Newest first; `?kind=` narrows."""
        filters = audit.Filters(kind=request.query_params.get("kind", ""))
        rows = audit.select(organization=self.organization, filters=filters).order_by()
        return self.page(rows, lambda row: shapes.AuditData(row).data)
