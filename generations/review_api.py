"""The REST API of review rooms: opened, changed, ended; their rounds and links."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import domains
from accounts.converters import id_or_nothing
from accounts.managing import NothingNamed, WorkingView
from accounts.serializers import listed
from accounts.tenancy import enter
from generations import review_links, review_rooms
from generations import review_shapes as shapes
from generations.models import Picture, ReviewLink, ReviewRoom
from generations.review_rooms import Terms
from projects.models import Project

_TERMS = tuple(shapes.TermsInput().fields)


class ReviewView(WorkingView):
    """What all of them share."""

    def find(self, review_id: str) -> ReviewRoom:
        """The room of this workspace, else 404."""
        rows = ReviewRoom.objects.of(self.organization)
        related = ("organization", "project__client", "project__organization", "created_by")
        found: ReviewRoom = get_object_or_404(rows.select_related(*related), public_id=review_id)
        return found

    def read(self, room: ReviewRoom) -> dict[str, Any]:
        """As it stands now."""
        return dict(shapes.ReviewData(self.find(room.public_id)).data)

    def pictures(self, project: Project, ids: list[str]) -> dict[str, Picture]:
        """Those of the project that can be put into a room, by their ids. Raises NothingNamed for any other."""
        wanted = [id_or_nothing(each) for each in ids]
        found = {
            row.public_id: row for row in review_rooms.offered(project=project).filter(public_id__in=wanted)
        }
        if missing := [each for each in ids if each not in found]:
            raise NothingNamed(
                f"`pictures` names no finished picture of this project: {missing[0]}.", field="pictures"
            )
        return found

    def with_address(self, link: ReviewLink, token: str) -> dict[str, Any]:
        """A new link and where it leads."""
        where = reverse("review-guest", args=[token])
        url = domains.base_for(self.request._request, self.organization) + where
        return {**shapes.ReviewLinkData(link).data, "url": url}


class Reviews(ReviewView):
    """Review rooms of the workspace."""

    in_transaction = False  # a PIN is hashed slowly, on purpose

    @extend_schema(
        summary="List review rooms",
        parameters=[OpenApiParameter("project", str, description="A project's id.")],
        responses={200: listed(shapes.ReviewData)},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        with enter(self.organization):
            rows = ReviewRoom.objects.of(self.organization).select_related("project", "created_by")
            if project := request.query_params.get("project"):
                rows = rows.filter(project__public_id=id_or_nothing(project))
            return self.page(rows, lambda row: shapes.ReviewData(row).data)

    @extend_schema(
        summary="Open a review room", request=shapes.ReviewInput, responses={201: shapes.NewReview}
    )
    def post(self, request: Request) -> Response:
        """The address of its first link is told this once."""
        asked = self.checked(shapes.ReviewInput)
        with enter(self.organization):
            projects = Project.objects.of(self.organization).select_related("organization", "client")
            project = self.named("project", projects, asked["project"])
            by_id = self.pictures(project, asked["pictures"])
        room, token = review_rooms.open_room(
            project=project,
            pictures=[by_id[each] for each in dict.fromkeys(asked["pictures"])],
            terms=Terms(**{name: asked[name] for name in _TERMS}),
            pin=asked["pin"],
            days=asked["days"],
            by_user=self.person,
            now=timezone.now(),
        )
        with enter(self.organization):
            links = ReviewLink.objects.of(self.organization).filter(room=room).select_related("made_by")
            data = self.read(room) | {"link": self.with_address(links.latest("pk"), token)}
        return self.created(data, "api-review", room.public_id)


class ReviewDetail(ReviewView):
    """One room."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """DRF's; a new PIN is hashed, slowly on purpose, before the transaction."""
        super().initial(request, *args, **kwargs)
        if request.method == "PATCH":
            self.asked = self.checked(shapes.ReviewChange)
            self.hidden_pin: str | None = None
            if "pin" in self.asked:
                self.hidden_pin = review_rooms.hide_pin(self.asked.pop("pin") or "")

    @extend_schema(summary="Read a review room", responses={200: shapes.ReviewData})
    def get(self, request: Request, review_id: str) -> Response:
        """As it stands; `/items`, `/comments` and `/decisions` have what is in it."""
        return Response(shapes.ReviewData(self.find(review_id)).data)

    @extend_schema(
        summary="Change a review room", request=shapes.ReviewChange, responses={200: shapes.ReviewData}
    )
    def patch(self, request: Request, review_id: str) -> Response:
        """What is named changes. 409 once it is revoked."""
        room = self.find(review_id)
        terms = Terms(**({name: getattr(room, name) for name in _TERMS} | self.asked))
        review_rooms.change(
            room=room, terms=terms, hidden_pin=self.hidden_pin, by_user=self.person, now=timezone.now()
        )
        return Response(self.read(room))


