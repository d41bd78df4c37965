"""The pipeline and the upstream's moods: full, slow down, wrong key, no credits, odd bookings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import OperatorAlert
from billing import ledger
from generations import ending, gates, keeping, outage, preparing, running, services, sweeping, upstream_keys
from generations.engines import meltflex_account
from generations.engines.base import Again, EngineError, EnginePicture, EngineRequest, EngineResult
from generations.figures import figures
from generations.models import Generation, State, UpstreamCall, UpstreamGate, UpstreamTurn
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio, body
from tests.fakes import FakeEngine, jpeg, png

Work = Callable[[], int]


def now_of(generation: Generation) -> Generation:
    return services.reload(generation)


def calls(studio: Studio) -> list[str]:
    with studio.enter():
        return list(UpstreamCall.objects.order_by("pk").values_list("outcome", flat=True))


def refusal(status_code: int, **more: Any) -> EngineError:
    again = {429: Again.SAFE, 500: Again.ONCE}.get(status_code, Again.NO)
    return EngineError(
        "service_unavailable",
        "The design service is unavailable.",
        again=again,
        status_code=status_code,
        **more,
    )


def delay_of_job() -> float:
    """Seconds until the only waiting job may run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM scheduled_at - clock_timestamp()) FROM procrastinate_jobs"
            " WHERE status = 'todo' AND scheduled_at IS NOT NULL ORDER BY id DESC LIMIT 1"
        )
        return float(cursor.fetchone()[0])


