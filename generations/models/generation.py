"""A request for pictures, and the calls made for it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.ids import new_id
from accounts.models import ApiKey, Organization, TenantQuerySet, User
from projects.models import Photo, Room


class State(models.TextChoices):
    """The life of a generation; the last three are its ends."""

    WAITING = "waiting"  # over the workspace's in-flight limit, in its own line
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELED)
IN_FLIGHT = (State.QUEUED, State.RUNNING)
IN_LINE = (State.WAITING, State.QUEUED)
NOT_ENDED = (State.WAITING, State.QUEUED, State.RUNNING)


def generation_id() -> str:
    return new_id("gen")


class GenerationQuerySet(TenantQuerySet):
    """Words about generations."""

    def in_line(self) -> Self:
        """No worker is on it."""
        return self.filter(state__in=IN_LINE)

    def cancelable(self) -> Self:
        """May be canceled for free: nothing is under way that may be charged."""
        return self.filter(Q(state__in=IN_LINE) | Q(state=State.RUNNING, calling_since=None))

    def never_started(self) -> Self:
        """No worker has ever begun it; one that waits to be tried again has been."""
        return self.in_line().filter(started_at=None)

    def in_flight(self) -> Self:
        """Count against the workspace's limit."""
        return self.filter(state__in=IN_FLIGHT)

    def not_ended(self) -> Self:
        """Hold credits still."""
        return self.filter(state__in=NOT_ENDED)  # listed, not excluded: the partial index is for these words

    def abandoned(self, now: datetime) -> Self:
        """Running, but the worker has not renewed its lease: dead or frozen."""
        return self.filter(state=State.RUNNING, lease_until__lt=now)

    def overdue(self, now: datetime) -> Self:
        """Past their deadline."""
        return self.not_ended().filter(deadline__lt=now)

    def kept(self) -> Self:
        """Not deleted by its workspace: what pages and the API show."""
        return self.filter(deleted_at=None)

    def held_by(self, attempt: Generation) -> Self:
        """This generation, only while the attempt in hand is still the current one: the fence of every write."""
        return self.filter(pk=attempt.pk, state=State.RUNNING, attempt=attempt.attempt)


