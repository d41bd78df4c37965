"""Two workspaces, each with one of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django import DjangoDbBlocker

from tests.factories import working
from tests.fakes import FakeEngine
from tests.tenancy.furnished import Furnished, furnish
from tests.tenancy.rows import differing, pointing_across, rows_of
from tests.tenancy.visitors import for_nothing

Two = tuple[Furnished, Furnished]


@pytest.fixture(scope="module")
def furnished(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Two]:
    """Ours and another one, for all tests of a module: making them takes longer than any of these."""
    with django_db_blocker.unblock(), working(FakeEngine()), for_nothing():
        yield furnish(name="Oak & Linen"), furnish(name="Strangers")


@pytest.fixture
def two(furnished: Two, settings: LazySettings) -> Iterator[Two]:
    """The same, as they were at first; the other one is as full when the test is over as it was before."""
    settings.API_QUOTAS = dict.fromkeys(settings.API_QUOTAS, 1_000_000)
    _mine, theirs = furnished
    with for_nothing():
        before = rows_of(theirs)
        yield furnished
        changed: list[Any] = [differing(before, rows_of(theirs)), pointing_across()]
    assert changed == [[], []]
