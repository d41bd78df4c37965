"""How deliveries, export profiles and pages of originals look outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from rest_framework import serializers

from generations import files, originals, profiles
from generations.deliveries import MOST_DAYS, MOST_PICTURES
from generations.drawing import Spec
from generations.models import Delivery, DeliveryItem, ExportProfile, OriginalPage
from generations.models.delivery import LEAST_SIDE, MOST_SIDE, Place
from generations.profiles import BUILT_IN, LABEL, Profile
from generations.provenance import Verdict

_SIDES = f"Pixels, {LEAST_SIDE} to {MOST_SIDE}, or 0 for the picture's own size."


class ProfileInput(serializers.Serializer):
    """How files look that leave the workspace. It has to disclose: by a label, a QR code or a caption."""

    name = serializers.CharField(max_length=60)
    layout = serializers.ChoiceField(ExportProfile.Layout.choices, required=False, default="single")
    format = serializers.ChoiceField(ExportProfile.Format.choices, required=False, default="jpeg")
    width = serializers.IntegerField(
        min_value=0, max_value=MOST_SIDE, required=False, default=0, help_text=_SIDES
    )
    height = serializers.IntegerField(
        min_value=0, max_value=MOST_SIDE, required=False, default=0, help_text=_SIDES
    )
    fit = serializers.ChoiceField(ExportProfile.Fit.choices, required=False, default="pad")
    label = serializers.CharField(max_length=60, required=False, allow_blank=True, default=LABEL)  # type: ignore[assignment]  # not the field's own
    label_place = serializers.ChoiceField(Place.choices, required=False, default=Place.BOTTOM_LEFT.value)
    qr = serializers.BooleanField(
        required=False, default=False, help_text="A code that leads to the original."
    )
    qr_place = serializers.ChoiceField(Place.choices, required=False, default=Place.BOTTOM_RIGHT.value)
    caption = serializers.BooleanField(
        required=False, default=True, help_text="A text file beside each picture."
    )
    with_original = serializers.BooleanField(
        required=False, default=False, help_text="The unaltered photo beside each picture."
    )


class ProfileChange(serializers.Serializer):
    """What shall be different in a profile of one's own."""

    name = serializers.CharField(max_length=60, required=False)
    layout = serializers.ChoiceField(ExportProfile.Layout.choices, required=False)
    format = serializers.ChoiceField(ExportProfile.Format.choices, required=False)
    width = serializers.IntegerField(min_value=0, max_value=MOST_SIDE, required=False)
    height = serializers.IntegerField(min_value=0, max_value=MOST_SIDE, required=False)
    fit = serializers.ChoiceField(ExportProfile.Fit.choices, required=False)
    label = serializers.CharField(max_length=60, required=False, allow_blank=True)  # type: ignore[assignment]  # not the field's own
    label_place = serializers.ChoiceField(Place.choices, required=False)
    qr = serializers.BooleanField(required=False)
    qr_place = serializers.ChoiceField(Place.choices, required=False)
    caption = serializers.BooleanField(required=False)
    with_original = serializers.BooleanField(required=False)


class ProfileData(ProfileInput):
    """A profile: a built-in one, or the workspace's own."""

    id = serializers.CharField()
    built_in = serializers.BooleanField()
    rule = serializers.CharField(help_text="What holds of every file, in sentences.")


class DeliveryInput(serializers.Serializer):
    """Pictures to be handed over. With it the originals of its pictures become public."""

    pictures = serializers.ListField(
        child=serializers.CharField(max_length=40), min_length=1, max_length=MOST_PICTURES
    )
    profile = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=120)
    message = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    project = serializers.CharField(max_length=40, required=False)
    has_link = serializers.BooleanField(
        required=False, default=True, help_text="A page for people without an account."
    )
    pin = serializers.CharField(
        min_length=4,
        max_length=8,
        required=False,
        allow_blank=True,
        default="",
        validators=[RegexValidator(r"\A[0-9]+\Z", "Digits only.")],
    )
    days = serializers.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        allow_null=True,
        default=None,
        help_text="The page works; null: until it is withdrawn.",
    )
    has_watermark = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Previews with a watermark, and no file, until it is released.",
    )
    confirm_unapproved = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Needed for pictures that no client has approved in the project.",
    )


