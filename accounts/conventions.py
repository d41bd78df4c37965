"""What every endpoint of the API does alike: checks its query, heeds `If-Match`, expands ids, sends what was asked for.

The query is checked against the description of the API, so nothing undescribed is read and nothing described ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import connection
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from accounts import rest
from accounts.describing import CONDITIONAL, READS, can_be_read, query_parameters
from accounts.errors import Refusal

# From ids to what they name, of the view's workspace: `{"client_…": {"id": …, …}}`. What is gone is left out.
Expander = Callable[[Any, list[str]], Mapping[str, Any]]


class PreconditionFailed(Refusal):
    """It has changed since you read it, and nothing was changed now. Read it again, then send the new ETag."""

    code, title, status = "precondition_failed", "Precondition failed", 412


class InvalidParameter(Refusal):
    """A parameter of the query can't be used."""

    code, title, status = "invalid_parameter", "Invalid parameter", 400


_KINDS: dict[Any, type[serializers.Field[Any, Any, Any, Any]]] = {
    int: serializers.IntegerField,
    bool: serializers.BooleanField,
    OpenApiTypes.INT: serializers.IntegerField,
    OpenApiTypes.BOOL: serializers.BooleanField,
    OpenApiTypes.DATE: serializers.DateField,
    OpenApiTypes.DATETIME: serializers.DateTimeField,
}
_NUMBER_MOST = 2**63 - 1


def check_query(view: Any, method: str, query: QueryDict) -> None:
    """Raises InvalidParameter for what the method doesn't take, is sent twice, or has a value of another kind."""
    kind: Any = type(view)
    known = query_parameters(kind, "GET" if method == "HEAD" else method)
    for name, values in query.lists():
        if name not in known:
            raise _invalid(name, "is not known here", sorted(known))
        parameter = known[name]
        if len(values) > 1:
            raise _invalid(name, "may be sent once")
        if parameter is None:
            continue
        words = values[0].split(",") if parameter.many else values
        for word in words:
            _check(parameter, word)


def _check(parameter: OpenApiParameter, word: str) -> None:
    if parameter.enum and word not in [str(each) for each in parameter.enum]:
        raise _invalid(parameter.name, f"can't be “{word}”", [str(each) for each in parameter.enum])
    kind, limits = parameter.type, {}
    if isinstance(kind, dict):
        limits = {"min_value": kind.get("minimum"), "max_value": kind.get("maximum", _NUMBER_MOST)}
        kind = {"integer": int, "boolean": bool}.get(str(kind.get("type")), str)
    field = _KINDS.get(kind)
    if field is None:
        if "\0" in word:
            raise _invalid(parameter.name, "has a character that can't be kept (NUL)")
        return
    if field is serializers.BooleanField and word not in ("true", "false"):
        raise _invalid(parameter.name, f"can't be “{word}”", ["true", "false"])
    try:
        field(**limits if field is serializers.IntegerField else {}).run_validation(word)
    except ValidationError as error:
        raise _invalid(parameter.name, f"can't be read: {error.detail[0]}") from error  # type: ignore[index]


def _invalid(name: str, what: str, possible: Iterable[str] = ()) -> InvalidParameter:
    listed, facts = list(possible), {"fields": {name: [f"This {what}."]}}
    sentence = f"The parameter `{name}` {what}."
    if listed:
        return InvalidParameter(f"{sentence} Possible: {', '.join(listed)}.", possible=listed, **facts)
    return InvalidParameter(sentence, **facts)


_TYPES: list[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str]] = [
    (serializers.BooleanField, (bool,), "Send true or false, not in quotes."),
    (serializers.IntegerField, (int,), "Send a whole number, not in quotes."),
    (serializers.FloatField, (int, float), "Send a number, not in quotes."),
    (serializers.CharField, (str,), "Send a text, in quotes."),
]


def check_types(field: Any, value: Any) -> Any:
    """What is wrong with the kinds of JSON values in what a form is sent: {} or [] or "" for nothing.

    Forms of pages, where everything is a text, are read more kindly.
    """
    if value is None:
        return ""
    if isinstance(field, serializers.Serializer):
        if not isinstance(value, Mapping):
            return ""  # the form itself says so
        found = {name: check_types(each, value[name]) for name, each in field.fields.items() if name in value}
        return {name: problem for name, problem in found.items() if problem}
    if isinstance(field, serializers.ListField | serializers.ListSerializer):
        problems = [check_types(field.child, each) for each in value] if isinstance(value, list) else []
        return next((problem for problem in problems if problem), "")
    for kind, types, sentence in _TYPES:
        if isinstance(field, kind):
            is_right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
            return "" if is_right else sentence
    return ""


def check_precondition(view: Any, request: Any, *args: Any, **kwargs: Any) -> None:
    """Raises PreconditionFailed where `If-Match` names another state than that which is there now.

    Inside a transaction of the view, of several who send the same ETag at once one alone gets through.
    """
    header = request.headers.get("If-Match")
    if header is None or request.method not in CONDITIONAL:
        return
    if not can_be_read(view):
        raise PreconditionFailed("This has no ETag that could be compared. Send it without If-Match.")
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [request.path])
    current = rest.tag_of(view.get(request, *args, **kwargs).data)
    named = {each.strip() for each in header.split(",")}
    # The ETag of an expanded read says first what the plain one says.
    if "*" not in named and rest.state_in(current) not in {rest.state_in(tag) for tag in named}:
        raise PreconditionFailed


def shape(view: Any, request: Any, response: Any) -> Any:
    """The answer with its ETag, ids expanded, and only the members that were asked for."""
    is_read = request.method in READS
    if not isinstance(response, Response) or response.status_code != 200:
        return response
    if not is_read and not (request.method in ("PATCH", "PUT") and can_be_read(view)):
        return response
    query = request.query_params if is_read else {}
    expand, fields = query.get("expand", ""), query.get("fields", "")
    tag = rest.tag_of(response.data) if expand or fields or not is_read else ""
    if expand:
        for name in dict.fromkeys(expand.split(",")):
            _expand(view, response.data, name)
        tag = f"{tag[:-1]}.{rest.tag_of(response.data)[1:]}"
    if fields:
        response.data = _sparse(response.data, fields.split(","))
    if tag:
        response["ETag"] = tag
    return response


def _items(data: Any) -> list[dict[str, Any]]:
    return data["results"] if _is_page(data) else [data]


def _is_page(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("results"), list)


def _expand(view: Any, data: Any, name: str) -> None:
    """Puts what an id names in its place, for all items by one call; an id of what is gone stays."""
    items = [item for item in _items(data) if item.get(name)]
    ids = [each for item in items for each in (item[name] if isinstance(item[name], list) else [item[name]])]
    found = view.expandable[name](view, list(dict.fromkeys(ids)))
    for item in items:
        value = item[name]
        item[name] = (
            [found.get(each, each) for each in value] if isinstance(value, list) else found.get(value, value)
        )


def _sparse(data: Any, names: list[str]) -> Any:
    known = {key for item in _items(data) for key in item}
    if known and (strange := [name for name in names if name not in known]):
        raise _invalid("fields", f"can't be “{strange[0]}”", sorted(known))
    chosen = [{name: item[name] for name in names if name in item} for item in _items(data)]
    return {**data, "results": chosen} if _is_page(data) else chosen[0]
