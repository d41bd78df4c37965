"""Each wall alone: with `.of(organization)` taken out of the code, the database still gives nothing, and the reverse.

And a walk with both walls taken away finds what it looks for, or it would prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from accounts import tenancy
from accounts.models import TenantQuerySet
from config.checks import role_problem
from tests.tenancy import forms
from tests.tenancy.conftest import Two
from tests.tenancy.furnished import Furnished
from tests.tenancy.test_named_elsewhere import lists
from tests.tenancy.test_other_workspace import VISITORS, everything, is_refused_to_keys
from tests.tenancy.visitors import App, Person, Visitor, for_nothing
from tests.test_conventions import tenant_models

pytestmark = pytest.mark.slow


@pytest.fixture
def without_filter(two: Two) -> Iterator[Two]:
    """`.of` of every tenant's rows gives those of everybody, as far as the code goes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TenantQuerySet, "of", lambda rows, organization: rows.all())
        yield two


def test_the_filter_is_really_gone_and_the_role_is_the_one_of_production(without_filter: Two) -> None:
    mine, theirs = without_filter
    assert role_problem() == ""
    with tenancy.system("metrics"):
        of_all = {model: model.objects.of(mine.studio.organization) for model in tenant_models()}
        both = {mine.studio.organization.pk, theirs.studio.organization.pk}
        seen = {
            model.__name__: set(rows.values_list("organization", flat=True)) for model, rows in of_all.items()
        }
    assert {name for name, found in seen.items() if found and not found >= both} == set()
    with mine.studio.enter():
        for model in tenant_models():
            found = set(model.objects.of(theirs.studio.organization).values_list("organization", flat=True))
            assert found <= {mine.studio.organization.pk}, model


@pytest.mark.parametrize("kind", VISITORS)
def test_still_nothing_of_another_workspace_is_there(without_filter: Two, kind: type[Visitor]) -> None:
    mine, theirs = without_filter
    visitor = kind(mine)
    walked = dict(asked_for(visitor, mine, theirs))
    opened = [f"{path}: {answer.status_code}" for path, answer in walked.items() if answer.status_code != 404]
    assert opened == [], "\n".join(opened)
    assert len(walked) > 40


@pytest.mark.parametrize("kind", VISITORS)
def test_still_no_list_mentions_another_workspace(without_filter: Two, kind: type[Visitor]) -> None:
    mine, theirs = without_filter
    visitor, wrong = kind(mine), []
    for path in lists(mine, visitor):
        answer = visitor.send("get", path)
        wrong += [f"{path} tells {mark!r}" for mark in theirs.marks() if mark in answer.content_read]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("kind", VISITORS)
def test_the_filter_alone_gives_nothing_either(two: Two, kind: type[Visitor]) -> None:
    mine, theirs = two
    visitor = kind(mine)
    with without_policy():
        walked = dict(asked_for(visitor, mine, theirs))
        told = {path: visitor.send("get", path).content_read for path in lists(mine, visitor)}
    opened = [f"{path}: {answer.status_code}" for path, answer in walked.items() if answer.status_code != 404]
    opened += [path for path, content in told.items() if any(mark in content for mark in theirs.marks())]
    assert opened == [], "\n".join(opened)


@pytest.mark.parametrize("kind", [App, Person])
def test_the_filter_alone_refuses_every_method(two: Two, kind: type[Visitor]) -> None:
    mine, theirs = two
    with without_policy():
        opened = [where for where, is_refused in everything(kind(mine), mine, theirs) if not is_refused]
    assert opened == [], "\n".join(opened)


def test_with_both_walls_gone_the_walk_finds_what_it_looks_for(without_filter: Two) -> None:
    mine, theirs = without_filter
    with without_policy(), for_nothing():
        walked = dict(asked_for(App(mine), mine, theirs))
    missed = [path for path, answer in walked.items() if answer.status_code == 404]
    assert len(missed) < len(walked) / 4, "\n".join(missed)


@contextmanager
def without_policy() -> Iterator[None]:
    """Every transaction sees the rows of everybody, as far as the database goes."""
    applied = tenancy._apply
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tenancy, "_apply", lambda scope: applied(scope._replace(system="on")))
        yield


def asked_for(visitor: Visitor, mine: Furnished, theirs: Furnished) -> Iterator[tuple[str, Any]]:
    """The answer to a GET of each address that names something of theirs; what keys never see is left out."""
    for address in visitor.addresses():
        for ids in address.mixtures(mine.ids, theirs.ids):
            if "get" not in address.methods:
                continue
            path = address.path(ids)
            answer = visitor.send("get", path + forms.QUERIES.get(address.name, "").format(**theirs.ids))
            if answer.status_code != 405 and not is_refused_to_keys(address, visitor, answer):
                yield path, answer
