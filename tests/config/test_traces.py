"""Traces: of requests, jobs and calls, with ids by which they are found, and without anything secret."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from accounts import traces
from config import tracing
from generations.engines.base import Again, EngineError
from tests.collector import Collector, Span, collecting
from tests.factories import Studio, body
from tests.fakes import FakeEngine

PROMPT = "Something that nobody else shall read"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-collector")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        tracing.start(endpoint=running.url, environment="test")
        try:
            yield running
        finally:
            traces.use(None)


def span(collector: Collector, name: str) -> Span:
    """The first of this name, when it has come."""
    for _ in range(500):
        for found in collector.spans():
            if found.name == name:
                return found
        time.sleep(0.02)
    raise AssertionError([found.name for found in collector.spans()])


def test_a_request_is_a_span_with_its_route_and_whose_it_was(studio: Studio, collector: Collector) -> None:
    api = studio.api()
    answer = api.get("generations", limit="1")
    found = span(collector, "GET /api/v1/generations")
    assert found.attributes == {
        "http.request.method": "GET",
        "http.route": "/api/v1/generations",
        "http.response.status_code": 200,
        "roomwright.request": answer["X-Request-Id"],
        "roomwright.workspace": studio.organization.public_id,
    }
    assert not found.failed
    assert collector.headers[0]["authorization"] == "Bearer of-the-collector"
    assert api.key not in collector.text


def test_an_address_that_opens_something_is_not_told(client: Client, db: None, collector: Collector) -> None:
    token = "q7Zr2mWx9LpB4vTnq7Zr2mWx9LpB4vTn12345678"
    client.get(f"/s/{token}?secret={token}", headers={"cookie": f"sessionid={token}", "referer": token})
    assert span(collector, "GET /s/<id:token>").attributes["http.response.status_code"] == 404
    assert token not in collector.text


def test_what_breaks_is_named_and_not_quoted(
    studio: Studio, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ZeroDivisionError(PROMPT)

    monkeypatch.setattr("generations.running.preparing.make_ready", broken)
    made = studio.ask(PROMPT)
    with pytest.raises(ZeroDivisionError), traces.span("a job", "consumer"):
        _run(made.pk, studio)
    found = span(collector, "a job")
    assert found.failed
    assert found.attributes["error.type"] == "ZeroDivisionError"
    assert PROMPT not in collector.text


def _run(pk: int, studio: Studio) -> None:
    from generations import running

    running.run(generation_id=pk, organization_id=studio.organization.pk, worker="test")


def test_a_picture_is_found_from_its_job_to_its_call(
    studio: Studio, engine: FakeEngine, worker: Callable[[], int], collector: Collector
) -> None:
    made = studio.ask(PROMPT)
    with traces.span("generations.generate", "consumer"):
        worker()
    called, job = span(collector, "call meltflex"), span(collector, "generations.generate")
    assert called.parent == job.id
    assert called.attributes == {
        "roomwright.engine": "meltflex",
        "roomwright.attempt": 1,
        "roomwright.workspace": studio.organization.public_id,
        "roomwright.generation": made.public_id,
    }
    assert job.attributes["roomwright.generation"] == made.public_id
    assert PROMPT not in collector.text


def test_a_call_that_fails_says_how_and_not_in_the_upstreams_words(
    studio: Studio, engine: FakeEngine, worker: Callable[[], int], collector: Collector
) -> None:
    engine.failing = [EngineError("rejected", "No.", again=Again.NO, detail=PROMPT, status_code=400)]
    studio.ask(PROMPT)
    worker()
    found = span(collector, "call meltflex")
    assert found.failed
    assert found.attributes["roomwright.outcome"] == "rejected"
    assert found.attributes["http.response.status_code"] == 400
    assert found.attributes["error.type"] == "EngineError"
    assert PROMPT not in collector.text


def test_a_program_that_sends_a_prompt_finds_none_in_the_traces(studio: Studio, collector: Collector) -> None:
    studio.api().post("generations", body(PROMPT))
    assert span(collector, "POST /api/v1/generations").attributes["http.response.status_code"] == 202
    assert PROMPT not in collector.text


def test_without_a_collector_its_library_is_not_even_loaded() -> None:
    code = (
        "import django, sys; django.setup(); import config.wsgi;"
        " sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    command = [sys.executable, "-c", code]
    environ = {"DJANGO_SETTINGS_MODULE": "config.settings", "PATH": "/usr/bin:/bin"}
    environ |= {"DATABASE_URL": "postgresql://nobody@db.example/nothing"}
    assert subprocess.run(command, env=environ, check=False).returncode == 0
