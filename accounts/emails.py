"""Mail of our own: a subject and a message, both plain text templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formataddr, make_msgid, parseaddr
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


@dataclass(frozen=True)
class Sender:
    """In whose name a mail goes out that names nobody else: not the instance, in none of its headers."""

    name: str
    reply_to: str = ""
    host: str = ""  # of their own, for the mail's id

    def message_id(self) -> str:
        """A new one, not made of this machine's name as they usually are."""
        return make_msgid(domain=self.host or sender_address().rpartition("@")[2])


def sender_address() -> str:
    """Where mails in the name of a workspace come from."""
    return parseaddr(settings.CLIENT_FROM_EMAIL or settings.DEFAULT_FROM_EMAIL)[1]


def send(
    *,
    to: Sequence[str],
    template: str,
    context: Mapping[str, Any],
    language: str = "",
    headers: Mapping[str, str] | None = None,
    sender: Sender | None = None,
) -> None:
    """Send `emails/<template>_subject.txt` and `_message.txt` as one mail. Not inside a transaction.

    `language`: of who reads it; "" is the page's, or the instance's where there is no page. Without a `sender` it is
    the instance that writes.
    """
    with translation.override(language or translation.get_language()):
        subject = render_to_string(f"emails/{template}_subject.txt", dict(context))
        body = render_to_string(f"emails/{template}_message.txt", dict(context))
    mail = EmailMessage(" ".join(subject.split()), body, to=list(to), headers=dict(headers or {}))
    if sender is not None:
        mail.extra_headers["Message-ID"] = sender.message_id()
        mail.from_email = formataddr((sender.name, sender_address()))
        mail.reply_to = [sender.reply_to] if sender.reply_to else []
    mail.send()


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
