"""The queue's entry points; each one is a service call."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import alerts, emails

# A mail server that is away for an hour costs no mail.
MAIL_AGAIN = RetryStrategy(max_attempts=8, exponential_wait=3)


@app.task(name=alerts.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_alert(alert_id: int) -> None:
    """Send one alert to the operators."""
    alerts.mail(alert_id=alert_id)
