"""Numbers for Prometheus: true, behind a token, of no workspace, and the same ones that alerts and dashboard name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts import alerts
from config import metrics
from tests.factories import Studio
from tests.operations.rules import paragraph

ROOT = Path(__file__).resolve().parents[2]
RUNNING = (ROOT / "docs/running.md").read_text()


def numbers() -> dict[str, dict[tuple[str, ...], float]]:
    """By name; then by the labels' values."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(metrics.exposition(now=timezone.now()).decode()):
        found[family.name] = {tuple(sample.labels.values()): sample.value for sample in family.samples}
    return found


def test_without_the_token_there_is_no_such_page(client: Client, settings: LazySettings, db: None) -> None:
    for token, header in (("", ""), ("", "Bearer "), ("right-token", ""), ("right-token", "Bearer wrong")):
        settings.METRICS_TOKEN = token
        assert client.get("/metrics", headers={"authorization": header}).status_code == 404
    answer = client.get("/metrics", headers={"authorization": "Bearer right-token"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert b"roomwright_worker_alive 0.0" in answer.content


def test_they_count_what_is_there(studio: Studio, worker: Callable[[], int]) -> None:
    studio.ask()
    before = numbers()
    assert before["roomwright_generations"]["queued",] == 1
    assert before["roomwright_ledger_suspense_credits"][()] == 10
    assert before["roomwright_generations_held_credits"][()] == 10
    worker()
    alerts.raise_alert(code="stripe_mismatch", subject="x", text="y", now=timezone.now())
    after = numbers()
    assert after["roomwright_generations"]["queued",] == 0
    assert after["roomwright_generations_ended_last_hour"]["", "succeeded"] == 1
    assert after["roomwright_upstream_calls_last_hour"]["meltflex", "succeeded"] == 1
    assert after["roomwright_ledger_suspense_credits"][()] == 0
    assert after["roomwright_operator_alerts_open"]["stripe_mismatch",] == 1
    assert abs(after["roomwright_clock_skew_seconds"][()]) < 1


def test_they_name_no_workspace_and_no_person(studio: Studio, worker: Callable[[], int]) -> None:
    generation = studio.ask("a secret wish")
    worker()
    text = metrics.exposition(now=timezone.now()).decode()
    for private in (
        studio.organization.public_id,
        studio.organization.name,
        studio.owner.email,
        generation.public_id,
    ):
        assert private not in text


def test_history_costs_no_further_questions(studio: Studio, worker: Callable[[], int]) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            metrics.exposition(now=timezone.now())
        return len(asked)

    few = questions()
    for _ in range(3):
        studio.ask()
    worker()
    assert questions() == few <= 32


def rules() -> list[dict[str, Any]]:
    written = yaml.safe_load((ROOT / "docs/ops/alerts.yml").read_text())
    return [rule for group in written["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    shown: dict[str, Any] = json.loads((ROOT / "docs/ops/grafana.json").read_text())
    return shown


def test_alerts_and_dashboard_name_only_metrics_that_exist_and_all_of_them(db: None) -> None:
    there = set(numbers())
    in_alerts = {name for rule in rules() for name in re.findall(r"roomwright_\w+", rule["expr"])}
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    in_panels = {name for expression in panels for name in re.findall(r"roomwright_\w+", expression)}
    assert in_alerts - there == set()
    assert in_panels - there == set()
    assert there - in_panels == set(), "a number that nobody sees"


def test_labels_that_alerts_ask_for_are_labels_that_are_there(
    studio: Studio, worker: Callable[[], int]
) -> None:
    studio.ask()
    worker()
    alerts.raise_alert(code="x", subject="x", text="y", now=timezone.now())
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.exposition(now=timezone.now()).decode()):
        for sample in family.samples:
            labels.setdefault(family.name, set()).update(sample.labels)
    for rule in rules():
        for name, inside in re.findall(r"(roomwright_\w+)\{([^}]*)\}", rule["expr"]):
            asked = set(re.findall(r"(\w+)=", inside))
            assert not labels.get(name) or asked <= labels[name], rule["alert"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_leads_to_a_paragraph_that_mends_it(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    file, _, heading = rule["annotations"]["mend"].partition(": ")
    assert file == "docs/running.md"
    assert re.search(rf"^##+ {re.escape(heading)}$", RUNNING, re.MULTILINE), heading
    assert rule["alert"] in paragraph(rule["alert"])
    assert rule["annotations"]["summary"].endswith((".", "?"))


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    shown = dashboard()
    assert {panel["id"] for panel in shown["panels"]} == set(range(1, len(shown["panels"]) + 1))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in shown["panels"]]
    assert len(set(places)) == len(places)
    scrape = yaml.safe_load((ROOT / "docs/ops/prometheus.yml").read_text())
    assert scrape["scrape_configs"][0]["metrics_path"] == "/metrics"
