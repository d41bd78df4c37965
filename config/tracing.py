"""Traces over OTLP where `OTEL_EXPORTER_OTLP_ENDPOINT` says so: requests, jobs, calls of engines, without secrets.

Everything else is OpenTelemetry's own variables, which its library reads itself: headers, sampling, the service's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING

from accounts import logs, traces

if TYPE_CHECKING:
    from opentelemetry import trace

SECONDS = 5.0  # for which a collector may keep an export, and with it the end of a process, waiting


def start(*, endpoint: str, environment: str) -> None:
    """From now on this process tells of its spans; does nothing without an address."""
    if not endpoint:
        return
    from opentelemetry import trace  # here: nobody else needs to load it
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    usual = Resource({SERVICE_NAME: "roomwright", "deployment.environment.name": environment})
    provider = TracerProvider(resource=usual.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=SECONDS)))
    # A web process is a child of multiprocessing, which leaves out `atexit`: its last spans would be lost.
    Finalize(None, provider.shutdown, exitpriority=0)
    tracer = provider.get_tracer("roomwright")  # ours alone: no library is asked for spans of its own

    @contextmanager
    def opened(name: str, kind: traces.Kind) -> Iterator[traces.Span]:
        of_kind = trace.SpanKind[kind.upper()]
        # What an error says may quote anything; its name is enough to find its line in the log.
        with tracer.start_as_current_span(
            name, kind=of_kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _Told(span)
            except Exception as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(trace.StatusCode.ERROR)
                raise

    traces.use(opened)


class _Told:
    """A span that is told nothing secret."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def call(self, name: str) -> None:
        self._span.update_name(logs.redacted(name))

    def tell(self, facts: traces.Facts) -> None:
        for name, value in facts.items():
            self._span.set_attribute(name, logs.redacted(value) if isinstance(value, str) else value)
