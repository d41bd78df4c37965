"""The control page: what only time, banks and bad networks do in the real world."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from billing.stripe_sandbox import html
from billing.stripe_sandbox.courier import Courier
from billing.stripe_sandbox.disputes import OVER
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.pages import Answer
from billing.stripe_sandbox.typed import Json
from billing.stripe_sandbox.world import World

Form = dict[str, str]
Act = Callable[[World, Courier | None, Form], object]
MONTH = 31
KNOBS = ("drop", "duplicate", "shuffle")


def _amount(form: Form) -> int | None:
    text = form.get("amount", "").strip()
    if not text:
        return None
    try:
        return round(float(text) * 100)
    except ValueError as error:
        raise ApiError("Give the amount like 12.50.") from error


def _set_knobs(world: World, form: Form) -> None:
    try:
        delay = max(float(form.get("delay") or 0), 0)
    except ValueError as error:
        raise ApiError("Give the delay in seconds.") from error
    with world.changing():
        world.settings["webhooks"] = {**{name: name in form for name in KNOBS}, "delay": delay}


def _resend(courier: Courier | None, form: Form) -> None:
    if courier is None:
        raise ApiError("No webhooks are delivered here.")
    courier.resend(form["id"])


ACTS: dict[str, Act] = {
    "advance": lambda world, courier, form: world.advance(days=int(form["days"])),
    "settle": lambda world, courier, form: world.settle(form["id"], paid=form["paid"] == "yes"),
    "refund": lambda world, courier, form: world.refund(
        form["id"], _amount(form), outcome=form.get("outcome", "succeeded")
    ),
    "settle-refund": lambda world, courier, form: world.settle_refund(form["id"]),
    "fail-refund": lambda world, courier, form: world.fail_refund(form["id"]),
    "next-refund": lambda world, courier, form: world.next_refund(form["outcome"]),
    "dispute": lambda world, courier, form: world.dispute(form["id"], inquiry=form.get("inquiry") == "yes"),
    "escalate": lambda world, courier, form: world.escalate(form["id"]),
    "close": lambda world, courier, form: world.close_dispute(form["id"], form["status"]),
    "resend": lambda world, courier, form: _resend(courier, form),
    "knobs": lambda world, courier, form: _set_knobs(world, form),
}


def control(world: World, courier: Courier | None, step: str, form: Form | None) -> Answer:
    """/ and what its buttons do."""
    error, status = "", 200
    if form is not None:
        try:
            ACTS[step](world, courier, form)
        except ApiError as problem:
            error, status = str(problem), 400
        except KeyError:
            error, status = "This form is not one of ours.", 400
        if not error:
            return Answer(go="/")
    return Answer(_page(world, courier, error), status=status)


def _page(world: World, courier: Courier | None, error: str) -> bytes:
    with world.lock:
        parts = [
            f'<p class="error" role="alert">{escape(error)}</p>' if error else "",
            _clock(world),
            _subscriptions(world),
            _slow(world),
            _charges(world),
            _refunds(world),
            _disputes(world),
            _webhooks(world),
            _events(world),
            _deliveries(courier),
        ]
    return html.page("Sandbox control", "".join(parts))


def _clock(world: World) -> str:
    spans = (("a day", 1), ("a week", 7), ("a month", MONTH))
    buttons = " ".join(
        html.button("/control/advance", f"Advance {words}", days=days) for words, days in spans
    )
    return f"<p>It is <strong>{html.date(world.now)}</strong> here. {buttons}</p>"


def _subscriptions(world: World) -> str:
    rows = []
    for sub in reversed(world.all("subscription")):
        item = sub["items"]["data"][0]
        ends = " (ends then)" if sub["cancel_at_period_end"] else ""
        key = escape(item["price"]["lookup_key"] or item["price"]["id"])
        until = html.date(item["current_period_end"])
        rows.append((f"<code>{sub['id']}</code>", key, sub["status"], until + ends))
    return "<h2>Subscriptions</h2>" + html.table(("Id", "Price", "State", "Period ends"), rows)


def _slow(world: World) -> str:
    rows = [
        (
            f"<code>{intent['id']}</code>",
            html.money(intent["amount"], intent["currency"]),
            html.button("/control/settle", "Arrives", id=intent["id"], paid="yes")
            + html.button("/control/settle", "Comes back", id=intent["id"], paid="no"),
        )
        for intent in world.all("payment_intent")
        if intent["status"] == "processing"
    ]
    return "<h2>Bank debits under way</h2>" + html.table(("Payment", "Amount", ""), rows)


def _charges(world: World) -> str:
    rows = []
    for charge in reversed(world.all("charge")[-20:]):
        paid = html.money(charge["amount"], charge["currency"])
        back = html.money(charge["amount_refunded"], charge["currency"])
        acts = _charge_acts(charge) if charge["status"] == "succeeded" else ""
        rows.append((f"<code>{charge['id']}</code>", paid, back, charge["status"], acts))
    return "<h2>Payments</h2>" + html.table(("Charge", "Amount", "Refunded", "State", ""), rows)


def _charge_acts(charge: Json) -> str:
    choices = "".join(f"<option>{word}</option>" for word in ("succeeded", "pending", "failed"))
    refund = (
        f'<form method="post" action="/control/refund"><input type="hidden" name="id" value="{charge["id"]}">'
        '<input class="short" type="text" name="amount" placeholder="all" aria-label="Amount"> '
        f'<select name="outcome" aria-label="How it ends">{choices}</select><button>Refund</button></form>'
    )
    dispute = html.button("/control/dispute", "Dispute", id=charge["id"])
    return refund + dispute + html.button("/control/dispute", "Inquiry", id=charge["id"], inquiry="yes")


def _refunds(world: World) -> str:
    rows = []
    for refund in reversed(world.all("refund")[-20:]):
        acts = (
            html.button("/control/settle-refund", "Arrives", id=refund["id"])
            if refund["status"] == "pending"
            else ""
        )
        if refund["status"] in ("pending", "succeeded"):
            acts += html.button("/control/fail-refund", "Fails", id=refund["id"])
        amount = html.money(refund["amount"], refund["currency"])
        rows.append((f"<code>{refund['id']}</code>", amount, refund["status"], acts))
    words = ("succeeded", "pending", "failed")
    knobs = " ".join(html.button("/control/next-refund", word, outcome=word) for word in words)
    now = world.settings["refunds"]
    about = f"The next one asked for by the application ends <strong>{now}</strong>; make it {knobs}"
    return f"<h2>Refunds</h2><p>{about}</p>" + html.table(("Refund", "Amount", "State", ""), rows)


def _disputes(world: World) -> str:
    rows = []
    for dispute in reversed(world.all("dispute")):
        acts = ""
        if dispute["status"].startswith("warning_") and dispute["status"] not in OVER:
            acts = html.button("/control/escalate", "Becomes a dispute", id=dispute["id"])
            acts += html.button("/control/close", "Close", id=dispute["id"], status="warning_closed")
        elif dispute["status"] not in OVER:
            acts = html.button("/control/close", "Won", id=dispute["id"], status="won")
            acts += html.button("/control/close", "Lost", id=dispute["id"], status="lost")
        amount = html.money(dispute["amount"], dispute["currency"])
        rows.append((f"<code>{dispute['id']}</code>", amount, dispute["status"], acts))
    return "<h2>Disputes</h2>" + html.table(("Dispute", "Amount", "State", ""), rows)


def _webhooks(world: World) -> str:
    knobs = world.settings["webhooks"]
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}"{" checked" if knobs.get(name) else ""}> {name}</label>'
        for name in KNOBS
    )
    value = f"{knobs.get('delay', 0):g}"
    field = f'<input class="short" type="text" name="delay" value="{value}">'
    delay = f"<label>delay, seconds {field}</label>"
    urls = ", ".join(escape(endpoint["url"]) for endpoint in world.all("webhook_endpoint")) or "nowhere"
    form = (
        f'<form class="block" method="post" action="/control/knobs">{boxes}{delay}<button>Set</button></form>'
    )
    return f"<h2>Webhooks</h2><p>Delivered to {urls}.</p>{form}"


def _events(world: World) -> str:
    rows = [
        (
            html.date(event["created"]),
            escape(event["type"]),
            f"<code>{event['id']}</code>",
            html.button("/control/resend", "Resend", id=event["id"]),
        )
        for event in reversed(world.all("event")[-30:])
    ]
    return "<h2>Events</h2>" + html.table(("When", "Type", "Id", ""), rows)


def _deliveries(courier: Courier | None) -> str:
    lines = list(courier.log)[:30] if courier else []
    return "<h2>Deliveries</h2>" + html.table(("Latest first",), [(escape(line),) for line in lines])
