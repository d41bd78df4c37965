"""Credits and purchases in the export of a workspace."""

from __future__ import annotations

from accounts import lifecycle, tenancy
from accounts.archive import Archive
from accounts.models import Organization
from billing.models import Budget, CreditEntry, Purchase


@lifecycle.workspace_exported.register
def pack(*, organization: Organization, archive: Archive) -> None:
    """Every line of the ledger, purchases and budgets."""
    with tenancy.enter(organization):
        lines = list(
            CreditEntry.objects.of(organization)
            .order_by("number")
            .values(
                "number",
                "at",
                "kind",
                "allowance",
                "purchased",
                "held",
                "debt",
                "allowance_after",
                "purchased_after",
                "reference",
                "labels",
            )
        )
        bought = list(
            Purchase.objects.of(organization)
            .order_by("pk")
            .values("public_id", "created_at", "by_user__email", "credits", "amount", "currency", "state")
        )
        budgets = list(Budget.objects.of(organization).values("key", "cap", "used", "is_total"))
    archive.rows("credits", lines)
    archive.rows("purchases", bought)
    archive.rows("budgets", budgets)
