"""`manage.py check_files`: exits non-zero, naming each, when a row has no file or a file no row."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generations.file_check import check_files


class Command(BaseCommand):
    """Run nightly and after a restore."""

    help = "Check that every row's files are in storage and that every stored file has a row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--ignore-younger",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="leave out rows and files younger than this: they may be in the middle of being written",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = check_files(now=timezone.now(), ignore_younger=options["ignore_younger"])
        self.stdout.write(str(found))
        for name in found.rows_without_file:
            self.stdout.write(f"row without a file: {name}")
        for name in found.files_without_row:
            self.stdout.write(f"file without a row: {name}")
        if not found.is_clean:
            raise CommandError("Rows and files do not agree.")
