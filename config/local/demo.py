"""`make demo`: one picture through the whole product, from a photo to a redesign, then stop."""

import base64
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from config.local import postgres
from config.local.account import DemoAccount, provision
from config.local.errors import LocalStackError
from config.local.net import free_port, local_name, wanted_port
from config.local.photo import Photo, prepare
from config.local.run import DEFAULT_PORT, SAMPLE, SAMPLE_PROMPT, stop_like_an_interrupt
from config.local.stack import AlreadyRunningError, Stack, database_mark, running, wait_until_ready
from config.local.terminal import complain, say, step, tail

REQUEST_SECONDS = 130  # the server answers within two minutes


def demo() -> int:
    """Make one picture of PHOTO by PROMPT into DATA_DIR/demo. Returns the exit code."""
    stop_like_an_interrupt()
    folder = postgres.data_dir()
    try:
        photo = prepare(Path(os.environ.get("PHOTO") or SAMPLE).expanduser())
        prompt = (os.environ.get("PROMPT") or SAMPLE_PROMPT).strip()
        say("Roomwright demo")
        with _stack(folder) as (address, account, ours):
            _make_picture(address, account, photo, prompt, folder)
        _tell_where_to_look(address, account, ours=ours)
    except KeyboardInterrupt:
        complain("demo: stopped before the end.")
        return 130
    except (requests.RequestException, RefusedError) as error:
        complain(f"demo: {error}\n{_logs(folder)}")
        return 1
    return 0


@contextmanager
def _stack(folder: Path) -> Iterator[tuple[str, DemoAccount, bool]]:
    """Where a stack answers, as whom, and if it is ours to stop: a `make run` on this DATA_DIR is not."""
    stack = Stack(host="127.0.0.1", port=wanted_port() or free_port(), log_dir=folder / "logs")
    with ExitStack() as started:
        address = ""
        while not address:
            try:
                started.enter_context(stack)
                address = stack.address
            except AlreadyRunningError:
                address = _other_address(folder)
        with step("demo workspace"):
            account = provision(folder, stack.environ())
        with step("web and worker ready"):
            wait_until_ready(address, stack.children)
        yield address, account, bool(stack.children)


def _other_address(folder: Path) -> str:
    """The address of the `make run` on this folder; if it is another demo, "" when that has ended."""
    there = running() or {}
    if not there.get("serving"):
        with step("waiting for another demo"):
            time.sleep(1)
            while (there := running() or {}) and not there.get("serving"):
                time.sleep(0.2)
        return ""
    if there["database"] != database_mark():
        message = f"A stack with another database runs on {folder}. Stop it, or set DATA_DIR."
        raise LocalStackError(message)
    address = f"http://{local_name(there['host'])}:{there['port']}"
    say(f"  using the stack that already runs at {address}")
    return address


def _make_picture(address: str, account: DemoAccount, photo: Photo, prompt: str, folder: Path) -> None:
    api = _Api(address, account.api_key)
    before = api.credits()
    say(f"  prompt: {prompt}")
    if photo.note:
        say(f"  photo: {photo.note}")
    with step("the picture (POST /api/v1/generate)"):
        answer = api.post("/api/v1/generate", {"image": photo.url, "prompt": prompt})
    shown = folder / "demo"
    shown.mkdir(parents=True, exist_ok=True)
    (shown / "before.jpg").write_bytes(photo.jpeg)
    (shown / "after.png").write_bytes(base64.b64decode(answer["image"].partition(",")[2]))
    after = api.credits()
    balances = f"{before['balance']} before, {after['balance']} after"
    say(f"  credits: {balances}; the picture's price was {answer['creditsUsed']}")
    say(f"\n  {shown / 'before.jpg'}\n  {shown / 'after.png'}")


def _tell_where_to_look(address: str, account: DemoAccount, *, ours: bool) -> None:
    first = "make run, then " if ours else ""
    base = f"http://127.0.0.1:{wanted_port() or DEFAULT_PORT}" if ours else address
    say(f"\n  To see it in the browser: {first}sign in as {account.email} with {account.password} and open")
    say(f"  {base}{account.history}\n")


class RefusedError(LocalStackError):
    """The server answered, and the answer is no."""


class _Api:
    """The product's REST API as a customer's program sees it."""

    def __init__(self, address: str, key: str) -> None:
        if not key:
            message = (
                "The demo workspace was made before, and its key is not in DATA_DIR/demo.json. "
                "Set DATA_DIR to a new folder."
            )
            raise LocalStackError(message)
        self.address = address
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy set for the internet is no way to this machine
        self.session.headers["Authorization"] = f"Bearer {key}"

    def credits(self) -> dict[str, Any]:
        return self._read(self.session.get(f"{self.address}/api/v1/credits", timeout=30))

    def post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        return self._read(self.session.post(f"{self.address}{path}", json=body, timeout=REQUEST_SECONDS))

    def _read(self, response: requests.Response) -> dict[str, Any]:
        """The JSON of a success; raises LocalStackError with the server's own sentence otherwise."""
        try:
            answer = response.json()
        except ValueError:
            answer = {"message": response.text[:300]}
        if response.ok:
            return dict(answer)
        said = answer.get("message") or answer.get("error") or response.reason
        if response.status_code == 402:
            said += " Each fresh DATA_DIR has 500: DATA_DIR=var/fresh make demo"
        message = f"{response.request.path_url} answered {response.status_code}: {said}"
        raise RefusedError(message)


def _logs(folder: Path) -> str:
    return "\n".join(f"--- {name}.log\n{tail(folder / 'logs' / f'{name}.log')}" for name in ("web", "worker"))
