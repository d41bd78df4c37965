"""`/metrics` for Prometheus. Numbers of the whole instance, so whichever process answers; names no workspace."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

import accounts.figures
import billing.figures
import generations.figures
from accounts import tenancy
from accounts.figures import Figure, figure
from accounts.tenancy import public
from projects import storage

PREFIX = "roomwright_"


@public("guarded by METRICS_TOKEN; it names no workspace")
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """404 without the token: nobody needs to know that there is such a page."""
    wanted = settings.METRICS_TOKEN
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if (
        not wanted
        or scheme.lower() != "bearer"
        or not secrets.compare_digest(given.strip().encode(), wanted.encode())
    ):
        raise Http404
    return HttpResponse(exposition(now=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def exposition(*, now: datetime) -> bytes:
    """Everything, in Prometheus's text format."""
    began = time.monotonic()
    there = storage.answers()  # before the transaction, which must not stand still
    with tenancy.system("metrics"):
        found = [
            *accounts.figures.figures(now=now),
            *billing.figures.figures(now=now),
            *generations.figures.figures(now=now),
            *machine(),
        ]
    found.append(figure("files_reachable", "Whether the disk or the bucket with the files answers.", there))
    found.append(
        figure("scrape_seconds", "How long it took to gather these numbers.", time.monotonic() - began)
    )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(found))
    shown: bytes = generate_latest(registry)
    return shown


def machine() -> Iterator[Figure]:
    """Of this very machine: its clock and its disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), pg_database_size(current_database())")
        theirs, size = cursor.fetchone()
    skew = (datetime.now(UTC) - theirs).total_seconds()
    yield figure("clock_skew_seconds", "This machine's clock minus the database's.", skew)
    yield figure("database_bytes", "What the database takes on its disk.", size)
    disk = shutil.disk_usage(settings.DATA_DIR if settings.DATA_DIR.exists() else settings.DATA_DIR.parent)
    yield figure("files_disk_free_bytes", "Free room where files are kept.", disk.free)
    yield figure("files_disk_bytes", "All room there.", disk.total)


class _Found(Collector):
    def __init__(self, figures: Iterable[Figure]) -> None:
        self.figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for each in self.figures:
            family = GaugeMetricFamily(PREFIX + each.name, each.about, labels=each.labels)
            for labels, value in each.rows:
                family.add_metric(labels, value)
            yield family