def no_jobs() -> None:
    """As if a worker had taken them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture
def own_key(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> str:
    """The workspace brought a key along."""
    monkeypatch.setattr(meltflex_account, "verify", lambda *, key: meltflex_account.Verdict.ACCEPTED)
    key = upstream_keys.add(
        organization=studio.organization,
        text="mf_sk_live_theirs_9999",
        by_user=studio.owner,
        now=timezone.now(),
    )
    return key.public_id


def test_who_finds_the_gate_full_waits_as_a_row_and_not_in_a_worker(
    studio: Studio, worker: Work, engine: FakeEngine, settings: LazySettings
) -> None:
    settings.UPSTREAM_CONCURRENCY = 1
    first, second = studio.ask("one"), studio.ask("two")

    def meanwhile() -> None:
        engine.during = lambda: None
        factories.work()  # another worker takes up the second
        waiting = now_of(second)
        assert (waiting.state, waiting.started_at, waiting.worker) == (State.QUEUED, None, "")
        assert not UpstreamTurn.objects.get(generation=second).active

    engine.during = meanwhile
    running.run(generation_id=first.pk, organization_id=studio.organization.pk, worker="a")
    assert UpstreamTurn.objects.get(generation=second).active
    worker()
    assert [g.state for g in studio.generations()] == [State.SUCCEEDED] * 2
    assert not UpstreamTurn.objects.exists()
    assert ledger.drift() == []


def test_one_that_waits_at_a_gate_is_canceled_for_free_and_gives_up_its_place(
    studio: Studio, worker: Work, engine: FakeEngine, settings: LazySettings
) -> None:
    settings.UPSTREAM_CONCURRENCY = 1
    first, second = studio.ask("one"), studio.ask("two")

    def meanwhile() -> None:
        engine.during = lambda: None
        factories.work()
        services.cancel(generation=now_of(second), by_user=studio.owner, now=timezone.now())

    engine.during = meanwhile
    running.run(generation_id=first.pk, organization_id=studio.organization.pk, worker="a")
    assert now_of(second).state == State.CANCELED
    assert (studio.balance(), UpstreamTurn.objects.count()) == (90, 0)


def test_being_turned_away_holds_no_slot_and_halves_the_limit(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    generation = studio.ask()
    engine.failing = [refusal(429, retry_after=17.0)]
    no_jobs()
    worker()
    waiting = now_of(generation)
    assert (waiting.state, waiting.calling_since) == (State.QUEUED, None)
    assert 15 < delay_of_job() <= 17
    assert UpstreamGate.objects.get().limit == 1
    assert not UpstreamTurn.objects.exists()


def test_pauses_double_and_are_jittered_where_the_upstream_names_none(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    studio.ask()
    for longest in (1, 2, 4, 8, 16, 30, 30):
        engine.failing = [refusal(429)]
        no_jobs()
        worker()
        assert longest / 2 - 0.5 <= delay_of_job() <= longest


@pytest.mark.parametrize("status_code", [401, 402, 403])
def test_a_refused_platform_key_pauses_and_the_operator_is_told(
    studio: Studio, worker: Work, engine: FakeEngine, status_code: int
) -> None:
    first, second = studio.ask("one"), studio.ask("two")
    engine.failing = [refusal(status_code)]
    worker()
    worker()
    assert [now_of(g).error_code for g in (first, second)] == ["service_unavailable"] * 2
    assert "Your credits are back" in now_of(second).error_message
    assert len(engine.calls) == 1, "nothing more is sent with a refused key"
    assert studio.balance() == 100
    assert OperatorAlert.objects.get().code == "platform_key_refused"


def test_a_paused_platform_key_is_tried_by_one_call_and_then_used_again(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    studio.ask("one")
    engine.failing = [refusal(402)]
    worker()
    UpstreamGate.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    generation = studio.ask("two")
    worker()
    assert now_of(generation).state == State.SUCCEEDED
    assert UpstreamGate.objects.get().paused_at is None


def test_a_refused_own_key_pauses_for_its_workspace_alone_and_its_owner_is_told(
    studio: Studio, strange_studio: Studio, worker: Work, engine: FakeEngine, own_key: str
) -> None:
    ours, theirs = studio.ask("ours"), strange_studio.ask("theirs")
    engine.failing = [refusal(402)]
    worker()
    assert (now_of(ours).error_code, now_of(theirs).state) == ("service_unavailable", State.SUCCEEDED)
    assert upstream_keys.state_of(studio.organization).kind == "own_paused"
    with pytest.raises(upstream_keys.UpstreamKeyPaused):
        studio.ask("again")
    assert not OperatorAlert.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [upstream_keys.TELL_TASK]
        )
        assert cursor.fetchone() == (1,)


def test_calls_with_an_own_key_are_recorded_with_it_and_go_through_a_gate_of_their_own(
    studio: Studio, worker: Work, engine: FakeEngine, own_key: str
) -> None:
    generation = studio.ask()
    engine.failing = [EngineError("outcome_unknown", "Lost.", again=Again.UNKNOWN)]
    worker()
    assert now_of(generation).own_key
    with studio.enter():
        (call,) = UpstreamCall.objects.select_related("key")
        assert (call.key.public_id, call.outcome, call.possible_cost) == (own_key, "unknown", 10)
    assert [gate.name for gate in UpstreamGate.objects.all()] == [f"own:{own_key}"]


def test_a_surprising_booking_is_kept_and_raises_an_alert(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = studio.ask()
    monkeypatch.setattr(
        engine, "generate", lambda request: EngineResult((EnginePicture(png()),), credits_used=999)
    )
    worker()
    done = now_of(generation)
    assert (done.state, done.credits_settled) == (State.SUCCEEDED, 10), (
        "the customer pays the price on the button"
    )
    with studio.enter():
        assert UpstreamCall.objects.get().credits_used == 999
    assert "booked 999 credits on our key, not 10" in OperatorAlert.objects.get().text


def test_a_breaker_that_stays_open_ends_the_wait(
    studio: Studio, worker: Work, engine: FakeEngine, settings: LazySettings
) -> None:
    generation = studio.ask()
    worker_gate = "platform:down"
    now = timezone.now()
    UpstreamGate.objects.create(
        name=worker_gate, limit=5, open_until=now + timedelta(minutes=40), trips=gates.LONG_TRIPS
    )
    assert not gates.take_turn(gate=worker_gate, generation=generation, now=now)
    sweeping.sweep(now=now + timedelta(minutes=10))
    assert now_of(generation).state == State.QUEUED
    sweeping.sweep(now=now + timedelta(minutes=16))
    assert (now_of(generation).error_code, studio.balance()) == ("service_unavailable", 100)


def test_a_worker_that_winds_down_begins_no_call(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    running.wind_down()
    try:
        worker()
    finally:
        running._winding_down.clear()
    assert (now_of(generation).state, engine.calls) == (State.QUEUED, [])
    worker()
    assert now_of(generation).state == State.SUCCEEDED


def test_canceling_is_free_until_the_call_begins_and_refused_after(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = studio.ask("in time")
    ready = preparing.make_ready

    def canceled_meanwhile(attempt: Generation) -> EngineRequest:
        services.cancel(generation=now_of(attempt), by_user=studio.owner, now=timezone.now())
        return ready(attempt)

    with monkeypatch.context() as patch:
        patch.setattr(preparing, "make_ready", canceled_meanwhile)
        worker()
    assert (now_of(generation).state, engine.calls, studio.balance()) == (State.CANCELED, [], 100)

    late = studio.ask("too late")

    def too_late() -> None:
        with pytest.raises(services.TooLateToCancel, match="10 credits"):
            services.cancel(generation=now_of(late), by_user=studio.owner, now=timezone.now())

    engine.during = too_late
    worker()
    assert (now_of(late).state, studio.balance()) == (State.SUCCEEDED, 90)


def test_a_free_engine_may_be_interrupted_often_and_nothing_is_unknown(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    engine.repeatable = True
    generation, engine.during = studio.ask(), killed
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            factories.work()
        sweeping.sweep(now=timezone.now() + timedelta(seconds=25))
    engine.during = lambda: None
    worker()
    assert (now_of(generation).state, calls(studio)) == (State.SUCCEEDED, ["failed"] * 3 + ["succeeded"])


def test_writing_down_a_success_twice_changes_nothing_the_second_time(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a commit whose answer was lost with the connection."""
    succeed = keeping.succeed

    def twice(**arguments: Any) -> None:
        succeed(**arguments)
        succeed(**arguments)

    monkeypatch.setattr(keeping, "succeed", twice)
    generation = studio.ask()
    worker()
    done = now_of(generation)
    assert (done.state, calls(studio), studio.balance()) == (State.SUCCEEDED, ["succeeded"], 90)
    assert default_storage.exists(done.pictures.all()[0].image)


