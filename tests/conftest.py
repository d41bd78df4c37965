"""Three people start every test: an owner, a colleague in the same workspace, a stranger in another."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client, TransactionTestCase
from django.urls import get_resolver

from accounts import tenancy
from tests import emptying, factories
from tests.database import django_db_setup as django_db_setup
from tests.factories import Studio
from tests.fakes import FakeEngine


@pytest.fixture(scope="session", autouse=True)
def _only_what_was_filled_is_emptied() -> Iterator[None]:
    """After a transactional test; see there."""
    original = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # its stubs lack it
    TransactionTestCase._fixture_teardown = lambda self: emptying.empty()  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _transactions_of_tests_may_stand_still() -> Iterator[None]:
    """Each test is one transaction, in which a busy machine draws pictures; the product's own never wait for that."""
    original, tenancy.IDLE = tenancy.IDLE, "60s"
    yield
    tenancy.IDLE = original


@pytest.fixture(scope="session", autouse=True)
def _every_page_is_imported() -> None:
    """Now, and not inside whichever test asks first."""
    get_resolver().url_patterns  # noqa: B018


@pytest.fixture(scope="session", autouse=True)
def _what_stays_is_not_looked_through(_every_page_is_imported: None) -> None:
    """Modules and tests are 400,000 objects: for them the garbage collector took a twentieth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _forget_rate_limits() -> None:
    cache.clear()


@pytest.fixture
def studio(db: None) -> Studio:
    """A Growth workspace with 100 credits: its owner, a colleague who designs, keys on request."""
    return factories.make_studio(credits=100)


@pytest.fixture
def strange_studio(db: None) -> Studio:
    """Another workspace."""
    return factories.make_studio(name="Elsewhere", credits=100)


@pytest.fixture
def owner_client(studio: Studio) -> Client:
    """The owner's browser."""
    return factories.browser_of(studio.owner)


@pytest.fixture
def colleague_client(studio: Studio) -> Client:
    """The colleague's browser."""
    return factories.browser_of(studio.colleague)


@pytest.fixture
def stranger_client(strange_studio: Studio) -> Client:
    """The browser of somebody with another workspace."""
    return factories.browser_of(strange_studio.owner)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> FakeEngine:
    """Replaces every engine; `engine.failing` and `engine.calls` steer and show it."""
    settings.DEFAULT_ENGINE, settings.MELTFLEX_EXTENSIONS = "meltflex", True
    fake = FakeEngine()
    monkeypatch.setattr("generations.engines.get", lambda name, *, key="": fake)
    return fake


@pytest.fixture
def home(studio: Studio) -> str:
    """The address of the studio's pages."""
    return f"/w/{studio.organization.public_id}"


@pytest.fixture
def worker(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Call it to work on everything that is queued; whoever waits for an end has it called for them."""
    monkeypatch.setattr("generations.outcomes.wait", lambda public_id, seconds: factories.work())
    monkeypatch.setattr("projects.image_pool.run", factories.run_image_work_here)
    return factories.work
