"""Errors reported to Sentry, or to what speaks its protocol, where `SENTRY_DSN` says so; cleaned as the log is."""

from __future__ import annotations

from typing import Any

from accounts import logs


def start(*, dsn: str, environment: str) -> None:
    """From now on errors of this process are reported; does nothing without an address."""
    if not dsn:
        return
    import sentry_sdk  # here: nobody else needs to load it

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,  # a key or a photo may be in any of them
        traces_sample_rate=0.0,
        before_send=_clean_event,
        before_breadcrumb=_clean_breadcrumb,
    )


def cleaned(value: Any) -> Any:
    """The same with every text in it redacted."""
    if isinstance(value, str):
        return logs.redacted(value)
    if isinstance(value, dict):
        return {key: cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value


def _clean_event(event: Any, hint: Any) -> Any:
    request = event.get("request", {})
    for private in ("cookies", "data", "env", "query_string"):
        request.pop(private, None)
    keep = {"user-agent", "content-type", "content-length", "host"}
    request["headers"] = {
        name: text for name, text in request.get("headers", {}).items() if name.lower() in keep
    }
    event["tags"] = {**event.get("tags", {}), **logs.current()}
    return cleaned(event)


def _clean_breadcrumb(crumb: Any, hint: Any) -> Any:
    return cleaned(crumb)
