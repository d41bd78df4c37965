"""One look over many photos: all or none, counted as one thing, repeated where it failed and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Event, Membership, Notification, Role
from billing import budgets, credits
from generations import closing, ending, removal, room_sets, set_standing
from generations.ask import Ask, Piece
from generations.models import Generation, GenerationReference, RoomSet, State
from generations.room_sets import Choice
from projects import arranging, library
from projects import services as projects
from projects.models import Photo, Project, Room
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg

Work = Callable[[], int]


class Flat:
    """A project of a client, with rooms and photos in them."""

    def __init__(self, studio: Studio, *, rooms: int = 3, photos: int = 2) -> None:
        organization = studio.organization
        self.studio = studio
        self.client = projects.create_client(organization=organization, name="Mrs Winter")
        self.project = projects.create_project(organization=organization, name="Flat", client=self.client)
        self.rooms = [projects.create_room(project=self.project, name=f"Room {n}") for n in range(rooms)]
        for room in self.rooms:
            for _ in range(photos):
                projects.add_photo(
                    organization=organization,
                    image=IncomingImage(content=jpeg()),
                    by_user=studio.owner,
                    room=room,
                )

    def photos(self) -> list[Photo]:
        with self.studio.enter():
            rows = Photo.objects.of(self.studio.organization).of_rooms().filter(room__project=self.project)
            return list(rows.select_related("room", "organization").order_by("pk"))

    def choice(self, photos: Sequence[Photo] | None = None, **options: Any) -> Choice:
        some = self.photos() if photos is None else photos
        options.setdefault("look", Ask(prompt="Warm oak"))
        agreed = options.pop("agreed", options["look"].price * len(some))
        return Choice(project=self.project, photos=some, name="Oak", agreed=agreed, **options)

    def begin(self, key: str = "k", photos: Sequence[Photo] | None = None, **options: Any) -> RoomSet:
        begun, _ = room_sets.begin(
            choice=self.choice(photos, **options), by_user=self.studio.owner, key=key, now=timezone.now()
        )
        return begun

    def standing(self, room_set: RoomSet) -> set_standing.Standing:
        with self.studio.enter():
            fresh = (
                RoomSet.objects.of(self.studio.organization)
                .select_related("organization")
                .get(pk=room_set.pk)
            )
            return set_standing.standing(room_set=fresh)

    def repeat(self, room_set: RoomSet, round_: int = 1, agreed: int | None = None) -> bool:
        price = self.standing(room_set).repeat_price if agreed is None else agreed
        return room_sets.repeat(
            room_set=room_set, round_=round_, agreed=price, by_user=self.studio.owner, now=timezone.now()
        )

    def budget(self, cap: int) -> None:
        budgets.set_budget(
            organization=self.studio.organization,
            key=budgets.client_key(self.client.public_id),
            cap=cap,
            is_total=True,
            by_user=self.studio.owner,
            now=timezone.now(),
        )


@pytest.fixture
def flat(studio: Studio, worker: Work) -> Flat:
    return Flat(studio)


def holds(studio: Studio) -> int:
    return studio.lines().count("hold")


def test_a_set_asks_for_every_photo_at_once_and_files_each_under_its_room(studio: Studio, flat: Flat) -> None:
    price = Ask(prompt="x").price
    begun = flat.begin()
    assert (begun.photos, begun.open, len(studio.generations())) == (6, 6, 6)
    assert studio.balance() == 100 - 6 * price
    with studio.enter():
        lines = credits.lines_of(organization=studio.organization).filter(kind="hold")
        labels = [line.labels for line in lines.order_by("number")]
    assert {each["project"] for each in labels} == {flat.project.public_id}
    assert {each["client"] for each in labels} == {flat.client.public_id}
    assert [each["room"] for each in labels] == [
        photo.room.public_id for photo in flat.photos() if photo.room
    ]


def test_pressing_twice_begins_once(studio: Studio, flat: Flat) -> None:
    first = flat.begin(key="same")
    again, is_new = room_sets.begin(
        choice=flat.choice(), by_user=studio.owner, key="same", now=timezone.now()
    )
    assert (again.pk, is_new, holds(studio)) == (first.pk, False, 6)


def test_a_budget_that_does_not_hold_all_of_it_refuses_all_of_it(studio: Studio, flat: Flat) -> None:
    price = 6 * Ask(prompt="x").price
    flat.budget(price - 1)
    before = studio.lines()
    with pytest.raises(budgets.BudgetExceeded) as refusal:
        flat.begin()
    assert f"The budget of Mrs Winter is {price - 1} credits, 0 are used and this needs {price}" in (
        refusal.value.message
    )
    assert (studio.lines(), studio.generations(), studio.balance()) == (before, [], 100)
    with studio.enter():
        assert RoomSet.objects.of(studio.organization).count() == 0
    flat.budget(price)
    flat.begin()
    assert holds(studio) == 6


def test_too_few_credits_refuse_all_of_it(studio: Studio, flat: Flat) -> None:
    look = Ask(prompt="Oak", design_level="pro", variations=3, extensions=["design_level", "variations"])
    assert look.price * 6 > 100
    with pytest.raises(credits.NotEnoughCredits) as refusal:
        flat.begin(look=look)
    assert f"You need {look.price * 6} credits and have 100" in refusal.value.message
    assert (holds(studio), studio.generations()) == (0, [])


def test_a_photo_that_was_moved_away_meanwhile_refuses_all_of_it(studio: Studio, flat: Flat) -> None:
    chosen = flat.choice()
    other = projects.create_project(organization=studio.organization, name="Elsewhere")
    room = projects.create_room(project=other, name="Attic")
    arranging.change_photo(photo=chosen.photos[0], name="", room=room)
    with pytest.raises(room_sets.PhotosChanged):
        room_sets.begin(choice=chosen, by_user=studio.owner, key="k", now=timezone.now())
    assert holds(studio) == 0


def test_another_workspaces_photos_are_refused(studio: Studio, strange_studio: Studio, flat: Flat) -> None:
    theirs = Flat(strange_studio, rooms=1, photos=1)
    with pytest.raises(room_sets.PhotosChanged):
        flat.begin(photos=[*flat.photos(), *theirs.photos()])
    assert (holds(studio), holds(strange_studio)) == (0, 0)


def test_another_price_than_stood_on_the_button_refuses(studio: Studio, flat: Flat) -> None:
    with pytest.raises(room_sets.SetPriceChanged):
        flat.begin(agreed=1)
    with pytest.raises(room_sets.NoPhotos):
        flat.begin(photos=[])
    assert holds(studio) == 0


def test_it_is_finished_with_its_last_picture_and_tells_who_asked(
    studio: Studio, flat: Flat, worker: Work, engine: FakeEngine
) -> None:
    begun = flat.begin()
    while worker():
        pass
    assert flat.standing(begun).done == 6
    with studio.enter():
        fresh = RoomSet.objects.of(studio.organization).get(pk=begun.pk)
        assert fresh.open == 0
        assert fresh.finished_at is not None
        event = Event.objects.of(studio.organization).get(kind="room_set.finished")
        assert event.data == {"name": "Oak", "done": 6, "photos": 6}
        assert event.project == flat.project.public_id
        assert Notification.objects.of(studio.organization).filter(user=studio.owner, event=event).exists()


def test_the_furniture_of_the_look_goes_into_every_picture(studio: Studio, flat: Flat) -> None:
    sofa = library.add_product(
        organization=studio.organization,
        by_user=studio.owner,
        image=IncomingImage(content=jpeg()),
        name="Sofa",
    )
    begun = flat.begin(look=Ask(prompt="Oak", pieces=[Piece(photo=sofa.photo)]))
    with studio.enter():
        rows = Generation.objects.of(studio.organization).filter(room_set=begun)
        assert [row.references.get().photo_id for row in rows] == [sofa.photo_id] * 6


def fail(studio: Studio, some: Sequence[Generation]) -> None:
    """These end as failed, as a worker would end them."""
    for each in some:
        assert ending.end(
            generation=each,
            only=Generation.objects.of(studio.organization).not_ended().filter(pk=each.pk),
            state=State.FAILED,
            code="engine_failed",
            message="The design service is unavailable.",
            now=timezone.now(),
        )


def test_only_what_failed_is_repeated_and_paid_again(studio: Studio, flat: Flat, worker: Work) -> None:
    price = Ask(prompt="x").price
    begun = flat.begin()
    fail(studio, flat.standing(begun).generations[:2])
    while worker():
        pass
    standing = flat.standing(begun)
    assert (standing.done, len(standing.failed), standing.is_over) == (4, 2, True)
    assert standing.repeat_price == 2 * price
    assert studio.balance() == 100 - 4 * price
    assert flat.repeat(begun)
    assert (len(studio.generations()), holds(studio)) == (8, 8)
    assert not flat.repeat(begun, agreed=2 * price), "the same round again is the same round"
    assert holds(studio) == 8
    while worker():
        pass
    standing = flat.standing(begun)
    assert (standing.done, standing.failed, len(standing.generations)) == (6, [], 6)
    assert studio.balance() == 100 - 6 * price
    with pytest.raises(room_sets.NothingToRepeat):
        flat.repeat(begun, round_=2)
    with studio.enter():
        assert RoomSet.objects.of(studio.organization).get(pk=begun.pk).rounds == 1
        assert Event.objects.of(studio.organization).filter(kind="room_set.finished").count() == 2


def test_a_repeat_beyond_the_budget_changes_nothing(studio: Studio, flat: Flat, worker: Work) -> None:
    price = Ask(prompt="x").price
    begun = flat.begin()
    fail(studio, flat.standing(begun).generations[:2])
    while worker():
        pass
    flat.budget(price)
    before = studio.lines()
    with pytest.raises(budgets.BudgetExceeded):
        flat.repeat(begun)
    assert studio.lines() == before
    with studio.enter():
        fresh = RoomSet.objects.of(studio.organization).get(pk=begun.pk)
        assert (fresh.rounds, fresh.open) == (0, 0)


def test_the_rest_is_cancelled_for_free_and_can_be_repeated(studio: Studio, flat: Flat, worker: Work) -> None:
    begun = flat.begin()
    canceled = room_sets.cancel_rest(room_set=begun, by_user=studio.owner, now=timezone.now())
    assert (canceled, studio.balance()) == (6, 100)
    assert room_sets.cancel_rest(room_set=begun, by_user=studio.owner, now=timezone.now()) == 0
    assert worker() == 0
    assert len(flat.standing(begun).failed) == 6
    assert flat.repeat(begun)


def test_a_photo_that_was_deleted_is_not_repeated(studio: Studio, flat: Flat) -> None:
    begun = flat.begin()
    room_sets.cancel_rest(room_set=begun, by_user=studio.owner, now=timezone.now())
    first = flat.standing(begun).generations[0]
    removal.delete_generation(generation=first, by_user=studio.owner, now=timezone.now())
    assert len(flat.standing(begun).failed) == 5


def test_the_statements_of_a_set_do_not_grow_with_its_photos(studio: Studio, worker: Work) -> None:
    credits.grant(organization=studio.organization, purchased=5000, fact="more", now=timezone.now())

    def counted(flat: Flat, key: str) -> int:
        choice = flat.choice()
        with CaptureQueriesContext(connection) as seen:
            room_sets.begin(choice=choice, by_user=studio.owner, key=key, now=timezone.now())
        return len(seen)

    studio.organization.in_flight_limit = (
        1  # each place in the queue is a statement, and there are no more than these
    )
    one, many = Flat(studio, rooms=1, photos=2), Flat(studio, rooms=5, photos=6)
    counted(one, "warm")
    assert counted(one, "few") == counted(many, "many")


def test_a_room_that_goes_leaves_the_set_and_its_pictures(studio: Studio, flat: Flat, worker: Work) -> None:
    begun = flat.begin(room=flat.rooms[0])
    while worker():
        pass
    with studio.enter():
        room = Room.objects.of(studio.organization).select_related("organization").get(pk=flat.rooms[0].pk)
    removal.delete_room(room=room, by_user=studio.owner, now=timezone.now())
    assert flat.standing(begun).done == 6
    with studio.enter():
        assert Project.objects.of(studio.organization).get(pk=flat.project.pk).rooms.count() == 2
        assert Photo.objects.of(studio.organization).exclude(state=Photo.State.GONE).count() == 6


# --- On pages --------------------------------------------------------------------------------------------


def test_the_page_tells_the_sum_begins_once_and_shows_how_far_it_is(
    studio: Studio, flat: Flat, owner_client: Browser, worker: Work
) -> None:
    home = f"/w/{studio.organization.public_id}"
    page = owner_client.get(f"{home}/projects/{flat.project.public_id}/set")
    price = 6 * Ask(prompt="x").price
    assert (page.context["price"], page.context["balance_after"]) == (price, 100 - price)
    fields: dict[str, Any] = {
        "key": page.context["form"]["key"].value(),
        "agreed": price,
        "prompt": "Warm oak",
        "photo": [photo.public_id for photo in flat.photos()],
    }
    begun = [owner_client.post(page.request["PATH_INFO"], fields) for _ in range(2)]
    assert [each.status_code for each in begun] == [302, 302]
    assert begun[0].headers["Location"] == begun[1].headers["Location"]
    assert holds(studio) == 6
    where = begun[0].headers["Location"]
    shown = owner_client.get(where)
    assert b"0 of 6 done" in shown.content
    assert owner_client.get(f"{where}/progress?seen={shown.context['seen']}").status_code == 204
    while worker():
        pass
    done = owner_client.get(f"{where}/progress?seen={shown.context['seen']}")
    assert b"6 of 6 done" in done.content
    assert b"hx-get" not in done.content


def test_the_page_says_why_nothing_was_begun(studio: Studio, flat: Flat, owner_client: Browser) -> None:
    page = f"/w/{studio.organization.public_id}/projects/{flat.project.public_id}/set"
    price = Ask(prompt="x").price
    fields: dict[str, Any] = {"key": "k", "prompt": "Oak", "photo": [flat.photos()[0].public_id]}
    wrong = owner_client.post(page, fields | {"agreed": 6 * price})
    assert wrong.status_code == 422
    assert b"The price is another one now" in wrong.content
    assert wrong.context["price"] == price, "the button shows the new price"
    assert (
        b"Choose at least one photo" in owner_client.post(page, fields | {"photo": [], "agreed": 0}).content
    )
    assert b"painted" in owner_client.post(page, fields | {"mode": "region", "agreed": price}).content
    flat.budget(price - 1)
    assert b"The budget of Mrs Winter is" in owner_client.post(page, fields | {"agreed": price}).content
    assert holds(studio) == 0


def test_photos_of_furniture_sent_with_the_page_go_into_the_library_and_every_picture(
    studio: Studio, flat: Flat, owner_client: Browser
) -> None:
    page = f"/w/{studio.organization.public_id}/projects/{flat.project.public_id}/set"
    photos = [photo.public_id for photo in flat.photos()[:2]]

    def send(*names: str, **more: Any) -> Any:
        pieces = [SimpleUploadedFile(name, jpeg()) for name in names]
        fields = {"key": "k", "prompt": "Oak", "photo": photos, "agreed": 2 * Ask(prompt="x").price}
        return owner_client.post(page, fields | {"furniture": pieces} | more)

    refused = send("armchair.jpg", agreed=1)
    assert [product.name for product in refused.context["library"] if product.is_ticked] == ["Armchair"]
    broken = owner_client.post(
        page,
        {
            "key": "k",
            "prompt": "Oak",
            "photo": photos,
            "agreed": 0,
            "furniture": SimpleUploadedFile("no.jpg", b"no"),
        },
    )
    assert b"no.jpg: " in broken.content
    first, again = send("floor_lamp.jpg", "rug.jpg"), send("floor_lamp.jpg", "rug.jpg")
    assert first.status_code == 302
    assert first.headers["Location"] == again.headers["Location"], "a double click is one set"
    with studio.enter():
        sent = GenerationReference.objects.of(studio.organization).order_by("generation", "position")
        assert [one.photo.product.name for one in sent] == ["Floor lamp", "Rug"] * 2


def test_the_page_cancels_the_rest_and_repeats_it(studio: Studio, flat: Flat, owner_client: Browser) -> None:
    begun = flat.begin()
    page = f"/w/{studio.organization.public_id}/room-sets/{begun.public_id}"
    owner_client.post(f"{page}/cancel")
    price = 6 * Ask(prompt="x").price
    assert owner_client.get(page).context["repeat_price"] == price
    owner_client.post(f"{page}/repeat", {"round": "1", "agreed": str(price - 1)})
    assert holds(studio) == 6
    for _ in range(2):
        owner_client.post(f"{page}/repeat", {"round": "1", "agreed": str(price)})
    assert holds(studio) == 12


def test_a_viewer_watches_a_set_and_a_stranger_finds_none(
    studio: Studio, flat: Flat, stranger_client: Browser
) -> None:
    begun = flat.begin()
    page = f"/w/{studio.organization.public_id}/room-sets/{begun.public_id}"
    viewer = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
    looking = factories.browser_of(viewer)
    assert looking.get(page).status_code == 200
    for verb in ("cancel", "repeat"):
        assert looking.post(f"{page}/{verb}").status_code == 403
        assert stranger_client.post(f"{page}/{verb}").status_code == 404
    assert stranger_client.get(page).status_code == stranger_client.get(f"{page}/progress").status_code == 404


def test_a_deleted_workspace_keeps_no_set(studio: Studio, flat: Flat) -> None:
    flat.begin()
    closing.close(organization=studio.organization, now=timezone.now())
    assert studio.balance() == 100
    with studio.enter():
        assert not RoomSet.objects.of(studio.organization).exists()
        assert not Project.objects.of(studio.organization).exists()
        assert Generation.objects.of(studio.organization).filter(room_set=None).count() == 6
