"""Rows of working together: who is on a project, and what they write to each other about it.

What must never happen, and what forbids it:
- somebody is on a project who is no member any more: the row hangs on the membership and goes with it
- somebody is on a project twice: `project_member_once`
- a client reads a note: no page outside of the workspace shows one
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import Membership, Organization, TenantQuerySet, User


def note_id() -> str:
    return new_id("nte")


class ProjectMember(models.Model):
    """A member who works on a project, and hears of what happens there."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="team")
    member = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    assigned_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    assigned_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "member"], name="project_member_once")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.project_id}"


class ProjectNote(models.Model):
    """What a member wrote to the others about a project; no client ever sees it."""

    public_id = models.CharField(max_length=40, unique=True, default=note_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="notes_of_team")
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    mentions = models.JSONField(default=list)  # the names as they stand in the text, each after its @
    written_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="project_note_says_something")]
        indexes = [models.Index(fields=["organization", "project", "-id"], name="project_note_newest_first")]

    def __str__(self) -> str:
        return self.public_id
