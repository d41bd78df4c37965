"""Accounts at other sites: offered by settings, and never a way into somebody else's account."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from billing import credits
from config import social
from tests import factories

pytestmark = pytest.mark.django_db


def come_by_another_site(
    client: Client, email: str, *, vouched: bool = True, who: int = 1, start: str = ""
) -> str:
    """Where the other site's answer leads to."""
    where = client.post(f"/accounts/dummy/login/{start}").headers["Location"]
    answer = {"id": who, "email": email, "email_verified": "on" if vouched else "", "first_name": "Anna"}
    return client.post(where, answer).headers["Location"]


def balance(person: User) -> int:
    home = services.home_of(user=person, now=timezone.now())
    return credits.balance(organization=home, now=timezone.now()).spendable


def test_a_site_is_offered_when_its_id_and_secret_are_set() -> None:
    half = {"google": {"client_id": "id", "secret": ""}, "github": {"client_id": "", "secret": "x"}}
    assert social.sign_in(half) == social.SocialSignIn()
    on = social.sign_in({**half, "github": {"client_id": "id", "secret": "x"}})
    assert on.apps == ["allauth.socialaccount.providers.github"]
    assert on.providers["github"]["APPS"] == [{"client_id": "id", "secret": "x"}]
    assert on.pages == ["https://github.com"]


def test_a_new_person_comes_with_a_workspace_and_free_credits_if_the_site_vouches(client: Client) -> None:
    assert b"Go on with" in client.get("/accounts/login/").content
    come_by_another_site(client, "anna@example.com")
    anna = User.objects.get(email="anna@example.com")
    assert client.get("/home").headers["Location"].endswith("/studio")
    assert anna.name == "Anna"
    assert balance(anna) == 30
    come_by_another_site(Client(), "bea@example.com", vouched=False, who=2)
    assert balance(User.objects.get(email="bea@example.com")) == 0


def test_an_address_that_a_site_names_opens_no_account_that_is_here(client: Client) -> None:
    anna = factories.make_person("anna@example.com")
    EmailAddress.objects.create(user=anna, email=anna.email, verified=True, primary=True)
    assert come_by_another_site(client, "anna@example.com") == "/accounts/3rdparty/signup/"
    assert client.get("/profile").status_code == 302
    assert b"something is missing" in client.get("/accounts/3rdparty/signup/").content


def test_a_site_is_connected_signs_in_and_is_disconnected(client: Client) -> None:
    anna = factories.make_person("anna@example.com")
    EmailAddress.objects.create(user=anna, email=anna.email, verified=True, primary=True)
    client = factories.browser_of(anna)
    client.post("/accounts/reauthenticate/", {"password": "secret"})
    come_by_another_site(client, "anna@elsewhere.example", start="?process=connect")
    page = client.get("/accounts/3rdparty/").content.decode()
    assert "Disconnect" in page
    again = Client()
    come_by_another_site(again, "anna@elsewhere.example")
    assert again.get("/profile").status_code == 200
    account = SocialAccount.objects.get(user=anna)
    client.post("/accounts/3rdparty/", {"account": account.pk})
    assert not SocialAccount.objects.filter(user=anna).exists()


@pytest.mark.parametrize("page", ["login/cancelled/", "login/error/"])
def test_the_pages_of_a_failed_sign_in_are_ours(client: Client, page: str) -> None:
    answer = client.get(f"/accounts/3rdparty/{page}")
    assert b'class="header"' in answer.content
