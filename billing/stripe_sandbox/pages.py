"""What customers see: the payment page, the 3-D Secure step, the portal and an invoice."""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

from billing.stripe_sandbox import cards, html
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.subscriptions import ALIVE
from billing.stripe_sandbox.typed import Json
from billing.stripe_sandbox.world import World


class Answer(NamedTuple):
    """`go` is where the browser is sent next, instead of a page."""

    body: bytes = b""
    status: int = 200
    go: str = ""
    kind: str = "text/html; charset=utf-8"


def checkout(world: World, key: str, step: str, form: dict[str, str] | None) -> Answer:
    """/c/pay/<session> and its 3-D Secure step. `form` None: just look."""
    session = world.show(key)
    if session["status"] == "complete":
        return Answer(go=_success(session))
    if session["status"] != "open":
        return Answer(html.page("This page has expired", _back(session), narrow=True), status=410)
    if form is None:
        return Answer(_payment_page(world, session))
    number = re.sub(r"\D", "", form.get("number", ""))
    authenticate = form.get("answer") == "yes" if step == "3ds" else None
    try:
        outcome = world.pay_on_page(key, number, authenticate=authenticate)
    except ApiError as error:
        return Answer(_payment_page(world, session, str(error)))
    if outcome == "ask":
        return Answer(_authentication_page(session, number))
    return Answer(go=_success(world.show(key)))


def _success(session: Json) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _back(session: Json) -> str:
    url = session["cancel_url"]
    return f'<p><a href="{escape(url)}">Back without paying</a></p>' if url else ""


def _payment_page(world: World, session: Json, error: str = "") -> bytes:
    items = world.hidden[session["id"]]["line_items"]
    rows = [
        (escape(i["description"]), str(i["quantity"]), html.money(i["amount_total"], i["currency"]))
        for i in items
    ]
    total = html.money(session["amount_total"], session["currency"])
    trial = world.hidden[session["id"]]["wishes"]["subscription"].get("trial_period_days")
    words = f"Start the {trial}-day trial" if trial else f"Pay {total}"
    known = table_of_cards(session["id"])
    body = (
        (f'<p class="error" role="alert">{escape(error)}</p>' if error else "")
        + html.table(("What", "Quantity", "Price"), rows)
        + f"<p>Due now: <strong>{total}</strong></p>"
        + f'<form class="block" method="post" action="/c/pay/{session["id"]}">'
        + '<label for="number">Card number</label>'
        + f'<input type="text" id="number" name="number" inputmode="numeric" value="{cards.OK}" required>'
        + f'<button class="main">{escape(words)}</button></form>{known}{_back(session)}'
    )
    return html.page("Pay Roomwright", body, narrow=True)


def table_of_cards(session: str) -> str:
    """Every number that the sandbox knows; the bank account has a button of its own."""
    shown = [number for number in cards.MEANS if number != cards.BANK]
    rows = [(f"<code>{number}</code>", escape(cards.MEANS[number].about)) for number in shown]
    bank = html.button(f"/c/pay/{session}", "Pay by bank debit (arrives days later)", number=cards.BANK)
    return "<h2>Test cards</h2>" + html.table(("Number", "What it does"), rows) + f"<p>{bank}</p>"


def _authentication_page(session: Json, number: str) -> bytes:
    action = f"/c/pay/{session['id']}/3ds"
    body = (
        "<p>Your bank wants to know that it is you (3-D Secure).</p>"
        + html.button(action, "Complete authentication", number=number, answer="yes")
        + " "
        + html.button(action, "Fail authentication", number=number, answer="no")
    )
    return html.page("Confirm your payment", body, narrow=True)


def portal(world: World, key: str, step: str, form: dict[str, str] | None) -> Answer:
    """/p/session/<portal session> and what its buttons do."""
    session = world.show(key)
    error = ""
    if form is not None:
        error = _act(world, session, step, form)
        if not error:
            return Answer(go=f"/p/session/{key}")
    return Answer(_portal_page(world, session, error))


