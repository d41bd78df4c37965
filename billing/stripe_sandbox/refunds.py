"""Refunds: whole and partial, at once, pending, and failed after all."""

from __future__ import annotations

from billing.stripe_sandbox.core import Core, change
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.payments import book
from billing.stripe_sandbox.typed import Json

ALIVE = ("pending", "requires_action", "succeeded")


def create(core: Core, charge: Json, *, amount: int | None, reason: str | None, metadata: Json) -> Json:
    """Give money back. Raises ApiError for a disputed charge or more than there is."""
    left = charge["amount"] - charge["amount_refunded"]
    _refuse_impossible(core, charge, amount, left)
    outcome, core.settings["refunds"] = core.settings["refunds"], "succeeded"  # a knob turns one refund
    movement = book(core, -(amount or left), charge["currency"], source=charge["id"], kind="refund")
    refund = core.add(
        "refund",
        amount=amount or left,
        balance_transaction=movement["id"],
        charge=charge["id"],
        currency=charge["currency"],
        metadata=metadata,
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="succeeded" if outcome == "succeeded" else "pending",
        **({} if outcome == "succeeded" else {"pending_reason": "processing"}),
    )
    core.secret_of(refund)["outcome"] = outcome
    before = _recount(core, charge)
    core.emit("refund.created", refund)
    core.emit("charge.refunded", charge, before)
    if outcome == "failed":
        fail(core, refund)
    return refund


def _refuse_impossible(core: Core, charge: Json, amount: int | None, left: int) -> None:
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} has not been paid.", code="charge_not_refundable")
    disputes = [d for d in core.all("dispute") if d["charge"] == charge["id"]]
    if any(not d["is_charge_refundable"] for d in disputes):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise ApiError(message, code="charge_disputed")
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise ApiError(message, code="charge_already_refunded")
    if amount is not None and not 0 < amount <= left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise ApiError(message, param="amount")


def succeed(core: Core, refund: Json) -> None:
    """A pending refund has arrived."""
    refund.pop("pending_reason", None)
    before = change(refund, status="succeeded")
    core.emit("refund.updated", refund, before)
    core.emit("charge.refund.updated", refund, before)


def fail(core: Core, refund: Json) -> None:
    """The bank sent it back; the money is ours again. Raises ApiError if it had failed before."""
    _end(core, refund, "failed")


def cancel(core: Core, refund: Json) -> None:
    """Take a pending one back. Raises ApiError for any other."""
    if refund["status"] not in ("pending", "requires_action"):
        raise ApiError(f"Refund {refund['id']} cannot be canceled.")
    _end(core, refund, "canceled")


def _end(core: Core, refund: Json, status: str) -> None:
    if refund["status"] not in ALIVE:
        raise ApiError(f"Refund {refund['id']} is {refund['status']}.")
    refund.pop("pending_reason", None)
    before = change(refund, status=status)
    if status == "failed":
        book_back = book(
            core, refund["amount"], refund["currency"], source=refund["id"], kind="refund_failure"
        )
        change(refund, failure_reason="lost_or_stolen_card", failure_balance_transaction=book_back["id"])
    _recount(core, core.get("charge", refund["charge"]))
    core.emit("refund.updated", refund, before)
    core.emit("charge.refund.updated", refund, before)
    if status == "failed":
        core.emit("refund.failed", refund, before)


def _recount(core: Core, charge: Json) -> Json:
    mine = [r for r in core.all("refund") if r["charge"] == charge["id"] and r["status"] in ALIVE]
    total = sum(refund["amount"] for refund in mine)
    return change(charge, amount_refunded=total, refunded=total == charge["amount"])
