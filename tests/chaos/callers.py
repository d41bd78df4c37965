"""Programs that ask for pictures, and do what the documentation tells them to when something breaks."""

from __future__ import annotations

import base64
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import requests

from tests.chaos.plan import Ask
from tests.fakes import jpeg
from tests.real_stack import Caller

PHOTO = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()
PATIENCE = 180.0  # seconds for which a request that met a broken connection is sent again
BROKEN = (500, 502, 503)  # while the database or the web process is away


class Callers:
    """`threads` threads that take asks in order; `held_back` says when too many are under way to go on asking."""

    def __init__(
        self, keys: Sequence[Caller], asks: Sequence[Ask], *, threads: int, held_back: Callable[[], bool]
    ) -> None:
        self.ids: dict[int, set[str]] = defaultdict(set)  # what was accepted, by the number of the ask
        self.finished: dict[str, bool] = {}  # awaited ones that were answered: whether with a picture
        self.answers: Counter[str] = Counter()
        self.problems: list[str] = []
        self._keys = [(caller.address, caller.key) for caller in keys]
        self._held_back = held_back
        self._asks: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        for ask in asks:
            self._asks.put(ask)
        self._timers: list[threading.Timer] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Return when every ask has been answered."""
        for thread in [*self._threads, *self._timers]:
            thread.join()

    def _run(self) -> None:
        session = requests.Session()
        session.trust_env = False
        while True:
            while self._held_back():
                time.sleep(0.05)
            try:
                ask = self._asks.get_nowait()
            except queue.Empty:
                return
            try:
                self._awaited(session, ask) if ask.awaited else self._queued(session, ask)
            except Exception as error:  # a caller that dies would pass unnoticed
                self._problem(ask, f"{type(error).__name__}: {error}")

    # --- POST /generations ---------------------------------------------------------------------------

    def _queued(self, session: requests.Session, ask: Ask) -> None:
        others = [threading.Thread(target=self._post_once_more, args=(ask,)) for _ in range(ask.posts - 1)]
        for thread in others:
            thread.start()
        public_id = self._post(session, ask)
        for thread in others:
            thread.join()
        if len(self.ids[ask.number]) > 1:
            self._problem(ask, f"one key gave several generations: {self.ids[ask.number]}")
        if public_id and ask.other_body:
            self._use_the_key_for_something_else(session, ask)
        if public_id and ask.cancel_after is not None:
            timer = threading.Timer(ask.cancel_after, self._cancel, (ask, public_id))
            with self._lock:
                self._timers.append(timer)
            timer.start()

    def _post_once_more(self, ask: Ask) -> None:
        with requests.Session() as session:
            session.trust_env = False
            self._post(session, ask)

    def _post(self, session: requests.Session, ask: Ask) -> str:
        """The id under which it was accepted, or "" when it was refused for good."""
        response = self._persist(session, ask, "generations", self._body(ask))
        if response is None:
            return ""
        if response.status_code in (200, 202):
            public_id = str(response.json()["id"])
            with self._lock:
                self.ids[ask.number].add(public_id)
            return public_id
        if response.status_code != 402:
            self._problem(ask, f"HTTP {response.status_code}: {response.text[:300]}")
        return ""

    def _use_the_key_for_something_else(self, session: requests.Session, ask: Ask) -> None:
        body = self._body(ask) | {"prompt": "Something else"}
        response = self._persist(session, ask, "generations", body)
        if response is not None and response.status_code != 422:
            self._problem(ask, f"another body under the same key: HTTP {response.status_code}")

    def _cancel(self, ask: Ask, public_id: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            response = self._persist(session, ask, f"generations/{public_id}/cancel", {})
        if response is not None and response.status_code not in (200, 202, 409):
            self._problem(ask, f"canceling: HTTP {response.status_code}: {response.text[:300]}")

    # --- POST /generate ------------------------------------------------------------------------------

    def _awaited(self, session: requests.Session, ask: Ask) -> None:
        if ask.cut_after is not None:
            self._hang_up(session, ask)
            return
        response = self._persist(session, ask, "generate", self._body(ask))
        if response is None:
            return
        public_id = response.headers.get("X-Generation-Id") or _json(response).get("generation")
        if public_id:
            with self._lock:
                self.ids[ask.number].add(public_id)
                self.finished[public_id] = response.status_code == 200
        elif response.status_code not in (402, 429):
            self._problem(ask, f"HTTP {response.status_code}: {response.text[:300]}")

    def _hang_up(self, session: requests.Session, ask: Ask) -> None:
        address, key = self._keys[ask.workspace]
        try:
            session.post(
                f"{address}/api/v1/generate",
                json=self._body(ask),
                headers={"Authorization": f"Bearer {key}"},
                timeout=(10, ask.cut_after),
            )
            self._count("generate: answered before the caller hung up")
        except requests.RequestException:
            self._count("generate: caller hung up")

    # --- Over broken connections ---------------------------------------------------------------------

    def _persist(
        self, session: requests.Session, ask: Ask, path: str, body: dict[str, Any]
    ) -> requests.Response | None:
        """Send it, again with the same key when the connection or the server breaks, until there is an answer."""
        address, key = self._keys[ask.workspace]
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"ask-{ask.number}"}
        verb, ends = path.split("/")[-1], time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            try:
                response = session.post(
                    f"{address}/api/v1/{path}", json=body, headers=headers, timeout=(10, 130)
                )
            except requests.RequestException as error:
                self._count(f"{verb}: {type(error).__name__}")
            else:
                self._count(f"{verb}: {response.status_code}")
                if response.status_code not in BROKEN or "generation" in _json(response):
                    return response
            time.sleep(0.5)
        self._problem(ask, f"{path}: no answer in {PATIENCE:.0f} s")
        return None

    def _body(self, ask: Ask) -> dict[str, Any]:
        body: dict[str, Any] = {"prompt": ask.prompt, "image": PHOTO}
        if ask.deadline_seconds is not None:
            body["deadline"] = ask.deadline_seconds
        return body

    def _count(self, what: str) -> None:
        with self._lock:
            self.answers[what] += 1

    def _problem(self, ask: Ask, what: str) -> None:
        with self._lock:
            self.problems.append(f"ask {ask.number}: {what}")


def _json(response: requests.Response) -> dict[str, Any]:
    """The body of an answer that is small JSON, else nothing."""
    if response.status_code == 200:
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
