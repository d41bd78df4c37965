"""Rows of what happened in a workspace, and of whom it was told to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models.people import Organization, TenantQuerySet, User


def event_id() -> str:
    return new_id("evt")


class Event(models.Model):
    """Something that happened, written in the transaction in which it did; never changed afterwards, gone in a year.

    The feed of a project, the bell of a member and outgoing webhooks all read these rows. Lower apps don't know the
    rows of upper ones, so `subject` and `project` are outward ids.
    """

    public_id = models.CharField(max_length=40, unique=True, default=event_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)  # "review.decided": a noun and what became of it
    subject = models.CharField(max_length=60)  # the outward id of what it happened to
    project = models.CharField(max_length=60, blank=True)  # "" where it belongs to no project
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=120, blank=True)  # of a person without an account
    data = models.JSONField(default=dict)
    # Whether feeds show it; in the row, since a program may make a thousand hidden events between two shown ones.
    in_feed = models.BooleanField(default=True, db_default=True)
    at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-id"], name="event_newest_first"),
            models.Index(
                fields=["organization", "-id"], condition=Q(in_feed=True), name="event_in_feed_newest_first"
            ),
            models.Index(fields=["organization", "subject"], name="event_of_subject"),
            models.Index(fields=["at"], name="event_oldest_first"),
            models.Index(
                fields=["organization", "project", "-id"],
                condition=~Q(project=""),
                name="event_of_project_newest_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Notification(models.Model):
    """An event that a member is told of, once."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, related_name="notifications")
    read_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="notification_once")]
        indexes = [
            models.Index(fields=["organization", "user", "-id"], name="notification_newest_first"),
            models.Index(
                fields=["organization", "user"], condition=Q(read_at=None), name="notification_unread"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.event_id}"
