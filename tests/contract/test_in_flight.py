"""Three hundred pictures of 8 MB in flight in one worker process, on a real stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import in_flight

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_300_pictures_in_flight_take_little_memory_few_connections_and_nothing_is_late(
    tmp_path: Path,
) -> None:
    measured = in_flight.measure(tmp_path / "stack", generations=300, seconds=75, picture_bytes=8_000_000)
    said = in_flight.told(measured)
    print(said)  # noqa: T201 - the numbers are the point of it
    assert measured.states == {"succeeded": 300}, said
    assert measured.most_at_upstream == 300, said  # or it would not have been measured at all
    assert measured.charged_twice == 0, said
    assert len(measured.worker_pids) == 1, said
    assert measured.worker_rss_mb < 400, said
    assert measured.worker_connections < 20, said
    assert measured.heartbeat_age < 10, said
    assert measured.late_leases == 0, said
