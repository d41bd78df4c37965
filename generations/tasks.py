"""The queue's entry points; each one is a service call."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from accounts import attempts, emails
from accounts.tasks import MAIL_AGAIN
from billing import credits
from generations import (
    deliveries,
    delivery_making,
    mailing,
    proposal_files,
    proposal_sending,
    queue,
    removal,
    resigning,
    review_links,
    review_telling,
    running,
    test_data,
    timing,
    upstream_keys,
)
from projects import storage, uploads

WORKER = uuid.uuid4().hex  # this process, in the rows of what it runs


@app.task(name=queue.RUN_TASK, queue="generations")
def run(generation_id: int, organization_id: int) -> None:
    """Make the pictures of one generation."""
    running.run(generation_id=generation_id, organization_id=organization_id, worker=WORKER)


@app.periodic(cron="*/5 * * * *")
@app.task(name="billing.expire_allowances", queue="upkeep", queueing_lock="expire_allowances")
def expire_allowances(timestamp: int) -> None:
    """Every five minutes; the balance does not count expired allowance in between either."""
    credits.expire_allowances(now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="storage.sweep", queue="upkeep", queueing_lock="storage_sweep")
def sweep_storage(timestamp: int) -> None:
    """Every minute: uploads that nobody took, files that no row stands for."""
    uploads.sweep(now=timezone.now())
    storage.sweep(now=timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="generations.remove_expired", queue="upkeep", queueing_lock="remove_expired")
def remove_expired(timestamp: int) -> None:
    """Every ten minutes: pictures past the retention of their workspace's plan."""
    removal.remove_expired(now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="generations.sign_waiting", queue="upkeep", queueing_lock="sign_waiting")
def sign_waiting(timestamp: int) -> None:
    """Every five minutes: pictures that could not be signed as they came, or came before there were signatures."""
    resigning.sign_waiting(now=timezone.now())


@app.task(name=deliveries.MAKE_TASK, queue=deliveries.QUEUE)
def make_delivery(delivery_id: int, organization_id: int) -> None:
    """The files of one delivery."""
    delivery_making.make(delivery_id=delivery_id, organization_id=organization_id, now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="generations.make_left_deliveries", queue="upkeep", queueing_lock="make_left_deliveries")
def make_left_deliveries(timestamp: int) -> None:
    """Every five minutes: deliveries whose job died with its worker."""
    delivery_making.make_left(now=timezone.now())


@app.periodic(cron="* * * * * */30")
@app.task(name="queue.tidy", queue="upkeep", queueing_lock="tidy", pass_context=True)
async def tidy(context: JobContext, timestamp: int) -> None:
    """Jobs of dead workers are ended (the sweeper enqueues anew what still matters), finished ones removed."""
    await queue.tidy(context.app.job_manager)


@app.periodic(cron="* * * * *")
@app.task(name="generations.measure", queue="upkeep", queueing_lock="measure")
def measure(timestamp: int) -> None:
    """How long pictures take, for what pages and answers say about the wait."""
    timing.measure(now=timezone.now())


@app.task(name=upstream_keys.TELL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def tell_key_paused(key_id: int, organization_id: int) -> None:
    """Mail to the owners and admins of a workspace whose own key was refused."""
    upstream_keys.tell_paused(key_id=key_id, organization_id=organization_id)


@app.task(name=mailing.ENDED_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def tell_ended(generation_id: int, organization_id: int) -> None:
    """Mail to who asked for a picture and has left its page."""
    mailing.tell_ended(generation_id=generation_id, organization_id=organization_id)


@app.task(
    name=proposal_sending.MAKE_TASK,
    queue=proposal_sending.QUEUE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=3),
)
def make_proposal(proposal_id: int, organization_id: int, base: str, mail_client: bool) -> None:
    """The pictures and the PDF of a proposal that was sent."""
    proposal_files.make(
        proposal_id=proposal_id, organization_id=organization_id, base=base, mail_client=mail_client
    )


@app.task(name=proposal_files.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_proposal(proposal_id: int, organization_id: int, base: str) -> None:
    """The link to a proposal, to its client."""
    proposal_files.mail(
        proposal_id=proposal_id, organization_id=organization_id, base=base, now=timezone.now()
    )


@app.periodic(cron="0 7 * * 1")
@app.task(name="generations.tell_weeks", queue="upkeep", queueing_lock="tell_weeks")
def tell_weeks(timestamp: int) -> None:
    """On Mondays at seven (UTC)."""
    mailing.arrange_weeks()


@app.task(name=mailing.WEEK_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def tell_week(organization_id: int) -> None:
    """What was made in a workspace in seven days."""
    mailing.tell_week(organization_id=organization_id, now=timezone.now())


@app.task(name=test_data.DELETE_TASK, queue=test_data.QUEUE)
def delete_test_data(organization_id: int) -> None:
    """Remove what test keys have made."""
    test_data.carry_out(organization_id=organization_id)


@app.task(name=review_telling.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_review(room_id: int, organization_id: int) -> None:
    """What clients did in a review room, to the members."""
    review_telling.mail(room_id=room_id, organization_id=organization_id, address=settings.PUBLIC_BASE_URL)


@app.task(name=review_links.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_review_link(
    room_id: int, organization_id: int, user_id: int | None, to: str, base: str, days: int
) -> None:
    """A link into a review room, to one person."""
    review_links.mail(
        room_id=room_id,
        organization_id=organization_id,
        user_id=user_id,
        to=to,
        base=base,
        days=days,
        now=timezone.now(),
    )


@app.periodic(cron="17 * * * *")
@app.task(name="accounts.forget_attempts", queue="upkeep", queueing_lock="forget_attempts")
def forget_attempts(timestamp: int) -> None:
    """Every hour: counters of attempts that are long over."""
    attempts.forget_old(now=timezone.now())
