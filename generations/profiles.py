"""Export profiles: those that come with the product, each with its rule in a sentence, and a workspace's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import gettext_noop as _noop

from accounts import services as accounts
from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization, User
from generations import drawing
from generations.drawing import Spec
from generations.models import ExportProfile
from generations.models.delivery import LEAST_SIDE, MOST_SIDE

MOST_OWN = 30


class ProfileDisclosesNothing(Refusal):
    """Say on the picture or beside it that it was altered: choose a label, a QR code or a caption."""

    code, title, status = "profile_discloses_nothing", "Nothing is disclosed", 422


class ProfileExists(Refusal):
    """There is a profile of this name already. Choose another name."""

    code, title, status = "profile_exists", "Name is taken", 409


class BadProfile(Refusal):
    """A profile can't look like that."""

    code, title, status = "bad_profile", "Bad profile", 422


@dataclass(frozen=True)
class Profile:
    """How files of an export look. `caption`: a text file beside each; `with_original`: the photo beside each."""

    key: str
    name: str
    spec: Spec
    caption: bool = True
    with_original: bool = False
    told: str | Promise = ""  # the rule of a built-in one

    @property
    def rule(self) -> str:
        """What holds of every file, in sentences."""
        return str(self.told) or rule_of(self)

    def as_data(self) -> dict[str, Any]:
        """For the row of a delivery, which keeps it as it was."""
        return {
            "key": self.key,
            "name": self.name,
            "spec": asdict(self.spec),
            "caption": self.caption,
            "with_original": self.with_original,
        }


def of_data(data: dict[str, Any]) -> Profile:
    """What `as_data` wrote."""
    known = {field.name for field in fields(Spec)}
    spec = Spec(**{name: value for name, value in data["spec"].items() if name in known})
    return Profile(data["key"], data["name"], spec, data["caption"], data["with_original"])


LABEL = "Virtually altered"
BUILT_IN = {
    profile.key: profile
    for profile in (
        Profile(
            "clean",
            _noop("Clean, with a caption"),
            Spec(),
            with_original=True,
            told=_lazy(
                "Nothing is drawn on the picture: no label, no QR code. The caption beside it says that it was"
                " altered and where the original is; the unaltered photo lies beside it."
            ),
        ),
        Profile(
            "label",
            _noop("Burned-in label"),
            Spec(label=LABEL),
            told=_lazy(
                "A label in the picture says that it was altered; no QR code. A caption lies beside it."
            ),
        ),
        Profile(
            "label-qr",
            _noop("Label and QR code"),
            Spec(label=LABEL, qr=True),
            told=_lazy(
                "A label in the picture says that it was altered, and a QR code in it leads to the original."
                " A caption lies beside it."
            ),
        ),
        Profile(
            "pair",
            _noop("Before and after side by side"),
            Spec(layout="pair"),
            told=_lazy(
                "One picture: the unaltered photo at the left, the altered one at the right, each named. No QR code."
            ),
        ),
        Profile(
            "mls-1024",
            _noop("MLS 1024 × 768, nothing drawn"),
            Spec(width=1024, height=768),
            with_original=True,
            told=_lazy(
                "Exactly 1024 × 768 pixels, with white bars where the shape differs; no label, no QR code. The"
                " unaltered photo of the same size and a caption lie beside it."
            ),
        ),
        Profile(
            "mls-2048",
            _noop("MLS 2048 × 1536, labelled"),
            Spec(width=2048, height=1536, label=LABEL),
            with_original=True,
            told=_lazy(
                "Exactly 2048 × 1536 pixels, with white bars where the shape differs, and a label in the"
                " picture; no QR code. The unaltered photo of the same size and a caption lie beside it."
            ),
        ),
        Profile(
            "web",
            _noop("Web 1600 × 1067, WebP, labelled"),
            Spec(format="webp", width=1600, height=1067, fit="crop", label=LABEL),
            told=_lazy(
                "WebP of exactly 1600 × 1067 pixels, cut off evenly where the shape differs, with a label in the"
                " picture; no QR code."
            ),
        ),
        Profile(
            "print",
            _noop("PNG for print, QR code"),
            Spec(format="png", qr=True),
            told=_lazy(
                "Lossless PNG in the picture’s own size, with a QR code to the original in a corner; no label."
                " A caption lies beside it."
            ),
        ),
    )
}


