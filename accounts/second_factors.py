"""Secrets of people's second factors, at rest, and who has which."""

from __future__ import annotations

import base64
import binascii

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts import lifecycle, secrets

_PURPOSE = "second_factor"
_FIELDS = ("secret", "seed")  # of allauth's rows: what an app knows; what recovery codes are made from


def seal(text: str) -> str:
    """Text that only this instance's ring opens."""
    return base64.b64encode(secrets.seal(text, organization=None, purpose=_PURPOSE)).decode()


def open_sealed(sealed: str) -> str:
    """The text; raises secrets.CannotOpen."""
    return secrets.open(_bytes(sealed), organization=None, purpose=_PURPOSE)


@lifecycle.secrets_rotated.register
def reseal_all(*, tally: secrets.Rotation) -> None:
    """Every kept secret, each in a transaction of its own."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    for pk in Authenticator.objects.filter(type__in=kinds).values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is not None:
                _reseal(row, tally)


def _reseal(row: Authenticator, tally: secrets.Rotation) -> None:
    for name in _FIELDS:
        sealed = row.data.get(name)
        if sealed is None:
            continue
        try:
            if not secrets.needs_resealing(_bytes(sealed)):
                tally.current += 1
                continue
            row.data[name] = seal(open_sealed(sealed))
        except secrets.CannotOpen:
            tally.unreadable.append(f"second factor {row.pk}")
            continue
        row.save(update_fields=["data"])
        tally.resealed += 1


def _bytes(sealed: str) -> bytes:
    try:
        return base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise secrets.CannotOpen("This is nothing that was sealed here.") from None
