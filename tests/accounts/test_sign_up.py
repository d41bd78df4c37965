"""Signing up makes a workspace; a proven address brings the free credits, once."""

from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import OperatorAlert, Organization, User
from billing import credits

pytestmark = pytest.mark.django_db

ANNA = {"email": "anna@example.com", "password1": "linen-and-oak-7"}


def sign_up(client: Client) -> User:
    answer = client.post("/accounts/signup/", ANNA)
    assert answer.status_code == 302
    return User.objects.get(email="anna@example.com")


def balance(person: User) -> int:
    home = services.home_of(user=person, now=timezone.now())
    return credits.balance(organization=home, now=timezone.now()).spendable


def confirm(client: Client) -> None:
    found = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert found
    client.get(found[1])


def test_signing_up_makes_a_workspace_without_credits(client: Client) -> None:
    anna = sign_up(client)
    assert len(services.workspaces_of(user=anna)) == 1
    assert balance(anna) == 0


def test_a_confirmed_address_brings_the_free_credits_once(client: Client, settings: LazySettings) -> None:
    anna = sign_up(client)
    confirm(client)
    assert balance(anna) == settings.FREE_CREDITS
    confirm(client)
    services.confirm_person(user=anna, now=timezone.now())
    assert balance(anna) == settings.FREE_CREDITS


def test_signed_up_people_sign_out_and_in_again(client: Client) -> None:
    sign_up(client)
    client.post("/accounts/logout/")
    assert client.get("/home").headers["Location"].startswith("/accounts/login/")
    client.post("/accounts/login/", {"login": "ANNA@example.com", "password": ANNA["password1"]})
    assert client.get("/home").headers["Location"].endswith("/studio")


def test_a_forgotten_password_is_reset_by_mail(client: Client) -> None:
    sign_up(client)
    client.post("/accounts/logout/")
    client.post("/accounts/password/reset/", {"email": "anna@example.com"})
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found
    form = client.get(found[1], follow=True)
    where = form.redirect_chain[-1][0]
    client.post(where, {"password1": "new-linen-8888", "password2": "new-linen-8888"})
    client.post("/accounts/login/", {"login": "anna@example.com", "password": "new-linen-8888"})
    assert client.get("/home").status_code == 302


def test_the_same_address_in_another_case_is_the_same_person(client: Client) -> None:
    sign_up(client)
    Client().post("/accounts/signup/", {**ANNA, "email": "Anna@Example.com"})
    assert User.objects.filter(email__iexact="anna@example.com").count() == 1
    assert Organization.objects.count() == 1


def test_a_mail_server_that_is_away_fails_no_sign_up(client: Client, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    anna = sign_up(client)
    assert len(services.workspaces_of(user=anna)) == 1
    assert OperatorAlert.objects.get().code == "mail_failed"
    page = client.get("/home", follow=True).content.decode()
    assert "The mail could not be sent" in page
