"""What happened: written once, told to the right people in the right order, forgotten in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import activity, members, tasks
from accounts.activity import Kind
from accounts.models import Event, Membership, Notification, User
from tests import factories
from tests.factories import Studio

activity.register("test.happened", Kind("%(who)s did %(what)s", lambda event: f"/somewhere/{event.subject}"))
activity.register("test.mailed", Kind("%(who)s wants you", wish="mail_mentions"))
activity.register("test.hidden", Kind("%(who)s told you alone", in_feed=False))


def happen(studio: Studio, what: str = "it", *, kind: str = "test.happened", **more: Any) -> Event:
    people = [studio.owner.pk, studio.colleague.pk]
    usual: dict[str, Any] = {"by_user": studio.owner, "notify": people, "now": timezone.now()}
    with studio.enter():
        return activity.record(
            organization=studio.organization,
            kind=kind,
            subject="sub_1",
            data={"what": what},
            **(usual | more),
        )


def told(studio: Studio, person: User) -> list[str]:
    with studio.enter():
        rows = activity.told_to(organization=studio.organization, user=person)
        return [activity.words_of(one.event) for one in rows]


def home(studio: Studio) -> str:
    return f"/w/{studio.organization.public_id}"


def test_a_colleague_is_told_and_who_did_it_is_not(studio: Studio) -> None:
    happen(studio)
    assert told(studio, studio.owner) == []
    assert told(studio, studio.colleague) == [f"{studio.owner.get_short_name()} did it"]


def test_nobody_of_another_workspace_is_told_whoever_asks_for_it(
    studio: Studio, strange_studio: Studio
) -> None:
    happen(studio, notify=[strange_studio.owner.pk, 10**9])
    with strange_studio.enter():
        assert Notification.objects.count() == 0
    with studio.enter():
        assert Notification.objects.count() == 0


def test_who_may_not_sign_in_any_more_is_not_told(studio: Studio) -> None:
    User.objects.filter(pk=studio.colleague.pk).update(is_active=False)
    happen(studio)
    assert told(studio, studio.colleague) == []


def test_the_wall_stands_around_events_and_notifications(studio: Studio, strange_studio: Studio) -> None:
    event = happen(studio)
    assert Event.objects.count() == Notification.objects.count() == 0, "nobody has entered"
    with strange_studio.enter():
        assert Event.objects.count() == Notification.objects.count() == 0
        assert Event.objects.filter(pk=event.pk).update(kind="x") == 0
    with pytest.raises(ProgrammingError, match="row-level security"), strange_studio.enter():
        Event.objects.create(
            organization=studio.organization, kind="test.happened", subject="x", at=timezone.now()
        )


def test_nobody_is_told_twice_of_one_event(studio: Studio) -> None:
    event = happen(studio)
    with studio.enter(), pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(organization=studio.organization, user=studio.colleague, event=event)


def test_the_newest_stands_first_also_when_clocks_disagree(studio: Studio) -> None:
    now = timezone.now()
    for number, at in enumerate((now, now - timedelta(minutes=5), now)):
        happen(studio, str(number), now=at)
    who = studio.owner.get_short_name()
    assert told(studio, studio.colleague) == [f"{who} did {n}" for n in (2, 1, 0)]
    with studio.enter():
        feed = activity.feed(organization=studio.organization)
        assert [event.data["what"] for event in feed] == ["2", "1", "0"]


def test_what_one_is_told_alone_is_in_no_feed(studio: Studio) -> None:
    happen(studio, kind="test.hidden")
    with studio.enter():
        assert not activity.feed(organization=studio.organization).exists()
    assert len(told(studio, studio.colleague)) == 1


def test_an_unregistered_kind_is_a_bug(studio: Studio) -> None:
    with pytest.raises(ValueError, match="registered"):
        happen(studio, kind="nobody.knows")


def test_what_is_undone_has_not_happened(studio: Studio) -> None:
    with pytest.raises(RuntimeError), studio.enter():
        happen(studio)
        raise RuntimeError
    assert told(studio, studio.colleague) == []


# --- Mail ------------------------------------------------------------------------------------------------


def mails() -> list[dict[str, int]]:
    return list(ProcrastinateJob.objects.filter(task_name=activity.MAIL_TASK).values_list("args", flat=True))


def test_who_wishes_it_gets_a_mail_at_once(studio: Studio, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://rooms.example"
    happen(studio, kind="test.mailed")
    (job,) = mails()
    tasks.mail_event(**job)
    (sent,) = mail.outbox
    assert sent.to == [studio.colleague.email]
    assert sent.subject == f"{studio.owner.get_short_name()} wants you"
    assert f"https://rooms.example{home(studio)}/settings/notifications" in str(sent.body)


def test_no_wish_no_mail_neither_before_nor_after(studio: Studio) -> None:
    happen(studio, kind="test.mailed")
    (job,) = mails()
    with studio.enter():
        Membership.objects.of(studio.organization).update(mail_mentions=False)
    tasks.mail_event(**job)
    happen(studio, kind="test.mailed")
    assert len(mails()) == 1
    assert mail.outbox == []


def test_who_has_left_or_read_it_gets_no_mail(studio: Studio) -> None:
    happen(studio, kind="test.mailed")
    happen(studio, kind="test.mailed")
    first, second = mails()
    with studio.enter():
        Notification.objects.filter(event=first["event_id"]).update(read_at=timezone.now())
    tasks.mail_event(**first)
    with studio.enter():
        member = Membership.objects.get(user=studio.colleague)
    members.remove(
        organization=studio.organization, by_user=studio.owner, member_id=member.pk, now=timezone.now()
    )
    tasks.mail_event(**second)
    assert mail.outbox == []


# --- Pages -----------------------------------------------------------------------------------------------


def test_the_bell_counts_what_is_unread_in_one_query(studio: Studio, colleague_client: Client) -> None:
    for _ in range(3):
        happen(studio)
    page = colleague_client.get(f"{home(studio)}/settings").content.decode()
    assert 'class="bell-count" aria-hidden="true">3<' in page
    with CaptureQueriesContext(connection) as seen:
        colleague_client.get(f"{home(studio)}/settings")
    assert len([query for query in seen if "accounts_notification" in query["sql"]]) == 1


def test_going_to_where_it_happened_marks_it_as_read(studio: Studio, colleague_client: Client) -> None:
    happen(studio)
    with studio.enter():
        pk = Notification.objects.get().pk
    answer = colleague_client.get(f"{home(studio)}/notifications/{pk}")
    assert answer["Location"] == "/somewhere/sub_1"
    with studio.enter():
        assert Notification.objects.get().read_at is not None


def test_all_are_marked_but_those_that_came_after_the_page(studio: Studio, colleague_client: Client) -> None:
    happen(studio)
    with studio.enter():
        seen = Notification.objects.get().pk
    happen(studio)
    colleague_client.post(f"{home(studio)}/notifications/read", {"newest": seen})
    with studio.enter():
        assert activity.unread(organization=studio.organization, user=studio.colleague) == 1
        left = Notification.objects.get(read_at=None).pk
    colleague_client.post(f"{home(studio)}/notifications/{left}/read")
    colleague_client.post(f"{home(studio)}/notifications/read", {"newest": "9" * 400})
    with studio.enter():
        assert activity.unread(organization=studio.organization, user=studio.colleague) == 0


def test_nobody_reads_or_marks_what_another_was_told(
    studio: Studio, owner_client: Client, stranger_client: Client
) -> None:
    happen(studio)
    with studio.enter():
        pk = Notification.objects.get().pk
    assert owner_client.get(f"{home(studio)}/notifications/{pk}").status_code == 404
    owner_client.post(f"{home(studio)}/notifications/{pk}/read")
    owner_client.post(f"{home(studio)}/notifications/read", {"newest": pk})
    for page in ("notifications", f"notifications/{pk}", "activity"):
        assert stranger_client.get(f"{home(studio)}/{page}").status_code == 404
    with studio.enter():
        assert activity.unread(organization=studio.organization, user=studio.colleague) == 1


def test_older_ones_are_a_page_further_each_once(studio: Studio, colleague_client: Client) -> None:
    for number in range(65):
        happen(studio, f"thing {number} done")
    for page in ("notifications", "activity"):
        path, seen = f"{home(studio)}/{page}", []
        while path:
            answer = colleague_client.get(path)
            lines = answer.context["lines"]
            seen += [
                line[0].event.data["what"] if page == "notifications" else line[0].data["what"]
                for line in lines
            ]
            happen(studio, "in between")
            older = answer.context["older"]
            path = f"{home(studio)}/{page}?before={older}" if older else ""
        assert [what for what in seen if what != "in between"] == [
            f"thing {n} done" for n in range(64, -1, -1)
        ]
    assert colleague_client.get(f"{home(studio)}/activity?before=nonsense").status_code == 200


# --- Forgetting ------------------------------------------------------------------------------------------


def test_after_a_year_it_is_forgotten_everywhere(studio: Studio, strange_studio: Studio) -> None:
    now = timezone.now()
    happen(studio, "old", now=now - activity.KEPT - timedelta(days=1))
    happen(strange_studio, "old", now=now - activity.KEPT - timedelta(days=1))
    happen(studio, "new", now=now)
    tasks.forget_old_events(timestamp=0)
    with studio.enter():
        assert [event.data["what"] for event in Event.objects.all()] == ["new"]
        assert Notification.objects.count() == 1
    with strange_studio.enter():
        assert Event.objects.count() == 0


def test_who_leaves_takes_along_what_they_were_told(studio: Studio) -> None:
    happen(studio)
    members.leave(organization=studio.organization, by_user=studio.colleague, now=timezone.now())
    with studio.enter():
        assert Notification.objects.count() == 0
        assert Event.objects.count() == 1


def test_an_event_of_somebody_without_an_account_has_their_name(studio: Studio) -> None:
    happen(studio, by_user=None, by_name="Mrs Winter", notify=[studio.owner.pk])
    assert told(studio, studio.owner) == ["Mrs Winter did it"]
    assert factories.browser_of(studio.owner).get(f"{home(studio)}/notifications").status_code == 200
