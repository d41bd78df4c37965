"""Accepting the work: row, hold and job together, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from accounts.errors import Refusal
from billing import credits
from generations import services
from generations.models import Generation, State
from projects.models import Photo
from projects.services import IncomingImage
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg


def stored_files(settings: LazySettings) -> set[Path]:
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def ask(studio: Studio, *, key: str = "", content: bytes = b"", sha256: str = "a") -> tuple[Generation, bool]:
    return services.request_generation(
        organization=studio.organization,
        ask=services.Ask(prompt="Warm oak", image=IncomingImage(content=content or jpeg())),
        by_user=studio.owner,
        now=timezone.now(),
        idempotency_key=key,
        request_sha256=sha256,
    )


def test_accepting_holds_the_price_and_queues(studio: Studio) -> None:
    generation = studio.ask()
    assert (generation.state, generation.credits_held, studio.balance()) == (State.QUEUED, 10, 90)


def test_too_few_credits_leave_no_trace(studio: Studio, settings: LazySettings) -> None:
    credits.hold(organization=studio.organization, credits=95, reference="x", now=timezone.now())
    before = stored_files(settings)
    with pytest.raises(credits.NotEnoughCredits):
        ask(studio)
    assert studio.generations() == []
    assert stored_files(settings) == before
    with studio.enter():
        assert Photo.objects.count() == 0


def test_something_that_is_no_picture_is_refused_before_any_hold(studio: Studio) -> None:
    with pytest.raises(Refusal):
        ask(studio, content=b"hello")
    assert studio.lines() == ["grant"]


def test_the_same_key_and_body_are_the_same_generation(studio: Studio) -> None:
    first, is_new = ask(studio, key="k")
    again, is_new_again = ask(studio, key="k")
    assert (first, is_new, is_new_again) == (again, True, False)
    assert studio.balance() == 90


def test_the_same_key_with_another_body_is_refused(studio: Studio) -> None:
    ask(studio, key="k")
    with pytest.raises(services.KeyReused):
        ask(studio, key="k", sha256="b")
    assert studio.balance() == 90


def test_keys_of_two_workspaces_have_nothing_to_do_with_each_other(
    studio: Studio, strange_studio: Studio
) -> None:
    first, _ = ask(studio, key="k")
    other, is_new = ask(strange_studio, key="k")
    assert is_new
    assert first != other


def test_what_is_above_the_limit_waits_in_the_workspaces_own_line(
    studio: Studio, strange_studio: Studio
) -> None:
    studio.organization.in_flight_limit = 2
    states = [studio.ask().state for _ in range(3)]
    assert states == [State.QUEUED, State.QUEUED, State.WAITING]
    assert strange_studio.ask().state == State.QUEUED


def test_canceling_before_the_start_is_free_and_admits_the_next(studio: Studio) -> None:
    studio.organization.in_flight_limit = 1
    first, second = studio.ask(), studio.ask()
    canceled = services.cancel(generation=first, by_user=studio.owner, now=timezone.now())
    assert (canceled.state, canceled.credits_released) == (State.CANCELED, 10)
    assert services.reload(second).state == State.QUEUED
    assert studio.balance() == 90


def test_a_generation_that_an_engine_works_on_is_too_late_to_cancel(
    studio: Studio, worker: object, engine: FakeEngine
) -> None:
    generation = studio.ask()

    def cancel_meanwhile() -> None:
        with studio.enter():
            Generation.objects.filter(pk=generation.pk).update(calling_since=timezone.now())
        with pytest.raises(services.TooLateToCancel):
            services.cancel(generation=generation, by_user=studio.owner, now=timezone.now())

    engine.during = cancel_meanwhile
    worker()  # type: ignore[operator]
    assert services.reload(generation).state == State.SUCCEEDED


def test_options_beyond_the_contract_are_refused_while_switched_off(
    studio: Studio, settings: LazySettings
) -> None:
    settings.DEFAULT_ENGINE = "meltflex"
    with pytest.raises(services.NotAvailableHere, match="designLevel"):
        studio.ask(design_level="pro", extensions=("designLevel",))
    settings.MELTFLEX_EXTENSIONS = True
    assert studio.ask(design_level="pro", extensions=("designLevel",)).price == 15
