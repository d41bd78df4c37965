"""`manage.py provision_workspace`: a workspace for an operator's script, as one JSON object on one line."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing import provisioning
from billing.plans import PLANS


class Command(BaseCommand):
    """The only thing on stdout is the JSON line."""

    help = "Make a workspace with a plan and credits; running it again with the same name changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner", required=True, metavar="E-MAIL")
        parser.add_argument("--plan", default="free", choices=sorted(PLANS))
        parser.add_argument("--credits", type=int, default=0, help="the whole balance, booked as purchased")
        parser.add_argument("--api-key", action="store_true", help="issue a live key and print it, this once")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["credits"] < 0:
            raise CommandError("--credits can't be below zero.")
        if options["api_key"] and not PLANS[options["plan"]].api_access:
            raise CommandError(
                f"The plan {options['plan']} has no API access; use growth or scale with --api-key."
            )
        made = provisioning.provision_workspace(
            name=options["name"],
            owner_email=options["owner"],
            plan=options["plan"],
            credits=options["credits"],
            with_key=options["api_key"],
            now=timezone.now(),
        )
        self.stdout.write(json.dumps(made))
