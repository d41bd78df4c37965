"""Rows of files that an app sends by themselves, before they are a photo.

What must never happen, and what forbids it:
- an upload of another workspace is used: forced row-level security, as on every tenant table
- an address is used twice: `received_at` is set by one conditional update, and its text is kept as a hash alone
- or after its time: `upload_received_in_time`
- more bytes are kept than were announced, or fewer: `upload_received_as_announced`
- an upload becomes two photos: `photo` is set by one conditional update; two become one photo: `photo` is unique
- a file stays behind: `upload_has_a_file_until_taken`; what nobody takes is swept (`projects.uploads.sweep`)
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet, User

MOST_BYTES = 30 * 2**20


def upload_id() -> str:
    return new_id("upl")


class Upload(models.Model):
    """A file that was announced: an address waits for its bytes, then the bytes wait to become a photo."""

    public_id = models.CharField(max_length=40, unique=True, default=upload_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    room = models.ForeignKey("projects.Room", models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=120, blank=True)
    media_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()  # bytes, as announced
    sha256 = models.BinaryField(null=True)  # of the bytes, if it was announced
    address_sha256 = models.BinaryField(unique=True)
    file = models.CharField(max_length=240, blank=True)  # its storage name, while it waits to become a photo
    received_bytes = models.PositiveIntegerField(null=True)
    photo = models.OneToOneField("projects.Photo", models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # of the address
    received_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=1, size__lte=MOST_BYTES), name="upload_of_a_size"),
            models.CheckConstraint(
                condition=Q(received_at=None, received_bytes=None)
                | Q(received_at__isnull=False, received_bytes=F("size")),
                name="upload_received_as_announced",
            ),
            models.CheckConstraint(
                condition=Q(received_at=None) | Q(received_at__lte=F("expires_at")),
                name="upload_received_in_time",
            ),
            models.CheckConstraint(
                condition=Q(received_at=None, photo=None, file="")
                | Q(received_at__isnull=False, photo=None) & ~Q(file="")
                | Q(received_at__isnull=False, photo__isnull=False, file=""),
                name="upload_has_a_file_until_taken",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="upload_oldest_first"),
            models.Index(fields=["organization"], condition=Q(photo=None), name="upload_not_taken"),
        ]

    def __str__(self) -> str:
        return self.public_id
