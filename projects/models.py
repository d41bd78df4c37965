"""Rows of an agency's work: clients, projects, rooms, and every image that came in."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now, NullIf
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet, User

MAX_WORDS = 8  # of a search; what is more narrows no further
# The position of what nobody has put anywhere: after all that was, in the order in which it came. Who moves one thing
# numbers its neighbours anew (`projects.arranging`).
AT_THE_END = 1_000_000


def client_id() -> str:
    return new_id("cli")


def project_id() -> str:
    return new_id("prj")


def room_id() -> str:
    return new_id("room")


def photo_id() -> str:
    return new_id("pho")


def product_id() -> str:
    return new_id("prd")


def recipe_id() -> str:
    return new_id("rcp")


class ClientQuerySet(TenantQuerySet):
    """Words about clients."""

    def active(self) -> Self:
        """Not archived."""
        return self.filter(archived_at=None)

    def found_by(self, words: str) -> Self:
        """Whose name, address or contact has each of the words."""
        rows = self
        for word in words.split()[:MAX_WORDS]:
            anywhere = Q(name__icontains=word) | Q(brand_name__icontains=word) | Q(address__icontains=word)
            rows = rows.filter(anywhere | Q(email__icontains=word) | Q(phone__icontains=word))
        return rows


class Client(models.Model):
    """Whom a project is done for. What is shown to them is in their brand, where they have one."""

    public_id = models.CharField(max_length=40, unique=True, default=client_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=40, blank=True, default="", db_default="")
    address = models.CharField(max_length=240, blank=True, default="", db_default="")
    notes = models.TextField(blank=True)
    brand_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    accent = models.CharField(
        max_length=7, blank=True, default="", db_default=""
    )  # #rrggbb, readable on white
    logo = models.CharField(
        max_length=240, blank=True, default="", db_default=""
    )  # storage name of a PNG or JPEG
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ClientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(accent="") | Q(accent__regex=r"^#[0-9a-f]{6}$"), name="client_accent_is_a_colour"
            ),
        ]
        indexes = [models.Index(fields=["organization", "name"], name="client_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """What the client is called on what they see."""
        return self.brand_name or self.name


class Status(models.TextChoices):
    """How far a project is; people move it, in any direction."""

    NEW = "new", _("New")
    WORKING = "working", _("In progress")
    REVIEW = "review", _("In review")
    APPROVED = "approved", _("Approved")
    DELIVERED = "delivered", _("Delivered")


class ProjectQuerySet(TenantQuerySet):
    """Words about projects."""

    def active(self) -> Self:
        """Not archived."""
        return self.filter(archived_at=None)

    def found_by(self, words: str) -> Self:
        """Whose name, address or client has each of the words."""
        rows = self
        for word in words.split()[:MAX_WORDS]:
            anywhere = Q(name__icontains=word) | Q(address__icontains=word) | Q(client__name__icontains=word)
            rows = rows.filter(anywhere)
        return rows

    def with_cover(self) -> Self:
        """`cover_thumbnail`: of the chosen picture or photo, else of the first photo; None where none is.

        A chosen photo counts while it is the project's.
        """
        own = Photo.objects.filter(
            room__project=OuterRef("pk"), kind=Photo.Kind.ROOM, state=Photo.State.READY
        )
        chosen = own.filter(pk=OuterRef("cover")).values("thumbnail")[:1]
        first = own.order_by("room__position", "room", "position", "pk").values("thumbnail")[:1]
        picture = NullIf(F("cover_picture"), Value(""))
        return self.annotate(cover_thumbnail=Coalesce(picture, Subquery(chosen), Subquery(first)))


class Project(models.Model):
    """A job: some rooms, for a client or for oneself."""

    public_id = models.CharField(max_length=40, unique=True, default=project_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    client = models.ForeignKey(Client, models.PROTECT, null=True, blank=True, related_name="projects")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=240, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.NEW, db_default="new")
    deadline = models.DateField(null=True, blank=True)
    cover = models.ForeignKey("projects.Photo", models.SET_NULL, null=True, blank=True, related_name="+")
    # Storage name of the thumbnail of a picture that was made for it; who removes that file empties this, in the same
    # transaction.
    cover_picture = models.CharField(max_length=240, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["new", "working", "review", "approved", "delivered"]),
                name="project_status_known",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "-id"], name="project_of_status_newest_first"),
        ]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A room of a project."""

    public_id = models.CharField(max_length=40, unique=True, default=room_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="rooms")
    name = models.CharField(max_length=120)
    position = models.IntegerField(default=AT_THE_END, db_default=AT_THE_END)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "position", "id"], name="room_in_order")]

    def __str__(self) -> str:
        return self.name


class PhotoQuerySet(TenantQuerySet):
    """Words about images that came in."""

    def of_rooms(self) -> Self:
        """Photos of rooms, without furniture references and without what was removed."""
        return self.filter(kind=Photo.Kind.ROOM).exclude(state=Photo.State.GONE)

    def in_order(self) -> Self:
        """As their rooms show them."""
        return self.order_by("position", "pk")

    def passing(self) -> Self:
        """Not yet removed, and kept by no room: they go when nothing that was made from them needs them."""
        of_no_room = Q(kind=Photo.Kind.REFERENCE) | Q(kind=Photo.Kind.ROOM, room=None)
        return self.filter(of_no_room).exclude(state=Photo.State.GONE)