class ReviewRevocation(ReviewView):
    """The end of a room."""

    @extend_schema(summary="End a review room", request=None, responses={200: shapes.ReviewData})
    def post(self, request: Request, review_id: str) -> Response:
        """Its links open nothing any more; what was decided stays. Twice is once."""
        room = self.find(review_id)
        review_rooms.revoke(room=room, by_user=self.person, now=timezone.now())
        return Response(self.read(room))


class ReviewRounds(ReviewView):
    """Rounds of a room."""

    @extend_schema(
        summary="Start the next round", request=shapes.RoundInput, responses={201: shapes.ReviewData}
    )
    def post(self, request: Request, review_id: str) -> Response:
        """With pictures that are new in it. Decisions about the others carry over."""
        room, asked = self.find(review_id), self.checked(shapes.RoundInput)
        by_id = self.pictures(room.project, [each["picture"] for each in asked["pictures"]])
        review_rooms.start_round(
            room=room,
            additions=[(by_id[each["picture"]], each["replaces"] or "") for each in asked["pictures"]],
            message=asked.get("message"),
            writes_to_reviewers=asked["writes_to_reviewers"],
            base=domains.base_for(request._request, self.organization),
            by_user=self.person,
            now=timezone.now(),
        )
        return self.created(self.read(room), "api-review", room.public_id)


class ReviewRoundClosing(ReviewView):
    """The present round, closed."""

    @extend_schema(summary="Close the round", request=None, responses={200: shapes.ReviewData})
    def post(self, request: Request, review_id: str) -> Response:
        """No more decisions in it. Twice is once."""
        room = self.find(review_id)
        review_rooms.close_round(room=room, by_user=self.person, now=timezone.now())
        return Response(self.read(room))


class ReviewRoundReopening(ReviewView):
    """The closed round, open again."""

    @extend_schema(summary="Open the closed round again", request=None, responses={200: shapes.ReviewData})
    def post(self, request: Request, review_id: str) -> Response:
        """It goes on. Twice is once."""
        room = self.find(review_id)
        review_rooms.open_round_again(room=room, by_user=self.person, now=timezone.now())
        return Response(self.read(room))


class ReviewLinks(ReviewView):
    """Links into a room."""

    @extend_schema(
        summary="List the open links into a review room",
        responses={200: listed(shapes.ReviewLinkData)},
    )
    def get(self, request: Request, review_id: str) -> Response:
        """Newest first, without their addresses."""
        links = ReviewLink.objects.of(self.organization).open(timezone.now())
        rows = links.filter(room=self.find(review_id)).select_related("made_by")
        return self.page(rows, lambda row: shapes.ReviewLinkData(row).data)

    @extend_schema(
        summary="Make another link into a review room",
        request=shapes.ReviewLinkInput,
        responses={201: shapes.NewReviewLink, 202: None},
    )
    def post(self, request: Request, review_id: str) -> Response:
        """`url` is told this once. With `to`: 202, a link of their own is on its way by mail."""
        room, asked = self.find(review_id), self.checked(shapes.ReviewLinkInput)
        by_user, now, days = self.person, timezone.now(), asked["days"]
        if to := asked.get("to"):
            base = domains.base_for(request._request, self.organization)
            review_links.send(room=room, by_user=by_user, to=to, base=base, now=now, days=days)
            return Response(status=202)
        link, token = review_links.renew(
            room=room, by_user=by_user, now=now, days=days, ends_others=asked["ends_others"]
        )
        return Response(self.with_address(link, token), status=201)


class ReviewLinkDetail(ReviewView):
    """One link."""

    @extend_schema(summary="Revoke a link into a review room", responses={204: None})
    def delete(self, request: Request, review_id: str, link_id: str) -> Response:
        """It opens nothing from now on. Twice is once."""
        links = ReviewLink.objects.of(self.organization).filter(room=self.find(review_id))
        related = ("organization", "room__organization", "room__project")
        link: ReviewLink = get_object_or_404(links.select_related(*related), public_id=link_id)
        review_links.revoke(link=link, by_user=self.person, now=timezone.now())
        return Response(status=204)
