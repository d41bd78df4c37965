"""Lines of the log say of what they are, and carry no secret."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts import logs
from tests.factories import Studio

SECRETS = {
    "a live key": "mf_sk_live_AbCdEf0123456789AbCdEf",
    "a test key": "mf_sk_test_AbCdEf0123456789AbCdEf",
    "Stripe's key": "sk_live_51AbCdEf0123456789",
    "a restricted key": "rk_test_51AbCdEf0123456789",
    "a webhook secret": "whsec_AbCdEf0123456789+/=",
    "a header": "Authorization: Bearer eyJhbGciOi.AbCdEf0123456789.x",
    "a password in an address": "postgresql://roomwright:AbCdEf0123456789@db.example/rooms",
    "a mail server's": "smtp+tls://mail%40example.com:AbCdEf0123456789@smtp.example:587",
    "a form": "{'password': 'AbCdEf0123456789', 'login': 'x'}",
    "a cookie": "Cookie: sessionid=AbCdEf0123456789; theme=dark",
    "a picture": "data:image/png;base64,AbCdEf0123456789AbCdEf0123456789",
    "a shared link": "GET /s/AbCdEf0123456789AbCdEf",
    "a proposal": "GET /p/AbCdEf0123456789AbCdEf/brand.css",
    "an invitation": "GET /invitations/AbCdEf0123456789AbCdEf",
    "the end of news": "GET /news/stop/AbCdEf0123456789AbCdEf:x",
    "a reset": "/accounts/password/reset/key/3-AbCdEf0123456789/",
    "a key file": "-----BEGIN PRIVATE KEY-----\nAbCdEf0123456789\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_like_a_secret_is_taken_out(name: str) -> None:
    shown = logs.redacted(f"before {SECRETS[name]} after")
    assert "AbCdEf0123456789" not in shown
    assert logs.GONE in shown
    assert shown.startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "gen_7k2m9q succeeded",
        "Reconciled: in_1AbCdEf missing",
        "status 503 from www.meltflexai.com",
        "GET /w/org_abc/studio",
    ],
)
def test_what_an_operator_needs_is_left_alone(text: str) -> None:
    assert logs.redacted(text) == text


@pytest.fixture
def hidden() -> Iterator[None]:
    before = logs._values
    logs.hide(["correct horse battery", "short"])
    yield
    logs.hide(before)


def test_the_instance_s_own_secrets_go_whatever_they_look_like(hidden: None) -> None:
    assert logs.redacted("it was correct horse battery, and short") == f"it was {logs.GONE}, and short"


Lines = Callable[[], list[str]]


@pytest.fixture(params=["line", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[tuple[str, Lines]]:
    """What a handler with one of our formatters writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logs.JsonFormatter() if request.param == "json" else logs.LineFormatter("%(message)s")
    )
    logger = logging.getLogger()
    logger.addHandler(handler)
    yield request.param, lambda: stream.getvalue().splitlines()
    logger.removeHandler(handler)


def test_an_exception_s_text_is_cleaned_too(written: tuple[str, Lines]) -> None:
    try:
        raise ValueError("refused mf_sk_live_AbCdEf0123456789AbCdEf")
    except ValueError:
        logging.getLogger("test").exception("It failed with %s", "sk_live_51AbCdEf0123456789")
    text = "\n".join(written[1]())
    assert "AbCdEf0123456789" not in text
    assert "ValueError" in text


def test_a_line_says_of_which_request_workspace_and_picture_it_is(written: tuple[str, Lines]) -> None:
    kind, lines = written
    with logs.about(request="r1"):
        logs.note(workspace="org_1")
        with logs.about(generation="gen_1"):
            logging.getLogger("test").warning("inside")
        logging.getLogger("test").warning("after")
    logging.getLogger("test").warning("outside")
    if kind == "line":
        assert lines() == [
            "inside request=r1 workspace=org_1 generation=gen_1",
            "after request=r1 workspace=org_1",
            "outside",
        ]
    else:
        said = [json.loads(line) for line in lines()]
        assert [(each.get("request"), each.get("generation")) for each in said] == [
            ("r1", "gen_1"),
            ("r1", None),
            (None, None),
        ]
        assert said[0]["level"] == "WARNING"


def test_every_answer_carries_the_id_of_its_request(studio: Studio, client: Client) -> None:
    answers: list[Any] = [
        client.get("/healthz"),
        client.get("/nowhere"),
        studio.api().get("credits"),
        client.get("/api/v1/credits"),
    ]
    names = [answer["X-Request-Id"] for answer in answers]
    assert all(re.fullmatch(r"req_[A-Za-z0-9]{22}", name) for name in names)
    assert len(set(names)) == len(names)
    assert (
        client.get("/healthz", headers={"x-request-id": "from-the-proxy-1"})["X-Request-Id"]
        == "from-the-proxy-1"
    )
    assert client.get("/healthz", headers={"x-request-id": "a b\tc"})["X-Request-Id"] != "a b\tc"


def test_in_json_each_request_is_a_line(
    studio: Studio, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LOG_FORMAT = "json"
    with caplog.at_level(logging.INFO, logger="config.requests"):
        studio.api().get("credits")
        Client().get("/s/AbCdEf0123456789AbCdEf")
    facts = [record.facts for record in caplog.records if record.name == "config.requests"]  # type: ignore[attr-defined]
    assert [fact["status"] for fact in facts] == [200, 404]
    assert "AbCdEf0123456789" not in str(facts)


def test_what_a_worker_writes_names_the_picture(
    studio: Studio, worker: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    from generations import running

    monkeypatch.setattr(running, "_work", lambda attempt: seen.append(logs.current()))
    generation = studio.ask()
    worker()
    assert seen == [{"workspace": studio.organization.public_id, "generation": generation.public_id}]
