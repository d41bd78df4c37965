"""What a workspace's owner does with its plan. Every verb asks Stripe first, then converges what came of it.

None of them may be called inside a transaction.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from accounts import services as accounts
from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import AuditEntry, Organization, User
from billing import catalogue, converge, customers, entitlements, plans
from billing import stripe_gateway as stripe
from billing.customers import PaymentsAway
from billing.entitlements import PlanState


class UnknownPlan(Refusal):
    """There is no such plan to choose."""

    code, title, status = "unknown_plan", "Unknown plan", 404


class AlreadySubscribed(Refusal):
    """This workspace has a plan already. Change it on the plan page."""

    code, title, status = "already_subscribed", "Already subscribed", 409


class NoSubscription(Refusal):
    """This workspace has no running plan to change. Choose one first."""

    code, title, status = "no_subscription", "No running plan", 409


class NotAnUpgrade(Refusal):
    """That plan is not larger than the present one."""

    code, title, status = "not_an_upgrade", "Not an upgrade", 409


class NotADowngrade(Refusal):
    """That plan is not smaller than the present one."""

    code, title, status = "not_a_downgrade", "Not a downgrade", 409


class PaymentDeclined(Refusal):
    """The card was declined. Nothing was changed."""

    code, title, status = "payment_declined", "Payment declined", 402


class PaymentOverdue(Refusal):
    """The last invoice is not paid yet. Pay it in the payment portal, then change the plan."""

    code, title, status = "payment_overdue", "Payment overdue", 409


def choose_plan(
    *, organization: Organization, plan: str, by_user: User, now: datetime, success_url: str, cancel_url: str
) -> str:
    """The address of Stripe's page on which the first subscription is paid (its trial begins, the first time).

    `success_url` gets `?session=<id>` appended, for `purchases.complete_session`.
    """
    chosen = _paid_plan(plan)
    state = _fresh_state(organization, now)
    if state.subscription_id:
        raise AlreadySubscribed
    price = catalogue.current_price(chosen.lookup_key)
    subscription: dict[str, object] = {
        "metadata": {"workspace": organization.public_id},
        "billing_mode": {"type": "flexible"},
    }
    if chosen.trial_days and state.trial_available:
        subscription["trial_period_days"] = chosen.trial_days
    try:
        customer = customers.ensure_customer(organization=organization, by_user=by_user)
        _close_other_pages(customer)
        session = stripe.create_session(
            {
                "mode": "subscription",
                "customer": customer,
                "client_reference_id": organization.public_id,
                "line_items": [{"price": price.price_id, "quantity": 1}],
                "success_url": success_url + "?session={CHECKOUT_SESSION_ID}",
                "cancel_url": cancel_url,
                "metadata": {"workspace": organization.public_id},
                "subscription_data": subscription,
                **catalogue.tax(),
            },
            "",
        )
    except stripe.StripeProblem as problem:
        raise _refusal(problem) from problem
    _audit(organization, by_user, "plan.chosen", chosen.key, now)
    return str(session.url)


def _close_other_pages(customer: str) -> None:
    """A plan's page that was left open in another tab must not be paid beside this one: two plans would run."""
    for left in stripe.open_sessions(customer):
        if left.mode == "subscription":
            try:
                stripe.expire_session(left.id)
            except stripe.StripeRefused as problem:  # paid in this very moment
                raise AlreadySubscribed from problem


def upgrade(*, organization: Organization, plan: str, by_user: User, now: datetime) -> PlanState:
    """The full price of the larger plan now, and a new period; if the payment fails nothing changes.

    Raises PaymentDeclined, NotAnUpgrade, NoSubscription, PaymentOverdue. Back to the plan that is paid for anyway
    (a pending downgrade) is `resume` and costs nothing.
    """
    chosen, state = _paid_plan(plan), _running(organization, now)
    if chosen.rank <= state.plan.rank:
        raise NotAnUpgrade
    changes: dict[str, object] = {
        "items": [{"id": state.item_id, "price": catalogue.current_price(chosen.lookup_key).price_id}],
        "proration_behavior": "none",
        "payment_behavior": "error_if_incomplete",
        # The end of a trial starts the new period by itself.
        **({"trial_end": "now"} if state.trial_end else {"billing_cycle_anchor": {"type": "now"}}),
    }
    # Two clicks at once pay once; the same move in another period, or after a decline, is another one.
    declines = _times(organization, "plan.upgrade_declined")
    key = f"upgrade:{state.subscription_id}:{chosen.key}:{_seconds(state.period_end)}:{declines}"
    try:
        _change(state, changes, key)
    except PaymentDeclined:
        _audit(organization, by_user, "plan.upgrade_declined", chosen.key, now)
        raise
    _audit(organization, by_user, "plan.upgraded", chosen.key, now)
    return _converged(organization, state, now)


