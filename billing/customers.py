"""Which Stripe customer is which workspace."""

from __future__ import annotations

from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization, User
from billing import stripe_gateway as stripe
from billing.models import StripeCustomer


class PaymentsAway(Refusal):
    """Payments can't be reached right now. Nothing was charged; please try again in a moment."""

    code, title, status = "payments_away", "Payments unavailable", 503


def customer_of(*, organization: Organization) -> str:
    """The workspace's Stripe customer, or "" where it never had one."""
    with tenancy.enter(organization):
        row = StripeCustomer.objects.of(organization).first()
    return row.customer_id if row else ""


def ensure_customer(*, organization: Organization, by_user: User) -> str:
    """The workspace's Stripe customer, made on first use. Its row is committed before anything can be paid."""
    if known := customer_of(organization=organization):
        return known
    made = stripe.create_customer(
        name=organization.name,
        email=by_user.email,
        metadata={"workspace": organization.public_id},
        key=f"customer:{organization.public_id}",
    )
    with tenancy.enter(organization):
        row, _ = StripeCustomer.objects.of(organization).get_or_create(
            organization=organization, defaults={"customer_id": made}
        )
    return str(row.customer_id)


def workspace_of(customer: str) -> Organization | None:
    """Whose customer this is; None for one that we have not made."""
    with tenancy.system("a Stripe customer's workspace"):
        row = StripeCustomer.objects.filter(customer_id=customer).select_related("organization").first()
    return row.organization if row else None
