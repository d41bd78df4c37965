"""`manage.py stripe_sandbox`: the offline Stripe as a process of its own, on 127.0.0.1 only."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.stripe_sandbox.courier import Courier
from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World

TICK_SECONDS = 5  # how soon after its time something due happens


class Command(BaseCommand):
    """For a clone without a Stripe key. Never beside real money."""

    help = "Serve the Stripe sandbox: no real money, not Stripe. What happened in it is kept in --folder."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="a free one by default")
        parser.add_argument("--folder", type=Path, default=None, help="DATA_DIR/stripe by default")
        parser.add_argument("--webhook", metavar="URL", default="", help="where every event is delivered to")
        parser.add_argument(
            "--secret", metavar="whsec_…", default="", help="what the deliveries are signed with"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_real_money(key=settings.STRIPE_SECRET_KEY, in_production=settings.IN_PRODUCTION)
        if options["webhook"] and not options["secret"]:
            raise CommandError("--webhook needs --secret.")
        world = World(folder=options["folder"] or settings.DATA_DIR / "stripe")
        if options["webhook"]:
            world.webhooks_go_to(options["webhook"], options["secret"])
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        with Courier(world) as courier, serve(world, options["port"], courier=courier) as address:
            self.stdout.write(f"Stripe sandbox at {address}: no real money, not Stripe.")
            self.stdout.flush()
            while not over.wait(TICK_SECONDS):
                world.catch_up()


def refuse_real_money(*, key: str, in_production: bool) -> None:
    """Raise CommandError in production and beside a live key."""
    if in_production:
        raise CommandError("The Stripe sandbox gives credits away, so there is none in production.")
    if key.startswith(("sk_live_", "rk_live_")):
        raise CommandError(
            "STRIPE_SECRET_KEY is a live key: the Stripe sandbox does not run beside real money."
        )