class Photo(models.Model):
    """An image that came in: a room's photo, or a furniture reference.

    It arrives as a file or as an address; a worker fetches, straightens and strips it before the first use.
    The file as it arrived may say where it was taken, so it is deleted as soon as `image` stands.
    """

    class Kind(models.TextChoices):
        ROOM = "room"
        REFERENCE = "reference"
        PRODUCT = "product"  # of the library: kept until the product is removed

    class State(models.TextChoices):
        NEW = "new"  # waits to be fetched or prepared
        READY = "ready"
        BAD = "bad"  # `problem` says why; it is never tried again
        GONE = "gone"  # removed by its workspace: no file is left, the row stays for what was made from it

    public_id = models.CharField(max_length=40, unique=True, default=photo_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    room = models.ForeignKey(Room, models.SET_NULL, null=True, blank=True, related_name="photos")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ROOM)
    position = models.IntegerField(default=AT_THE_END, db_default=AT_THE_END)
    name = models.CharField(max_length=120, blank=True)  # what a reference shows ("Sofa")
    source_url = models.URLField(max_length=2048, blank=True)
    original = models.CharField(max_length=240, blank=True)  # storage names; "" until there is one
    image = models.CharField(max_length=240, blank=True)
    thumbnail = models.CharField(max_length=240, blank=True)
    media_type = models.CharField(max_length=20, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    problem = models.CharField(max_length=400, blank=True)
    had_gps = models.BooleanField(default=False)
    advice = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(original="") | ~Q(source_url="") | ~Q(image="") | Q(state__in=["bad", "gone"]),
                name="photo_comes_from_somewhere",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | (~Q(image="") & Q(width__gt=0, height__gt=0)),
                name="photo_ready_has_image",
            ),
            models.CheckConstraint(
                condition=~Q(state="gone") | Q(original="", image="", thumbnail="", source_url=""),
                name="photo_gone_has_no_file",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "room", "-id"], name="photo_of_room_newest_first"),
            models.Index(fields=["room", "position", "id"], name="photo_in_order"),
            models.Index(
                fields=["organization", "created_at"],
                condition=(Q(kind="reference") | Q(kind="room", room=None)) & ~Q(state="gone"),
                name="photo_passing_oldest_first",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.public_id


class ProductQuerySet(TenantQuerySet):
    """Words about the library."""

    def kept(self) -> Self:
        """Not removed by their workspace."""
        return self.filter(removed_at=None)


class Product(models.Model):
    """A piece of furniture of the workspace's library. Removed ones stay for what was made with them."""

    public_id = models.CharField(max_length=40, unique=True, default=product_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    photo = models.OneToOneField(Photo, models.PROTECT, related_name="product")
    name = models.CharField(max_length=120)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)  # ISO 4217; "" where there is no price
    link = models.URLField(max_length=2048, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price=None, currency="") | (Q(price__gte=0) & ~Q(currency="")),
                name="product_price_has_a_currency",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "-id"], condition=Q(removed_at=None), name="product_newest_first"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Recipe(models.Model):
    """A saved look: what was chosen in the studio, without the room. A locked one is changed by admins alone."""

    public_id = models.CharField(max_length=40, unique=True, default=recipe_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    mode = models.CharField(max_length=24, blank=True)
    style = models.CharField(max_length=40, blank=True)
    prompt = models.TextField(blank=True)
    keep_structure = models.BooleanField(default=True)
    resolution = models.CharField(max_length=4, blank=True)
    design_level = models.CharField(max_length=8, default="quick")
    variations = models.PositiveSmallIntegerField(default=1)
    products = models.ManyToManyField(Product, through="RecipeProduct", related_name="recipes")
    is_locked = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="recipe_name_once"),
            models.CheckConstraint(
                condition=Q(variations__gte=1, variations__lte=3), name="recipe_1_to_3_variations"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RecipeProduct(models.Model):
    """One piece of a recipe's tray."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    recipe = models.ForeignKey(Recipe, models.CASCADE, related_name="pieces")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipe", "position"], name="recipe_position_once"),
            models.CheckConstraint(condition=Q(position__lt=10), name="recipe_at_most_ten"),
        ]

    def __str__(self) -> str:
        return f"{self.recipe_id}/{self.position}"


class UnclaimedFile(models.Model):
    """A stored file that no row stands for: not yet (its row is about to be written), or no longer (`doomed`).

    Written before the file is, so that a process killed between file and row leaves a trace by which the file is
    found and removed. `projects.storage` is its only mover. Names only, no tenant's data.
    """

    name = models.CharField(max_length=240, unique=True)
    since = models.DateTimeField(db_default=Now())
    doomed = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["doomed", "since"], name="unclaimed_oldest_first")]

    def __str__(self) -> str:
        return self.name


from projects.team_rows import ProjectMember, ProjectNote  # noqa: E402, F401 — rows of the same app
from projects.upload_rows import Upload  # noqa: E402, F401 — the same
