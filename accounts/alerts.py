"""What whoever runs this instance has to know: one row per open matter, in the log, and by mail."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from procrastinate.contrib.django import app

from accounts import emails
from accounts.models import OperatorAlert

logger = logging.getLogger(__name__)

MAIL_TASK = "accounts.mail_alert"
MAIL_AGAIN_AFTER = timedelta(hours=1)


def raise_alert(*, code: str, subject: str, text: str, now: datetime) -> None:
    """Tell the operators; the same open `code` and `subject` counts up. Mails at most once an hour.

    Part of the caller's transaction where there is one: raise it last in it, as the alert's row stays locked until
    the commit. Neither `subject` nor `text` may carry a secret.
    """
    subject = " ".join(subject.split())[:120]  # one line: it goes into the mail's
    text = text.replace("\0", "")  # PostgreSQL takes none; an upstream may send anything
    logger.error("Alert %s, %s: %s", code, subject, text)
    with transaction.atomic():
        alert_id = _upsert(code, subject, text, now)
        if settings.OPERATOR_EMAILS and _claim_mail(alert_id, now):
            app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True).defer(alert_id=alert_id)


def resolve(*, alerts: models.QuerySet[OperatorAlert], now: datetime) -> int:
    """Close those that are open; the next one of its kind starts afresh. Returns how many."""
    return alerts.filter(resolved_at=None).update(resolved_at=now)


def mail(*, alert_id: int) -> None:
    """Send an alert to the operators, as it stands now."""
    alert = OperatorAlert.objects.filter(pk=alert_id).first()
    if alert is not None and settings.OPERATOR_EMAILS:
        emails.send(to=settings.OPERATOR_EMAILS, template="operator_alert", context={"alert": alert})


def _upsert(code: str, subject: str, text: str, now: datetime) -> int:
    """One statement, so that two at the same moment make one alert; Django can't name a partial index here."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO accounts_operatoralert AS alert (code, subject, text, count, first_at, last_at)
               VALUES (%s, %s, %s, 1, %s, %s)
               ON CONFLICT (code, subject) WHERE resolved_at IS NULL DO UPDATE
                  SET count = alert.count + 1, text = EXCLUDED.text, last_at = EXCLUDED.last_at
               RETURNING id""",
            [code, subject, text, now, now],
        )
        return int(cursor.fetchone()[0])


def _claim_mail(alert_id: int, now: datetime) -> bool:
    due = Q(mailed_at=None) | Q(mailed_at__lt=now - MAIL_AGAIN_AFTER)
    return bool(OperatorAlert.objects.filter(due, pk=alert_id).update(mailed_at=now))