@pytest.mark.django_db(transaction=True)
def test_a_result_waits_for_a_database_that_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    errors = [OperationalError("server closed the connection"), OperationalError("starting up")]

    def action() -> str:
        if errors:
            raise errors.pop(0)
        return "kept"

    assert outage.through(action) == "kept"


# --- What a key's gate learns from whom -----------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes_open", "trips", "told"),
    [(1, 1, 1.0), (-9, 3, 1.0), (-11, 3, 0.0), (1, 0, 0.0)],
    ids=["shut", "between two tries", "nobody tries any more", "asked to wait, after an answer"],
)
def test_operators_are_told_of_an_outage_without_a_break(minutes_open: int, trips: int, told: float) -> None:
    now = timezone.now()
    open_until = now + timedelta(minutes=minutes_open)
    UpstreamGate.objects.create(name="platform:away", limit=1, open_until=open_until, trips=trips)
    shown = next(each for each in figures(now=now) if each.name.endswith("gate_open"))
    assert shown.rows == [(("platform:away",), told)]


def test_a_short_outage_does_not_end_a_long_wait(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    now = timezone.now()
    UpstreamGate.objects.create(
        name="platform:blip", limit=1, open_until=now + timedelta(minutes=40), trips=1
    )
    assert not gates.take_turn(gate="platform:blip", generation=generation, now=now)
    sweeping.sweep(now=now + timedelta(minutes=16))
    assert now_of(generation).state == State.QUEUED


def test_short_deadlines_of_one_workspace_shut_the_key_for_nobody(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    for number in range(gates.FAILURES_TO_OPEN):
        services.request_generation(
            organization=studio.organization,
            ask=services.Ask(prompt=f"Room {number}", image=IncomingImage(content=jpeg())),
            by_user=studio.owner,
            now=timezone.now(),
            deadline=timezone.now() + timedelta(seconds=61),
        )
        engine.failing = [EngineError("outcome_unknown", "Cut.", again=Again.UNKNOWN)]
        worker()
    assert UpstreamGate.objects.get().open_until is None


def test_trouble_of_our_own_shuts_the_key_for_nobody(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    studio.ask()
    for _ in range(gates.FAILURES_TO_OPEN):
        engine.failing = [EngineError("internal_error", "Reading the photo failed.", again=Again.SAFE)]
        worker()
    assert UpstreamGate.objects.get().open_until is None


def test_a_retry_after_holds_back_everybody_at_that_key(
    studio: Studio, strange_studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    studio.ask()
    engine.failing = [refusal(429, retry_after=17.0)]
    worker()
    theirs = strange_studio.ask()
    worker()
    assert (now_of(theirs).state, len(engine.calls)) == (State.QUEUED, 1)


# --- Workers that come late -----------------------------------------------------------------------------------


def test_a_call_that_a_thawed_worker_just_began_is_not_taken_for_a_dead_ones(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = running._claim

    def long_ago(*arguments: Any, now: datetime) -> Generation | None:
        return claim(*arguments, now=now - timedelta(seconds=60))

    monkeypatch.setattr(running, "_claim", long_ago)
    monkeypatch.setattr(sweeping, "_database_just_came_up", lambda now: False)
    engine.during = lambda: sweeping.sweep(now=timezone.now())
    generation = studio.ask()
    worker()
    assert (now_of(generation).state, studio.balance()) == (State.SUCCEEDED, 90)


def test_a_sweeper_that_was_cut_off_itself_declares_nobody_dead(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    def meanwhile() -> None:
        sweeping.sweep(now=timezone.now() + timedelta(minutes=1), trust_leases=False)

    engine.during = meanwhile
    generation = studio.ask()
    worker()
    assert now_of(generation).state == State.SUCCEEDED


def test_what_a_late_picture_cost_is_recorded_though_the_upstream_does_not_say(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = studio.ask()

    def ended_meanwhile(request: EngineRequest) -> EngineResult:
        ending.expire(generation=now_of(generation), now=timezone.now())
        return EngineResult((EnginePicture(png()),), credits_used=0)

    monkeypatch.setattr(engine, "generate", ended_meanwhile)
    worker()
    with studio.enter():
        call = UpstreamCall.objects.get()
    assert (call.outcome, call.possible_cost, studio.balance()) == ("discarded", 10, 100)


def test_a_waiting_caller_lives_through_a_restart_of_the_database(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to repeat, a caller without a key would pay twice: the work has been accepted."""
    read, times = services._reload, []

    def away_once(generation: Generation) -> Generation:
        times.append(1)
        if len(times) == 1:
            raise OperationalError("the database system is shutting down")
        return read(generation)

    monkeypatch.setattr(services, "_reload", away_once)
    monkeypatch.setattr(services, "through", lambda action: _twice(action))
    response = studio.api().post("generate", body())
    assert (response.status_code, studio.balance()) == (200, 90)


def _twice(action: Callable[[], Any]) -> Any:
    """`outage.through` without the transaction that a test stands in."""
    try:
        return action()
    except OperationalError:
        return action()


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_while_waiting_for_another_threads_transaction(
    engine: FakeEngine, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else those who wait could hold every connection of the pool, and who holds the lock would wait for one."""
    seen = []

    class Spy:
        def acquire(self, *, blocking: bool = True) -> bool:
            if blocking:
                seen.append((connection.in_atomic_block, connection.connection is not None))
            return blocking  # somebody else has it at first

        def release(self) -> None: ...

    monkeypatch.setattr(outage, "one_at_a_time", Spy())
    studio = factories.make_studio()
    generation = studio.ask()
    worker()
    assert now_of(generation).state == State.SUCCEEDED
    assert len(seen) >= 2
    assert (False, True) not in seen
