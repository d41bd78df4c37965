"""News of the product, and addresses whose accounts have ended."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from accounts.models.people import User


class News(models.Model):
    """A mail to everybody who wants news. Once it is on its way (`sent_at`), it does not change."""

    subject = models.CharField(max_length=120)
    text = models.TextField(help_text="Plain text. The link that ends the news is put below it.")
    # "" = to everybody, else to who reads this language.
    language = models.CharField(max_length=10, blank=True, choices=settings.LANGUAGES)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return self.subject


class NewsCopy(models.Model):
    """One person's copy: nobody gets the same news twice (unique constraint), also when a job runs again."""

    news = models.ForeignKey(News, models.CASCADE, related_name="copies")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    mailed_at = models.DateTimeField(null=True)  # set before the mail leaves, so that it leaves once

    class Meta:
        constraints = [models.UniqueConstraint(fields=["news", "user"], name="news_copy_once")]

    def __str__(self) -> str:
        return f"{self.news_id} to {self.user_id}"


class FormerAddress(models.Model):
    """A fingerprint of an address whose account was deleted: free credits come once for an address.

    What must never happen: somebody who deletes and opens accounts with one address is given free credits again.
    """

    fingerprint = models.BinaryField(max_length=32, unique=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d}"
