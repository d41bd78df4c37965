"""One stack for every incident: what comes after one must not know of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import meltflex_server, real_stack
from tests.meltflex_server import MeltFlexServer
from tests.operations.incidents import TOKEN, Operator
from tests.real_stack import Caller, RealStack


@pytest.fixture(scope="package")
def upstream() -> Iterator[MeltFlexServer]:
    with meltflex_server.serving() as server:
        yield server


@pytest.fixture(scope="package")
def stack(upstream: MeltFlexServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    environ = {"MELTFLEX_API_BASE": upstream.base, "MELTFLEX_API_KEY": "mf_sk_up", "METRICS_TOKEN": TOKEN}
    with real_stack.running(tmp_path_factory.mktemp("stack"), **environ) as running:
        yield running


@pytest.fixture(scope="package")
def caller(stack: RealStack) -> Caller:
    return stack.provision("Harbour", 1000)


@pytest.fixture(scope="package")
def operator(stack: RealStack) -> Operator:
    return Operator(stack)
