"""`POST /api/v1/generate`: the MeltFlex contract, row by row. The worker runs whenever a caller waits."""

from __future__ import annotations

import base64
import gc
import io
import json
import os
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from PIL import Image

from billing import credits
from generations import services
from generations.engines.base import Again, EngineError
from tests import factories
from tests.factories import ApiClient, Studio, body, data_url
from tests.fakes import FakeEngine, jpeg, png, same_picture

Work = Callable[[], int]


@pytest.fixture
def api(studio: Studio, worker: Work) -> ApiClient:
    return studio.api()


def answer_of(response: Any) -> dict[str, Any]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.headers["Content-Type"] == "application/json"
    if response.streaming:
        assert int(response.headers["Content-Length"]) == len(content)
    answer: dict[str, Any] = json.loads(content)
    return answer


def test_a_picture_comes_back_as_a_png_data_url(api: ApiClient, studio: Studio) -> None:
    response = api.post("generate", body())
    answer = answer_of(response)
    assert response.status_code == 200
    assert set(answer) == {"success", "image", "creditsUsed"}
    assert (answer["success"], answer["creditsUsed"]) == (True, 10)
    head, _, encoded = answer["image"].partition(",")
    assert head == "data:image/png;base64"
    assert same_picture(base64.b64decode(encoded), png())  # the marks apart
    assert studio.balance() == 90


def test_only_post_is_supported_and_that_needs_no_key(db: None) -> None:
    response = Client().get("/api/v1/generate")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST, OPTIONS")
    assert response.json()["error"]


@pytest.mark.parametrize(
    "header", [{}, {"authorization": "Bearer mf_sk_live_nonsense"}, {"authorization": "Basic eDp5"}]
)
def test_no_valid_key_is_401(db: None, header: dict[str, str]) -> None:
    response = Client().post("/api/v1/generate", body(), content_type="application/json", headers=header)
    assert response.status_code == 401
    assert response.json()["error"] == "Unauthorized"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": "   "}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "x" * 10_001}, "10000"),
        ({"image": None}, "imageUrl"),
        ({"image": ""}, "imageUrl"),
        ({"image": 5}, "image"),
        ({"image": "https://example.com/a.jpg"}, "image"),
        ({"image": "data:text/plain;base64,aGVsbG8="}, "image"),
        ({"image": "data:image/png;base64,@@@"}, "base64"),
        ({"image": data_url(b"GIF89a" + bytes(100), "image/gif")}, "GIF"),
        ({"image": None, "imageUrl": "ftp://example.com/a.jpg"}, "http"),
        ({"image": None, "imageUrl": "http://127.0.0.1/a.jpg"}, ""),
        ({"image": None, "imageUrl": "http://169.254.169.254/latest"}, ""),
        ({"referenceImages": "sofa"}, "referenceImages"),
        ({"referenceImages": [data_url(jpeg())] * 11}, "10"),
        ({"referenceImageUrls": ["https://example.com/s.jpg"] * 11}, "10"),
        ({"referenceImages": [data_url(b"nothing")]}, ""),
        ({"referenceProducts": {"name": "Sofa"}}, "referenceProducts"),
        ({"referenceProducts": [{"name": 3}]}, "name"),
        ({"room": "room_nowhere"}, "room"),
    ],
)
def test_bad_fields_are_400_and_cost_nothing(
    api: ApiClient, studio: Studio, fields: dict[str, Any], says: str
) -> None:
    sent = {name: value for name, value in body(**fields).items() if value is not None}
    response = api.post("generate", sent)
    answer = answer_of(response)
    assert response.status_code == 400
    assert answer["error"]
    assert says in answer["message"]
    assert studio.lines() == ["grant"]
    assert studio.generations() == []


@pytest.mark.parametrize(
    ("field", "value", "valid"),
    [
        ("resolution", "4K", ["512", "1K", "2K"]),
        ("designLevel", "ultra", ["lite", "quick", "pro"]),
        ("variations", 4, [1, 2, 3]),
        ("variations", True, [1, 2, 3]),
        ("mask", "yes", [True, False]),
    ],
)
def test_a_bad_choice_is_400_with_the_valid_values(
    api: ApiClient, field: str, value: Any, valid: list[Any]
) -> None:
    response = api.post("generate", body(**{field: value}))
    assert (response.status_code, response.json()["validValues"]) == (400, valid)