def rule_of(profile: Profile) -> str:
    """The rule of a workspace's own profile, in sentences."""
    spec = profile.spec
    size = (
        _("Exactly %(width)d × %(height)d pixels") % {"width": spec.width, "height": spec.height}
        if spec.width
        else _("The picture’s own size")
    )
    parts = [
        f"{spec.format.upper()}. {size}.",
        _("Before and after side by side.") if spec.layout == "pair" else "",
        _("Label in the picture: “%(label)s”.") % {"label": spec.label} if spec.label else _("No label."),
        _("QR code to the original.") if spec.qr else _("No QR code."),
        _("A caption beside it.") if profile.caption else _("No caption."),
        _("The unaltered photo beside it.") if profile.with_original else "",
    ]
    return " ".join(part for part in parts if part)


def of_row(row: ExportProfile) -> Profile:
    """A workspace's own profile."""
    spec = Spec(
        layout=row.layout,
        format=row.format,
        width=row.width,
        height=row.height,
        fit=row.fit,
        label=row.label,
        label_place=row.label_place,
        qr=row.qr,
        qr_place=row.qr_place,
    )
    return Profile(row.public_id, row.name, spec, row.caption, row.with_original)


def all_of(*, organization: Organization) -> list[Profile]:
    """The built-in ones, then the workspace's own by name; asked inside the workspace."""
    rows = ExportProfile.objects.of(organization).order_by("name")
    return [*BUILT_IN.values(), *(of_row(row) for row in rows)]


def find(*, organization: Organization, key: str) -> Profile | None:
    """By its key; asked inside the workspace."""
    if key in BUILT_IN:
        return BUILT_IN[key]
    row = ExportProfile.objects.of(organization).filter(public_id=key).first()
    return of_row(row) if row else None


def save(*, organization: Organization, profile: Profile, by_user: User, now: datetime) -> ExportProfile:
    """A new profile of the workspace's own. Raises ProfileDisclosesNothing, BadProfile and ProfileExists."""
    _check(profile)
    row = ExportProfile(organization=organization, created_by=by_user, **_columns(profile))
    with tenancy.enter(organization):
        if ExportProfile.objects.of(organization).count() >= MOST_OWN:
            raise BadProfile(f"A workspace has at most {MOST_OWN} profiles of its own. Remove one first.")
        with _name_once():
            row.save(force_insert=True)
        _record(row, "saved", by_user, now)
    return row


def change(*, row: ExportProfile, profile: Profile, by_user: User, now: datetime) -> None:
    """Deliveries made with it stay as they are. Raises what `save` raises."""
    _check(profile)
    organization = row.organization
    with tenancy.enter(organization):
        mine = ExportProfile.objects.of(organization).filter(pk=row.pk)
        with _name_once():
            mine.update(**_columns(profile))
        _record(mine.select_related("organization").get(), "changed", by_user, now)


def _check(profile: Profile) -> None:
    spec = profile.spec
    if not (spec.label or spec.qr or profile.caption):
        raise ProfileDisclosesNothing
    if bool(spec.width) != bool(spec.height) or any(
        side and not LEAST_SIDE <= side <= MOST_SIDE for side in (spec.width, spec.height)
    ):
        raise BadProfile(f"Give both sides, each {LEAST_SIDE} to {MOST_SIDE} pixels, or neither.")
    if spec.label and spec.qr and spec.label_place == spec.qr_place:
        raise BadProfile("The label and the QR code need two different corners.")
    if spec.layout == "pair" and spec.width and spec.width < 2 * LEAST_SIDE:
        raise BadProfile(f"A pair needs at least {2 * LEAST_SIDE} pixels of width.")
    if not drawing.can_letter(spec.label):
        raise BadProfile("The label has signs that can't be drawn. Use Latin, Greek or Cyrillic letters.")


def _columns(profile: Profile) -> dict[str, Any]:
    own = {"name": profile.name, "caption": profile.caption, "with_original": profile.with_original}
    return own | asdict(profile.spec)


@contextmanager
def _name_once() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "export_profile_name_once" not in str(error):
            raise
        raise ProfileExists from None


def _record(row: ExportProfile, what: str, by_user: User, now: datetime) -> None:
    accounts.record(
        organization=row.organization,
        by_user=by_user,
        action=f"export_profile.{what}",
        target=row.public_id,
        now=now,
        name=row.name,
    )


def remove(*, organization: Organization, key: str, by_user: User, now: datetime) -> None:
    """Deliveries made with it stay as they are. Twice is once."""
    with tenancy.enter(organization):
        gone, _rows = ExportProfile.objects.of(organization).filter(public_id=key).delete()
        if gone:
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="export_profile.removed",
                target=key,
                now=now,
            )
