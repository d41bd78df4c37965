"""One connection to MeltFlex, cut at a deadline whatever it waits for. Speaks HTTP and knows nothing of pictures."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Self, cast

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from accounts.deadline import Deadline
from generations.engines.meltflex_body import StreamedBody

CONNECT_SECONDS = 10.0


class Wire:
    """A context manager for one call. `opened`: the connection stood, so the upstream may have done something.

    Goes past requests.Session on purpose: of a redirect that it doesn't follow it still loads the whole body, and it
    takes keys from a .netrc over the one that it is given.
    """

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.opened = False
        self._adapter = _Adapter(_pools(self))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._adapter.close()

    def post(self, url: str, body: StreamedBody, *, key: str) -> requests.Response:
        """The answer's head; its body is read from `.raw`. Raises what requests and urllib3 raise."""
        wait = max(1.0, self.deadline.left())
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # base64 of PNG: packing it again is work for little
        }
        # Any object with read() and a length is sent with Content-Length; only the annotation asks for a file.
        request = requests.Request("POST", url, data=cast(IO[bytes], body), headers=headers).prepare()
        return self._adapter.send(
            request,
            stream=True,
            timeout=(min(CONNECT_SECONDS, wait), wait),
            proxies=get_environ_proxies(url),
        )


def _pools(wire: Wire) -> dict[str, Any]:
    """Pools of connections that tell the wire when they stand, and end at its deadline."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:
            plain = super()._new_conn()
            wire.deadline.guard(plain)
            return plain

        def connect(self) -> None:
            super().connect()
            wire.opened = True

    class Secure(HTTPSConnection):
        def _new_conn(self) -> Any:  # before the handshake, which can drip as well
            plain = super()._new_conn()
            wire.deadline.guard(plain)
            return plain

        def connect(self) -> None:
            super().connect()
            wire.opened = True

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Adapter(HTTPAdapter):
    def __init__(self, pools: dict[str, Any]) -> None:
        self._pools = pools
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=_tls(_authorities()))
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=_tls(_authorities()))
        manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The shared context verifies, always; naming a bundle here would load it again for each connection."""
        conn.cert_reqs = "CERT_REQUIRED"


def _authorities() -> str:
    """Whom to trust, from the environment as requests reads it."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH


@lru_cache(maxsize=4)
def _tls(authorities: str) -> ssl.SSLContext:
    """One context for all calls: with the authorities loaded it takes a megabyte."""
    context = create_urllib3_context()
    folder = Path(authorities).is_dir()
    context.load_verify_locations(
        cafile=None if folder else authorities, capath=authorities if folder else None
    )
    return context
