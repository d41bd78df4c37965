"""Verbs of a person about themselves."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from accounts import tenancy
from accounts.models import Membership, Organization, User

WISHES = (
    "mail_mentions",
    "mail_assigned",
    "mail_reviews",
    "mail_proposals",
    "mail_ready",
    "mail_failed",
    "mail_weekly",
    "mail_budgets",
)


def save_profile(*, user: User, name: str, language: str, wants_news: bool) -> None:
    """How the person is called, in which language they read, whether they want news of the product."""
    User.objects.filter(pk=user.pk).update(name=name, language=language, wants_news=wants_news)


def save_wishes(*, organization: Organization, user: User, wishes: dict[str, bool]) -> None:
    """What the person wants to be told by mail about this workspace; keys of `WISHES`."""
    with tenancy.enter(organization):
        Membership.objects.of(organization).filter(user=user).update(
            **{name: wishes[name] for name in WISHES}
        )


def end_session(*, user: User, session_id: int) -> bool:
    """Sign a browser of the person's out at once; False if it is none of theirs."""
    found = UserSession.objects.filter(user=user, pk=session_id).first()
    if found is None:
        return False
    found.end()
    return True
