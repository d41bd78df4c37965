"""A person's own pages: who they are, where they are signed in, how they prove it, what they are told."""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
import time
from base64 import b32decode

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from accounts import second_factors, secrets
from accounts.models import Membership, User
from tests import factories
from tests.accounts.test_secrets import NEW, OLD, rotate
from tests.factories import Studio


def code_of(secret: str, at: float | None = None) -> str:
    """What an authenticator app shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    digest = hmac.new(b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


@pytest.fixture
def person(db: None) -> User:
    made = factories.make_person("anna@example.com")
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


def sign_in(client: Client, **fields: str) -> str:
    answer = client.post("/accounts/login/", {"login": "anna@example.com", "password": "secret", **fields})
    return answer.headers["Location"]


def asked_again(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": "secret"})


def with_an_app(client: Client) -> str:
    """Set an authenticator app up; its secret."""
    sign_in(client)
    asked_again(client)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert found
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1])})
    assert answer.status_code == 302, answer.content.decode()
    return found[1]


def test_a_name_a_language_and_the_wish_for_news_are_kept(person: User, client: Client) -> None:
    sign_in(client)
    answer = client.post("/profile", {"name": "Anna", "language": "de", "wants_news": "on"})
    assert answer.status_code == 302
    person.refresh_from_db()
    assert (person.name, person.language, person.wants_news) == ("Anna", "de", True)
    assert client.post("/profile", {"name": "Anna", "language": "tlh"}).status_code == 422


def test_the_profile_asks_who_one_is_first(db: None, client: Client) -> None:
    assert client.get("/profile").headers["Location"].startswith("/accounts/login/")


def test_every_browser_is_listed_and_one_is_ended_from_another(person: User, client: Client) -> None:
    phone = Client(headers={"user-agent": "A phone"})
    sign_in(phone)
    sign_in(client)
    page = client.get("/accounts/sessions/").content.decode()
    found = re.search(r"/profile/sessions/(\d+)/end", page)
    assert "A phone" in page
    assert found
    stranger = factories.browser_of(factories.make_person())
    assert stranger.post(found[0]).status_code == 404
    client.post(found[0])
    assert phone.get("/profile").status_code == 302
    assert client.get("/profile").status_code == 200


def test_all_other_browsers_are_ended_at_once(person: User, client: Client) -> None:
    phone = Client(headers={"user-agent": "A phone"})
    sign_in(phone)
    sign_in(client)
    client.post("/accounts/sessions/")
    assert phone.get("/profile").status_code == 302
    assert client.get("/profile").status_code == 200


def test_a_new_second_factor_is_told_by_mail(transactional_db: None, client: Client) -> None:
    made = factories.make_person("anna@example.com")
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    with_an_app(client)
    told = {str(each.subject): str(each.body) for each in mail.outbox}
    assert "If it was not you" in told["An authenticator app was set up"]


def test_an_authenticator_app_is_asked_for_from_then_on(person: User, client: Client) -> None:
    secret = with_an_app(client)
    again = Client()
    assert sign_in(again) == "/accounts/2fa/authenticate/"
    assert again.get("/profile").status_code == 302, "a password alone opens nothing"
    assert again.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert again.get("/profile").status_code == 302
    later = code_of(secret, time.time() + 30)
    assert again.post("/accounts/2fa/authenticate/", {"code": later}).status_code == 302
    assert again.get("/profile").status_code == 200


def test_a_recovery_code_opens_once(person: User, client: Client) -> None:
    with_an_app(client)
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    codes = re.findall(r"<li><code>(\w+)</code>", page)
    assert len(codes) == 10
    for status in (302, 200):
        again = Client()
        sign_in(again)
        assert again.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == status


def test_secrets_of_second_factors_are_sealed_and_rotate(
    person: User, client: Client, settings: LazySettings
) -> None:
    settings.SECRETS_KEYS = OLD
    secret = with_an_app(client)
    row = Authenticator.objects.get(user=person, type="totp")
    assert secret not in str(row.data)
    settings.SECRETS_KEYS = f"{NEW},{OLD}"
    rotate()
    settings.SECRETS_KEYS = NEW
    row.refresh_from_db()
    assert second_factors.open_sealed(row.data["secret"]) == secret
    with pytest.raises(secrets.CannotOpen):
        second_factors.open_sealed("nonsense")


def test_a_second_factor_needs_a_confirmed_address(db: None, client: Client) -> None:
    made = factories.make_person("anna@example.com")
    EmailAddress.objects.create(user=made, email=made.email, verified=False, primary=True)
    sign_in(client)
    asked_again(client)
    answer = client.get("/accounts/2fa/totp/activate/", follow=True)
    assert answer.redirect_chain[-1][0] in ("/accounts/2fa/", "/accounts/email/")
    assert not Authenticator.objects.exists()


def test_the_sign_in_page_offers_passkeys_and_hands_out_a_challenge(person: User, client: Client) -> None:
    assert b"Use a passkey instead" in client.get("/accounts/login/").content
    answer = client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["challenge"]


@pytest.mark.parametrize(
    "page",
    [
        "2fa/",
        "2fa/webauthn/",
        "2fa/webauthn/add/",
        "2fa/totp/activate/",
        "2fa/recovery-codes/generate/",
        "sessions/",
        "reauthenticate/",
        "email/",
        "password/change/",
    ],
)
def test_each_page_of_the_account_is_in_our_own_look(person: User, client: Client, page: str) -> None:
    sign_in(client)
    asked_again(client)
    text = client.get(f"/accounts/{page}", follow=True).content.decode()
    assert 'class="header"' in text
    assert text.count("<h1") == 1


def test_what_a_person_is_told_is_theirs_to_choose(
    studio: Studio, colleague_client: Client, stranger_client: Client
) -> None:
    where = f"/w/{studio.organization.public_id}/settings/notifications"
    assert colleague_client.get(where).status_code == 200
    colleague_client.post(where, {"mail_ready": "on", "mail_weekly": "on"})
    with studio.enter():
        mine = Membership.objects.of(studio.organization).get(user=studio.colleague)
        owners = Membership.objects.of(studio.organization).get(user=studio.owner)
    assert (mine.mail_ready, mine.mail_failed, mine.mail_weekly, mine.mail_budgets) == (
        True,
        False,
        True,
        False,
    )
    assert owners.mail_budgets
    colleague_client.post(where, {})
    with studio.enter():
        mine.refresh_from_db()
    assert not mine.mail_ready
    assert stranger_client.get(where).status_code == 404
