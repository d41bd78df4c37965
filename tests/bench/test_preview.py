"""The preview engine's benchmark as a test; `make preview-bench` runs it too."""

from __future__ import annotations

import sys

import pytest

from tests.bench.preview import report


@pytest.mark.bench
def test_the_preview_engine_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["report"])
    with capsys.disabled():
        report.main()
