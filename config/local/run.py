"""`make run`: serve until Ctrl-C."""

import base64
import json
import os
import shlex
import signal
import time
from pathlib import Path

from config.local.account import DemoAccount, provision
from config.local.errors import LocalStackError
from config.local.net import local_name, wanted_port
from config.local.postgres import REPOSITORY
from config.local.stack import AlreadyRunningError, Stack, manage, running, wait_until_ready
from config.local.terminal import complain, say, step

DEFAULT_PORT = 8000
SAMPLE = REPOSITORY / "static" / "samples" / "room.jpg"
SAMPLE_PROMPT = "Japandi living room, light oak floor, warm evening light"


def run() -> int:
    """Start the stack, tell how to use it, and keep it running. Returns the exit code."""
    stop_like_an_interrupt()
    stack = Stack(
        host=os.environ.get("HOST") or "127.0.0.1", port=wanted_port() or DEFAULT_PORT, with_stripe=True
    )
    say("Starting Roomwright")
    try:
        with stack:
            _introduce(stack)
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        say("Stopped.")
        return 0
    except AlreadyRunningError as error:
        there = running() or {}
        address = f" at http://{local_name(there['host'])}:{there['port']}" if there else ""
        complain(f"run: {error}{address}. Stop that one, or set DATA_DIR and PORT for a second one.")
        return 2


def stop_like_an_interrupt() -> None:
    """Let SIGTERM and a closed terminal stop us in order, as Ctrl-C does, also in a script's background."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _introduce(stack: Stack) -> None:
    try:
        with step("demo workspace"):
            account = provision(stack.data_dir, stack.environ())
        if stack.stripe:
            with step("prices in the Stripe sandbox"):
                stack.stripe.wait_until_ready()
                manage("sync_stripe_catalogue", environ=stack.environ())
        with step("web and worker ready"):
            wait_until_ready(stack.address, stack.children)
    except LocalStackError as error:  # keep serving: whoever edits the code mends it and it starts again
        complain(f"{error}\nWill go on trying; Ctrl-C stops it.")
        return
    say(f"\nRoomwright is running:  {stack.address}\n")
    say(f"  sign in     {account.email}  /  {account.password}")
    say(f"  pictures    {stack.address}{account.history}")
    for line in curl(stack, account):
        say(line)
    if stack.stripe:
        say(
            f"\n  payments    {stack.stripe.address}  (the Stripe sandbox: test cards, time travel; no real money)"
        )
    say(f"\n  data        {stack.data_dir}")
    say("  stop        Ctrl-C\n")


def curl(stack: Stack, account: DemoAccount) -> list[str]:
    """The lines that show how to ask for a picture from a shell; the body lies ready in a file."""
    if not account.api_key:
        return ["  API         the demo's key was lost; make a new one under Settings › API keys"]
    body = stack.data_dir / "demo" / "request.json"
    body.parent.mkdir(parents=True, exist_ok=True)
    body.write_text(json.dumps({"prompt": SAMPLE_PROMPT, "image": data_url(SAMPLE)}))
    picture = body.with_name("curl.png")
    return [
        "  a picture from the shell, for 10 credits:\n",
        f"curl -sS {stack.address}/api/v1/generate -H 'Content-Type: application/json' \\",
        f"  -H 'Authorization: Bearer {account.api_key}' -d @{shlex.quote(str(body))} \\",
        f"  | grep -o 'base64,[^\"]*' | head -n 1 | cut -d, -f2 | base64 -d > {shlex.quote(str(picture))}",
    ]


def data_url(photo: Path) -> str:
    """The file as the API takes it."""
    return "data:image/jpeg;base64," + base64.b64encode(photo.read_bytes()).decode()
