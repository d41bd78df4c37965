"""The REST API of what is in a draft of a proposal, and of what drafts begin with."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.managing import ManagingView, NothingNamed
from accounts.tenancy import enter
from generations import proposal_shapes as shapes
from generations import proposals, reviews
from generations.models import ProposalLine
from generations.proposal_api import ProposalView
from generations.proposal_files import save_look
from generations.proposal_sending import NotApproved
from generations.proposals import LineChange

_LINE = ("name", "details", "quantity", "unit_price", "markup")


class ProposalLines(ProposalView):
    """Lines of a draft."""

    @extend_schema(
        summary="Add a line to a draft", request=shapes.LineInput, responses={201: shapes.ProposalWhole}
    )
    def post(self, request: Request, proposal_id: str) -> Response:
        """A product once, anything else as often as you like."""
        found, asked = self.find(proposal_id), self.checked(shapes.LineInput)
        if product := asked.pop("product", None):
            if not proposals.add_product(proposal=found, product_id=product):
                raise NothingNamed("`product` names no product of this workspace.", field="product")
        else:
            proposals.add_line(proposal=found, **asked)
        return self.made(found)


class ProposalLineDetail(ProposalView):
    """One line."""

    @extend_schema(
        summary="Change a line of a draft", request=shapes.LineChange, responses={200: shapes.ProposalWhole}
    )
    def patch(self, request: Request, proposal_id: str, line_id: str) -> Response:
        """What is named changes."""
        return self.changed(proposal_id, line_id, **self.checked(shapes.LineChange))

    @extend_schema(summary="Take a line out of a draft", responses={204: None})
    def delete(self, request: Request, proposal_id: str, line_id: str) -> Response:
        """For good."""
        self.changed(proposal_id, line_id, remove=True)
        return Response(status=204)

    def changed(self, proposal_id: str, line_id: str, **fields: Any) -> Response:
        """The line with these fields, in its proposal."""
        found = self.find(proposal_id)
        rows = ProposalLine.objects.of(self.organization).filter(proposal=found)
        line: ProposalLine = get_object_or_404(rows, public_id=line_id)
        now = {name: getattr(line, name) for name in _LINE}
        proposals.change_lines(proposal=found, changes={line.pk: LineChange(**(now | fields))})
        return Response(self.whole(found))


class ProposalFurniture(ProposalView):
    """The furniture of its pictures."""

    @extend_schema(
        summary="Add the furniture of its pictures to a draft",
        request=None,
        responses={200: shapes.NewProposal},
    )
    def post(self, request: Request, proposal_id: str) -> Response:
        """What is no line yet; `left_out` is priced in another currency."""
        found = self.find(proposal_id)
        left_out = proposals.add_furniture(proposal=found)
        return Response(self.whole(found) | {"left_out": self.left_out(left_out, found.currency)})


class ProposalPictures(ProposalView):
    """The pictures of a draft."""

    @extend_schema(
        summary="Choose the pictures of a draft",
        request=shapes.PicturesInput,
        responses={200: shapes.ProposalWhole},
    )
    def put(self, request: Request, proposal_id: str) -> Response:
        """Exactly these, in this order. 409 for one that the client has not approved."""
        found, asked = self.find(proposal_id), self.checked(shapes.PicturesInput)
        captions = {each["picture"]: each["caption"] for each in asked["pictures"]}
        approved = reviews.approved_pictures(project=found.project).values_list("public_id", flat=True)
        if not set(captions) <= set(approved):
            raise NotApproved("One of `pictures` is no approved picture of this project.", field="pictures")
        proposals.choose_pictures(proposal=found, captions=captions)
        return Response(self.whole(found))


# --- What drafts begin with ------------------------------------------------------------------------------


class ProposalSettingsView(ManagingView):
    """How the workspace presents itself, and what its proposals begin with."""

    in_transaction = False

    @extend_schema(summary="Read what proposals begin with", responses={200: shapes.ProposalSettingsData})
    def get(self, request: Request) -> Response:
        """The usual where nobody has set anything."""
        return self.answer()

    @extend_schema(
        summary="Change what proposals begin with",
        request=shapes.ProposalSettingsChange,
        responses={200: shapes.ProposalSettingsData},
    )
    def patch(self, request: Request) -> Response:
        """What is named changes; proposals that were sent stay as they are."""
        asked = self.checked(shapes.ProposalSettingsChange)
        proposals.save_settings(organization=self.organization, fields=asked)
        return self.answer()

    def answer(self) -> Response:
        """As they stand."""
        with enter(self.organization):
            row = proposals.settings_of(self.organization)
        context = {"request": self.request._request}
        return Response(shapes.ProposalSettingsData(row, context=context).data)


class PaperLogoInput(serializers.Serializer):
    """A PNG or JPEG, as multipart form data; it stands on white."""

    file = serializers.FileField()


class ProposalLogo(ProposalSettingsView):
    """The logo on proposals."""

    http_method_names = ("put", "delete", "options")
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary="Set the logo on proposals",
        request={"multipart/form-data": PaperLogoInput},
        responses={200: shapes.ProposalSettingsData},
    )
    def put(self, request: Request) -> Response:
        """In the place of the one before."""
        file = self.checked(PaperLogoInput)["file"]
        save_look(organization=self.organization, fields={}, logo=file.read(), remove_logo=False)
        return self.answer()

    @extend_schema(summary="Remove the logo on proposals", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Proposals that were sent keep theirs. Twice is once."""
        save_look(organization=self.organization, fields={}, logo=b"", remove_logo=True)
        return Response(status=204)
