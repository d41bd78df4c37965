"""Disputes and the inquiries before them."""

from __future__ import annotations

from billing.stripe_sandbox.core import DAY, Core, change
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.payments import book
from billing.stripe_sandbox.typed import Json

FEE = 1500
OVER = ("won", "lost", "warning_closed", "prevented")


def create(core: Core, charge: Json, *, amount: int | None, inquiry: bool, reason: str) -> Json:
    """The card's holder complains. An inquiry (`warning_…`) takes no money, a dispute does at once."""
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} has not been paid.")
    eligibility: Json = {}
    dispute = core.add(
        "dispute",
        amount=amount or charge["amount"] - charge["amount_refunded"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={"enhanced_evidence": {}},
        evidence_details={
            "due_by": core.now + 9 * DAY,
            "enhanced_eligibility": eligibility,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    before = change(charge, disputed=True)
    core.emit("charge.dispute.created", dispute)
    core.emit("charge.updated", charge, before)
    if not inquiry:
        _withdraw(core, dispute)
    return dispute


def escalate(core: Core, dispute: Json) -> None:
    """An inquiry becomes a dispute."""
    if not dispute["status"].startswith("warning_") or dispute["status"] == "warning_closed":
        raise ApiError(f"Dispute {dispute['id']} is {dispute['status']}.")
    before = change(dispute, status="needs_response", is_charge_refundable=False)
    core.emit("charge.dispute.updated", dispute, before)
    _withdraw(core, dispute)


def submit(core: Core, dispute: Json) -> None:
    """Evidence is in; the bank looks at it."""
    _refuse_over(dispute)
    status = "warning_under_review" if dispute["status"].startswith("warning_") else "under_review"
    details = {**dispute["evidence_details"], "has_evidence": True, "submission_count": 1}
    before = change(dispute, status=status, evidence_details={**details, "submission_method": "manual"})
    core.emit("charge.dispute.updated", dispute, before)


def close(core: Core, dispute: Json, status: str) -> None:
    """It ends `won`, `lost`, or, for an inquiry, `warning_closed`. Raises ApiError if it is over."""
    _refuse_over(dispute)
    inquiry = dispute["status"].startswith("warning_")
    if inquiry != (status == "warning_closed"):
        raise ApiError(f"A dispute that is {dispute['status']} can't become {status}.")
    before = change(dispute, status=status)
    if status == "won":
        core.emit("charge.dispute.updated", dispute, before)
        _reinstate(core, dispute)
    core.emit("charge.dispute.closed", dispute, before)


def _refuse_over(dispute: Json) -> None:
    if dispute["status"] in OVER:
        raise ApiError(f"This dispute is already closed: {dispute['status']}.")


def _withdraw(core: Core, dispute: Json) -> None:
    movement = _move(core, dispute, -dispute["amount"], fee=FEE)
    before = change(dispute, balance_transactions=[*dispute["balance_transactions"], movement])
    core.emit("charge.dispute.funds_withdrawn", dispute, before)


def _reinstate(core: Core, dispute: Json) -> None:
    movement = _move(core, dispute, dispute["amount"], fee=0)
    before = change(dispute, balance_transactions=[*dispute["balance_transactions"], movement])
    core.emit("charge.dispute.funds_reinstated", dispute, before)


def _move(core: Core, dispute: Json, amount: int, *, fee: int) -> Json:
    return book(core, amount, dispute["currency"], source=dispute["id"], kind="adjustment", fee=fee)
