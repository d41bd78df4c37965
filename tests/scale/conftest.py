"""What the tests of several machines share: a database, a bucket and an upstream, each a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from config.local.postgres import for_tests
from tests import database, meltflex_server, real_stack
from tests.meltflex_server import MeltFlexServer
from tests.scale import bucket_server
from tests.scale.bucket_server import BucketServer
from tests.scale.pooler import Pooler, before


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    with bucket_server.serving(tmp_path_factory.mktemp("bucket") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def upstream() -> Iterator[MeltFlexServer]:
    with meltflex_server.serving() as server:
        yield server


@pytest.fixture(scope="module")
def database_url(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A migrated database that no test process is connected to."""
    with django_db_blocker.unblock(), database.copied("roomwright_scale") as url:
        yield url


@pytest.fixture(scope="module")
def pooler(database_url: str) -> Iterator[Pooler]:
    """Two sessions of the server, for all that everybody does."""
    with before(database_url, account=for_tests().placement.account, sessions=2) as running:
        yield running


def environ_of(folder: Path, upstream: MeltFlexServer, **more: str) -> dict[str, str]:
    """What the programs of one machine see; `folder` is its own and empty."""
    limits = dict.fromkeys(("API_REQUESTS_PER_MINUTE", *real_stack.QUOTAS), "60000")
    engine = {"MELTFLEX_API_BASE": upstream.base, "MELTFLEX_API_KEY": "mf_sk_up"}
    return real_stack.clean_environ() | limits | engine | {"DATA_DIR": str(folder)} | more
