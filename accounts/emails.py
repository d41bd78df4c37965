"""Mail of our own: a subject and a message, both plain text templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts import tenancy
from accounts.models import Membership, Organization, Role

QUEUE = "mail"


def base_url(request: HttpRequest) -> str:
    """What links in mails begin with: PUBLIC_BASE_URL if set, else the host that the request came to."""
    return settings.PUBLIC_BASE_URL or request.build_absolute_uri("/").rstrip("/")


def send(*, to: Sequence[str], template: str, context: Mapping[str, Any]) -> None:
    """Send `emails/<template>_subject.txt` and `_message.txt` as one mail. Not inside a transaction."""
    subject = render_to_string(f"emails/{template}_subject.txt", dict(context))
    body = render_to_string(f"emails/{template}_message.txt", dict(context))
    EmailMessage(" ".join(subject.split()), body, to=list(to)).send()


def send_to_members(
    *, organization: Organization, role: Role, template: str, context: Mapping[str, Any], wish: str = ""
) -> None:
    """One mail to everybody in the workspace whose role includes `role`; with a `wish`, who has it (`mail_…`)."""
    roles = [each for each in Role if each.includes(role)]
    with tenancy.enter(organization):
        members = Membership.objects.of(organization).filter(role__in=roles, user__is_active=True)
        if wish:
            members = members.filter(**{wish: True})
        addresses = list(members.order_by("pk").values_list("user__email", flat=True))
    if addresses:
        send(to=addresses, template=template, context={"workspace": organization, **context})
