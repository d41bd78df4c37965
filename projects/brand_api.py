"""The REST API of the workspace's brand."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.managing import ManagingView
from projects import branding
from projects.serializers import LogoInput


class BrandInput(serializers.Serializer):
    """What of the brand shall change."""

    colour = serializers.CharField(required=False, allow_blank=True, max_length=7)
    sender_name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    reply_to = serializers.EmailField(required=False, allow_blank=True)


class BrandData(serializers.Serializer):
    """How the workspace looks to its clients."""

    colour = serializers.CharField(help_text='Like "#24584a"; "" is none.')
    sender_name = serializers.CharField(help_text='"" is the name of the workspace.')
    reply_to = serializers.CharField(help_text='"" is whoever sends.')
    logo = serializers.BooleanField(help_text="Whether there is one.")
    shown = serializers.BooleanField(help_text="Whether the plan shows it: it has the white label.")


class _BrandView(ManagingView):
    def answer(self) -> Response:
        """As it stands."""
        mine = branding.of(self.organization)
        shown: dict[str, Any] = {name: getattr(mine, name) for name in ("colour", "sender_name", "reply_to")}
        return Response({**shown, "logo": bool(mine.logo), "shown": self.organization.white_label})


class BrandDetail(_BrandView):
    """The brand."""

    @extend_schema(summary="Read the brand", responses={200: BrandData})
    def get(self, request: Request) -> Response:
        """As it stands."""
        return self.answer()

    @extend_schema(summary="Change the brand", request=BrandInput, responses={200: BrandData})
    def patch(self, request: Request) -> Response:
        """What is named changes. 403 without white label, 400 for a colour that can't be read on white."""
        asked, mine = self.checked(BrandInput), branding.of(self.organization)
        branding.save(
            organization=self.organization,
            colour=asked.get("colour", mine.colour),
            sender_name=asked.get("sender_name", mine.sender_name),
            reply_to=asked.get("reply_to", mine.reply_to),
            by_user=self.person,
            now=timezone.now(),
        )
        return self.answer()


class BrandLogo(_BrandView):
    """Its logo."""

    in_transaction = False
    parser_classes = [MultiPartParser]

    @extend_schema(summary="Put in a logo", request={"multipart/form-data": LogoInput}, responses={204: None})
    def put(self, request: Request) -> Response:
        """A picture; a PNG with nothing behind it looks best."""
        file = self.checked(LogoInput)["file"]
        branding.set_logo(
            organization=self.organization, content=file.read(), by_user=self.person, now=timezone.now()
        )
        return Response(status=204)

    @extend_schema(summary="Remove the logo", responses={204: None})
    def delete(self, request: Request) -> Response:
        """On any plan."""
        branding.remove_logo(organization=self.organization, by_user=self.person, now=timezone.now())
        return Response(status=204)