def test_json_that_does_not_parse_is_400(api: ApiClient) -> None:
    assert api.post("generate", "{").status_code == 400
    assert api.post("generate", "[1, 2]").status_code == 400


def test_another_content_type_is_415(api: ApiClient) -> None:
    response = Client().post(
        "/api/v1/generate",
        "prompt=x",
        content_type="text/plain",
        headers={"authorization": f"Bearer {api.key}"},
    )
    assert response.status_code == 415
    assert "application/json" in response.json()["message"]


def test_a_body_over_15_mb_is_413(api: ApiClient, studio: Studio) -> None:
    response = api.post("generate", body(image="data:image/jpeg;base64," + "A" * 15 * 2**20))
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert studio.lines() == ["grant"]


def test_the_third_picture_with_25_credits_is_402(worker: Work, db: None) -> None:
    api = factories.make_studio(credits=25).api()
    assert [api.post("generate", body()).status_code for _ in range(2)] == [200, 200]
    response = api.post("generate", body())
    assert response.status_code == 402
    assert response.json()["error"] == "Insufficient credits"
    assert response.json()["required"] == 10
    assert "5" in response.json()["message"]


def test_a_failing_engine_is_500_and_the_balance_as_before(
    api: ApiClient, studio: Studio, engine: FakeEngine
) -> None:
    engine.failing = [
        EngineError("engine_failed", "It broke.", again=Again.NO, detail="secret of the upstream")
    ]
    response = api.post("generate", body())
    assert (response.status_code, response.json()["error"]) == (500, "Generation failed")
    assert "credits are back" in response.json()["message"]
    assert "secret" not in response.content.decode()
    assert studio.balance() == 100


def test_a_picture_that_can_not_be_decoded_is_400(api: ApiClient, studio: Studio) -> None:
    response = api.post("generate", body(image=data_url(jpeg(300, 300)[:-800])))
    assert response.status_code == 400
    assert studio.balance() == 100


