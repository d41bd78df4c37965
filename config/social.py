"""Sign-in by accounts at other sites: those whose client id and secret are set, and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SocialSignIn:
    """What settings take of it: `pages` are where a sign-in goes on to, for the Content-Security-Policy."""

    apps: list[str] = field(default_factory=list)
    providers: dict[str, Any] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)


_PAGES = {
    "google": "https://accounts.google.com",
    "github": "https://github.com",
    "microsoft": "https://login.microsoftonline.com",
    "apple": "https://appleid.apple.com",
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "google": {"SCOPE": ["profile", "email"], "OAUTH_PKCE_ENABLED": True},
    "github": {"SCOPE": ["read:user", "user:email"]},
    "microsoft": {"SCOPE": ["User.Read"]},
    "apple": {"SCOPE": ["name", "email"]},
}


def sign_in(apps: dict[str, dict[str, Any]]) -> SocialSignIn:
    """`apps`: for each site what allauth wants to know of our registration there; off without an id or a secret."""
    on = {site: app for site, app in apps.items() if app.get("client_id") and app.get("secret")}
    return SocialSignIn(
        apps=[f"allauth.socialaccount.providers.{site}" for site in on],
        providers={site: {**_OPTIONS[site], "APPS": [app]} for site, app in on.items()},
        pages=[_PAGES[site] for site in on],
    )
