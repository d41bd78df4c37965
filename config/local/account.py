"""The demo's own login and API key, kept in DATA_DIR because a key is shown once."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.local.errors import LocalStackError
from config.local.stack import database_mark, manage


@dataclass(frozen=True)
class DemoAccount:
    """Who signs in to the demo workspace; `api_key` is empty if the one it has was lost."""

    email: str
    password: str
    organization: str
    api_key: str

    @property
    def history(self) -> str:
        """The path of the page that shows its pictures."""
        return f"/w/{self.organization}/generations"


def provision(data_dir: Path, environ: Mapping[str, str]) -> DemoAccount:
    """Make the demo workspace, or find it made. Raises LocalStackError if the command fails."""
    kept = data_dir / "demo.json"
    made = _provision(environ)
    if not made.get("api_key") and not _kept_key(kept):  # the file was lost: have another key made
        made = _provision(environ, "--new-key")
    if made.get("api_key"):
        _keep(kept, made["api_key"])
    return DemoAccount(made["email"], made["password"], made["organization"], _kept_key(kept))


def _provision(environ: Mapping[str, str], *options: str) -> dict[str, Any]:
    lines = manage("provision_demo", *options, environ=environ).splitlines()
    try:
        made: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        message = f"`manage.py provision_demo` did not answer with JSON: {lines[-1:]}"
        raise LocalStackError(message) from error
    return made


def _keep(path: Path, api_key: str) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"api_key": api_key, "database": database_mark()}, file)
    draft.replace(path)


def _kept_key(path: Path) -> str:
    """The key, if it is one of the database that is used now."""
    with suppress(FileNotFoundError, ValueError):
        kept = json.loads(path.read_text())
        if kept.get("database") == database_mark():
            return str(kept["api_key"])
    return ""
