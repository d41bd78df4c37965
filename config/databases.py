"""Where rows are: an embedded server, or the one that DATABASE_URL names, maybe behind a pooler."""

from __future__ import annotations

from typing import Any

import environ
from psycopg.conninfo import conninfo_to_dict

from config.local.postgres import default

_DJANGOS = "django.db.backends.postgresql"


def password_in(url: str) -> str:
    """The password of a libpq address; "" where there is none."""
    return str(conninfo_to_dict(url).get("password") or "")


def database(env: environ.Env) -> dict[str, Any]:
    """Django's settings of the database."""
    if url := env.str("DATABASE_URL", default=""):
        found: dict[str, Any] = environ.Env.db_url_config(url)
    else:
        parameters = default().connection_params("roomwright")
        found = {
            "ENGINE": _DJANGOS,
            "NAME": parameters["dbname"],
            "USER": parameters["user"],
            "HOST": parameters["host"],
            "PORT": parameters["port"],
        }
    if found["ENGINE"] != _DJANGOS:
        raise environ.ImproperlyConfigured("DATABASE_URL must be a postgresql:// address.")
    found["ENGINE"] = "accounts.postgresql"  # Django's with fewer round trips
    # A pool or persistent connections, never neither (docs/decisions/0001): a pool, since threads are many.
    pool = {"min_size": 0, "max_size": env.int("DATABASE_POOL_SIZE", default=10), "timeout": 30}
    found["CONN_MAX_AGE"] = 0
    found["CONN_HEALTH_CHECKS"] = True  # outside of the pool, which has a check of its own
    # A pooler gives each transaction another session: a cursor that outlives its transaction would be lost.
    found["DISABLE_SERVER_SIDE_CURSORS"] = bool(env.str("DATABASE_DIRECT_URL", default=""))
    # No prepared statements for the same reason; Django's default, said here because a leak hangs on it.
    found.setdefault("OPTIONS", {}).update(pool=pool, prepare_threshold=None)
    return found
