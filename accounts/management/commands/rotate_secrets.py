"""`manage.py rotate_secrets`: everything sealed moves to the first key of the ring."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import lifecycle, secrets


class Command(BaseCommand):
    """Seals row by row, each in a transaction of its own: may be killed and run again at any time."""

    help = "Re-seal every secret at rest with the first key of SECRETS_KEYS, or print a new entry for it."
    requires_system_checks = []  # --new-key is for an instance whose missing ring the checks refuse

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--new-key", action="store_true", help="only print a new entry for the front of SECRETS_KEYS"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            self.stdout.write(secrets.new_ring_entry())
            return
        if problem := secrets.ring_problem():
            raise CommandError(problem)
        tally = secrets.Rotation()
        lifecycle.secrets_rotated.happened(tally=tally)
        self.stdout.write(f"re-sealed {tally.resealed}, sealed with the first key before {tally.current}")
        if tally.unreadable:
            raise CommandError(
                f"{len(tally.unreadable)} can't be opened with any key of SECRETS_KEYS: {', '.join(tally.unreadable)}"
            )
