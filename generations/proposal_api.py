"""The REST API of proposals: begun, read, changed, sent, withdrawn; their links and paper."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import domains
from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.managing import WorkingView
from accounts.serializers import listed
from generations import proposal_sending, proposals
from generations import proposal_shapes as shapes
from generations.models import Proposal, ProposalLink
from projects.models import Product, Project


class PdfNotReady(Refusal):
    """The PDF is not made yet. A draft has none; of a sent proposal it is made within a minute."""

    code, title, status = "pdf_not_ready", "PDF not ready", 409


class ProposalView(WorkingView):
    """What all of them share."""

    def find(self, proposal_id: str) -> Proposal:
        """The proposal of this workspace, else 404."""
        rows = Proposal.objects.of(self.organization)
        related = ("organization", "project", "replaces", "sent_by", "answer")
        found: Proposal = get_object_or_404(rows.select_related(*related), public_id=proposal_id)
        return found

    def whole(self, proposal: Proposal) -> dict[str, Any]:
        """As it stands now."""
        return shapes.proposal_whole(self.find(proposal.public_id))

    def made(self, proposal: Proposal, **more: Any) -> Response:
        """201, and where it is."""
        return self.created(self.whole(proposal) | more, "api-proposal", proposal.public_id)

    def left_out(self, products: list[Product], currency: str) -> list[dict[str, str]]:
        """Products that became no line, with what to do about it."""
        return [
            {"product": product.public_id, "why": proposals.mixed_words(product, currency)}
            for product in products
        ]


class Proposals(ProposalView):
    """Proposals of the workspace."""

    @extend_schema(
        summary="List proposals",
        parameters=[
            OpenApiParameter("project", str, description="A project's id."),
            OpenApiParameter("state", str, enum=Proposal.State.values),
        ],
        responses={200: listed(shapes.ProposalRow)},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Proposal.objects.of(self.organization).select_related("project", "replaces")
        if project := request.query_params.get("project"):
            rows = rows.filter(project__public_id=id_or_nothing(project))
        if state := request.query_params.get("state"):
            rows = rows.filter(state=state)
        return self.page(rows, lambda row: shapes.ProposalRow(row).data)

    @extend_schema(
        summary="Begin a proposal", request=shapes.ProposalInput, responses={201: shapes.NewProposal}
    )
    def post(self, request: Request) -> Response:
        """A draft with all that the client has approved, and the furniture in it. 409 when nothing is."""
        asked = self.checked(shapes.ProposalInput)
        projects = Project.objects.of(self.organization).select_related("client", "organization")
        project = self.named("project", projects, asked["project"])
        made, left_out = proposals.start(project=project, by_user=self.person, now=timezone.now())
        return self.made(made, left_out=self.left_out(left_out, made.currency))


class ProposalDetail(ProposalView):
    """One proposal."""

    @extend_schema(summary="Read a proposal", responses={200: shapes.ProposalWhole})
    def get(self, request: Request, proposal_id: str) -> Response:
        """With its lines, sums, pictures and what the client said."""
        return Response(shapes.proposal_whole(self.find(proposal_id)))

    @extend_schema(
        summary="Change a draft", request=shapes.ProposalChange, responses={200: shapes.ProposalWhole}
    )
    def patch(self, request: Request, proposal_id: str) -> Response:
        """What is named changes. 409 once it was sent."""
        found, asked = self.find(proposal_id), self.checked(shapes.ProposalChange)
        proposals.change(proposal=found, fields=asked)
        return Response(self.whole(found))

    @extend_schema(summary="Throw a draft away", responses={204: None})
    def delete(self, request: Request, proposal_id: str) -> Response:
        """Nothing of it is left. 409 once it was sent."""
        proposals.delete_draft(proposal=self.find(proposal_id))
        return Response(status=204)


class ProposalSending(ProposalView):
    """A draft, sent."""

    @extend_schema(summary="Send a proposal", request=shapes.SendInput, responses={200: shapes.ProposalWhole})
    def post(self, request: Request, proposal_id: str) -> Response:
        """Freezes it, gives it its number, and puts the one it replaces aside; its PDF is made now."""
        found, asked = self.find(proposal_id), self.checked(shapes.SendInput)
        proposal_sending.send(
            proposal=found,
            by_user=self.person,
            mail_client=asked["mail_client"],
            base=domains.base_for(request._request, self.organization),
            now=timezone.now(),
        )
        return Response(self.whole(found))


class ProposalWithdrawal(ProposalView):
    """A sent proposal, taken back."""

    @extend_schema(summary="Withdraw a proposal", request=None, responses={200: shapes.ProposalWhole})
    def post(self, request: Request, proposal_id: str) -> Response:
        """The client can't answer it any more. 409 once they have."""
        found = self.find(proposal_id)
        proposal_sending.withdraw(proposal=found, by_user=self.person, now=timezone.now())
        return Response(self.whole(found))


class ProposalVersions(ProposalView):
    """Newer versions."""

    @extend_schema(
        summary="Draft a new version of a proposal", request=None, responses={201: shapes.ProposalWhole}
    )
    def post(self, request: Request, proposal_id: str) -> Response:
        """A draft like it, which replaces it when it is sent; the one that is there, if there is one."""
        found = self.find(proposal_id)
        return self.made(proposals.new_version(proposal=found, by_user=self.person, now=timezone.now()))


class ProposalPaper(ProposalView):
    """The PDF."""

    errors: ClassVar = {"GET": (409,)}

    @extend_schema(summary="Download a proposal as PDF", responses={200: shapes.ProposalPdf})
    def get(self, request: Request, proposal_id: str) -> Response:
        """409 until it is made."""
        found = self.find(proposal_id)
        if not found.pdf:
            raise PdfNotReady
        return Response(shapes.pdf_data(found, request._request))


class ProposalLinks(ProposalView):
    """Links to a proposal."""

    @extend_schema(
        summary="List the open links to a proposal", responses={200: listed(shapes.ProposalLinkData)}
    )
    def get(self, request: Request, proposal_id: str) -> Response:
        """Newest first, without their addresses."""
        rows = ProposalLink.objects.of(self.organization).open().filter(proposal=self.find(proposal_id))
        return self.page(rows, lambda row: shapes.ProposalLinkData(row).data)

    @extend_schema(summary="Make a link to a proposal", request=None, responses={201: shapes.NewProposalLink})
    def post(self, request: Request, proposal_id: str) -> Response:
        """`url` is told this once. 409 for a draft."""
        found = self.find(proposal_id)
        link, token = proposal_sending.make_link(proposal=found, by_user=self.person, now=timezone.now())
        address = (
            f"{domains.base_for(request._request, self.organization)}{reverse('proposal-read', args=[token])}"
        )
        return Response({**shapes.ProposalLinkData(link).data, "url": address}, status=201)


class ProposalLinkDetail(ProposalView):
    """One link."""

    @extend_schema(summary="Revoke a link to a proposal", responses={204: None})
    def delete(self, request: Request, proposal_id: str, link_id: str) -> Response:
        """It opens nothing from now on. Twice is once."""
        rows = ProposalLink.objects.of(self.organization).filter(proposal=self.find(proposal_id))
        related = ("organization", "proposal__organization")
        link: ProposalLink = get_object_or_404(rows.select_related(*related), public_id=link_id)
        proposal_sending.revoke_link(link=link, by_user=self.person, now=timezone.now())
        return Response(status=204)
