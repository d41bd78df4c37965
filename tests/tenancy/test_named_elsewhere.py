"""Ids of another workspace where something is named beside the address: in bodies, in queries, in forms of pages.

They are answered as ids of nothing are, and leave no trace: not in the other workspace and not in one's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.tenancy import bodies, forms, walk
from tests.tenancy.furnished import Furnished
from tests.tenancy.rows import differing, rows_of
from tests.tenancy.visitors import App, Person, Program, Visitor, undone

pytestmark = pytest.mark.slow
Two = tuple[Furnished, Furnished]

# What every request leaves in one's own rows.
USED = {"accounts_apikey", "usersessions_usersession"}


def of_nothing(text: str) -> str:
    """What looks the same and is nobody's."""
    if "@" in text:
        return "nobody@example.com"
    if text.isdigit():
        return "999999999"
    return re.sub(r"[A-Za-z0-9]{18,}\Z", lambda found: "0" * len(found[0]), text)


def told(answer: Any, sent: str) -> tuple[int, str]:
    """Status and words, without what is another one each time."""
    text = answer.content_read.decode().replace(sent, "ID")
    return answer.status_code, re.sub(r"req_\w+", "", text)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in bodies.described()["paths"].items():
        for method, asked in item.items():
            if method in walk.METHODS:
                yield path, method, asked


def address(path: str, ids: dict[str, str]) -> str:
    """A path of the description with one's own ids."""
    route = path.removeprefix("/")
    named = {part: walk.noun_of(route, part) for part in re.findall(r"{(\w+)}", path)}
    if "proposal_id" in named:
        named["proposal_id"] = "draft"  # the other takes nothing any more
    return path.format(**{part: ids[noun] if noun else walk.WORDS[part] for part, noun in named.items()})


def test_every_name_by_which_a_page_is_asked_is_known() -> None:
    assert forms.unknown() == [], "say in forms.py what they name"


@pytest.mark.parametrize("kind", [Program, App])
def test_in_bodies(two: Two, kind: type[Visitor]) -> None:
    mine, theirs = two
    visitor, wrong, sent = kind(mine), [], 0
    before = rows_of(mine)

    def changed() -> list[str]:
        return [each for each in differing(before, rows_of(mine)) if each not in USED]

    for path, method, asked in operations():
        for media, name in bodies.shapes(asked):
            for member, noun, body, put in bodies.naming(name, mine.ids):
                where = address(path, mine.ids)
                id_ = theirs.ids[noun]
                put(body, int(id_) if id_.isdigit() else id_)
                answer = undone(visitor, method, where, body, media, and_then=changed)
                put(body, int(of_nothing(id_)) if id_.isdigit() else of_nothing(id_))
                sent += 1
                as_nothing = undone(visitor, method, where, body, media)
                same = told(answer, id_) == told(as_nothing, of_nothing(id_))
                if answer.status_code not in (400, 404, 409, 422) or answer.seen or not same:
                    words = f"as nothing: {same}, changed: {answer.seen}, {told(answer, id_)}"
                    wrong.append(f"{method} {path} {member}={noun}: {words}")
    assert wrong == [], "\n".join(wrong)
    assert sent > 30


@pytest.mark.parametrize("kind", [Program, App])
def test_in_queries(two: Two, kind: type[Visitor]) -> None:
    mine, theirs = two
    visitor, wrong, sent = kind(mine), [], 0
    for path, method, asked in operations():
        for name, noun in bodies.asked_by(asked):
            id_, where = theirs.ids[noun], address(path, mine.ids)
            answer = visitor.send(method, f"{where}?{urlencode({name: id_})}")
            as_nothing = visitor.send(method, f"{where}?{urlencode({name: of_nothing(id_)})}")
            sent += 1
            if told(answer, id_) != told(as_nothing, of_nothing(id_)) or answer.status_code >= 500:
                wrong.append(f"{method} {path} {name}={noun}: {told(answer, id_)}")
            if found := [mark for mark in theirs.marks(id_) if mark in answer.content_read]:
                wrong.append(f"{method} {path} {name}={noun} tells {found}")
    assert wrong == [], "\n".join(wrong)
    assert sent > 20


def sent_by(form: forms.Form, mine: Furnished, fields: dict[str, Any]) -> tuple[Any, ...]:
    """Path, body and media type."""
    path = form.path(mine.ids)
    return (
        (f"{path}?{urlencode(fields, doseq=True)}",) if form.method == "get" else (path, fields, bodies.FORM)
    )


def test_in_forms_and_queries_of_pages(two: Two) -> None:
    mine, theirs = two
    visitor, wrong = Person(mine), []
    before = rows_of(mine)

    def changed() -> list[str]:
        return [each for each in differing(before, rows_of(mine)) if each not in USED]

    for form in forms.FORMS:
        for noun, fields in form.strange(mine.ids, theirs.ids):
            answer = undone(visitor, form.method, *sent_by(form, mine, fields), and_then=changed)
            shown = [mark for mark in theirs.marks(theirs.ids[noun]) if mark in answer.content_read]
            if answer.status_code >= 500 or answer.seen or shown:
                where = f"{form.method} {form.page} {json.dumps(fields)}"
                wrong.append(f"{where}: {answer.status_code}, changed: {answer.seen}, shown: {shown}")
    assert wrong == [], "\n".join(wrong)


def test_ones_own_are_taken_by_the_same_forms(two: Two) -> None:
    """Else a refusal of somebody else's would say nothing."""
    mine, _theirs = two
    visitor, wrong = Person(mine), []
    for form in forms.FORMS:
        status = undone(visitor, form.method, *sent_by(form, mine, form.filled(mine.ids))).status_code
        if status not in (200, 204, 302) or (
            form.method == "post" and status == 200 and form.page != "new-review"
        ):
            wrong.append(f"{form.method} {form.page} {form.fields}: {status}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("kind", [Program, App, Person])
def test_no_list_mentions_another_workspace(two: Two, kind: type[Visitor]) -> None:
    mine, theirs = two
    visitor, wrong = kind(mine), []
    for path in lists(mine, visitor):
        answer = visitor.send("get", path)
        if answer.status_code >= 500:
            wrong.append(f"{path}: {answer.status_code}")
        wrong += [f"{path} tells {mark!r}" for mark in theirs.marks() if mark in answer.content_read]
    assert wrong == [], "\n".join(wrong)


def lists(mine: Furnished, visitor: Visitor) -> Iterator[str]:
    """Addresses that name nothing, or the workspace alone."""
    if not isinstance(visitor, Person):
        yield from (path for path, method, _asked in operations() if method == "get" and "{" not in path)
        return
    yield from ("/home", "/workspaces", "/profile", "/profile/exports", "/accounts/sessions/")
    for each in walk.addresses():
        if set(each.nouns.values()) == {"workspace"} and not each.is_api:
            yield each.path(mine.ids)
