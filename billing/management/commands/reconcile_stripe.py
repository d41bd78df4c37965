"""`manage.py reconcile_stripe`: what Stripe knows and we don't, posted or only shown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing import reconcile
from billing import stripe_gateway as stripe


class Command(BaseCommand):
    """Runs every hour by itself; by hand after an outage, or with `--dry-run` to see that nothing is missing."""

    help = "Compare Stripe's sessions, invoices, refunds, disputes and subscriptions with the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what is missing")
        parser.add_argument("--days", type=int, default=reconcile.WIDE_DAYS)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = reconcile.run(days=options["days"], now=timezone.now(), dry=options["dry_run"])
        except stripe.StripeProblem as problem:
            raise CommandError(f"Stripe can't be asked: {problem}") from problem
        for line in outcome.differences:
            self.stdout.write(line)
        what = "differences" if options["dry_run"] else "differences posted"
        self.stdout.write(f"{len(outcome.differences)} {what}, {outcome.looked_at} objects looked at.")
        if outcome.problems:
            raise CommandError("Could not look at:\n" + "\n".join(outcome.problems))