class DeliveryRow(serializers.Serializer):
    """A delivery in a list. `live`: neither withdrawn nor over; `released`: its page gives the files themselves."""

    id = serializers.CharField(source="public_id")
    title = serializers.CharField()
    project = serializers.CharField(source="project.public_id", default=None, allow_null=True)
    state = serializers.ChoiceField(Delivery.State.choices)
    problem = serializers.SerializerMethodField()
    live = serializers.SerializerMethodField()
    released_at = serializers.DateTimeField(allow_null=True)
    has_link = serializers.SerializerMethodField()
    asks_pin = serializers.SerializerMethodField()
    bytes = serializers.IntegerField(help_text="Of the ZIP.")
    expires_at = serializers.DateTimeField(allow_null=True)
    created_by = serializers.CharField(source="created_by.email", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    first_opened_at = serializers.DateTimeField(allow_null=True)
    first_downloaded_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_reason = serializers.SerializerMethodField()

    def get_problem(self, row: Delivery) -> str | None:
        """Why it could not be made."""
        return row.problem or None

    def get_live(self, row: Delivery) -> bool:
        """Whether its link opens it."""
        return row.is_live(timezone.now())

    def get_has_link(self, row: Delivery) -> bool:
        """Whether it has a page for people without an account."""
        return row.sha256 is not None

    def get_asks_pin(self, row: Delivery) -> bool:
        """Whether that page is opened with a PIN."""
        return bool(row.pin)

    def get_withdrawn_reason(self, row: Delivery) -> str | None:
        """As it stands in the audit log."""
        return row.reason or None


class DeliveryFile(serializers.Serializer):
    """A file of it; `url` is null until it is made, and once it is withdrawn."""

    number = serializers.IntegerField()
    picture = serializers.CharField()
    ready = serializers.BooleanField()
    url = serializers.URLField(allow_null=True)
    filename = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    bytes = serializers.IntegerField()
    caption = serializers.CharField()
    original_url = serializers.URLField(allow_null=True, help_text="The public page of its original.")


class DeliveryWhole(DeliveryRow):
    """With its files."""

    message = serializers.CharField()
    profile = ProfileData(help_text="As it was when the delivery was made.")
    archive_url = serializers.URLField(allow_null=True, help_text="The ZIP; needs no key, works for a day.")
    files = DeliveryFile(many=True)


class DeliveryLink(serializers.Serializer):
    """Where it is opened without an account; told this once."""

    url = serializers.URLField()


class NewDelivery(DeliveryWhole):
    """With its link, unless it has none."""

    link = DeliveryLink(allow_null=True)


class DeliveryArchive(serializers.Serializer):
    """Where the ZIP is; `url` needs no key and works until `expires_at`."""

    url = serializers.URLField()
    filename = serializers.CharField()
    bytes = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class WithdrawInput(serializers.Serializer):
    """Why; kept in the audit log."""

    reason = serializers.CharField(max_length=400)


class OriginalInput(serializers.Serializer):
    """What was altered, in words of one's own; without, by what was asked for."""

    altered = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class OriginalData(serializers.Serializer):
    """The public page of a picture beside its unaltered photo."""

    url = serializers.URLField(help_text="Stands in files and in print; shows nothing once it is retracted.")
    picture = serializers.CharField()
    altered = serializers.CharField()
    delivered = serializers.BooleanField(help_text="A live delivery leads to it.")
    published_at = serializers.DateTimeField()
    retracted_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class VerifyInput(serializers.Serializer):
    """A picture file, as multipart form data."""

    file = serializers.FileField()


class VerifyData(serializers.Serializer):
    """What the file says of itself, and what follows from it."""

    verdict = serializers.ChoiceField([each.value for each in Verdict])
    title = serializers.CharField()
    meaning = serializers.CharField()
    signer = serializers.CharField(allow_null=True)
    says = serializers.ListField(child=serializers.CharField())
    by_test_certificate = serializers.BooleanField()
    failures = serializers.ListField(child=serializers.CharField())


# --- Values ----------------------------------------------------------------------------------------------


def profile_of(asked: Mapping[str, Any], key: str = "") -> Profile:
    """A profile with all that a checked input says of it."""
    spec = Spec(**{name: asked[name] for name in asdict(Spec())})
    return Profile(key, asked["name"], spec, asked["caption"], asked["with_original"])


def profile_values(profile: Profile) -> dict[str, Any]:
    """The members that `profile_of` reads."""
    own = {"name": profile.name, "caption": profile.caption, "with_original": profile.with_original}
    return own | asdict(profile.spec)


def profile_data(profile: Profile) -> dict[str, Any]:
    """A profile with its rule."""
    more = {"id": profile.key, "built_in": profile.key in BUILT_IN, "rule": profile.rule}
    return dict(ProfileData(profile_values(profile) | more).data)


def delivery_whole(
    delivery: Delivery,
    items: list[DeliveryItem],
    pages: Mapping[int, OriginalPage],
    base: str,
    request: HttpRequest,
) -> dict[str, Any]:
    """All of it; items with their pictures, their live pages by the pictures' keys."""
    return dict(DeliveryRow(delivery).data) | {
        "message": delivery.message,
        "profile": profile_data(profiles.of_data(delivery.profile)),
        "archive_url": archive_url(delivery, request),
        "files": [_file(item, pages.get(item.picture_id), base, request) for item in items],
    }


def archive_name(delivery: Delivery) -> str:
    """Under which the ZIP is saved."""
    return f"{slugify(delivery.title) or 'pictures'}.zip"


def archive_url(delivery: Delivery, request: HttpRequest) -> str | None:
    """Signed; None where there is no ZIP."""
    if not delivery.archive:
        return None
    return files.url(request, delivery.archive, filename=archive_name(delivery))


def _file(item: DeliveryItem, page: OriginalPage | None, base: str, request: HttpRequest) -> dict[str, Any]:
    return {
        "number": item.position,
        "picture": item.picture.public_id,
        "ready": bool(item.file),
        "url": files.url(request, item.file, filename=item.filename) if item.file else None,
        "filename": item.filename or None,
        "sha256": item.sha256 or None,
        "width": item.width,
        "height": item.height,
        "bytes": item.bytes,
        "caption": item.caption,
        "original_url": base + reverse("original", args=[page.public_id]) if page else None,
    }


def original_data(page: OriginalPage, base: str, *, is_delivered: bool) -> dict[str, Any]:
    """A page of an original; its picture and that one's generation loaded."""
    return {
        "url": base + reverse("original", args=[page.public_id]),
        "picture": page.picture.public_id,
        "altered": originals.altered_words(page),
        "delivered": is_delivered,
        "published_at": page.published_at,
        "retracted_at": page.retracted_at,
        "reason": page.reason or None,
    }
