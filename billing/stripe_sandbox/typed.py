"""Objects built from the installed package's own typed classes, so that they can't drift from them in silence.

`fill` adds what a class declares and we don't say: null, or nothing where Stripe leaves the field out. It refuses
fields that the class doesn't know and the lack of those that are never null. `problems` also looks at the values.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

import stripe
from stripe import StripeObject

Json = dict[str, Any]
Typed = Any  # a class of the package; type[StripeObject] is not hashable to mypy
LEFT_OUT: dict[str, list[str]] = json.loads(Path(__file__).with_name("optional_fields.json").read_text())


class DriftError(Exception):
    """An object of the sandbox is none of Stripe's."""


def fill(cls: Typed, given: Mapping[str, Any]) -> Json:
    """A whole object of `cls` from the fields that matter. Raises DriftError if it can't be one."""
    declared = fields(cls)
    if unknown := set(given) - set(declared):
        raise DriftError(f"{cls.__qualname__} has no {sorted(unknown)}")
    whole: Json = {}
    for name, hint in declared.items():
        if given.get(name) is None and name in left_out(cls):
            continue
        if name in given:
            whole[name] = _fill_value(hint, given[name])
        elif name == "deleted":
            continue
        elif type(None) in get_args(hint):
            whole[name] = None
        else:
            raise DriftError(f"{cls.__qualname__}.{name} is never null")
    return whole


def _fill_value(hint: Any, value: Any) -> Any:
    if isinstance(value, dict) and "object" not in value:
        inner = [choice for choice in choices(hint) if is_typed(choice)]
        return fill(inner[0], value) if inner else value
    if isinstance(value, list):
        for choice in choices(hint):
            if get_origin(choice) is list:
                return [_fill_value(get_args(choice)[0], item) for item in value]
    return value


@cache
def left_out(cls: Typed) -> frozenset[str]:
    """The fields that Stripe leaves out rather than sends as null."""
    return frozenset(LEFT_OUT.get(f"{cls.__module__.removeprefix('stripe.')}:{cls.__qualname__}", ()))


@cache
def fields(cls: Typed) -> dict[str, Any]:
    """The declared response fields with their resolved types."""
    names = names_of(cls.__module__)
    found = {name: resolve(hint, names) for name, hint in cls.__annotations__.items()}
    return {
        name: hint
        for name, hint in found.items()
        if get_origin(hint) is not ClassVar and not name.startswith("_")
    }


def resolve(hint: Any, names: Json) -> Any:
    """The annotation with everything in it that was only named."""
    holder = type("_", (), {"__annotations__": {"x": hint}})
    return typing.get_type_hints(holder, names, names)["x"]


@cache
def names_of(module: str) -> Json:
    """What a module's annotations may name: its own names and what it imports for type checkers alone."""
    loaded = sys.modules[module]
    names = dict(vars(loaded))
    for node in ast.parse(Path(str(loaded.__file__)).read_text()).body:
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            for line in node.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    source = importlib.import_module(line.module)
                    names |= {a.asname or a.name: getattr(source, a.name) for a in line.names}
    return names


def choices(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a union, or the hint itself."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(inner for outer in get_args(hint) for inner in choices(outer))
    return (hint,)


def is_typed(hint: Any) -> bool:
    """Whether it is a class of the package that declares its fields."""
    return isinstance(hint, type) and issubclass(hint, StripeObject) and bool(hint.__annotations__)


def problems(cls: Typed, value: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Everything in a whole object that its class does not declare so."""
    declared = fields(cls)
    for name in value.keys() - declared.keys():
        yield f"{where}.{name}: unknown"
    for name, hint in declared.items():
        if name in value:
            yield from _value_problems(hint, value[name], f"{where}.{name}")
        elif type(None) not in get_args(hint):
            yield f"{where}.{name}: missing"


def _value_problems(hint: Any, value: Any, where: str) -> Iterator[str]:
    accepting = choices(hint)
    if isinstance(value, str) and (known := _literals(accepting)):
        objects_too = any(is_typed(choice) for choice in accepting)
        if value not in known and not objects_too:
            yield f"{where}: {value!r} is none of {sorted(known)[:8]}"
        return
    tried = [list(_one(choice, value, where)) for choice in accepting]
    if all(tried):
        yield from min(tried, key=len)


def _literals(accepting: tuple[Any, ...]) -> set[str]:
    return {word for choice in accepting if get_origin(choice) is Literal for word in get_args(choice)}


def _one(hint: Any, value: Any, where: str) -> Iterator[str]:
    origin = get_origin(hint)
    if hint is Any or isinstance(hint, ForwardRef):
        return
    if origin is list and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _value_problems(get_args(hint)[0], item, f"{where}[{number}]")
    elif origin is stripe.ListObject and isinstance(value, dict):
        for number, item in enumerate(value.get("data", ())):
            yield from _value_problems(get_args(hint)[0], item, f"{where}.data[{number}]")
    elif _is_map(hint) and isinstance(value, dict):
        return
    elif is_typed(hint) and isinstance(value, dict):
        yield from problems(hint, value, where)
    elif not _is_plain(hint, value):
        yield f"{where}: {value!r} is no {hint}"


def _is_plain(hint: Any, value: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is Decimal:
        return isinstance(value, str)
    if hint is float:
        return type(value) in (int, float)
    return isinstance(hint, type) and type(value) is hint


def _is_map(hint: Any) -> bool:
    base = get_origin(hint) or hint
    return isinstance(base, type) and issubclass(base, StripeObject) and not is_typed(base)
