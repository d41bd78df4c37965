"""The REST API of the workspace's own host names."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import domain_shapes as shapes
from accounts import domains
from accounts.managing import ManagingView
from accounts.models import Domain
from accounts.serializers import listed
from accounts.tenancy import enter


class Domains(ManagingView):
    """Host names under which clients see the workspace."""

    @extend_schema(summary="List host names", responses={200: listed(shapes.DomainData)})
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.page(Domain.objects.of(self.organization), lambda row: shapes.DomainData(row).data)

    @extend_schema(
        summary="Claim a host name", request=shapes.DomainInput, responses={201: shapes.DomainData}
    )
    def post(self, request: Request) -> Response:
        """It works when `record` is set and found. 403 without white label."""
        domain = domains.add(
            organization=self.organization,
            host=self.checked(shapes.DomainInput)["host"],
            by_user=self.person,
            now=timezone.now(),
        )
        return Response(shapes.DomainData(domain).data, status=201)


class _OneDomain(ManagingView):
    in_transaction = False  # name servers are asked

    def find(self, domain_id: str) -> Domain:
        with enter(self.organization):
            rows = Domain.objects.of(self.organization).select_related("organization")
            found: Domain = get_object_or_404(rows, public_id=domain_id)
        return found


class DomainDetail(_OneDomain):
    """One host name."""

    @extend_schema(summary="Read a host name", responses={200: shapes.DomainData})
    def get(self, request: Request, domain_id: str) -> Response:
        """As it stands."""
        return Response(shapes.DomainData(self.find(domain_id)).data)

    @extend_schema(summary="Remove a host name", responses={204: None})
    def delete(self, request: Request, domain_id: str) -> Response:
        """At once nothing is served under it."""
        domains.remove(domain=self.find(domain_id), by_user=self.person, now=timezone.now())
        return Response(status=204)


class DomainCheck(_OneDomain):
    """The record of a host name, looked up."""

    @extend_schema(summary="Check a host name", request=None, responses={200: shapes.DomainData})
    def post(self, request: Request, domain_id: str) -> Response:
        """Waits for the name servers, 5 seconds at the most."""
        return Response(
            shapes.DomainData(domains.check_now(domain=self.find(domain_id), now=timezone.now())).data
        )
