"""A client without an account compares, comments and decides; the members are told and answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, Event, Membership, Notification
from generations import closing, packing, review_links, review_rooms, review_telling, tasks
from generations.models import Comment, Decision, ReviewRoom
from generations.reviews import approved_pictures
from tests import factories
from tests.factories import Studio
from tests.review.conftest import ADA, Review, make_pictures, make_review

Work = Callable[[], int]


def decisions(review: Review) -> list[Decision]:
    with review.studio.enter():
        rows = Decision.objects.of(review.studio.organization).filter(room=review.room)
        return list(rows.order_by("pk"))


def comments(review: Review) -> list[Comment]:
    with review.studio.enter():
        return list(Comment.objects.of(review.studio.organization).filter(room=review.room).order_by("pk"))


def actions(studio: Studio) -> list[str]:
    with studio.enter():
        rows = AuditEntry.objects.of(studio.organization).filter(action__startswith="review.")
        return list(rows.order_by("pk").values_list("action", flat=True))


def home(studio: Studio) -> str:
    return f"/w/{studio.organization.public_id}"


def test_a_room_is_made_on_its_page_and_its_link_shown_once(
    studio: Studio, owner_client: Browser, guest: Browser, review: Review
) -> None:
    new = f"{home(studio)}/projects/{review.project.public_id}/reviews/new"
    page = owner_client.get(new).content.decode()
    assert page.count("checked") == 2, "the newest of each photo"
    ids = re.findall(r'name="picture" value="(\w+)"', page)
    form = {"title": "For you", "max_rounds": "2", "days": "7", "pin": "4711", "picture": ids[:1]}
    assert owner_client.post(new, form | {"pin": "12"}).status_code == 422
    assert owner_client.post(new, form | {"picture": []}).status_code == 422
    made = owner_client.post(new, form)
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    found = re.search(r'id="new-link">https?://[^/]+(/r/\w{40})<', made.content.decode())
    assert found
    assert guest.get(found[1]).status_code == 200
    listed = owner_client.get(f"{home(studio)}/projects/{review.project.public_id}/reviews").content.decode()
    assert found[1] not in listed
    assert "For you" in listed


def test_a_client_sees_the_room_and_no_secrets(review: Review, guest: Browser) -> None:
    answer = guest.get(review.path)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "0 of 2 decided" in text
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Cache-Control"] == "private, no-store"
    item = guest.get(review.item_path()).content.decode()
    for secret in ("Secret words", "1290", "shop.example", review.studio.owner.email, "/w/", "Download"):
        assert secret not in text + item
    assert "Sofa" in item
    for which in ("before", "after", "thumbnail", "piece_0"):
        got = guest.get(f"{review.item_path()}/files/{which}")
        assert got.status_code == 200
        assert got["Content-Type"].startswith("image/")
        assert got["Referrer-Policy"] == "no-referrer"
        assert got["Cache-Control"] == "private, no-cache"
        again = guest.get(f"{review.item_path()}/files/{which}", headers={"if-none-match": got["ETag"]})
        assert again.status_code == 304


def test_each_switch_shows_its_own(review: Review, guest: Browser) -> None:
    review.set(show_prices=True)
    assert "1290.00 EUR" in guest.get(review.item_path()).content.decode()
    review.set(show_prices=False, show_budget=True)
    text = guest.get(review.path).content.decode()
    assert "1290.00 EUR" in text
    review.set(show_product_links=True)
    assert "https://shop.example/sofa" in guest.get(review.item_path()).content.decode()
    download = f"{review.item_path()}/download/jpeg"
    assert guest.get(download).status_code == 404
    review.set(allow_downloads=True)
    got = guest.get(download)
    assert got.status_code == 200
    assert "attachment" in got["Content-Disposition"]


def test_who_decides_is_asked_once_and_the_last_word_counts(review: Review, guest: Browser) -> None:
    path = f"{review.item_path()}/decide"
    assert guest.post(path, {"outcome": "approved"}).status_code == 422
    assert guest.post(path, ADA).status_code == 422
    assert decisions(review) == []
    assert guest.post(path, {"outcome": "approved", **ADA}).status_code == 302
    assert guest.post(path, {"outcome": "approved"}).status_code == 302, "twice is once"
    assert guest.post(path, {"outcome": "declined", "reason": "Too dark"}).status_code == 302
    made = decisions(review)
    assert [(one.outcome, one.number, one.reviewer_name, one.reviewer_email, one.round) for one in made] == [
        ("approved", 1, "Ada Winter", "ada@example.com", 1),
        ("declined", 2, "Ada Winter", "ada@example.com", 1),
    ]
    text = guest.get(review.item_path()).content.decode()
    assert "You write as Ada Winter" in text
    assert "Too dark" in text
    assert actions(review.studio).count("review.decided") == 2


def test_furniture_is_decided_piece_by_piece_and_the_sum_follows(review: Review, guest: Browser) -> None:
    review.set(show_budget=True)
    path = f"{review.item_path()}/decide"
    assert guest.post(path, {"outcome": "declined", "piece": "0", **ADA}).status_code == 302
    assert guest.post(path, {"outcome": "declined", "piece": "1"}).status_code == 404
    (made,) = decisions(review)
    assert made.reference_id is not None
    text = guest.get(review.path).content.decode()
    assert "0 of 2 decided" in text
    assert "<strong>0 EUR</strong>" in text


def test_comments_have_pins_and_answers_and_are_settled(
    review: Review, guest: Browser, owner_client: Browser, colleague_client: Browser
) -> None:
    path = f"{review.item_path()}/comment"
    assert guest.post(path, {"text": " ", **ADA}).status_code == 422
    assert guest.post(path, {"text": "Here", "x": "120", "y": "5", **ADA}).status_code == 422
    assert guest.post(path, {"text": "A lamp <b>here</b>", "x": "25", "y": "50", **ADA}).status_code == 302
    (written,) = comments(review)
    assert (written.x, written.y, written.author_email) == (0.25, 0.5, "ada@example.com")
    text = guest.get(review.item_path()).content.decode()
    assert 'x="25.00%" y="50.00%"' in text
    assert "<b>here</b>" not in text
    team = f"{home(review.studio)}/reviews/{review.room.public_id}/comments/{written.public_id}"
    assert owner_client.post(f"{team}/answer", {"text": "Like this one?"}).status_code == 302
    assert owner_client.post(f"{team}/settle", {"settled": "yes"}).status_code == 302
    assert "Like this one?" in guest.get(review.item_path()).content.decode()
    assert comments(review)[0].resolved_at is not None
    assert guest.post(path, {"text": "No", "parent": written.public_id}).status_code == 302
    top, *replies = comments(review)
    assert top.resolved_at is None, "an answer opens it again"
    assert [reply.parent_id for reply in replies] == [top.pk, top.pk]
    assert (
        "Like this one?"
        in colleague_client.get(f"{home(review.studio)}/reviews/{review.room.public_id}").content.decode()
    )


def test_rounds_end_carry_over_and_are_limited(review: Review, guest: Browser, owner_client: Browser) -> None:
    first, second = (f"{review.path}/{item.public_id}" for item in review.items())
    guest.post(f"{first}/decide", {"outcome": "approved", **ADA})
    guest.post(f"{second}/decide", {"outcome": "declined", "reason": "Darker"})
    assert guest.post(f"{review.path}/done").status_code == 302
    assert "This round is closed" in guest.get(review.path).content.decode()
    assert guest.post(f"{first}/decide", {"outcome": "maybe"}).status_code == 409
    assert guest.post(f"{first}/comment", {"text": "Late"}).status_code == 409
    assert len(decisions(review)) == 2

    (old,) = [item for item in review.items() if f"{review.path}/{item.public_id}" == second]
    newer = make_pictures(review.studio, review.project, 1)[-1]
    page = f"{home(review.studio)}/reviews/{review.room.public_id}/next-round"
    assert owner_client.get(page).status_code == 200
    assert owner_client.post(page, {}).status_code == 422
    gone = {"picture": newer.public_id, f"replaces_{newer.public_id}": "rit_gone"}
    assert owner_client.post(page, gone).status_code == 422
    form = {"picture": newer.public_id, f"replaces_{newer.public_id}": old.public_id, "message": "Darker now"}
    assert owner_client.post(page, form).status_code == 302
    text = guest.get(review.path).content.decode()
    assert "1 of 2 decided" in text
    assert "Round 2 of 2" in text
    assert "Darker now" in text
    assert guest.get(second).status_code == 404, "versions are not shown"
    assert guest.post(f"{second}/decide", {"outcome": "approved"}).status_code == 404
    review.set(show_versions=True)
    assert "an earlier version" in guest.get(second).content.decode()
    assert guest.post(f"{second}/decide", {"outcome": "approved"}).status_code == 404
    third = f"{review.path}/{review.items()[-1].public_id}"
    assert guest.post(f"{third}/decide", {"outcome": "approved"}).status_code == 302
    with review.studio.enter():
        approved = {picture.pk for picture in approved_pictures(project=review.project)}
    assert approved == {review.items()[0].picture_id, newer.pk}
    more = make_pictures(review.studio, review.project, 1)[-1]
    with pytest.raises(review_rooms.RoundsUsedUp):
        review_rooms.start_round(
            room=review.room, additions=[(more, "")], by_user=review.studio.owner, now=timezone.now()
        )
    assert owner_client.post(page, {"picture": more.public_id}).status_code == 422
    assert review.reload().current_round == 2


def test_the_members_are_told_in_the_app_and_in_one_mail(review: Review, guest: Browser) -> None:
    guest.get(review.path)
    guest.get(review.path)
    guest.post(f"{review.item_path()}/decide", {"outcome": "declined", "reason": "Too dark", **ADA})
    guest.post(f"{review.item_path(1)}/comment", {"text": "Lovely", "x": "1", "y": "1"})
    studio = review.studio
    with studio.enter():
        events = list(Event.objects.of(studio.organization).order_by("pk").values_list("kind", flat=True))
        told = Notification.objects.of(studio.organization).filter(user=studio.colleague)
        of_review = [kind for kind in events if kind.startswith("review.")]
        assert of_review == ["review.made", "review.opened", "review.decided", "review.commented"]
        assert told.count() == 4
        Membership.objects.of(studio.organization).filter(user=studio.owner).update(mail_reviews=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s", [review_telling.MAIL_TASK])
        jobs = cursor.fetchall()
    assert len(jobs) == 1, "together"
    tasks.mail_review(room_id=review.room.pk, organization_id=studio.organization.pk)
    (sent,) = mail.outbox
    assert sent.to == [studio.colleague.email]
    assert "Ada Winter declined Living room 1 in “First looks”" in sent.body
    assert "Lovely" in sent.body
    tasks.mail_review(room_id=review.room.pk, organization_id=studio.organization.pk)
    assert len(mail.outbox) == 1, "nothing new"


def test_a_link_is_mailed_to_one_person(review: Review, owner_client: Browser, guest: Browser) -> None:
    path = f"{home(review.studio)}/reviews/{review.room.public_id}/send"
    assert owner_client.post(path, {"to": "nonsense", "days": "30"}).status_code == 422
    assert owner_client.post(path, {"to": "winter@example.com", "days": "30"}).status_code == 302
    run_link_jobs()
    (sent,) = mail.outbox
    assert sent.to == ["winter@example.com"]
    found = re.search(r"http\S+(/r/\w{40})", str(sent.body))
    assert found
    assert guest.get(found[1]).status_code == 200
    assert guest.get(review.path).status_code == 200, "the first one too"


def run_link_jobs() -> int:
    """Run what is queued of mailing links, as a worker would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = %s RETURNING args", [review_links.MAIL_TASK]
        )
        jobs = [row[0] for row in cursor.fetchall()]
    for args in jobs:
        tasks.mail_review_link(**(args if isinstance(args, dict) else json.loads(args)))
    return len(jobs)


