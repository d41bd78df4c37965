"""What a load balancer sees."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.db import connection
from django.test import Client

from tests.factories import Studio

pytestmark = pytest.mark.django_db


def beat(seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def test_a_process_that_answers_is_healthy() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_with_a_living_worker_it_is_ready() -> None:
    beat(1)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_without_a_sign_of_life_it_is_not_ready() -> None:
    beat(120)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert "no worker" in response.json()["worker"]


def test_with_jobs_that_wait_too_long_it_is_not_ready(studio: Studio) -> None:
    beat(1)
    studio.ask()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '2 minutes'")
    assert Client().get("/readyz").json()["queue"] == "jobs wait too long"


def test_a_deploy_with_a_clones_settings_is_stopped(settings: LazySettings) -> None:
    settings.IN_PRODUCTION = True
    found = {message.id for message in run_checks()}
    assert {"roomwright.E001", "roomwright.E002"} <= found
    settings.IN_PRODUCTION = False
    assert not [m for m in run_checks() if str(m.id).startswith("roomwright")]


def test_a_web_server_does_not_start_with_a_clones_settings(settings: LazySettings) -> None:
    from config.checks import refuse_a_bad_deploy

    refuse_a_bad_deploy()
    settings.IN_PRODUCTION = True
    with pytest.raises(SystemExit, match="SECRET_KEY"):
        refuse_a_bad_deploy()
