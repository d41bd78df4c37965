"""News of the product: written by an operator, mailed once to each who wants them, ended by one click."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from procrastinate.contrib.django import app

from accounts import emails
from accounts.errors import Refusal
from accounts.models import News, NewsCopy, User

MAIL_TASK = "accounts.mail_news"
_signer = Signer(salt="accounts.news")


class NewsSent(Refusal):
    """These news are on their way already. Write new ones to say more."""

    code, title, status = "news_sent", "News sent", 409


def readers(*, language: str = "") -> QuerySet[User]:
    """Who wants news at an address that is proven; with a `language`, who reads it."""
    proven = EmailAddress.objects.filter(verified=True, email__iexact=F("user__email"))
    people = User.objects.filter(wants_news=True, is_active=True, pk__in=proven.values("user"))
    if language:
        reads = Q(language=language)
        people = people.filter(reads | Q(language="") if language == settings.LANGUAGE_CODE else reads)
    return people.order_by("pk")


def send(*, news: News, base: str, now: datetime) -> int:
    """A copy and a job for each reader; `base` is what links begin with. Returns how many. Raises NewsSent."""
    with transaction.atomic():
        if not News.objects.filter(pk=news.pk, sent_at=None).update(sent_at=now):
            raise NewsSent
        copies = NewsCopy.objects.bulk_create(
            NewsCopy(news=news, user=reader) for reader in readers(language=news.language)
        )
        job = app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True)
        for copy in copies:
            job.defer(copy_id=copy.pk, base=base)
    return len(copies)


def mail(*, copy_id: int, base: str, now: datetime) -> None:
    """One copy, unless it has left already or its reader wants none meanwhile. Not inside a transaction."""
    copy = NewsCopy.objects.select_related("news", "user").filter(pk=copy_id).first()
    if copy is None or not copy.user.wants_news or not copy.user.is_active:
        return
    if not NewsCopy.objects.filter(pk=copy_id, mailed_at=None).update(mailed_at=now):
        return
    try:
        mail_to(news=copy.news, user=copy.user, base=base)
    except OSError:  # it has not left: the job is tried again
        NewsCopy.objects.filter(pk=copy_id).update(mailed_at=None)
        raise


def mail_to(*, news: News, user: User, base: str) -> None:
    """The mail itself; RFC 8058 lets a mail program end the news with one click."""
    stop = base + reverse("news-stop", args=[_signer.sign(str(user.pk))])
    emails.send(
        to=[user.email],
        template="news",
        context={"news": news, "stop": stop},
        language=news.language or user.language,
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )


def reader_of(token: str) -> User | None:
    """Whose link it is; None for one that we never made."""
    try:
        return User.objects.filter(pk=int(_signer.unsign(token)), deleted_at=None).first()
    except (BadSignature, ValueError):
        return None


def stop(*, user: User) -> None:
    """No more news to this person; twice is as good as once."""
    User.objects.filter(pk=user.pk).update(wants_news=False)