def test_a_new_link_can_end_the_others(review: Review, owner_client: Browser, guest: Browser) -> None:
    path = f"{home(review.studio)}/reviews/{review.room.public_id}/link"
    answer = owner_client.post(path, {"days": "7", "ends_others": "1"})
    found = re.search(r'id="new-link">https?://[^/]+(/r/\w{40})<', answer.content.decode())
    assert found
    assert guest.get(found[1]).status_code == 200
    assert guest.get(review.path).status_code == 404


def test_settings_change_and_the_pin_is_kept_or_dropped(
    review: Review, owner_client: Browser, guest: Browser
) -> None:
    path = f"{home(review.studio)}/reviews/{review.room.public_id}/settings"
    form = {"title": "Second", "max_rounds": "3", "pin": "4711", "show_prices": "on"}
    assert owner_client.post(path, form).status_code == 302
    assert "asks for a PIN" in guest.get(review.path).content.decode()
    assert owner_client.post(path, form | {"pin": ""}).status_code == 302
    assert review.reload().pin
    assert owner_client.post(path, form | {"pin": "", "drops_pin": "on"}).status_code == 302
    assert not review.reload().pin
    assert (review.room.title, review.room.max_rounds, review.room.show_prices) == ("Second", 3, True)


def test_viewers_look_and_strangers_find_nothing(
    review: Review, stranger_client: Browser, studio: Studio
) -> None:
    viewer = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role="viewer")
    browser = factories.browser_of(viewer)
    path = f"{home(studio)}/reviews/{review.room.public_id}"
    assert browser.get(path).status_code == 200
    for door in ("revoke", "link", "send", "round/close"):
        assert browser.post(f"{path}/{door}").status_code == 403
        assert stranger_client.post(f"{path}/{door}").status_code == 404
    assert stranger_client.get(path).status_code == 404


