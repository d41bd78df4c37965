"""`manage.py verify_picture FILE`: what a picture file says of how it was made, and whether that holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import Refusal
from generations import provenance


class Command(BaseCommand):
    """Exits non-zero for a file that can't be read, or whose credentials are broken."""

    help = "Read the AI marks of a picture file: content credentials (C2PA) and IPTC's digital source type."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = provenance.verify(content=options["file"].read_bytes())
        except (OSError, Refusal) as error:
            raise CommandError(getattr(error, "message", str(error))) from error
        self.stdout.write(f"{report.title} ({report.verdict})")
        self.stdout.write(report.meaning)
        for words in report.says:
            self.stdout.write(f"It says: {words}")
        if report.signer:
            self.stdout.write(f"Signed by: {report.signer}")
        if report.by_test_certificate:
            self.stdout.write(
                "That is this instance's own test certificate, unknown to validators elsewhere."
            )
        if report.verdict is provenance.Verdict.BROKEN:
            raise CommandError(f"The credentials do not fit the file: {', '.join(report.failures)}")
