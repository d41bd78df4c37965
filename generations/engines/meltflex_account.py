"""MeltFlex's one free call: whose account is this key, if anybody's? It makes no picture and costs nothing."""

from __future__ import annotations

import enum
from collections.abc import Callable

import requests
from django.conf import settings
from urllib3.exceptions import HTTPError

SECONDS = 10.0


class Verdict(enum.Enum):
    """What the answer says about the key."""

    ACCEPTED = enum.auto()
    REFUSED = enum.auto()
    NOT_KNOWN = enum.auto()  # no free call exists there: the first picture will prove the key
    NO_ANSWER = enum.auto()  # none that says anything; asking again later may help


_VERDICTS = {
    200: Verdict.ACCEPTED,
    401: Verdict.REFUSED,
    403: Verdict.REFUSED,
    404: Verdict.NOT_KNOWN,
    405: Verdict.NOT_KNOWN,
}


def verify(*, key: str) -> Verdict:
    """Ask MeltFlex about a key of printable ASCII. Never raises; not inside a transaction, as it may take seconds."""
    try:
        with requests.get(
            f"{settings.MELTFLEX_API_BASE}/api/v1/credits",
            auth=_bearer(key),
            timeout=SECONDS,
            stream=True,  # the status says it all: the body is never read, however long
            allow_redirects=False,
        ) as response:
            return _VERDICTS.get(response.status_code, Verdict.NO_ANSWER)
    except (requests.RequestException, HTTPError):
        return Verdict.NO_ANSWER


def _bearer(key: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """As `auth`, not as a header: requests would let a .netrc on this machine overwrite the header."""

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {key}"
        return request

    return sign
