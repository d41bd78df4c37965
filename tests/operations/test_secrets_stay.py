"""A real run with marked secrets: none is in a log, in a trace, in a dump of the database, or in an error report."""

from __future__ import annotations

import base64
import gzip
import os
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests

from config.local.postgres import EmbeddedPostgres
from tests import meltflex_server, real_stack
from tests.collector import collecting
from tests.factories import data_url
from tests.operations import disasters
from tests.operations.test_restore import picture
from tests.real_stack import SAMPLE, Caller, RealStack

pytestmark = pytest.mark.slow

PASSWORD = "Mk7-linen-password-oak"
PROMPT = "Warm oak that nobody else reads"
PHOTO = base64.b64encode(SAMPLE.read_bytes()).decode()


class Reports(BaseHTTPRequestHandler):
    """What stands where Sentry would."""

    got: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding", "")
        body = (
            gzip.decompress(body)
            if packed == "gzip"
            else zlib.decompress(body)
            if packed == "deflate"
            else body
        )
        self.got.append(body.decode(errors="replace"))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[str]:
    """Its address, as a DSN."""
    Reports.got.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Reports) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://public@127.0.0.1:{server.server_address[1]}/1"
        server.shutdown()
        thread.join()


def sign_up(stack: RealStack) -> dict[str, str]:
    """In a browser of sorts; what it was given. Signs in once with a wrong password too."""
    browser = requests.Session()
    browser.trust_env = False

    def send(path: str, **fields: str) -> requests.Response:
        page = browser.get(f"{stack.address}{path}", timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text[:500]
        data = {"csrfmiddlewaretoken": token[1], **fields}
        return browser.post(f"{stack.address}{path}", data=data, timeout=30)

    assert send("/accounts/signup/", email="mark@example.com", password1=PASSWORD).status_code == 200
    browser.post(
        f"{stack.address}/accounts/logout/", timeout=30
    )  # refused without a token: a line in the log
    given = {"the session": browser.cookies["sessionid"], "the token of forms": browser.cookies["csrftoken"]}
    other = requests.Session()
    other.trust_env = False
    page = other.get(f"{stack.address}/accounts/login/", timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    wrong = {"csrfmiddlewaretoken": token[1], "login": "mark@example.com", "password": f"{PASSWORD}-wrong"}
    other.post(f"{stack.address}/accounts/login/", data=wrong, timeout=30)
    return given


def test_no_secret_that_was_used_is_found_afterwards(tmp_path: Path) -> None:
    ring = base64.b64encode(os.urandom(32)).decode()
    secrets = {
        "the instance's secret": f"mk1{os.urandom(24).hex()}",
        "the key of secrets at rest": ring,
        "the MeltFlex key": f"mf_sk_{'live'}_{os.urandom(16).hex()}",
        "the metrics token": f"mk2{os.urandom(16).hex()}",
        "the mail server's password": f"mk3{os.urandom(12).hex()}",
        "the collector's token": f"mk4{os.urandom(16).hex()}",
        "a person's password": PASSWORD,
        "a piece of a photo": PHOTO[4000:4060],
    }
    with meltflex_server.serving() as upstream, receiving() as dsn, collecting() as collector:
        folder = tmp_path / "data"
        environ = {
            "SECRET_KEY": secrets["the instance's secret"],
            "SECRETS_KEYS": f"k1:{ring}",
            "MELTFLEX_API_BASE": upstream.base,
            "MELTFLEX_API_KEY": secrets["the MeltFlex key"],
            "METRICS_TOKEN": secrets["the metrics token"],
            "EMAIL_URL": "smtp://mark:" + secrets["the mail server's password"] + "@127.0.0.1:9",
            "OPERATOR_EMAILS": "ops@example.com",
            "SENTRY_DSN": dsn,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-token=" + secrets["the collector's token"],
            "OTEL_BSP_SCHEDULE_DELAY": "60000",  # so all of it is sent as each process ends
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "DEBUG",
        }
        with real_stack.running_from(real_stack.ROOT, folder, **environ) as stack:
            try:
                secrets |= _live_a_little(stack, upstream)
            finally:
                log = stack.log.read_text(errors="replace")
        cluster = EmbeddedPostgres(folder)
        try:
            cluster.hold()
            cluster.ensure_running()
            dumped = tmp_path / "dump.sql"
            disasters.program(cluster, "pg_dump", "-d", "roomwright", "-f", dumped)
            database = dumped.read_text(errors="replace")
        finally:
            cluster.destroy()
        reports = "\n".join(Reports.got)

    assert "gen_" in log, "the log is not empty"
    assert '"request":' in log
    assert "platform_key" in reports or "Alert" in reports, "an error was reported"
    assert "mark@example.com" in database, "the dump is one"
    told = {span.name for span in collector.spans()}
    assert {"POST /api/v1/generate", "GET /s/<id:token>", "call meltflex"} <= told, told
    assert [span for span in collector.spans() if "roomwright.generation" in span.attributes]
    for mine in (PROMPT, "mark@example.com"):
        assert mine not in collector.text
        assert mine not in reports
    found = [
        f"{name} in {where}"
        for where, text in (
            *(("the log", log), ("the database", database), ("an error report", reports)),
            ("a trace", collector.text),
        )
        for name, secret in secrets.items()
        if secret in text and (name, where) not in KEPT
    ]
    assert found == []


# Django keeps sessions under their own names; whoever has the database has more than those.
KEPT = {("the session", "the database")}


def _live_a_little(stack: RealStack, upstream: meltflex_server.MeltFlexServer) -> dict[str, str]:
    """Make, share, be refused, fail; the secrets that came of it."""
    used = sign_up(stack)
    caller = stack.provision("Harbour", 100)
    used["an API key"] = caller.key
    name = picture(caller)
    made = caller.api("GET", f"generations/{name}").json()["pictures"][0]
    link = caller.api("POST", f"pictures/{made['id']}/links", json={})
    assert link.status_code == 201, link.text
    shared = str(link.json()["url"])
    used["a shared link"] = shared.rstrip("/").rpartition("/")[2]
    path = shared.split("/", 3)[3]
    assert requests.get(f"{stack.address}/{path}", timeout=30).status_code == 200
    wrong = Caller(stack.address, f"{caller.key}x")
    assert wrong.api("GET", "credits").status_code == 401
    used["a wrong key"] = wrong.key
    headers = {"Authorization": f"Bearer {stack.environ['METRICS_TOKEN']}"}
    assert requests.get(f"{stack.address}/metrics", headers=headers, timeout=30).status_code == 200
    assert (
        caller.api(
            "POST", "generate", data="{not json", headers={"Content-Type": "application/json"}
        ).status_code
        == 400
    )
    # The upstream refuses our key, and says it aloud: an alert, a line, a report.
    echo = {"error": "Unauthorized", "message": f"the key {stack.environ['MELTFLEX_API_KEY']} is not valid"}
    upstream.answers = [meltflex_server.say(401, echo)]
    body = {"prompt": PROMPT, "image": data_url(SAMPLE.read_bytes())}
    assert caller.api("POST", "generate", json=body).status_code >= 400
    return used
