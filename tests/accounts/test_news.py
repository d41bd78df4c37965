"""News: to who wants them, at a proven address, once, with a link that ends them."""

from __future__ import annotations

import re
import smtplib
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts import emails, news
from accounts.models import News, NewsCopy, User
from tests import factories

BASE = "https://rooms.example"


def reader(email: str, *, wants: bool = True, proven: bool = True, language: str = "") -> User:
    made = factories.make_person(email)
    User.objects.filter(pk=made.pk).update(wants_news=wants, language=language)
    EmailAddress.objects.create(user=made, email=email, verified=proven, primary=True)
    return made


def written(**fields: Any) -> News:
    return News.objects.create(subject="Stairs & more", text="You can restyle stairs now.", **fields)


def send(one: News) -> int:
    return news.send(news=one, base=BASE, now=timezone.now())


def work(one: News) -> None:
    for copy in NewsCopy.objects.filter(news=one).order_by("pk"):
        news.mail(copy_id=copy.pk, base=BASE, now=timezone.now())


@pytest.mark.django_db
def test_they_go_to_who_wants_them_and_has_proven_the_address() -> None:
    reader("anna@example.com")
    reader("quiet@example.com", wants=False)
    reader("unproven@example.com", proven=False)
    gone = reader("gone@example.com")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    one = written()
    assert send(one) == 1
    work(one)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["anna@example.com"], "Stairs & more")
    assert "You can restyle stairs now." in sent.body


@pytest.mark.django_db
def test_news_in_a_language_go_to_who_reads_it() -> None:
    reader("anna@example.com", language="de")
    reader("ben@example.com", language="en")
    reader("cem@example.com")
    assert [person.email for person in news.readers(language="de")] == ["anna@example.com"]
    assert [person.email for person in news.readers(language="en")] == ["ben@example.com", "cem@example.com"]
    assert news.readers().count() == 3


@pytest.mark.django_db
def test_nobody_gets_the_same_news_twice() -> None:
    anna = reader("anna@example.com")
    one = written()
    send(one)
    work(one)
    work(one)
    with pytest.raises(news.NewsSent):
        send(one)
    assert len(mail.outbox) == 1
    with pytest.raises(IntegrityError):
        NewsCopy.objects.create(news=one, user=anna)


@pytest.mark.django_db
def test_a_mail_server_that_is_away_costs_nobody_their_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    reader("anna@example.com")
    one = written()
    send(one)
    really = emails.send

    def refuses(**_: Any) -> None:
        raise smtplib.SMTPServerDisconnected("away")

    monkeypatch.setattr(emails, "send", refuses)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        work(one)
    monkeypatch.setattr(emails, "send", really)
    work(one)
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_who_ends_them_meanwhile_gets_no_copy() -> None:
    anna = reader("anna@example.com")
    one = written()
    send(one)
    news.stop(user=anna)
    work(one)
    assert mail.outbox == []


@pytest.mark.django_db
def test_one_click_in_the_mail_program_ends_them_and_opening_the_link_does_not() -> None:
    anna = reader("anna@example.com")
    one = written()
    send(one)
    work(one)
    headers = mail.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(rf"<{BASE}(/news/stop/\S+)>", headers["List-Unsubscribe"])
    assert found
    assert found[1] in mail.outbox[0].body
    browser = Client(enforce_csrf_checks=True)  # a mail program brings no token
    assert b"Send me no more news" in browser.get(found[1]).content
    anna.refresh_from_db()
    assert anna.wants_news
    answer = browser.post(found[1], {"List-Unsubscribe": "One-Click"})
    assert b"gets no more news" in answer.content
    anna.refresh_from_db()
    assert not anna.wants_news


@pytest.mark.django_db
def test_a_link_that_we_never_made_leads_nowhere() -> None:
    anna = reader("anna@example.com")
    for token in (str(anna.pk), f"{anna.pk}:forged", "x"):
        assert Client().post(f"/news/stop/{token}").status_code == 404
    anna.refresh_from_db()
    assert anna.wants_news


@pytest.mark.django_db
def test_an_operator_sends_them_from_the_admin_after_a_look(client: Client) -> None:
    operator = reader("ops@example.com", wants=False)
    User.objects.filter(pk=operator.pk).update(is_staff=True, is_superuser=True)
    operator.refresh_from_db()
    anna = reader("anna@example.com")
    client = factories.browser_of(operator)
    one = written()
    chosen = {"_selected_action": [one.pk]}
    client.post("/operators/accounts/news/", {"action": "send_to_me", **chosen})
    assert [each.to for each in mail.outbox] == [["ops@example.com"]]
    page = client.post("/operators/accounts/news/", {"action": "send_to_everybody", **chosen}, follow=True)
    assert b"on its way to 1" in page.content
    assert NewsCopy.objects.get(news=one).user == anna
    page = client.post("/operators/accounts/news/", {"action": "send_to_everybody", **chosen}, follow=True)
    assert b"on their way already" in page.content
    assert client.get(f"/operators/accounts/news/{one.pk}/change/").status_code == 200