def test_without_a_worker_it_is_429_and_the_credits_are_back(
    studio: Studio, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SYNC_START_WITHIN = 0
    response = studio.api().post("generate", body())
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["error"] == "Rate limited"
    assert studio.balance() == 100
    assert studio.lines() == ["grant", "hold", "release"]


def test_a_caller_turned_away_may_come_again_with_the_same_key(
    studio: Studio, settings: LazySettings, worker: Work
) -> None:
    api = studio.api()
    settings.SYNC_START_WITHIN = 0
    assert api.post("generate", body(), **{"idempotency-key": "k"}).status_code == 429
    settings.SYNC_START_WITHIN = 25
    assert api.post("generate", body(), **{"idempotency-key": "k"}).status_code == 200


def test_a_picture_that_waits_to_be_tried_again_is_not_turned_away(
    studio: Studio, settings: LazySettings, worker: Work, engine: FakeEngine
) -> None:
    settings.SYNC_START_WITHIN = 1
    engine.repeatable = True
    engine.failing = [EngineError("engine_failed", "x", again=Again.ONCE, status_code=500)]
    engine.during = lambda: time.sleep(1.1) if engine.failing else None
    assert studio.api().post("generate", body()).status_code == 200


def test_a_busy_upstream_is_429_and_the_same_key_may_come_again(
    api: ApiClient, studio: Studio, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.running.MAX_ATTEMPTS", 1)
    engine.failing = [EngineError("busy", "Busy.", again=Again.SAFE, status_code=429)]
    refused = api.post("generate", body(), **{"idempotency-key": "k"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert api.post("generate", body(), **{"idempotency-key": "k"}).status_code == 200
    assert studio.balance() == 90


def test_at_the_deadline_it_is_504_and_the_credits_are_back(studio: Studio, settings: LazySettings) -> None:
    settings.SYNC_DEADLINE = 0
    settings.SYNC_START_WITHIN = 10
    response = studio.api().post("generate", body())
    assert response.status_code == 504
    assert studio.balance() == 100


def test_too_many_waiting_callers_are_503_before_anything_is_held(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generations import outcomes

    class NoSlots:
        def acquire(self, *, blocking: bool) -> bool:
            return False

    monkeypatch.setattr(outcomes._listener, "slots", NoSlots())
    response = studio.api().post("generate", body())
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert studio.lines() == ["grant"]


def test_over_the_limit_per_minute_it_is_429_before_any_hold(
    studio: Studio, settings: LazySettings, worker: Work
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 0  # used up, in whichever minute this runs
    response = studio.api().post("generate", body())
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert response.json()["error"]
    assert studio.lines() == ["grant"]


def test_waiting_for_one_that_was_started_without_a_deadline_does_not_end_it(
    studio: Studio, settings: LazySettings
) -> None:
    api, key = studio.api(), {"idempotency-key": "k"}
    started = api.post("generations", body(), **key).json()["id"]
    settings.SYNC_DEADLINE = 0
    response = api.post("generate", body(), **key)
    assert (response.status_code, response.json()["generation"]) == (504, started)
    assert [generation.state for generation in studio.generations()] == ["queued"]
    assert studio.balance() == 90


def test_the_same_key_and_body_give_the_same_picture_and_charge_once(api: ApiClient, studio: Studio) -> None:
    first = api.post("generate", body(), **{"idempotency-key": "k"})
    again = api.post("generate", body(), **{"idempotency-key": "k"})
    assert answer_of(first) == answer_of(again)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert studio.balance() == 90
    other = api.post("generate", body("Something else"), **{"idempotency-key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_variations_come_as_a_list_too_and_cost_each(api: ApiClient, studio: Studio) -> None:
    answer = answer_of(api.post("generate", body(variations=3, designLevel="pro")))
    assert (answer["count"], len(answer["images"]), answer["creditsUsed"]) == (3, 3, 45)
    assert answer["image"] == answer["images"][0]
    assert studio.balance() == 55


def test_references_and_their_names_reach_the_engine(api: ApiClient, engine: FakeEngine) -> None:
    references: dict[str, Any] = {
        "referenceImages": [data_url(jpeg())] * 2,
        "referenceProducts": [{"name": "Sofa"}],
    }
    assert api.post("generate", body(**references)).status_code == 200
    assert [reference.name for reference in engine.calls[0].references] == ["Sofa", ""]


def test_the_address_wins_over_base64(
    api: ApiClient, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.fetching.fetch", lambda url, **options: png(80, 40))
    monkeypatch.setattr("accounts.fetching.check_url", lambda url, **options: None)
    assert api.post("generate", body(imageUrl="https://cdn.example/room.png")).status_code == 200
    assert engine.calls[0].source.media_type == "image/png"


def test_a_test_key_spends_nothing_and_uses_the_preview(studio: Studio, worker: Work) -> None:
    answer = answer_of(studio.api(live=False).post("generate", body()))
    assert (answer["success"], answer["creditsUsed"]) == (True, 0)
    assert studio.lines() == ["grant"]
    assert [(g.engine, g.is_test) for g in studio.generations()] == [("preview", True)]


def test_the_balance_is_what_can_be_spent_now(api: ApiClient, studio: Studio) -> None:
    api.post("generate", body())
    studio.ask()
    answer = api.get("credits").json()
    assert answer == {
        "email": studio.owner.email,
        "balance": 80,
        "totalEarned": 100,
        "totalSpent": 10,
        "costs": {"generate": 10, "generate_lite": 8, "generate_pro": 15},
    }


def test_debt_is_told_as_402(api: ApiClient, studio: Studio) -> None:
    from django.utils import timezone

    credits.clawback(organization=studio.organization, credits=500, fact="dp_1", now=timezone.now())
    response = api.post("generate", body())
    assert (response.status_code, response.json()["code"]) == (402, "in_debt")


def test_an_unknown_api_address_is_404_in_json(db: None) -> None:
    response = Client().get("/api/v1/nowhere")
    assert (response.status_code, response.json()["error"]) == (404, "Not found")


def test_a_waiting_caller_keeps_nothing_of_what_it_sent(
    api: ApiClient, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds may wait in one process, each with 8 MB of JSON that became a picture."""
    noise = io.BytesIO()
    Image.frombytes("RGB", (1200, 900), os.urandom(1200 * 900 * 3)).save(noise, "PNG")
    sent, held = body(image=data_url(noise.getvalue(), "image/png")), []
    await_end = services.await_end

    def measured(**options: Any) -> Any:
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0] - before)
        return await_end(**options)

    monkeypatch.setattr(services, "await_end", measured)
    size = len(json.dumps(sent))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert api.post("generate", sent).status_code == 200
    finally:
        tracemalloc.stop()
    # Of the test's own client: the text that it wrote, its bytes, and the stream that stands for the network.
    assert held[0] < 3.5 * size