def test_a_room_is_exported_and_goes_with_its_workspace(
    review: Review, guest: Browser, tmp_path: Any
) -> None:
    guest.post(f"{review.item_path()}/decide", {"outcome": "approved", **ADA})
    guest.post(f"{review.item_path()}/comment", {"text": "Lovely"})

    class Rows(dict[str, Any]):
        def rows(self, name: str, rows: Any) -> None:
            self[name] = rows

        def stored(self, *_: Any) -> None: ...

    packed = Rows()
    packing.pack(organization=review.studio.organization, archive=packed)
    assert [len(packed[f"review-{name}"]) for name in ("rooms", "pictures", "comments", "decisions")] == [
        1,
        2,
        1,
        1,
    ]
    assert not any("pin" in row or "sha256" in row for row in packed["review-rooms"])
    closing.close(organization=review.studio.organization, now=timezone.now())
    with review.studio.enter():
        assert not ReviewRoom.objects.of(review.studio.organization).exists()
        assert not Decision.objects.of(review.studio.organization).exists()
    assert guest.get(review.path).status_code == 404


def test_no_page_asks_more_often_for_more_pictures_or_comments(
    studio: Studio, worker: Work, owner_client: Browser, guest: Browser
) -> None:
    def count(review: Review) -> list[int]:
        team = f"{home(studio)}/reviews/{review.room.public_id}"
        paths = [
            (guest, review.path),
            (guest, review.item_path()),
            (owner_client, team),
            (owner_client, f"{team}/next-round"),
            (owner_client, f"{home(studio)}/projects/{review.project.public_id}/reviews"),
            (owner_client, f"{home(studio)}/projects/{review.project.public_id}/reviews/new"),
        ]
        numbers = []
        for browser, path in paths:
            browser.get(path)
            with CaptureQueriesContext(connection) as seen:
                assert browser.get(path).status_code == 200, path
            numbers.append(len(seen))
        return numbers

    few = make_review(studio, pictures=1, show_versions=True, show_budget=True)
    many = make_review(studio, pictures=4, show_versions=True, show_budget=True)
    for review in (few, many):
        for number, item in enumerate(review.items()):
            for text in "abc"[: number + 1]:
                guest.post(
                    f"{review.path}/{item.public_id}/comment", {"text": text, "x": "5", "y": "5", **ADA}
                )
            guest.post(f"{review.path}/{item.public_id}/decide", {"outcome": "maybe", **ADA})
            guest.post(f"{review.path}/{item.public_id}/decide", {"outcome": "maybe", "piece": "0", **ADA})
        make_pictures(studio, review.project, 1 if review is few else 3)
    assert count(many) == count(few)


def test_what_ended_can_not_be_started_again(review: Review, owner_client: Browser) -> None:
    studio, now = review.studio, timezone.now()
    review_rooms.revoke(room=review.room, by_user=studio.owner, now=now)
    review_rooms.revoke(room=review.room, by_user=studio.owner, now=now + timedelta(seconds=1))
    assert actions(studio).count("review.revoked") == 1
    for door in ("link", "send", "round/open", "round/close"):
        form = {"to": "a@example.com", "days": "7"}
        answer = owner_client.post(
            f"{home(studio)}/reviews/{review.room.public_id}/{door}", form, follow=True
        )
        assert "revoked" in answer.content.decode()