def downgrade(*, organization: Organization, plan: str, by_user: User, now: datetime) -> PlanState:
    """The smaller plan from the next period on. To go down to Free, `cancel`."""
    chosen, state = _paid_plan(plan), _running(organization, now)
    if chosen.rank >= state.plan.rank:
        raise NotADowngrade
    _set_next_plan(state, chosen)
    _audit(organization, by_user, "plan.downgraded", chosen.key, now)
    return _converged(organization, state, now)


def cancel(*, organization: Organization, by_user: User, now: datetime) -> PlanState:
    """End the plan with the period that is paid for; until then `resume` takes it back. Twice is once."""
    state = _fresh_state(organization, now)
    if not state.subscription_id:
        raise NoSubscription
    if state.ends_at is None:
        _change(state, {"cancel_at_period_end": True}, "")
        _audit(organization, by_user, "plan.canceled", state.plan.key, now)
    return _converged(organization, state, now)


def resume(*, organization: Organization, by_user: User, now: datetime) -> PlanState:
    """Take back a downgrade or a cancellation that has not come into force. Nothing is charged now."""
    state = _running(organization, now)
    if state.ends_at is not None:
        _change(state, {"cancel_at_period_end": False}, "")
    if state.next_plan is not None:
        _set_next_plan(state, state.plan)
    _audit(organization, by_user, "plan.resumed", state.plan.key, now)
    return _converged(organization, state, now)


def portal_url(*, organization: Organization, by_user: User, return_url: str) -> str:
    """The address of Stripe's portal: card, invoices, cancellation at the period's end."""
    try:
        return stripe.create_portal(
            customer=customers.ensure_customer(organization=organization, by_user=by_user),
            return_url=return_url,
            configuration=settings.STRIPE_PORTAL_CONFIGURATION,
        )
    except stripe.StripeProblem as problem:
        raise _refusal(problem) from problem


def _paid_plan(key: str) -> plans.Plan:
    if key not in plans.PAID_PLANS:
        raise UnknownPlan
    return plans.PAID_PLANS[key]


def _fresh_state(organization: Organization, now: datetime) -> PlanState:
    """The state after asking Stripe, so that a webhook that is late lets nobody subscribe twice."""
    try:
        converge.converge_customer(organization=organization, now=now)
    except stripe.StripeProblem as problem:
        raise _refusal(problem) from problem
    return entitlements.state_of(organization=organization, now=now)


def _running(organization: Organization, now: datetime) -> PlanState:
    state = _fresh_state(organization, now)
    if not state.subscription_id:
        raise NoSubscription
    if state.status == "past_due":
        raise PaymentOverdue
    return state


def _set_next_plan(state: PlanState, plan: plans.Plan) -> None:
    """What the next invoice bills. No proration and no new period: nothing is charged or given back now."""
    price = catalogue.current_price(plan.lookup_key)
    items = [{"id": state.item_id, "price": price.price_id}]
    _change(state, {"items": items, "proration_behavior": "none"}, "")


def _change(state: PlanState, changes: dict[str, object], key: str) -> None:
    try:
        stripe.change_subscription(state.subscription_id, changes, key)
    except stripe.StripeProblem as problem:
        raise _refusal(problem) from problem


def _converged(organization: Organization, state: PlanState, now: datetime) -> PlanState:
    """What Stripe has done is on its way by webhook too; here it is seen at once."""
    try:
        converge.converge_subscription(state.subscription_id, now=now)
    except stripe.StripeProblem as problem:
        if not problem.again:
            raise
    organization.refresh_from_db()
    return entitlements.state_of(organization=organization, now=now)


def _refusal(problem: stripe.StripeProblem) -> Exception:
    if isinstance(problem, stripe.CardRefused):
        return PaymentDeclined(f"{problem} Nothing was changed.")
    return PaymentsAway() if problem.again else problem


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0


def _times(organization: Organization, action: str) -> int:
    with tenancy.enter(organization):
        return int(AuditEntry.objects.of(organization).filter(action=action).count())


def _audit(organization: Organization, by_user: User, action: str, target: str, now: datetime) -> None:
    with tenancy.enter(organization):
        accounts.record(organization=organization, by_user=by_user, action=action, target=target, now=now)
