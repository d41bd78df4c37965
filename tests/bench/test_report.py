"""The report says what was measured, and what was not."""

from __future__ import annotations

from tests.bench.report import Goal, Part, Row, percentile, told


def test_ratios_are_ours_by_theirs_and_what_is_missing_is_said() -> None:
    beside: dict[str, float | str] = {"naive view": 40.0, "LiteLLM": "not measured: not installed"}
    lines = told(Part("Accept", rows=[Row("round trip, p50", "ms", 60.0, beside)])).splitlines()
    assert lines[2] == "|  | unit | ours | naive view | × | LiteLLM | × |"
    assert lines[4] == "| round trip, p50 | ms | 60 | 40 | 1.50 | not measured: not installed |  |"


def test_goals_are_met_not_met_or_not_measured() -> None:
    goals = [Goal("a", "1", True), Goal("b", "2", False), Goal("c", "no pgbench", None)]
    text = told(Part("Ledger", goals=goals))
    for words in (
        "**Met**: a. Seen: 1.",
        "**Not met**: b. Seen: 2.",
        "**Not measured**: c. Seen: no pgbench.",
    ):
        assert words in text


def test_percentiles_are_by_the_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99), percentile([7.0], 99)) == (51.0, 100.0, 7.0)
