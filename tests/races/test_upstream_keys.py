"""Many at once at a workspace's own keys and at operator alerts, on real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.db import connection

from accounts import alerts
from accounts.errors import Refusal
from accounts.models import OperatorAlert
from generations import upstream_keys
from generations.engines import meltflex_account
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _every_key_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meltflex_account, "verify", lambda *, key: meltflex_account.Verdict.ACCEPTED)


def at_once(action: Callable[[int], object]) -> list[object]:
    """What eight threads made of it that begin in the same moment."""
    gate = threading.Barrier(8)

    def begin(number: int) -> object:
        gate.wait()
        try:
            return action(number)
        except Refusal as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(begin, range(8)))


def test_a_key_put_in_eight_times_at_once_is_one_key() -> None:
    studio = factories.make_studio()
    came = at_once(
        lambda number: upstream_keys.add(
            organization=studio.organization, text="mf_sk_live_same", by_user=studio.owner, now=NOON
        )
    )
    assert came.count(upstream_keys.UpstreamKeyKnown) == 7
    assert len(upstream_keys.state_of(studio.organization).keys) == 1


def test_of_eight_keys_put_in_at_once_two_are_kept() -> None:
    studio = factories.make_studio()
    came = at_once(
        lambda number: upstream_keys.add(
            organization=studio.organization, text=f"mf_sk_live_{number}", by_user=studio.owner, now=NOON
        )
    )
    assert came.count(upstream_keys.TooManyUpstreamKeys) == 6
    assert {key.slot for key in upstream_keys.state_of(studio.organization).keys} == {1, 2}


def test_a_key_refused_in_eight_threads_is_paused_once() -> None:
    studio = factories.make_studio()
    key = upstream_keys.add(
        organization=studio.organization, text="mf_sk_live_same", by_user=studio.owner, now=NOON
    )
    paused = at_once(lambda number: upstream_keys.pause(key=key, reason="Refused.", now=NOON))
    assert sorted(map(bool, paused)) == [False] * 7 + [True]


def test_an_alert_raised_by_eight_threads_is_one_with_one_mail(settings: LazySettings) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.com"]
    at_once(lambda number: alerts.raise_alert(code="odd", subject="x", text=str(number), now=NOON))
    assert OperatorAlert.objects.get().count == 8
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [alerts.MAIL_TASK])
        assert cursor.fetchone() == (1,)
