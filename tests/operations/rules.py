"""Enough of Prometheus's language to ask whether one of our own alerts fires on one reading of /metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
SELECTOR = re.compile(r"(roomwright_\w+|up)(?:\{([^}]*)\})?")
Reading = dict[str, list[tuple[dict[str, str], float]]]


def rules() -> list[dict[str, Any]]:
    """Every rule of docs/ops/alerts.yml."""
    written = yaml.safe_load((ROOT / "docs/ops/alerts.yml").read_text())
    return [rule for group in written["groups"] for rule in group["rules"]]


def paragraph(alert: str) -> str:
    """What docs/running.md says under the heading that the alert names; it names the alert."""
    mend: str = next(rule for rule in rules() if rule["alert"] == alert)["annotations"]["mend"]
    file, _, heading = mend.partition(": ")
    text = (ROOT / file).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert alert in text, f"{mend} says nothing of {alert}"
    return text


def read(text: str) -> Reading:
    """A reading of /metrics; `up` is 1, as it answered."""
    found: Reading = {"up": [({"job": "roomwright"}, 1.0)]}
    for family in text_string_to_metric_families(text):
        found[family.name] = [(dict(sample.labels), sample.value) for sample in family.samples]
    return found


def firing(reading: Reading) -> set[str]:
    """The alerts whose expression holds; how long it has to hold is Prometheus's affair. None that asks for change."""
    return {
        rule["alert"] for rule in rules() if "delta(" not in rule["expr"] and _holds(rule["expr"], reading)
    }


def _holds(expression: str, reading: Reading) -> bool:
    expression = re.sub(r"sum by \([^)]*\) \(([^)]*)\)", r"\1", expression)  # of any group, so of any series

    def total(match: re.Match[str]) -> str:
        return str(sum(_values(match[1], reading)))

    expression = re.sub(r"sum\(([^)]*)\)", total, expression)
    asked = [match[0] for match in SELECTOR.finditer(expression)]
    for values in product(*(list(_values(selector, reading)) for selector in asked)):
        numbers = iter(values)
        filled = SELECTOR.sub(lambda _, numbers=numbers: repr(next(numbers)), expression)  # type: ignore[misc]
        if eval(filled, {"__builtins__": {}, "abs": abs}):
            return True
    return False


def _values(selector: str, reading: Reading) -> Iterator[float]:
    match = SELECTOR.fullmatch(selector)
    assert match, selector
    wanted = re.findall(r'(\w+)(=~?)"([^"]*)"', match[2] or "")
    for labels, value in reading.get(match[1], []):
        if all(
            re.fullmatch(text if how == "=~" else re.escape(text), labels.get(name, ""))
            for name, how, text in wanted
        ):
            yield value
