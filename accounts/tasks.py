"""The queue's entry points; each one is a service call."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import (
    activity,
    alerts,
    deletion,
    domains,
    emails,
    exports,
    invitations,
    news,
    rates,
    webhook_deliveries,
)

# A mail server that is away for an hour costs no mail.
MAIL_AGAIN = RetryStrategy(max_attempts=8, exponential_wait=3)


@app.task(name=alerts.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_alert(alert_id: int) -> None:
    """Send one alert to the operators."""
    alerts.mail(alert_id=alert_id)


@app.task(name=invitations.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_invitation(organization_id: int, invitation_id: int, base: str) -> None:
    """The link into a workspace."""
    invitations.mail(
        organization_id=organization_id, invitation_id=invitation_id, base=base, now=timezone.now()
    )


@app.task(name=news.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_news(copy_id: int, base: str) -> None:
    """One copy of news."""
    news.mail(copy_id=copy_id, base=base, now=timezone.now())


@app.task(name=activity.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_event(event_id: int, organization_id: int, user_id: int) -> None:
    """What happened, to a member who wants to know at once."""
    activity.mail(event_id=event_id, organization_id=organization_id, user_id=user_id)


@app.periodic(cron="41 3 * * *")
@app.task(name="accounts.forget_old_events", queue=deletion.QUEUE, queueing_lock="forget_old_events")
def forget_old_events(timestamp: int) -> None:
    """Every night: events older than a year."""
    activity.forget_old(now=timezone.now())


@app.task(name=deletion.EMPTY_TASK, queue=deletion.QUEUE)
def empty_workspace(organization_id: int) -> None:
    """Remove what was in a deleted workspace; what is not done yet the sweep below does."""
    deletion.empty(organization_id=organization_id, now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="accounts.empty_workspaces", queue=deletion.QUEUE, queueing_lock="empty_workspaces")
def empty_workspaces(timestamp: int) -> None:
    """Every five minutes: deleted workspaces that something stood in the way of."""
    deletion.empty_all(now=timezone.now())


@app.task(name=exports.BUILD_TASK, queue=exports.QUEUE, retry=RetryStrategy(max_attempts=3, wait=60))
def build_export(export_id: int, base: str) -> None:
    """Pack a workspace or a person into a ZIP."""
    exports.build(export_id=export_id, base=base, now=timezone.now())


@app.periodic(cron="23 * * * *")
@app.task(name="accounts.sweep_exports", queue=exports.QUEUE, queueing_lock="sweep_exports")
def sweep_exports(timestamp: int) -> None:
    """Every hour: exports whose week is over."""
    exports.sweep(now=timezone.now())


@app.task(name=webhook_deliveries.SEND_TASK, queue=webhook_deliveries.QUEUE)
def send_webhooks(endpoint_id: int, organization_id: int) -> None:
    """Tell an endpoint what is due to it."""
    webhook_deliveries.send_due(endpoint_id=endpoint_id, organization_id=organization_id)


@app.periodic(cron="* * * * * */10")
@app.task(name="accounts.sweep_webhooks", queue=webhook_deliveries.QUEUE, queueing_lock="sweep_webhooks")
def sweep_webhooks(timestamp: int) -> None:
    """Every ten seconds: what is to be tried again, and what a killed worker had in hand."""
    webhook_deliveries.sweep(now=timezone.now())


@app.periodic(cron="11 4 * * *")
@app.task(name="accounts.forget_old_deliveries", queue=deletion.QUEUE, queueing_lock="forget_old_deliveries")
def forget_old_deliveries(timestamp: int) -> None:
    """Every night: lines of the log of webhooks that are older than 30 days."""
    webhook_deliveries.forget_old(now=timezone.now())


@app.task(name=webhook_deliveries.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_webhook_off(endpoint_id: int, organization_id: int) -> None:
    """An endpoint was switched off by itself."""
    webhook_deliveries.mail_off(endpoint_id=endpoint_id, organization_id=organization_id)


@app.periodic(cron="7 * * * *")
@app.task(name="accounts.forget_old_rates", queue=deletion.QUEUE, queueing_lock="forget_old_rates")
def forget_old_rates(timestamp: int) -> None:
    """Every hour: counters of requests of minutes long gone."""
    rates.forget_old(now=timezone.now())


@app.periodic(cron="37 * * * *")
@app.task(name="accounts.check_domains", queue=domains.QUEUE, queueing_lock="check_domains")
def check_domains(timestamp: int) -> None:
    """Every hour: records of hosts that are due."""
    domains.check_all(now=timezone.now())


@app.task(name=domains.CHECK_TASK, queue=domains.QUEUE)
def check_domain(domain_id: int, organization_id: int) -> None:
    """One record."""
    domains.check_one(domain_id=domain_id, organization_id=organization_id, now=timezone.now())


@app.task(name=domains.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_domain(domain_id: int, organization_id: int, base: str) -> None:
    """A host's record is gone."""
    domains.mail(domain_id=domain_id, organization_id=organization_id, base=base)
