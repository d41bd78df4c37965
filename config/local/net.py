"""Ports and addresses of this machine."""

import errno
import http.client
import os
import socket
from urllib.parse import urlsplit

from config.local.errors import LocalStackError

ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def get(address: str, path: str) -> tuple[int, str]:
    """Fetch a page of a local server: status and text. Raises OSError or HTTPException where it can't."""
    there = urlsplit(address)
    connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


def local_name(host: str) -> str:
    """Under which name a server bound to `host` is reached from here, as it stands in a URL."""
    if host in ANY_ADDRESS:
        return "[::1]" if ":" in host else "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def wanted_port() -> int | None:
    """PORT, or None if it isn't set. Raises LocalStackError if it is no port."""
    text = os.environ.get("PORT", "")
    if text and not (text.isdigit() and 0 < int(text) < 65536):
        raise LocalStackError(f"PORT={text} is not a port number.")
    return int(text) if text else None


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def refuse_taken_port(host: str, port: int) -> None:
    """Raise LocalStackError, saying what to do, unless a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = (
            "is taken by another program" if taken else f"cannot be used ({os.strerror(error.errno or 0)})"
        )
        message = f"Port {port} {reason}. Choose another one: make run PORT={port + 1}"
        raise LocalStackError(message) from error
