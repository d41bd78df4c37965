"""Two workspaces, each with one of everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django import DjangoDbBlocker

from tests import factories
from tests.fakes import FakeEngine
from tests.tenancy.furnished import Furnished, furnish
from tests.tenancy.rows import differing, pointing_across, rows_of
from tests.tenancy.visitors import for_nothing

Two = tuple[Furnished, Furnished]


@contextmanager
def _working() -> Iterator[None]:
    """Pictures are made by no engine, and images looked at in this process."""
    fake = FakeEngine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generations.engines.get", lambda name, *, key="": fake)
        patch.setattr("generations.outcomes.wait", lambda public_id, seconds: factories.work())
        patch.setattr("projects.image_pool.run", factories.run_image_work_here)
        yield


@pytest.fixture(scope="module")
def furnished(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Two]:
    """Ours and another one, for all tests of a module: making them takes longer than any of these."""
    with django_db_blocker.unblock(), _working(), for_nothing():
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
