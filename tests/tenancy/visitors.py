"""Who comes to an address: a program with a key, an app with a session, a browser."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.test import Client as Browser
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests import factories
from tests.tenancy import walk
from tests.tenancy.bodies import JSON
from tests.tenancy.furnished import Furnished
from tests.tenancy.walk import Address


class Visitor(ABC):
    """Answers of 500 come back as such; files are read to their end."""

    name: str

    def __init__(self, of: Furnished) -> None:
        self.of, self.browser = of, Browser(raise_request_exception=False)
        self.more: Mapping[str, str] = {}  # headers beside its own

    def addresses(self) -> list[Address]:
        """Those where what it has counts: the API's."""
        return [each for each in walk.addresses() if each.is_api]

    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """What each request says of who sends it."""

    def send(self, method: str, path: str, body: Any = None, media: str = JSON) -> Any:
        """`body` as JSON or as a form."""
        content: dict[str, Any] = {}
        if body is not None and media == JSON:
            content = {"data": json.dumps(body), "content_type": JSON}
        elif body is not None:
            for value in body.values():
                if hasattr(value, "seek"):
                    value.seek(0)  # a file may be sent twice
            content = {"data": encode_multipart(BOUNDARY, body), "content_type": MULTIPART_CONTENT}
        answer = self.browser.generic(
            method.upper(), path, headers={**self.headers(), **self.more}, **content
        )
        if getattr(answer, "streaming", False):
            answer.content_read = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        else:
            answer.content_read = answer.content  # type: ignore[attr-defined]
        return answer


@contextmanager
def for_nothing() -> Iterator[None]:
    """Nothing of what is done inside stays."""
    with transaction.atomic():
        # As a test's own transaction: what must be in none of the product's may be in this one.
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        try:
            yield
        finally:
            transaction.set_rollback(True)


def undone(
    visitor: Visitor, method: str, path: str, *content: Any, and_then: Callable[[], Any] = bool
) -> Any:
    """The answer to a request of which nothing stays; `and_then` looks at what it did before that goes."""
    with for_nothing():
        answer = visitor.send(method, path, *content)
        answer.seen = and_then()
    return answer


class Program(Visitor):
    """With an API key of the owner's that may do everything."""

    name = "key"

    def __init__(self, of: Furnished) -> None:
        super().__init__(of)
        self.key = of.studio.manager().key

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


class App(Visitor):
    """With a session of the owner's, in this workspace."""

    name = "session of an app"

    def __init__(self, of: Furnished) -> None:
        super().__init__(of)
        self.token, self.workspace = of.phone.token, of.public_id

    def headers(self) -> Mapping[str, str]:
        return {"X-Session-Token": self.token, "X-Workspace": self.workspace}


class Person(Visitor):
    """The owner in a browser, signed in a moment ago."""

    name = "session of pages"

    def addresses(self) -> list[Address]:
        """The pages."""
        return [each for each in walk.addresses() if not each.is_api]

    def __init__(self, of: Furnished) -> None:
        super().__init__(of)
        self.browser = factories.browser_of(of.studio.owner)
        self.browser.raise_request_exception = False
        # Signed in a moment ago, as pages demand it that end or give away something.
        asked_again = self.browser.post("/accounts/reauthenticate/", {"password": "secret"})
        assert asked_again.status_code == 302

    def headers(self) -> Mapping[str, str]:
        return {}
