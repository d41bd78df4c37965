"""How many requests have come in the minute that runs."""

from __future__ import annotations

from django.db import models


class RateWindow(models.Model):
    """One counter. Written by `accounts.rates` alone; unlogged, so a crash empties it and nobody waits for a disk."""

    key = models.CharField(max_length=100, primary_key=True)
    opened_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
