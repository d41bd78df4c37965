"""The REST API of what is in a review room: its pictures, what was said about them, what was decided."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.converters import id_or_nothing
from accounts.serializers import listed, whole
from generations import review_rooms, review_shown
from generations import review_shapes as shapes
from generations.models import Comment, Decision
from generations.review_api import ReviewView

_ITEM = OpenApiParameter("item", str, description="About the picture with this item's id alone.")


class ReviewItems(ReviewView):
    """Pictures of a room."""

    @extend_schema(
        summary="List the pictures of a review room",
        operation_id="listReviewItems",
        responses={200: whole(shapes.ReviewItemData)},
    )
    def get(self, request: Request, review_id: str) -> Response:
        """All of them in their order, then those whose place a newer version has taken."""
        shown = review_shown.show(room=self.find(review_id))
        rows = [
            shapes.item_data(one, self.organization, request._request, is_current=is_current)
            for some, is_current in ((shown.pictures, True), (shown.older, False))
            for one in some
        ]
        return Response({"results": rows})


class ReviewDecisions(ReviewView):
    """What was decided in a room."""

    @extend_schema(
        summary="List the decisions of a review room",
        parameters=[_ITEM],
        responses={200: listed(shapes.DecisionData)},
    )
    def get(self, request: Request, review_id: str) -> Response:
        """Newest first, all that ever were: none is changed or removed."""
        rows = Decision.objects.of(self.organization).filter(room=self.find(review_id))
        if item := request.query_params.get("item"):
            rows = rows.filter(item__public_id=id_or_nothing(item))
        return self.page(
            rows.select_related("item__picture", "reference"), lambda row: shapes.DecisionData(row).data
        )


class ReviewComments(ReviewView):
    """What was said in a room."""

    @extend_schema(
        summary="List the comments of a review room",
        parameters=[
            _ITEM,
            OpenApiParameter("resolved", bool, description="Settled ones alone, or open ones alone."),
        ],
        responses={200: listed(shapes.CommentData)},
    )
    def get(self, request: Request, review_id: str) -> Response:
        """Newest first, answers too; `reply_to` tells to what."""
        rows = Comment.objects.of(self.organization).filter(room=self.find(review_id))
        if item := request.query_params.get("item"):
            rows = rows.filter(item__public_id=id_or_nothing(item))
        if resolved := request.query_params.get("resolved"):
            rows = rows.filter(parent=None, resolved_at__isnull=resolved == "false")
        return self.page(rows.select_related("item", "parent"), lambda row: shapes.CommentData(row).data)


class ReviewComment(ReviewView):
    """One comment."""

    @extend_schema(summary="Read a comment", responses={200: shapes.CommentData})
    def get(self, request: Request, review_id: str, comment_id: str) -> Response:
        """Of a reviewer or a member."""
        return Response(shapes.CommentData(self.comment(review_id, comment_id)).data)

    @extend_schema(
        summary="Settle a comment", request=shapes.CommentChange, responses={200: shapes.CommentData}
    )
    def patch(self, request: Request, review_id: str, comment_id: str) -> Response:
        """Or open it again."""
        review_rooms.resolve(
            room=self.find(review_id),
            comment_id=comment_id,
            is_resolved=self.checked(shapes.CommentChange)["resolved"],
            by_user=self.person,
            now=timezone.now(),
        )
        return Response(shapes.CommentData(self.comment(review_id, comment_id)).data)

    def comment(self, review_id: str, comment_id: str) -> Comment:
        """The comment of this room, else 404."""
        rows = Comment.objects.of(self.organization).filter(room=self.find(review_id))
        found: Comment = get_object_or_404(rows.select_related("item", "parent"), public_id=comment_id)
        return found


class ReviewReplies(ReviewView):
    """Answers to a comment."""

    @extend_schema(summary="Answer a comment", request=shapes.ReplyInput, responses={201: shapes.CommentData})
    def post(self, request: Request, review_id: str, comment_id: str) -> Response:
        """The reviewers read it in the room."""
        written = review_rooms.answer(
            room=self.find(review_id),
            comment_id=comment_id,
            text=self.checked(shapes.ReplyInput)["text"],
            by_user=self.person,
            now=timezone.now(),
        )
        return Response(shapes.CommentData(written).data, status=201)