def _act(world: World, session: Json, step: str, form: dict[str, str]) -> str:
    customer = session["customer"]
    try:
        if step == "card":
            number = re.sub(r"\D", "", form.get("number", ""))
            if number not in cards.MEANS or cards.MEANS[number].decline_at_once:
                return "Your card was declined."
            world.change_card(customer, number)
        elif step in ("cancel", "resume"):
            if world.show(form.get("subscription", ""))["customer"] != customer:
                return "This is not your subscription."
            world.cancel_at_period_end(form["subscription"], wished=step == "cancel")
    except ApiError as problem:
        return str(problem)
    return ""


def _portal_page(world: World, session: Json, error: str) -> bytes:
    here, customer = f"/p/session/{session['id']}", world.show(session["customer"])
    mine = [sub for sub in world.all("subscription") if sub["customer"] == customer["id"]]
    bills = [bill for bill in reversed(world.all("invoice")) if bill["customer"] == customer["id"]]
    back = (
        f'<p><a href="{escape(session["return_url"])}">Back to Roomwright</a></p>'
        if session["return_url"]
        else ""
    )
    body = (
        (f'<p class="error" role="alert">{escape(error)}</p>' if error else "")
        + f"<p>{escape(customer['name'] or customer['email'] or customer['id'])}</p><h2>Plans</h2>"
        + html.table(("Plan", "State", "Until", ""), [_plan(world, here, sub) for sub in reversed(mine)])
        + f"<h2>Card</h2><p>{escape(_card(world, customer, mine))}</p>"
        + f'<form class="block" method="post" action="{here}/card"><label for="number">New card number</label>'
        + f'<input type="text" id="number" name="number" value="{cards.OK}"><button>Change the card</button></form>'
        + "<h2>Invoices</h2>"
        + html.table(("Number", "Date", "Amount", "State"), [_bill(bill) for bill in bills])
        + back
    )
    return html.page("Your plan and payments", body)


def _plan(world: World, here: str, sub: Json) -> tuple[str, ...]:
    item = sub["items"]["data"][0]
    name = world.show(item["price"]["product"])["name"]
    step, words = (
        ("resume", "Keep the plan") if sub["cancel_at_period_end"] else ("cancel", "Cancel the plan")
    )
    button = html.button(f"{here}/{step}", words, subscription=sub["id"]) if sub["status"] in ALIVE else ""
    state = sub["status"] + (" (ends with the period)" if sub["cancel_at_period_end"] else "")
    return escape(name), state, html.date(sub["ended_at"] or item["current_period_end"]), button


def _card(world: World, customer: Json, subs: list[Json]) -> str:
    paying = [sub["default_payment_method"] for sub in subs if sub["status"] in ALIVE]
    wanted = [
        method for method in (*paying, customer["invoice_settings"]["default_payment_method"]) if method
    ]
    if not wanted:
        return "None yet."
    method = world.show(wanted[0])
    return f"{method['type']} ending in {method[method['type']]['last4']}"


def _bill(bill: Json) -> tuple[str, ...]:
    link = f'<a href="/i/{bill["id"]}">{escape(bill["number"] or bill["id"])}</a>'
    return link, html.date(bill["created"]), html.money(bill["total"], bill["currency"]), bill["status"]


def invoice(world: World, key: str) -> Answer:
    """/i/<invoice>: what an invoice says; `.txt` the same without HTML."""
    bill = world.show(key.removesuffix(".txt"))
    lines = [(line["description"], line["period"], line["amount"]) for line in bill["lines"]["data"]]
    rows = [
        (
            escape(what),
            f"{html.date(period['start'])} – {html.date(period['end'])}",
            html.money(paid, bill["currency"]),
        )
        for what, period, paid in lines
    ]
    if key.endswith(".txt"):
        text = "\n".join(
            [html.BANNER, str(bill["number"]), bill["status"], *("  ".join(row) for row in rows)]
        )
        return Answer(text.encode(), kind="text/plain; charset=utf-8")
    total = html.money(bill["total"], bill["currency"])
    body = html.table(("What", "Period", "Amount"), rows) + f"<p>Total {total}, {bill['status']}.</p>"
    return Answer(html.page(f"Invoice {bill['number']}", body))
