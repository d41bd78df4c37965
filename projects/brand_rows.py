"""How a workspace looks to its clients."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet


def brand_id() -> str:
    return new_id("brd")


class Brand(models.Model):
    """At most one of a workspace; it shows while the plan has the white label, and is kept when it has not.

    What must never happen, and what forbids it: two brands of one workspace (unique); a colour that is none (check;
    that it can be read is `brand.checked`'s to say); the logo of one workspace on the host of another (a request to
    such a host is confined to its workspace).
    """

    public_id = models.CharField(max_length=40, unique=True, default=brand_id, editable=False)
    organization = models.OneToOneField(Organization, models.CASCADE, related_name="+")
    colour = models.CharField(
        max_length=7, blank=True, default="", db_default=""
    )  # #rrggbb, readable on white
    logo = models.CharField(max_length=240, blank=True, default="", db_default="")  # storage name: PNG, JPEG
    # Mails to clients come from this name, and are answered to this address.
    sender_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    reply_to = models.EmailField(blank=True, default="", db_default="")

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(colour="") | Q(colour__regex=r"^#[0-9a-f]{6}$"), name="brand_colour_is_a_colour"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
