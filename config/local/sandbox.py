"""The Stripe sandbox as one more child of the stack: where it is, and what the others must know of it.

Port and secret are remembered in DATA_DIR/stripe, so that pages in open tabs and events not yet delivered still fit
after a restart.
"""

import contextlib
import http.client
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from config.local.errors import LocalStackError
from config.local.net import free_port, get
from config.local.postgres import REPOSITORY

READY_SECONDS = 30
WEBHOOK_PATH = "/stripe/webhook"


@dataclass(frozen=True)
class Sandbox:
    """`secret`: what it signs its webhooks with."""

    port: int
    secret: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environ(self) -> dict[str, str]:
        """What web and worker see instead of Stripe."""
        return {
            "STRIPE_API_BASE": self.address,
            "STRIPE_SECRET_KEY": "sk_test_sandbox",
            "STRIPE_WEBHOOK_SECRET": self.secret,
        }

    def wait_until_ready(self) -> None:
        """Return when it answers. Raises LocalStackError if that takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if get(self.address, "/style.css")[0] == 200:
                    return
            time.sleep(0.1)
        message = f"The Stripe sandbox does not answer at {self.address}."
        raise LocalStackError(message)

    def command(self, site: str) -> list[str]:
        """The program; it delivers to the site's webhook endpoint."""
        command = [sys.executable, str(REPOSITORY / "manage.py"), "stripe_sandbox", "--port", str(self.port)]
        return [*command, "--webhook", site + WEBHOOK_PATH, "--secret", self.secret]


def is_wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether there is no Stripe of any kind, and this is no deploy."""
    named = environ.get("STRIPE_SECRET_KEY") or environ.get("STRIPE_API_BASE")
    return not named and environ.get("ENVIRONMENT") != "production"


def prepare(data_dir: Path) -> Sandbox:
    """The same place and secret as last time, unless somebody else has taken the port."""
    file = data_dir / "stripe" / "place.json"
    known: dict[str, object] = {}
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(file.read_text())
    port = known.get("port")
    if not isinstance(port, int) or not _is_free(port):
        port = free_port()
    sandbox = Sandbox(port, str(known.get("secret") or f"whsec_{secrets.token_hex(24)}"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(sandbox)))
    return sandbox


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except (OSError, OverflowError):
        return False
