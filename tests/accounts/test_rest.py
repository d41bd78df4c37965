"""Bodies are read by a quick library; what it reads, and what is refused, is as the standard one has it."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from rest_framework.exceptions import ParseError

from accounts.rest import StorableJSONParser


def parsed(body: bytes, encoding: str = "utf-8") -> Any:
    return StorableJSONParser().parse(BytesIO(body), "application/json", {"encoding": encoding})


@pytest.mark.parametrize(
    "body",
    [
        b' {"a": [1, -0, 2.5, 1e3, true, false, null, "\\u00e9 \\ud83d\\ude00"]} ',
        b"[123456789012345678901234567890, 0.1, 1E-9, 12345678901234567890.5]",
        b'{"a": 1, "a": 2}',
        b'"text"',
        '{"ä": "№ 😀"}'.encode(),
        b"[" * 300 + b"]" * 300,
    ],
)
def test_what_is_json_is_read_alike(body: bytes) -> None:
    assert parsed(body) == json.loads(body)
    assert [type(each) for each in parsed(body)] == [type(each) for each in json.loads(body)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "valid JSON"),
        (b"{", "valid JSON"),
        (b"[1]x", "valid JSON"),
        (b"[01]", "valid JSON"),
        (b"[NaN]", "valid JSON"),
        (b'["\xff"]', "valid JSON"),
        (b"[" * 100_000, "valid JSON"),
        (b'["a\\u0000"]', "can't be kept"),
        (b'{"\\ud83d": 1}', "can't be kept"),
    ],
)
def test_what_is_not_is_refused_with_a_reason(body: bytes, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        parsed(body)


def test_another_encoding_is_read_as_it_says() -> None:
    assert parsed('{"a": "é"}'.encode("latin-1"), "latin-1") == {"a": "é"}
