"""Plain functions that make rows the way the product makes them."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from accounts import services as accounts
from accounts import tenancy
from accounts.models import Membership, Organization, Role, Scope, User
from billing import credits as ledger
from billing import plans
from generations import running, services
from generations.models import Generation, State
from projects.services import IncomingImage
from tests.fakes import FakeEngine, jpeg

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
_numbers = count(1)


@dataclass
class Studio:
    """A workspace and its people, with the words that tests use."""

    organization: Organization
    owner: User
    colleague: User

    def enter(self) -> AbstractContextManager[None]:
        """Inside, the database shows this workspace."""
        return tenancy.enter(self.organization)

    def balance(self) -> int:
        """What can be spent now."""
        return ledger.balance(organization=self.organization, now=timezone.now()).spendable

    def key(self, *, live: bool = True, by: User | None = None, **wishes: Any) -> str:
        """A new API key's text."""
        _, text = accounts.issue_api_key(
            organization=self.organization,
            by_user=by or self.owner,
            name="Test",
            live=live,
            now=NOON,
            **wishes,
        )
        return text

    def api(self, *, live: bool = True, by: User | None = None, **wishes: Any) -> ApiClient:
        """A program with a key of this workspace, made by its owner or `by` somebody else."""
        return ApiClient(self.key(live=live, by=by, **wishes))

    def manager(self, *, live: bool = True, by: User | None = None) -> ApiClient:
        """A program that may do everything that its maker may."""
        return self.api(live=live, by=by, scopes=list(Scope))

    def join(self, role: Role = Role.VIEWER) -> User:
        """Another member."""
        person = make_person()
        with self.enter():
            Membership.objects.create(organization=self.organization, user=person, role=role)
        return person

    def ask(self, prompt: str = "Warm oak", **options: Any) -> Generation:
        """A generation, accepted."""
        ask = services.Ask(prompt=prompt, image=IncomingImage(content=jpeg()), **options)
        generation, _ = services.request_generation(
            organization=self.organization, ask=ask, by_user=self.owner, now=timezone.now()
        )
        return generation

    def ask_from(self, **source: Any) -> Generation:
        """Another generation, from a photo or a picture (`parent`) that is there."""
        generation, _ = services.request_generation(
            organization=self.organization,
            ask=services.Ask(prompt="Once more", **source),
            by_user=self.owner,
            now=timezone.now(),
        )
        return generation

    def generations(self) -> list[Generation]:
        """All of them, oldest first."""
        with self.enter():
            return list(Generation.objects.of(self.organization).prefetch_related("pictures").order_by("pk"))

    def lines(self) -> list[str]:
        """The kinds of the ledger lines, oldest first."""
        with self.enter():
            rows = ledger.lines_of(organization=self.organization).order_by("number")
            return list(rows.values_list("kind", flat=True))


class ApiClient:
    """Speaks JSON with a key."""

    def __init__(self, key: str) -> None:
        self._client, self.key = Client(raise_request_exception=True), key

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(f"/api/v1/{path}", query, headers={"authorization": f"Bearer {self.key}"})

    def put(self, path: str, body: Any = None) -> Any:
        return self._send("put", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self._send("patch", path, body)

    def upload(self, path: str, fields: dict[str, Any], *, method: str = "post") -> Any:
        """Multipart form data."""
        data = encode_multipart(BOUNDARY, fields)
        headers = {"authorization": f"Bearer {self.key}"}
        return self._client.generic(
            method.upper(), f"/api/v1/{path}", data, content_type=MULTIPART_CONTENT, headers=headers
        )

    def _send(self, method: str, path: str, body: Any) -> Any:
        content = {} if body is None else {"data": body, "content_type": "application/json"}
        headers = {"authorization": f"Bearer {self.key}"}
        return getattr(self._client, method)(f"/api/v1/{path}", headers=headers, **content)

    def delete(self, path: str) -> Any:
        return self._client.delete(f"/api/v1/{path}", headers={"authorization": f"Bearer {self.key}"})

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self._client.post(
            f"/api/v1/{path}",
            body,
            content_type="application/json",
            headers={"authorization": f"Bearer {self.key}", **headers},
        )


def make_person(email: str = "") -> User:
    """Somebody who can sign in with the password "secret"."""
    return User.objects.create_user(email or f"person{next(_numbers)}@example.com", "secret")


def make_studio(*, name: str = "Oak & Linen", credits: int = 100, plan: str = "growth") -> Studio:
    """A workspace with an owner, a colleague and purchased credits."""
    owner, colleague = make_person(), make_person()
    organization = accounts.create_organization(name=name, owner=owner, now=NOON)
    with tenancy.enter(organization):  # once around all of it: every test of a workspace begins here
        plans.apply_plan(organization=organization, plan=plan)
        Membership.objects.create(organization=organization, user=colleague, role=Role.DESIGNER)
        if credits:
            fact = f"test:{organization.public_id}"
            ledger.grant(organization=organization, purchased=credits, fact=fact, now=NOON)
    return Studio(organization, owner, colleague)


def browser_of(person: User) -> Client:
    """Signed in."""
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def data_url(content: bytes, media_type: str = "image/jpeg") -> str:
    """Base64, as the contract wants pictures."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def body(prompt: str = "Warm oak", **fields: Any) -> dict[str, Any]:
    """The smallest body of /generate."""
    return {"prompt": prompt, "image": data_url(jpeg()), **fields}


def work() -> int:
    """Run every queued generation, as a worker would. Returns how many there were."""
    with tenancy.system("the sweeper"):
        queued = list(Generation.objects.filter(state=State.QUEUED).order_by("pk"))
    for generation in queued:
        running.run(generation_id=generation.pk, organization_id=generation.organization_id, worker="test")
    return len(queued)


def run_image_work_here(function: Callable[..., Any], /, *args: Any, seconds: float, **kwargs: Any) -> Any:
    """What an image process would do; the arguments cross as they would, by pickle."""
    return function(*pickle.loads(pickle.dumps(args)), **kwargs)


@contextmanager
def working(engine: FakeEngine) -> Iterator[None]:
    """Pictures are made by this engine, and images looked at in this process: what `worker` is to a single test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generations.engines.get", lambda name, *, key="": engine)
        patch.setattr("generations.outcomes.wait", lambda public_id, seconds: work())
        patch.setattr("projects.image_pool.run", run_image_work_here)
        yield
