"""Rows of looking at pictures: copies in other formats, links for people without an account, words to search by.

What must never happen, and what forbids it:
- a file of a copy is left behind when its picture goes: `removal` dooms it in the transaction that has the
  picture locked, and a copy is written only under the same lock (`renditions`); `check_files` would tell
- two copies of one kind: `rendition_kind_once`
- a link that was revoked opens something: every file behind it is read through the link, never by a signed address
- a link's text can be read from the database: only its SHA-256 is kept
- somebody finds another workspace's picture by a link, a comparison, a tree or a word: row-level security on
  all of these
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet, User
from generations.models.generation import Generation
from generations.models.picture import Picture, Signature


def share_link_id() -> str:
    return new_id("shr")


class Rendition(models.Model):
    """A picture in another format or size, made when somebody first asked for it."""

    class Kind(models.TextChoices):
        PNG = "png"  # only where the picture had to be cropped to the shape of the photo
        JPEG = "jpeg"
        WEB = "web"

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    picture = models.ForeignKey(Picture, models.CASCADE, related_name="renditions")
    kind = models.CharField(max_length=4, choices=Kind)
    file = models.CharField(max_length=240)  # storage name
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    signature = models.CharField(
        max_length=8, choices=Signature, default=Signature.WAITING, db_default=Signature.WAITING
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["picture", "kind"], name="rendition_kind_once"),
            models.CheckConstraint(condition=~Q(file=""), name="rendition_has_a_file"),
        ]

    def __str__(self) -> str:
        return f"{self.picture_id}/{self.kind}"


class ShareLinkQuerySet(TenantQuerySet):
    """Words about links."""

    def open(self, now: datetime) -> Self:
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class ShareLink(models.Model):
    """An address under which anybody sees one picture, before and after, until it is revoked or expires."""

    public_id = models.CharField(max_length=40, unique=True, default=share_link_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    picture = models.ForeignKey(Picture, models.CASCADE, related_name="share_links")
    sha256 = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return self.public_id

    def is_open(self, now: datetime) -> bool:
        """As `open()` says of the rows."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class PromptWord(models.Model):
    """A word of a prompt, written and taken away by a trigger of the generation's table.

    A GIN index would be smaller, but under row-level security PostgreSQL uses it for no search: `@@` is not marked
    leakproof, and comparing texts is (docs/decisions/0014).
    """

    pk = models.CompositePrimaryKey("organization_id", "word", "generation_id")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    word = models.TextField(db_collation="C")
    generation = models.ForeignKey(Generation, models.CASCADE, related_name="words", db_index=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["generation", "word"], name="prompt_word_of_generation")]

    def __str__(self) -> str:
        return self.word
