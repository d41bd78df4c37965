"""Whoever comes with whatever they have: what belongs to another workspace is not there.

The addresses are those of the URLconf, the bodies those of the API's description. An address, a part of one or a
member of a body that is new fails here until `walk.py` or `bodies.py` say what it names.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver

from accounts.managing import PersonView
from accounts.tenancy import TenantAPIView
from tests.tenancy import bodies, forms, walk
from tests.tenancy.furnished import Furnished
from tests.tenancy.visitors import App, Person, Program, Visitor, undone
from tests.tenancy.walk import Address
from tests.test_conventions import patterns, tenant_models

pytestmark = pytest.mark.slow

Two = tuple[Furnished, Furnished]
VISITORS: list[type[Visitor]] = [Program, App, Person]
# Without a door of their own: what Stripe or the day fills, and no address names.
UNNAMED = {
    "BillingSettings",
    "PaidCredits",
    "ProposalAnswer",
    "Reversal",
    "StripeCustomer",
    "Subscription",
}


def asked(address: Address, method: str, ids: dict[str, str]) -> tuple[Any, str]:
    """A body that the address would take, and its media type."""
    if address.is_api:
        for media, name in bodies.shapes(bodies.operation(address.described, method)):
            return bodies.example(name, ids), media
    return forms.USUAL.get(address.name), bodies.FORM


def methods_of(address: Address, visitor: Visitor, mine: Furnished) -> list[str]:
    """Those that the address allows: what an API's view has, what a page says when it refuses another."""
    if address.is_api:
        return address.methods
    answer = undone(visitor, "patch", address.path(mine.ids))
    allowed = answer["Allow"].lower() if answer.status_code == 405 else "get, head, post, put, patch, delete"
    return [each for each in walk.METHODS if each in allowed]


def test_every_part_of_an_address_is_known() -> None:
    unknown = [(route, part) for route, _ in walk.routes() for part in walk.parts(route)]
    assert [(r, p) for r, p in unknown if walk.noun_of(r, p) is None] == [], "say in walk.py what they name"
    named = [where for where, _item in patterns(get_resolver()) if walk.parts(where)]
    assert [each for each in walk.PUBLIC if not any(where.startswith(each) for where in named)] == []


def test_every_operation_that_is_described_and_names_something_is_walked() -> None:
    walked = {(a.described, method) for a in walk.addresses() if a.is_api for method in a.methods}
    named = {
        (path, method)
        for path, item in bodies.described()["paths"].items()
        for method in item
        if "{" in path and method in walk.METHODS
    }
    assert len(named) > 100
    assert named - walked == set()


def test_every_short_text_in_a_body_is_known() -> None:
    assert bodies.unknown() == [], "say in bodies.py what they name"


def test_both_workspaces_hold_one_of_everything(two: Two) -> None:
    for one in two:
        with one.studio.enter():
            rows = [(m, m.objects.of(one.studio.organization)) for m in tenant_models()]
            assert {m.__name__ for m, found in rows if not found.exists()} == UNNAMED
    wanted = {noun for address in walk.addresses() for noun in address.nouns.values()}
    assert wanted - set(two[0].ids) == set()


@pytest.mark.parametrize("kind", VISITORS)
def test_each_address_finds_what_is_ones_own(two: Two, kind: type[Visitor]) -> None:
    """Else a 404 to somebody else would say nothing: ids, methods and bodies of the walk are right."""
    mine, _theirs = two
    visitor, lost = kind(mine), []
    for address in visitor.addresses():
        path = address.path(mine.ids) + forms.QUERIES.get(address.name, "").format(**mine.ids)
        for method in methods_of(address, visitor, mine):
            status = undone(visitor, method, path, *asked(address, method, mine.ids)).status_code
            if status in (404, 405, 500) or (address.is_api and status == 400):
                lost.append(f"{method} {path}: {status}")
    assert lost == [], "\n".join(lost)


@pytest.mark.parametrize("kind", VISITORS)
def test_nothing_of_another_workspace_is_there(two: Two, kind: type[Visitor]) -> None:
    mine, theirs = two
    lines = mine.studio.lines()
    walked = everything(kind(mine), mine, theirs)
    opened = [where for where, is_refused in walked if not is_refused]
    assert opened == [], "\n".join(opened)
    assert len(walked) > 190
    assert mine.studio.lines() == lines


def everything(visitor: Visitor, mine: Furnished, theirs: Furnished) -> list[tuple[str, bool]]:
    """Each request that names something of theirs, in words, and whether it was refused as it shall be."""
    walked = []
    for address in visitor.addresses():
        methods = methods_of(address, visitor, mine)
        assert methods, address.route
        for ids in address.mixtures(mine.ids, theirs.ids):
            for method in methods:
                path = address.path(ids)
                answer = visitor.send(method, path, *asked(address, method, mine.ids))
                is_refused = answer.status_code == 404 or is_refused_to_keys(address, visitor, answer)
                walked.append((f"{method} {path} ({address.name}): {answer.status_code}", is_refused))
    return walked


def is_refused_to_keys(address: Address, visitor: Visitor, answer: Any) -> bool:
    """What is a person's own is shut for keys before anything is looked for."""
    is_personal = issubclass(getattr(address.view, "cls", object), PersonView)
    return is_personal and isinstance(visitor, Program) and answer.json()["code"] == "session_needed"


@pytest.mark.parametrize("kind", [Program, App])
def test_naming_another_workspace_in_the_header_opens_nothing(two: Two, kind: type[Visitor]) -> None:
    mine, theirs = two
    visitor, opened = kind(mine), []
    visitor.more = {"X-Workspace": theirs.public_id}
    for where, item in patterns(get_resolver()):
        view = getattr(item.callback, "cls", None)
        if not where.startswith(walk.API) or view is None or not issubclass(view, TenantAPIView):
            continue
        if issubclass(view, PersonView):
            continue  # of the person, in whichever workspace
        address = Address(where, str(item.name), item.callback, walk.nouns_of(where))
        for method in address.methods:
            status = visitor.send(method, address.path(theirs.ids)).status_code
            if status != 404:
                opened.append(f"{method} {where}: {status}")
    assert opened == [], "\n".join(opened)


def test_nobody_comes_in_by_a_door_that_is_not_theirs(two: Two) -> None:
    """A cookie is nothing to the API, a key or the token of an app nothing to pages."""
    mine, theirs = two
    opened = []
    for visitor in (kind(mine) for kind in VISITORS):
        for address in set(walk.addresses()) - set(visitor.addresses()):
            answer = visitor.send("get", address.path(theirs.ids))
            to_login = answer.status_code == 302 and "/accounts/login/" in answer["Location"]
            if answer.status_code not in (401, 405) and not to_login:
                opened.append(f"{visitor.name} {address.route}: {answer.status_code}")
    assert opened == [], "\n".join(opened)
