"""Every page is looked at by the journeys' axe, or somebody has said why it is none."""

from __future__ import annotations

from django.urls import get_resolver

from tests.journeys.pages import LOOKED_AT, NO_PAGE, POSTED, REACHED, listed
from tests.test_conventions import patterns


def test_every_named_page_is_looked_at_or_explained() -> None:
    named = {
        pattern.name
        for where, pattern in patterns(get_resolver())
        if pattern.name and not where.startswith(("api/v1/", "_allauth/", "operators/", "accounts/dummy/"))
    }
    covered = {*listed()} | REACHED | set().union(*LOOKED_AT.values()) | NO_PAGE.keys() | POSTED
    assert sorted(named - covered) == [], "put them into a list of tests/journeys/pages.py"
    assert sorted(covered - named) == [], "these are gone"
