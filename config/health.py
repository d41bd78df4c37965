"""`/healthz`: this process is up. `/readyz`: the instance can do its work."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.tenancy import public
from config.checks import role_problem
from generations import queue

_migrated = False


@public("load balancers ask it")
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Touches nothing but this process."""
    return JsonResponse({"status": "ok"})


@public("load balancers ask it; it names no workspace")
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when each part is ready, else 503 naming the part that is not."""
    parts: dict[str, Any] = {}
    try:
        parts["database"] = role_problem() or "ok"
        parts["migrations"] = "ok" if _is_migrated() else "migrations are waiting"
        if parts["migrations"] == "ok":
            health = queue.health(now=timezone.now())
            parts["worker"] = "ok" if health.worker_alive else "no worker has given a sign of life"
            parts["queue_lag_seconds"] = round(health.lag_seconds, 1)
            parts["queue"] = "ok" if health.lag_seconds < queue.LAG_LIMIT else "jobs wait too long"
    except Exception as error:
        parts["database"] = f"not reachable ({type(error).__name__})"
    ready = all(value == "ok" for key, value in parts.items() if key != "queue_lag_seconds")
    return JsonResponse({"status": "ok" if ready else "not ready", **parts}, status=200 if ready else 503)


def _is_migrated() -> bool:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
