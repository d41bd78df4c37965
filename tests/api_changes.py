"""What a new description of the API would break in programs that were written for an older one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


class Comparison:
    """Two descriptions, side by side; `breaks` are sentences about what a program could stumble over."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self.old, self.new = old, new

    def breaks(self) -> list[str]:
        """Empty for a description that only grew."""
        return list(dict.fromkeys(self._paths()))

    def _paths(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                where = f"{method.upper()} {path}"
                now = self.new["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{where} is gone"
                else:
                    yield from self._operation(where, item[method], now)
        for kind in self.old.get("webhooks", {}):
            if kind not in self.new.get("webhooks", {}):
                yield f"the webhook {kind} is gone"

    def _operation(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{where} is called {new['operationId']} now, not {old['operationId']}"
        yield from self._parameters(where, old, new)
        body, body_now = old.get("requestBody", {}), new.get("requestBody", {})
        if body_now.get("required") and not body.get("required"):
            yield f"{where}: a body is required now"
        for kind, media in body.get("content", {}).items():
            if kind not in body_now.get("content", {}):
                yield f"{where} takes no {kind} any more"
            else:
                sent = body_now["content"][kind]["schema"]
                yield from self._taken(f"{where} body", media["schema"], sent, frozenset())
        for status, answer in old["responses"].items():
            if status.startswith("2"):
                yield from self._answer(f"{where} {status}", answer, new["responses"].get(status))

    def _answer(self, where: str, old: dict[str, Any], new: dict[str, Any] | None) -> Iterator[str]:
        if new is None:
            yield f"{where} is answered no more"
            return
        for kind, media in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{where} has no {kind} any more"
            else:
                yield from self._given(where, media["schema"], new["content"][kind]["schema"], frozenset())

    def _parameters(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        before = {(each["in"], each["name"]): each for each in old.get("parameters", [])}
        after = {(each["in"], each["name"]): each for each in new.get("parameters", [])}
        for key, parameter in before.items():
            name = f"{where}: the parameter {key[1]}"
            if key not in after:
                yield f"{name} is gone"
                continue
            yield from self._taken(name, parameter["schema"], after[key]["schema"], frozenset())
        for key, parameter in after.items():
            if parameter.get("required") and not before.get(key, {}).get("required"):
                yield f"{where}: the parameter {key[1]} is required now"

    # --- What is sent, and what is answered: a request may take more, an answer must say as much ----------

    def _taken(self, where: str, old: Any, new: Any, seen: frozenset[str]) -> Iterator[str]:
        name = f"{old.get('$ref')}>{new.get('$ref')}"
        if "$ref" in old and name in seen:
            return
        old, new, seen = _found(self.old, old), _found(self.new, new), seen | {name}
        if missing := _types(old) - _types(new):
            yield f"{where} may not be {', '.join(sorted(missing))} any more"
        if gone := _choices(old) - _choices(new) if _choices(new) else set():
            yield f"{where} may not be {', '.join(sorted(gone))} any more"
        for member in set(new.get("required", [])) - set(old.get("required", [])):
            yield f"{where}.{member} is required now"
        for member, schema in old.get("properties", {}).items():
            if member not in new.get("properties", {}):
                yield f"{where}.{member} is not taken any more"
            else:
                yield from self._taken(f"{where}.{member}", schema, new["properties"][member], seen)
        if "items" in old and "items" in new:
            yield from self._taken(f"{where}[]", old["items"], new["items"], seen)

    def _given(self, where: str, old: Any, new: Any, seen: frozenset[str]) -> Iterator[str]:
        name = f"{old.get('$ref')}>{new.get('$ref')}"
        if "$ref" in old and name in seen:
            return
        old, new, seen = _found(self.old, old), _found(self.new, new), seen | {name}
        if _types(old) and (other := _types(new) - _types(old)):
            yield f"{where} can be {', '.join(sorted(other))} now"
        for member in set(old.get("required", [])) - set(new.get("required", [])):
            yield f"{where}.{member} is not always there any more"
        for member, schema in old.get("properties", {}).items():
            if member not in new.get("properties", {}):
                yield f"{where}.{member} is gone"
            else:
                yield from self._given(f"{where}.{member}", schema, new["properties"][member], seen)
        if "items" in old and "items" in new:
            yield from self._given(f"{where}[]", old["items"], new["items"], seen)


def _found(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if len(schema.get("allOf", [])) == 1:  # how a reference is given words of its own
        return _found(description, schema["allOf"][0])
    return schema


def _types(schema: dict[str, Any]) -> set[str]:
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return {name for choice in choices for name in (_types(choice) or {"object"})}
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _choices(schema: dict[str, Any]) -> set[str]:
    choices = [*schema.get("enum", [])]
    for each in schema.get("oneOf", []):
        choices += each.get("enum", [])
    return {str(each) for each in choices}
