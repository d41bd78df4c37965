"""How often somebody tried something that may only be tried so often."""

from __future__ import annotations

from django.db import models


class Attempts(models.Model):
    """One counter: of whom and what, since when, how many. Rows are written by `accounts.attempts` alone.

    `key` is keyed with the instance's secret, so that no address can be read from it.
    """

    key = models.BinaryField(max_length=32, unique=True)
    since = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.count} since {self.since:%Y-%m-%d %H:%M}"
