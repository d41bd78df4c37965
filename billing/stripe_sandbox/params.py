"""Requests: Stripe's form encoding, held against the installed package's typed parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl

from stripe import StripeObject
from stripe._request_options import RequestOptions

from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.typed import Json, choices, names_of, resolve

TRANSPORT = RequestOptions.__annotations__.keys()  # of the call, not of the request


def decode(form: str) -> Json:
    """`a[b][0][c]=v` as nested dicts; lists come out as dicts with number keys until `validated` knows better."""
    tree: Json = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        parts = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        place = tree
        for part in parts[:-1]:
            place = place.setdefault(part or str(len(place)), {})
            if not isinstance(place, dict):
                raise ApiError(f"Invalid encoding of {name}", param=name)
        place[parts[-1] or str(len(place))] = value
    return tree


def validated(params: Any, given: Json) -> Json:
    """The parameters with their types. Raises ApiError as Stripe words it for what `params` doesn't declare."""
    return _record(params, given, "")


@cache
def _declared(params: Any) -> tuple[Json, frozenset[str]]:
    names = names_of(params.__module__)
    hints = {name: hint for name, hint in params.__annotations__.items() if name not in TRANSPORT}
    ours = {name: resolve(hint, names) for name, hint in hints.items()}
    return ours, frozenset(params.__required_keys__ & ours.keys())


def _record(params: Any, given: Any, where: str) -> Json:
    if not isinstance(given, dict):
        raise ApiError(f"Invalid object: {where}", param=where)
    declared, required = _declared(params)
    for name in given:
        if name not in declared:
            path = _join(where, name)
            raise ApiError(f"Received unknown parameter: {path}", code="parameter_unknown", param=path)
    for name in sorted(required - given.keys()):
        path = _join(where, name)
        raise ApiError(f"Missing required param: {path}.", code="parameter_missing", param=path)
    return {name: _value(declared[name], value, _join(where, name)) for name, value in given.items()}


def _join(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name


def _value(hint: Any, given: Any, where: str) -> Any:
    accepting = choices(hint)
    words = [word for choice in accepting if get_origin(choice) is Literal for word in get_args(choice)]
    if given in words:
        return given
    if any(words):  # an open enum is held to the words that this version knows
        accepting = tuple(choice for choice in accepting if choice is not str)
    last = ApiError(f"Invalid {where}: must be one of {', '.join(map(str, words[:12]))}", param=where)
    for choice in accepting:
        if get_origin(choice) is Literal:
            continue
        try:
            return _one(choice, given, where)
        except ApiError as error:
            last = error
    raise last


def _one(hint: Any, given: Any, where: str) -> Any:
    if hasattr(hint, "__required_keys__"):
        return _record(hint, given, where)
    origin = get_origin(hint) or hint
    if origin is list:
        if not isinstance(given, dict):
            raise ApiError(f"Invalid array: {where}", param=where)
        return [_value(get_args(hint)[0], item, f"{where}[{n}]") for n, item in enumerate(given.values())]
    if isinstance(origin, type) and issubclass(origin, dict | StripeObject):
        if not isinstance(given, dict):
            raise ApiError(f"Invalid object: {where}", param=where)
        return dict(given)
    if isinstance(given, str) and origin in READERS:
        return READERS[origin](given, where)
    raise ApiError(f"Invalid {where}", param=where)


def _whole(text: str, where: str) -> int:
    if not re.fullmatch(r"-?\d+", text):
        raise ApiError(f"Invalid integer: {text}", code="parameter_invalid_integer", param=where)
    return int(text)


def _truth(text: str, where: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ApiError(f"Invalid boolean: {text}", param=where)
    return text.lower() == "true"


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ApiError(f"Invalid decimal: {text}", param=where) from error


def _text(text: str, where: str) -> str:
    return text


READERS: dict[Any, Callable[[str, str], Any]] = {int: _whole, bool: _truth, float: _number, str: _text}
