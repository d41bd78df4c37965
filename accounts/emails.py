"""Mail of our own: a subject and a message, both plain text templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from accounts import tenancy
from accounts.models import Membership, Organization, Role

QUEUE = "mail"


def base_url(request: HttpRequest) -> str:
    """What links in mails begin with: PUBLIC_BASE_URL if set, else the host that the request came to."""
    return settings.PUBLIC_BASE_URL or request.build_absolute_uri("/").rstrip("/")


def send(
    *,
    to: Sequence[str],
    template: str,
    context: Mapping[str, Any],
    language: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send `emails/<template>_subject.txt` and `_message.txt` as one mail. Not inside a transaction.

    `language`: of who reads it; "" is the page's, or the instance's where there is no page.
    """
    with translation.override(language or translation.get_language()):
        subject = render_to_string(f"emails/{template}_subject.txt", dict(context))
        body = render_to_string(f"emails/{template}_message.txt", dict(context))
    EmailMessage(" ".join(subject.split()), body, to=list(to), headers=dict(headers or {})).send()


def send_to_members(
    *,
    organization: Organization,
    role: Role,
    template: str,
    context: Mapping[str, Any],
    wish: str = "",
    also: Iterable[int] = (),
) -> None:
    """To everybody in the workspace whose role includes `role`; with a `wish`, who has it (`mail_…`).

    `also`: users who are told if they are members, whatever their role.

    One mail for each language that is read there.
    """
    roles = [each for each in Role if each.includes(role)]
    with tenancy.enter(organization):
        members = Membership.objects.of(organization).filter(
            Q(role__in=roles) | Q(user__in=list(also)), user__is_active=True
        )
        if wish:
            members = members.filter(**{wish: True})
        people = list(members.order_by("pk").values_list("user__language", "user__email"))
    for language in dict.fromkeys(language for language, _ in people):
        addresses = [email for reads, email in people if reads == language]
        full = {"workspace": organization, **context}
        send(to=addresses, template=template, context=full, language=language)
