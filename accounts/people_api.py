"""The REST API of people and the workspace itself: what the pages can do."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit, emails, invitations, members, services
from accounts import serializers as shapes
from accounts.managing import Collection, ManagingView
from accounts.models import Invitation, Membership, Organization, Role


class Me(Collection):
    """Whose key it is."""

    @extend_schema(summary="Read whose key this is", responses={200: shapes.MeData})
    def get(self, request: Request) -> Response:
        """The person, their role here, and what the key may be used for."""
        person, organization = self.person, self.organization
        mine = Membership.objects.of(organization).filter(user=person).first()
        caps = services.caps_of_api_keys(organization=organization, now=timezone.now())
        return Response(
            {
                "email": person.email,
                "name": person.name,
                "organization": organization.public_id,
                "role": mine.role if mine else None,
                "api_key": shapes.ApiKeyData(self.api_key, context={"caps": caps}).data,
            }
        )


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
