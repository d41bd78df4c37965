"""The REST API of where pictures come from: public pages of originals, marks of files; and the end of test data."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import attempts, domains
from accounts.errors import Refusal
from accounts.managing import Collection, ManagingView, WorkingView
from accounts.models import Scope
from accounts.tenancy import enter
from generations import deliveries, originals, test_data, verifying
from generations import delivery_shapes as shapes
from generations.models import OriginalPage, Picture


class OriginalDelivered(Refusal):
    """A delivery that is live leads to this page: in its files, its captions, maybe in print. Say `confirmed=true`."""

    code, title, status = "original_delivered", "Original was delivered", 409


class PictureOriginal(WorkingView):
    """The public page of a picture beside its unaltered photo."""

    in_transaction = False
    errors = {"DELETE": (422,)}

    def picture(self, picture_id: str) -> Picture:
        """The picture of this workspace, else 404."""
        with enter(self.organization):
            rows = Picture.objects.of(self.organization).filter(generation__deleted_at=None)
            related = ("organization", "generation__organization", "generation__room", "generation__photo")
            found: Picture = get_object_or_404(rows.select_related(*related), public_id=picture_id)
        return found

    def original_of(self, picture: Picture) -> OriginalPage | None:
        """Whatever became of it."""
        with enter(self.organization):
            rows = OriginalPage.objects.of(self.organization).filter(picture=picture)
            found: OriginalPage | None = rows.select_related("organization", "picture__generation").first()
        return found

    def answer(self, page: OriginalPage, *, status: int = 200) -> Response:
        """As it stands."""
        base = domains.base_for(self.request._request, self.organization)
        data = shapes.original_data(page, base, is_delivered=self.is_delivered(page.picture))
        return Response(data, status=status)

    def is_delivered(self, picture: Picture) -> bool:
        """Whether a live delivery leads to it."""
        with enter(self.organization):
            return deliveries.is_delivered(
                organization=self.organization, pictures=[picture], now=timezone.now()
            )

    @extend_schema(summary="Read the page of a picture's original", responses={200: shapes.OriginalData})
    def get(self, request: Request, picture_id: str) -> Response:
        """Retracted ones too; 404 where there never was one."""
        page = self.original_of(self.picture(picture_id))
        if page is None:
            raise Http404
        return self.answer(page)

    @extend_schema(
        summary="Publish the original of a picture",
        request=shapes.OriginalInput,
        responses={200: shapes.OriginalData, 201: shapes.OriginalData},
    )
    def put(self, request: Request, picture_id: str) -> Response:
        """Everybody may read the page. A retracted one comes back under its old address; words may change later."""
        picture, asked = self.picture(picture_id), self.checked(shapes.OriginalInput)
        before = self.original_of(picture)
        if before is None and picture.removed_at is not None:
            raise Http404
        altered = " ".join(asked["altered"].split())
        originals.publish(picture=picture, by_user=self.person, now=timezone.now(), altered=altered)
        page = self.original_of(picture)
        assert page is not None  # noqa: S101 — just published
        is_new = before is None or before.retracted_at is not None
        return self.answer(page, status=201 if is_new else 200)

    @extend_schema(
        summary="Retract the original of a picture",
        parameters=[
            OpenApiParameter("reason", str, required=True, description="Kept in the audit log."),
            OpenApiParameter("confirmed", bool, description="`true`: although a live delivery leads to it."),
        ],
        responses={204: None},
    )
    def delete(self, request: Request, picture_id: str) -> Response:
        """Its address shows nothing any more, also where it stands in print. 409 while a live delivery leads to it."""
        page = self.original_of(self.picture(picture_id))
        if page is None:
            raise Http404
        if request.query_params.get("confirmed") != "true" and self.is_delivered(page.picture):
            raise OriginalDelivered
        reason = request.query_params.get("reason", "")
        originals.retract(page=page, reason=reason, by_user=self.person, now=timezone.now())
        return Response(status=204)


class Verify(Collection):
    """What a picture file says of how it was made."""

    scope = Scope.READ
    in_transaction = False
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary="Verify a picture file",
        request={"multipart/form-data": shapes.VerifyInput},
        responses={200: shapes.VerifyData},
    )
    def post(self, request: Request) -> Response:
        """Nothing of it is kept. At most 20 in ten minutes from one address."""
        report = verifying.report_of(
            upload=self.checked(shapes.VerifyInput)["file"],
            address=attempts.address_of(request._request),
            now=timezone.now(),
        )
        return Response(
            {
                "verdict": report.verdict.value,
                "title": report.title,
                "meaning": report.meaning,
                "signer": report.signer or None,
                "says": list(report.says),
                "by_test_certificate": report.by_test_certificate,
                "failures": list(report.failures),
            }
        )


class TestDataRemoved(serializers.Serializer):
    """How many generations it is about; a job removes them."""

    generations = serializers.IntegerField()


class TestData(ManagingView):
    """What test keys have made."""

    @extend_schema(summary="Delete all test data", responses={202: TestDataRemoved})
    def delete(self, request: Request) -> Response:
        """Everything that test keys have made and that has ended, with its pictures, for good.

        What an open delivery or a public original shows stays until that has ended; ask again then.
        """
        number = test_data.delete_all(organization=self.organization, by_user=self.person, now=timezone.now())
        return Response({"generations": number}, status=202)
