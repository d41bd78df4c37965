"""Sessions of apps: where a person is signed in without a browser, and the token that says so.

allauth's headless client makes and ends them; each is a row of Django's sessions and one of allauth's list of them.
The token is the session's key under a signature of ours (docs/decisions/0041): neither the cookie of a page nor a row
of the database is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.http import HttpRequest

from accounts.models import User

PREFIX = "rw_app_"
LASTS = timedelta(days=60)  # without being used
_SIGNER = signing.Signer(salt="accounts.devices", sep=".")
_TOUCHED_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Device:
    """A signed-in session of an app."""

    user: User
    session: SessionStore
    row: UserSession  # what the person sees of it


class TokenStrategy(SessionTokenStrategy):  # type: ignore[misc]  # allauth ships no types
    """allauth's, with tokens that are told apart from everything else; taken from either header."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        """The token that a request brings."""
        return token_of(request)

    def create_session_token(self, request: HttpRequest) -> str:
        """Of a session that may be half-way through signing in: such a one opens nothing but the next step."""
        request.session.set_expiry(int(LASTS.total_seconds()))
        return PREFIX + _SIGNER.sign(super().create_session_token(request))

    def lookup_session(self, session_token: str) -> SessionStore | None:
        """The session of a token, None for one that has ended or never was."""
        return _session_of(session_token)


def token_of(request: HttpRequest) -> str | None:
    """What stands in `X-Session-Token`, or as a bearer token where it looks like one of ours."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text.strip().startswith(PREFIX):
        return text.strip()
    return request.headers.get("X-Session-Token")


def find(token: str) -> Device | None:
    """Who is signed in with this token; None as soon as it is signed out, revoked or its password changed."""
    session = _session_of(token)
    if session is None:
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    if not isinstance(user, User):
        return None
    row = UserSession.objects.filter(session_key=session.session_key, user=user).first()
    return Device(user, session, row) if row is not None else None  # what can't be revoked is not let in


def touch(*, device: Device, address: str, user_agent: str, now: datetime) -> None:
    """Note that the session is used, and from where; at most once a minute, so that reads stay cheap."""
    if now - device.row.last_seen_at < _TOUCHED_AFTER:
        return
    UserSession.objects.filter(pk=device.row.pk).update(
        last_seen_at=now, ip=address, user_agent=user_agent[:HTTP_USER_AGENT_MAX_LENGTH]
    )
    device.session.model.objects.filter(pk=device.session.session_key).update(expire_date=now + LASTS)


def of(*, user: User) -> list[UserSession]:
    """Where the person is signed in, browsers too, the latest first. Those that have ended are forgotten."""
    rows: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(rows, key=lambda row: row.last_seen_at, reverse=True)


def _session_of(token: str) -> SessionStore | None:
    try:
        key = _SIGNER.unsign(token.removeprefix(PREFIX)) if token.startswith(PREFIX) else ""
    except signing.BadSignature:
        return None
    if not key:
        return None
    session = SessionStore(key)
    session.load()  # forgets its key if it is not there or too old
    return session if session.session_key else None
