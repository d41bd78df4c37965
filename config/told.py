"""The `webhooks` of the API's description: every kind of event that this instance can send."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiWebhook

from accounts import webhooks

# What `data` of some of them says, beside what it always does: of which thing.
_DATA: dict[str, dict[str, Any]] = {
    "generation.succeeded": {
        "generation": "gen_6Yw2kUq0oBvTt1nXcZsH4e",
        "url": "https://rooms.example/api/v1/generations/gen_6Yw2kUq0oBvTt1nXcZsH4e",
        "state": "succeeded",
        "test": False,
        "room": "room_3fLp9sWc2KxVd7mQjRb0Ta",
        "error": None,
        "credits": {"held": 10, "settled": 10, "released": 0},
        "pictures": [{"id": "pic_8RzGq5yNwE1uJkD3hXvM7c", "width": 1536, "height": 1024}],
    },
}
_HEADERS = {
    "webhook-id": "The event's id, the same however often it is sent: remember those that you have seen.",
    "webhook-timestamp": "When it was sent, in whole seconds since 1970.",
    "webhook-signature": "`v1,…` as Standard Webhooks 1.0 says; two for 24 hours after the secret was changed.",
}


def _webhook(kind: str) -> OpenApiWebhook:
    example = {
        "id": "evt_1bTq8sRk5nWvYz0LxCdF2m",
        "type": kind,
        "timestamp": "2026-11-23T12:00:00.000000Z",
        "workspace": "ws_4hJm2PzVq9sLb6kWtYx0Rd",
        "subject": _DATA.get(kind, {}).get("generation", "ws_4hJm2PzVq9sLb6kWtYx0Rd"),
        "project": None,
        "by": "ada@example.com",
        "data": _DATA.get(kind, {}),
    }
    operation = {
        "operationId": "on" + "".join(word.capitalize() for word in kind.replace("_", ".").split(".")),
        "summary": kind.replace("_", " ").replace(".", " ").capitalize(),
        "description": f"The event `{kind}`, sent to every endpoint that wants it.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "description": what,
                "schema": {"type": "string"},
            }
            for name, what in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/EventData"},
                    "examples": {kind: {"value": example}},
                }
            },
        },
        "responses": {
            "2XX": {"description": "Taken. Anything else within 15 seconds, or nothing, is sent again."},
            "410": {"description": "Never again: the endpoint is switched off."},
        },
    }
    return OpenApiWebhook(name=kind, decorator={"post": operation})


WEBHOOKS = [_webhook(kind) for kind in webhooks.kinds()]
