"""Pictures that could not be signed as they came, or came before there were signatures, get theirs later."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.files.storage import default_storage
from django.db.models import F

from accounts import alerts, tenancy
from generations import marks, provenance, signing
from generations.models import Picture, Rendition, Signature
from projects import image_pool, storage

logger = logging.getLogger(__name__)

_AT_ONCE = 40  # pictures of one round


def sign_waiting(*, now: datetime, limit: int = _AT_ONCE) -> int:
    """Sign up to `limit` pictures that wait for it; the round ends with the first that can't be. Returns how many.

    What can't be signed goes to the end of the line, so that one odd file holds up no others.
    """
    with tenancy.system("pictures that wait to be signed"):
        waiting = Picture.objects.kept().filter(signature=Signature.WAITING, generation__deleted_at=None)
        due = waiting.select_related("organization", "generation")
        some = list(due.order_by(F("sign_tried_at").asc(nulls_first=True), "pk")[:limit])
    done = 0
    for picture in some:
        problem = _sign(picture, now)
        if problem:
            alerts.raise_alert(code="signing_failed", subject="signer", text=problem, now=now)
            break
        done += 1
    return done


def _sign(picture: Picture, now: datetime) -> str:
    """Put a signed copy in the place of the picture's file. Returns why not, or ""."""
    organization = picture.organization
    with tenancy.enter(organization):
        Picture.objects.of(organization).filter(pk=picture.pk).update(sign_tried_at=now)
    tenancy.release_connection()
    says = provenance.statement(generation=picture.generation, title=picture.generation.public_id)
    try:
        signer = signing.current()
        with default_storage.open(picture.image) as opened:
            png = opened.read()
        marked = image_pool.run(marks.mark_png, png, says=says, by=signer.signing, seconds=provenance.SECONDS)
    except FileNotFoundError:
        return ""  # removed in this moment
    except (signing.NoSigner, image_pool.ImageWorkFailed) as error:
        return f"{picture.public_id}: {error}"
    if marked.problem:
        return f"{picture.public_id}: {marked.problem}"
    _replace(picture, marked.content, provenance.signature_of(signer))
    return ""


def _replace(picture: Picture, content: bytes, signature: Signature) -> None:
    organization = picture.organization
    name = storage.new_name(picture.image.rpartition("/")[0], str(picture.position + 1), ".png")
    try:
        storage.announce([name])
        storage.write(name, content)
        with tenancy.enter(organization):
            mine = Picture.objects.of(organization).kept().filter(pk=picture.pk, image=picture.image)
            if mine.select_for_update(no_key=True).first() is None:
                return  # removed, or another was faster
            storage.claim([name])
            mine.update(image=name, bytes=len(content), signature=signature)
            storage.doom([picture.image])
            # Copies of the unsigned one are made anew when they are asked for.
            copies = Rendition.objects.of(organization).filter(picture=picture, signature=Signature.WAITING)
            storage.doom(copies.values_list("file", flat=True))
            copies.delete()
    finally:
        storage.discard([name])  # keeps what was claimed
