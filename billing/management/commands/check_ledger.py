"""`manage.py check_ledger`: exits non-zero, naming account and line, when credits do not add up."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import ledger


class Command(BaseCommand):
    """Run nightly and after every deploy."""

    help = "Check that every account equals the sum of its ledger lines and that no line is out of order."

    def handle(self, *args: Any, **options: Any) -> None:
        found = ledger.drift()
        if found:
            raise CommandError("The ledger does not add up:\n" + "\n".join(found))
        accounts, lines = ledger.size()
        self.stdout.write(f"The ledger adds up: {accounts} accounts, {lines} lines.")
