"""Which fields Stripe leaves out rather than sends as null, read from npm `stripe`'s type declarations.

    npm install --prefix /tmp/stripe-types stripe
    python -m tests.billing.stripe_sandbox.optional_fields /tmp/stripe-types/node_modules/stripe

writes `billing/stripe_sandbox/optional_fields.json`. Python's types can't say it: there `Optional` means either.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

TABLE = Path(__file__).resolve().parents[3] / "billing" / "stripe_sandbox" / "optional_fields.json"
# The declaration of each object that the sandbox makes, and the module of the Python package that holds its twin.
FILES = {
    "BalanceTransactions": "_balance_transaction",
    "BillingPortal/Sessions": "billing_portal._session",
    "Charges": "_charge",
    "Checkout/Sessions": "checkout._session",
    "Customers": "_customer",
    "Disputes": "_dispute",
    "Events": "_event",
    "InvoiceLineItems": "_invoice_line_item",
    "InvoicePayments": "_invoice_payment",
    "Invoices": "_invoice",
    "LineItems": "_line_item",
    "PaymentIntents": "_payment_intent",
    "PaymentMethods": "_payment_method",
    "Plans": "_plan",
    "Prices": "_price",
    "Products": "_product",
    "Refunds": "_refund",
    "SubscriptionItems": "_subscription_item",
    "Subscriptions": "_subscription",
    "WebhookEndpoints": "_webhook_endpoint",
}
OPEN = re.compile(r"^(?:export )?(?:declare )?(namespace|interface|class) (\w+).*\{$")
FIELD = re.compile(r"^(\w+)\?:")
FOR_REQUESTS = re.compile(r"Params$|Resource$|\wEvent$|^V2$")


def optional_fields(declaration: str) -> dict[str, list[str]]:
    """The `name?:` members of each response interface by its dotted name."""
    found: dict[str, list[str]] = {}
    path: list[tuple[str, str]] = []
    for line in map(str.strip, declaration.splitlines()):
        if (field := FIELD.match(line)) and path and path[-1][0] == "interface":
            names = [name for _kind, name in path]
            if not any(FOR_REQUESTS.search(name) for name in names):
                found.setdefault(".".join(names), []).append(field[1])
        if opened := OPEN.match(line):
            path.append((opened[1], opened[2]))
        elif line.endswith("{"):
            path.append(("other", ""))
        elif line.startswith("}") and path:
            path.pop()
    return found


def table(package: Path) -> dict[str, list[str]]:
    """`module:Class.Inner` of the Python package to the fields that Stripe leaves out."""
    whole: dict[str, list[str]] = {}
    for file, module in FILES.items():
        declaration = (package / "esm" / "resources" / f"{file}.d.ts").read_text()
        for name, fields in optional_fields(declaration).items():
            whole[f"{module}:{name.replace('EventBase', 'Event')}"] = sorted(fields)
    return dict(sorted(whole.items()))


if __name__ == "__main__":
    rows = [f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in table(Path(sys.argv[1])).items()]
    TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n")
