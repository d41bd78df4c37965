"""The free sample: our room, our engine, no ledger line, one for each workspace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from generations import removal, samples, services
from generations.models import Generation, State
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine


@pytest.fixture
def poor(db: None) -> Studio:
    """A new workspace: no credits, no picture."""
    return factories.make_studio(credits=0, plan="free")


def ask(studio: Studio) -> Generation:
    return samples.request_sample(
        organization=studio.organization, look="Japandi", by_user=studio.owner, now=timezone.now()
    )


def home(studio: Studio) -> str:
    return f"/w/{studio.organization.public_id}"


def test_an_empty_studio_offers_it_and_it_costs_nothing(
    poor: Studio, engine: FakeEngine, worker: Callable[[], int]
) -> None:
    client = factories.browser_of(poor.owner)
    assert b"Try our sample room" in client.get(f"{home(poor)}/studio").content
    answer = client.post(f"{home(poor)}/sample", {"look": "Scandinavian"})
    (sample,) = poor.generations()
    assert answer.headers["Location"] == f"{home(poor)}/generations/{sample.public_id}"
    assert (sample.engine, sample.own_key, sample.is_sample) == ("preview", False, True)
    worker()
    (sample,) = poor.generations()
    assert sample.state == State.SUCCEEDED
    assert poor.lines() == []
    assert (sample.credits_held, sample.credits_settled) == (0, 0)
    assert b"free sample" in client.get(answer.headers["Location"]).content
    assert b"Try our sample room" not in client.get(f"{home(poor)}/studio").content


def test_a_second_one_is_not_to_be_had_not_even_after_the_first_was_deleted(
    poor: Studio, engine: FakeEngine, worker: Callable[[], int]
) -> None:
    first = ask(poor)
    with pytest.raises(samples.SampleUsed):
        ask(poor)
    client = factories.browser_of(poor.owner)
    there = client.post(f"{home(poor)}/sample").headers["Location"]
    assert there.endswith(first.public_id), "pressed twice, one goes to what is there"
    worker()
    removal.delete_generation(generation=first, by_user=poor.owner, now=timezone.now())
    with pytest.raises(samples.SampleUsed):
        ask(poor)
    assert client.post(f"{home(poor)}/sample").headers["Location"] == f"{home(poor)}/studio"
    assert b"Try our sample room" not in client.get(f"{home(poor)}/studio").content


def test_one_that_was_cancelled_may_be_asked_for_again(poor: Studio, engine: FakeEngine) -> None:
    services.cancel(generation=ask(poor), by_user=poor.owner, now=timezone.now())
    assert ask(poor).is_sample


def test_the_database_takes_one_for_each_workspace_and_none_that_is_not_ours(
    poor: Studio, engine: FakeEngine
) -> None:
    poor_again = factories.make_studio(credits=100)
    sample, other = ask(poor_again), poor_again.ask("Warm oak")
    with poor_again.enter():
        with pytest.raises(IntegrityError, match="generation_sample_is_ours"), transaction.atomic():
            Generation.objects.filter(pk=sample.pk).update(engine="meltflex")
        with pytest.raises(IntegrityError, match="generation_sample_is_ours"), transaction.atomic():
            Generation.objects.filter(pk=other.pk).update(is_sample=True)
        with pytest.raises(IntegrityError, match="one_sample_per_workspace"), transaction.atomic():
            Generation.objects.filter(pk=other.pk).update(
                is_sample=True, engine="preview", state="running", credits_held=0
            )


def test_what_is_made_from_the_sample_is_paid_like_anything_else(
    poor: Studio, engine: FakeEngine, worker: Callable[[], int]
) -> None:
    ask(poor)
    worker()
    (sample,) = poor.generations()
    client = factories.browser_of(poor.owner)
    (picture,) = sample.pictures.all()
    answer = client.post(f"{home(poor)}/pictures/{picture.public_id}/restyle", {"prompt": "Oak", "key": "k"})
    assert answer.status_code == 422
    assert len(poor.generations()) == 1


def test_viewers_and_strangers_have_no_sample(
    studio: Studio, stranger_client: Client, engine: FakeEngine
) -> None:
    assert stranger_client.post(f"{home(studio)}/sample").status_code == 404
    assert studio.generations() == []
