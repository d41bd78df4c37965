"""The REST API of single pictures: their star, and links for people without an account."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import domains
from accounts.managing import WorkingView
from accounts.tenancy import enter
from generations import favourites, sharing
from generations.asking_shapes import LinkList, NewLink
from generations.models import Picture, ShareLink


class LinkBody(serializers.Serializer):
    """What may be said of a new link."""

    days = serializers.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True)


def link_data(link: ShareLink) -> dict[str, Any]:
    """A link without its address, which nobody knows any more."""
    return {
        "id": link.public_id,
        "picture": link.picture.public_id,
        "created_at": link.created_at,
        "expires_at": link.expires_at,
    }


class PictureView(WorkingView):
    """Base of those that are about one picture."""

    in_transaction = False

    def find(self, picture_id: str) -> Picture:
        """The picture of this workspace whose files are there, else 404."""
        with enter(self.organization):
            rows = Picture.objects.of(self.organization).kept().filter(generation__deleted_at=None)
            related = ("organization", "generation__organization", "generation__room")
            found: Picture = get_object_or_404(rows.select_related(*related), public_id=picture_id)
        return found


class PictureStar(PictureView):
    """A favourite of the workspace, or not."""

    @extend_schema(summary="Star a picture", request=None, responses={204: None})
    def put(self, request: Request, picture_id: str) -> Response:
        """Twice is once."""
        favourites.star(picture=self.find(picture_id), starred=True, now=timezone.now())
        return Response(status=204)

    @extend_schema(summary="Take the star of a picture away", responses={204: None})
    def delete(self, request: Request, picture_id: str) -> Response:
        """Also when there is none."""
        favourites.star(picture=self.find(picture_id), starred=False, now=timezone.now())
        return Response(status=204)


class PictureLinks(PictureView):
    """Addresses under which anybody sees the picture before and after."""

    @extend_schema(summary="List the open links to a picture", responses={200: LinkList})
    def get(self, request: Request, picture_id: str) -> Response:
        """At most 20, newest first."""
        picture = self.find(picture_id)
        with enter(self.organization):
            links = sharing.links_of(pictures=[picture], now=timezone.now())
        return Response({"results": [link_data(link) for link in links]})

    @extend_schema(summary="Share a picture", request=LinkBody, responses={201: NewLink})
    def post(self, request: Request, picture_id: str) -> Response:
        """`url` is told this once. Without `days` the link works until it is revoked."""
        body = self.checked(LinkBody)
        link, token = sharing.make_link(
            picture=self.find(picture_id),
            by_user=self.person,
            now=timezone.now(),
            days=body.get("days"),
        )
        url = domains.base_for(request, self.organization) + reverse("shared", args=[token])
        return Response(link_data(link) | {"url": url}, status=201)


class Link(WorkingView):
    """One link."""

    @extend_schema(summary="Revoke a link", responses={204: None})
    def delete(self, request: Request, link_id: str) -> Response:
        """It opens nothing from now on. Twice is once."""
        links = ShareLink.objects.of(self.organization).select_related("organization", "picture")
        link: ShareLink = get_object_or_404(links, public_id=link_id)
        sharing.revoke_link(link=link, by_user=self.person, now=timezone.now())
        return Response(status=204)
