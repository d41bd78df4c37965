"""System checks that stop a bad deploy. Errors in production, silent in development except for broken walls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import connection

from accounts import secrets
from config.legal import LEGAL, legal_text
from generations import queue


@register(Tags.security)
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What a clone may do without and a deploy may not."""
    if not settings.IN_PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.SECRET_KEY == settings.DEVELOPMENT_SECRET:
        found.append(
            Error("SECRET_KEY is the development one.", hint="Set SECRET_KEY.", id="roomwright.E001")
        )
    if settings.DEFAULT_ENGINE == "preview":
        found.append(
            Error(
                "The preview engine is the default: customers would pay for previews.",
                hint="Set MELTFLEX_API_KEY.",
                id="roomwright.E002",
            )
        )
    if settings.DEFAULT_ENGINE == "meltflex" and not settings.MELTFLEX_API_KEY:
        found.append(Error("There is no MeltFlex key.", hint="Set MELTFLEX_API_KEY.", id="roomwright.E003"))
    if settings.DEBUG:
        found.append(Error("DEBUG is on.", hint="Unset DEBUG.", id="roomwright.E004"))
    if settings.FETCH_ALLOW_LOOPBACK:
        found.append(
            Error(
                "User-given addresses may point at this machine.",
                hint="Unset FETCH_ALLOW_LOOPBACK.",
                id="roomwright.E005",
            )
        )
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        found.append(Error("Mail goes into files.", hint="Set EMAIL_URL.", id="roomwright.E006"))
    return found


@register(Tags.security)
def real_stripe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """In production credits are sold for real money or not at all."""
    if not settings.IN_PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.STRIPE_API_BASE:
        message = "Payments go to a sandbox: credits would be given away."
        found.append(Error(message, hint="Unset STRIPE_API_BASE.", id="roomwright.E009"))
    if settings.STRIPE_SECRET_KEY.startswith(("sk_test_", "rk_test_")):
        message = "The Stripe key is a test key: credits would be given away."
        found.append(Error(message, hint="Set the live STRIPE_SECRET_KEY.", id="roomwright.E010"))
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRET:
        message = "Stripe's events can't be checked."
        found.append(Error(message, hint="Set STRIPE_WEBHOOK_SECRET.", id="roomwright.E011"))
    return found


@register(Tags.security)
def key_ring(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Missing in production, or malformed anywhere: secrets could be neither sealed nor opened."""
    hint = "Set SECRETS_KEYS; `manage.py rotate_secrets --new-key` prints an entry."
    problem = secrets.ring_problem()
    return [Error(problem, hint=hint, id="roomwright.E008")] if problem else []


@register(Tags.compatibility)
def legal_pages(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Terms and privacy notice are the operator's to write; a site that takes money needs them."""
    if not settings.IN_PRODUCTION:
        return []
    missing = [name for name in LEGAL if not legal_text(name, settings.LANGUAGE_CODE)]
    hint = "Set LEGAL_PAGES to a folder with terms.html and privacy.html."
    text = f"Still placeholders: the pages {' and '.join(missing)}."
    return [CheckWarning(text, hint=hint, id="roomwright.W012")] if missing else []


def refuse_a_bad_deploy() -> None:
    """For servers, which run no management command and so no checks: exit naming every error."""
    found = production_settings(None) + real_stripe(None) + key_ring(None)
    errors = [message for message in found if message.is_serious()]
    if errors:
        raise SystemExit(
            "This deploy is refused.\n" + "\n".join(f"{error.msg} {error.hint}" for error in errors)
        )


def role_problem() -> str:
    """Why the database role would paint the second wall on; "" when the wall stands."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        superuser, bypasses = cursor.fetchone()
    if superuser or bypasses:
        return "The database role is a superuser or may bypass row-level security, so workspaces are not walled off."
    return ""


@register(Tags.database)
def database_role(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Run by `check --database default` and before every migrate."""
    problem = role_problem() if databases and "default" in databases else ""
    return (
        [Error(problem, hint="Use an ordinary role in DATABASE_URL.", id="roomwright.E007")]
        if problem
        else []
    )


@register(Tags.database)
def direct_database(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Run with the one above. Through a pooler waiting callers would hear of no end until they look themselves."""
    problem = queue.direct_problem() if databases and "default" in databases else ""
    hint = "Set DATABASE_DIRECT_URL to the server itself; DATABASE_URL may be the pooler."
    return [Error(problem, hint=hint, id="roomwright.E013")] if problem else []