class Generation(models.Model):
    """One request for 1 to 3 pictures. The row is the truth; the queue only carries its id."""

    public_id = models.CharField(max_length=40, unique=True, default=generation_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, models.SET_NULL, null=True, blank=True, related_name="generations")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True, related_name="+")
    engine = models.CharField(max_length=20)
    is_test = models.BooleanField(default=False)  # asked with a test key: no ledger line
    # Free, of our own sample room and by our own engine: the first thing a new workspace may try.
    is_sample = models.BooleanField(default=False, db_default=False)
    own_key = models.BooleanField(default=False)  # made with the workspace's own MeltFlex key, not with ours
    room_set = models.ForeignKey(
        "generations.RoomSet", models.SET_NULL, null=True, blank=True, related_name="generations"
    )
    set_round = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # of the set: 0, then one for each repeat

    # What is asked for. The source is a photo or a picture made before (the version tree).
    photo = models.ForeignKey(Photo, models.PROTECT, null=True, blank=True, related_name="generations")
    parent = models.ForeignKey(
        "generations.Picture", models.PROTECT, null=True, blank=True, related_name="children"
    )
    prompt = models.TextField()  # as it is sent
    mode = models.CharField(max_length=24, blank=True)  # what was chosen on the page; "" over the API
    style = models.CharField(max_length=40, blank=True)
    # Where to change something, painted in red on black; laid over the source before it is sent.
    paint = models.ForeignKey(Photo, models.PROTECT, null=True, blank=True, related_name="painted")
    resolution = models.CharField(max_length=4, blank=True)
    design_level = models.CharField(max_length=8, default="quick")
    mask = models.BooleanField(default=False)
    variations = models.PositiveSmallIntegerField(default=1)
    price = models.PositiveIntegerField()  # credits

    # How far it is. `attempt` and `lease_until` fence the workers.
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # From here on the upstream may charge: set with the open UpstreamCall, unset when it surely did nothing.
    calling_since = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True)
    is_awaited = models.BooleanField(default=False)  # by a synchronous caller, who gets it at once or never
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=400, blank=True)
    credits_held = models.PositiveIntegerField(default=0)
    credits_settled = models.PositiveIntegerField(default=0)
    credits_released = models.PositiveIntegerField(default=0)

    idempotency_key = models.CharField(max_length=255, blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True)

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)  # when who asked for it first saw how it ended
    deleted_at = models.DateTimeField(null=True, blank=True)  # by its workspace: prompt and files are gone

    has_references: bool = True  # furniture was sent along; True as well where nobody has looked

    objects = GenerationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="generation_idempotency_key_once",
            ),
            models.UniqueConstraint(
                fields=["room_set", "photo", "set_round"],
                condition=Q(room_set__isnull=False),
                name="generation_once_per_photo_and_round",
            ),
            models.UniqueConstraint(
                # One that failed or was canceled may be tried again; nobody gets two.
                fields=["organization"],
                condition=Q(is_sample=True, state__in=["waiting", "queued", "running", "succeeded"]),
                name="generation_one_sample_per_workspace",
            ),
            models.CheckConstraint(
                condition=Q(is_sample=False)
                | Q(engine="preview", own_key=False, credits_held=0, parent=None, variations=1),
                name="generation_sample_is_ours_and_free",
            ),
            models.CheckConstraint(
                condition=Q(photo__isnull=False, parent=None) | Q(photo=None, parent__isnull=False),
                name="generation_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, finished_at__isnull=False)
                | (~Q(state__in=ENDED) & Q(finished_at=None)),
                name="generation_ends_at_a_time",
            ),
            models.CheckConstraint(
                # What was held is accounted for when it has ended, and not before.
                condition=Q(state__in=ENDED, credits_held=F("credits_settled") + F("credits_released"))
                | (~Q(state__in=ENDED) & Q(credits_settled=0, credits_released=0)),
                name="generation_credits_accounted_for",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") & ~Q(error_code="") | ~Q(state="failed"),
                name="generation_failure_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(state__in=ENDED, prompt=""),
                name="generation_deleted_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(variations__gte=1, variations__lte=3), name="generation_1_to_3"
            ),
            models.CheckConstraint(
                condition=Q(paint=None) | Q(mask=True), name="generation_painted_is_masked"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="generation_newest_first"),
            models.Index(fields=["organization", "room", "-id"], name="generation_of_room"),
            models.Index(fields=["organization", "requested_by", "-id"], name="generation_of_person"),
            models.Index(fields=["organization", "created_at"], name="generation_by_time"),
            models.Index(
                fields=["organization", "id"],
                condition=Q(state__in=["waiting", "queued", "running"]),
                name="generation_not_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_free(self) -> bool:
        """Writes no line into the ledger."""
        return self.is_test or self.is_sample

    @property
    def has_ended(self) -> bool:
        """Succeeded, failed or canceled."""
        return self.state in ENDED

    @property
    def is_cancelable(self) -> bool:
        """As `cancelable()` says of the rows; only that UPDATE decides."""
        return self.state in IN_LINE or (self.state == State.RUNNING and self.calling_since is None)

    @property
    def has_preview(self) -> bool:
        """Made by the embedded engine: pages and data say so."""
        return self.engine == "preview"


class GenerationReference(models.Model):
    """A furniture photo sent along, in the order it was given.

    `at_x`, `at_y`: where a person put the middle of its foot, in fractions of the picture; None lets the engine
    choose. `scale` is relative to the size that its name suggests.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    generation = models.ForeignKey(Generation, models.CASCADE, related_name="references")
    position = models.PositiveSmallIntegerField()
    photo = models.ForeignKey(Photo, models.PROTECT, related_name="+")
    at_x = models.FloatField(null=True, blank=True)
    at_y = models.FloatField(null=True, blank=True)
    scale = models.FloatField(default=1.0)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "position"], name="reference_position_once"),
            models.CheckConstraint(condition=Q(position__lt=10), name="reference_at_most_ten"),
            models.CheckConstraint(
                condition=Q(at_x=None, at_y=None) | Q(at_x__gte=0, at_x__lte=1, at_y__gte=0, at_y__lte=1),
                name="reference_place_is_in_the_picture",
            ),
            models.CheckConstraint(
                condition=Q(scale__gte=0.25, scale__lte=4), name="reference_scale_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id}/{self.position}"

    @property
    def at(self) -> tuple[float, float] | None:
        """Where it was put, or None."""
        return None if self.at_x is None or self.at_y is None else (self.at_x, self.at_y)
