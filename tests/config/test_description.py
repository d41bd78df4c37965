"""The description of the API is complete, says the truth about what is common, and breaks nothing that was released."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from drf_spectacular import validation
from rest_framework.views import APIView

from accounts.describing import ERRORS
from tests.api_changes import METHODS, Comparison
from tests.test_conventions import patterns

RELEASED = Path(settings.BASE_DIR) / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("described") / "openapi.json"
    call_command("spectacular", "--fail-on-warn", "--format", "openapi-json", "--file", str(file))
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_it_is_an_openapi_document(described: dict[str, Any]) -> None:
    """By the schema that `spectacular --validate` holds it against, with a validator that needs no three seconds."""
    schema = Path(validation.__file__).with_name(
        f"openapi_{described['openapi'][:3].replace('.', '_')}_schema.json"
    )
    is_one = jsonschema_rs.validator_for(json.loads(schema.read_text()))
    assert [error.message for error in is_one.iter_errors(described)] == []
    assert not is_one.is_valid({**described, "paths": {"/": {"get": {"responses": {"200": {}}}}}})


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", item[method])
        for path, item in described["paths"].items()
        for method in METHODS
        if method in item
    ]


def test_every_view_of_the_api_is_described(described: dict[str, Any]) -> None:
    wanted = set()
    for where, item in patterns(get_resolver()):
        kind = getattr(item.callback, "cls", None)
        if where.startswith("api/v1/") and kind is not None and issubclass(kind, APIView):
            wanted |= {
                (where, method)
                for method in METHODS
                if hasattr(kind, method) and method in kind.http_method_names
            }
    # The description itself, and addresses that are given out whole.
    wanted -= {("api/v1/schema", "get"), ("api/v1/incoming/<id:token>", "put")}
    assert len(operations(described)) == len(wanted)


def test_every_operation_says_what_it_does_and_answers_with_something_described(
    described: dict[str, Any],
) -> None:
    silent, formless = [], []
    for where, operation in operations(described):
        if not operation.get("summary") or not operation.get("description"):
            silent.append(where)
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in [media for each in contents for media in each.get("content", {}).values()]:
            schema = content["schema"]
            if schema.get("type") == "object" and not schema.get("properties") and "$ref" not in schema:
                formless.append(where)
    assert (silent, formless) == ([], [])


def test_managing_is_described_with_its_shapes(described: dict[str, Any]) -> None:
    assert "WebhookEndpointData" in described["components"]["schemas"]
    assert "/api/v1/webhook-endpoints/{endpoint_id}/replay" in described["paths"]


def test_names_of_operations_are_unique(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(described)]
    assert len(names) == len(set(names))
    assert not [name for name in names if name[-1].isdigit()]


def test_every_operation_tells_its_errors_in_the_one_shape(described: dict[str, Any]) -> None:
    for where, operation in operations(described):
        assert "503" in operation["responses"], where
        for status, answer in operation["responses"].items():
            if status[0] in "45":
                assert answer == {"$ref": f"#/components/responses/{ERRORS[int(status)]}"}, (where, status)
    for name, answer in described["components"]["responses"].items():
        problem = answer["content"]["application/json"]
        assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, name
        assert set(described["components"]["schemas"]["Problem"]["required"]) <= set(problem["example"]), name


def test_what_can_be_asked_of_every_list_is_described(described: dict[str, Any]) -> None:
    operation = described["paths"]["/api/v1/webhook-endpoints"]["get"]
    named = {parameter["name"] for parameter in operation["parameters"]}
    assert {"cursor", "limit", "fields", "If-None-Match"} <= named
    change = described["paths"]["/api/v1/webhook-endpoints/{endpoint_id}"]["patch"]
    assert "If-Match" in {parameter["name"] for parameter in change["parameters"]}
    assert "412" in change["responses"]


def test_every_webhook_is_described_with_an_example(described: dict[str, Any]) -> None:
    from accounts import webhooks

    assert set(described["webhooks"]) == set(webhooks.kinds())
    for kind, item in described["webhooks"].items():
        content = item["post"]["requestBody"]["content"]["application/json"]
        assert content["examples"][kind]["value"]["type"] == kind


def test_nothing_that_was_released_is_broken(described: dict[str, Any]) -> None:
    broken = Comparison(json.loads(RELEASED.read_text()), described).breaks()
    assert broken == [], "\n".join(broken)


def test_the_check_sees_what_would_break(described: dict[str, Any]) -> None:
    def after(change: Any) -> list[str]:
        new = copy.deepcopy(described)
        change(new)
        return Comparison(described, new).breaks()

    assert after(lambda new: new["paths"].update({"/api/v1/more": {}})) == []
    schemas = "components", "schemas"

    def shape(new: dict[str, Any], name: str) -> dict[str, Any]:
        found: dict[str, Any] = new[schemas[0]][schemas[1]][name]
        return found

    path = "/api/v1/webhook-endpoints"
    assert after(lambda new: new["paths"].pop(path)) == [f"GET {path} is gone", f"POST {path} is gone"]
    assert after(lambda new: new["paths"][path].pop("post")) == [f"POST {path} is gone"]
    assert after(lambda new: new["webhooks"].pop("generation.failed")) == [
        "the webhook generation.failed is gone"
    ]
    assert "GET /api/v1/events/{event_id} 200.by is gone" in after(
        lambda new: shape(new, "EventData")["properties"].pop("by")
    )
    assert "GET /api/v1/events/{event_id} 200.subject can be integer now" in after(
        lambda new: shape(new, "EventData")["properties"]["subject"].update(type="integer")
    )
    assert "PUT /api/v1/organization/name body.why is required now" in after(
        lambda new: shape(new, "OrganizationChangeRequest")["required"].append("why")
    )
    assert "POST /api/v1/invitations body.role may not be viewer any more" in after(
        lambda new: shape(new, "InvitationInputRequest")["properties"]["role"].update(
            enum=["admin", "designer"]
        )
    )
    grown = after(lambda new: shape(new, "EventData")["properties"].update(more={"type": "string"}))
    assert grown == []


def test_the_version_is_the_newest_of_the_changelog(described: dict[str, Any]) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "api-changelog.md").read_text()
    newest = text.partition("\n## ")[2].split()[0]
    assert described["info"]["version"] == newest


@pytest.mark.parametrize("path", ["/api/docs", "/api/reference", "/api/changelog", "/api/v1/schema"])
def test_anybody_may_read_about_the_api(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert "rooms.example" not in answer.content.decode() or path.endswith("schema")


def test_nothing_about_the_api_is_loaded_from_elsewhere(db: None) -> None:
    for path in ("/api/docs", "/api/reference", "/api/changelog"):
        answer = Client().get(path)
        text = answer.content.decode()
        assert 'src="http' not in text
        assert "<script>" not in text
        assert "style=" not in text
        assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert 'href="/api/docs"' in Client().get("/developers").content.decode()
