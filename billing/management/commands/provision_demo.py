"""`manage.py provision_demo`: what `make run` and `make demo` sign in with, as one JSON object on one line."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing import provisioning


class Command(BaseCommand):
    """For a clone on somebody's machine."""

    help = "Make the demo workspace; running it again changes nothing and prints no key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="revoke the demo's key and print another")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IN_PRODUCTION:
            raise CommandError("The demo's password is public, so there is no demo in production.")
        self.stdout.write(
            json.dumps(provisioning.provision_demo(new_key=options["new_key"], now=timezone.now()))
        )
