"""`manage.py sync_stripe_catalogue`: products and prices in Stripe as billing/plans.py says."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import catalogue
from billing import stripe_gateway as stripe


class Command(BaseCommand):
    """Run it after every change of the catalogue; again, it changes nothing."""

    help = "Create or update the products and prices in Stripe."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = catalogue.sync()
        except stripe.StripeProblem as problem:
            raise CommandError(f"Stripe did not do it: {problem}") from problem
        self.stdout.write("\n".join(done) or "The catalogue in Stripe is up to date.")
