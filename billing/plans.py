"""The catalogue of plans: what each entitles a workspace to.

Entitlements are copied to columns of Organization when the plan changes, so nobody below asks the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Organization


@dataclass(frozen=True)
class Plan:
    """`in_flight_limit`: pictures being made at once; `retention_days`: how long results are kept at least."""

    key: str
    name: str
    api_access: bool
    white_label: bool
    seats: int
    in_flight_limit: int
    retention_days: int


PLANS = {
    plan.key: plan
    for plan in (
        Plan(
            "free", "Free", api_access=False, white_label=False, seats=1, in_flight_limit=2, retention_days=30
        ),
        Plan(
            "starter",
            "Starter",
            api_access=False,
            white_label=False,
            seats=3,
            in_flight_limit=4,
            retention_days=180,
        ),
        Plan(
            "growth",
            "Growth",
            api_access=True,
            white_label=False,
            seats=10,
            in_flight_limit=10,
            retention_days=365,
        ),
        Plan(
            "scale",
            "Scale",
            api_access=True,
            white_label=True,
            seats=50,
            in_flight_limit=40,
            retention_days=1095,
        ),
    )
}


def apply_plan(*, organization: Organization, plan: str) -> None:
    """Write the plan's entitlements to the workspace. Raises KeyError for a plan that is not in the catalogue."""
    chosen = PLANS[plan]
    organization.plan = chosen.key
    organization.api_access = chosen.api_access
    organization.white_label = chosen.white_label
    organization.seats = chosen.seats
    organization.in_flight_limit = chosen.in_flight_limit
    organization.retention_days = chosen.retention_days
    organization.save(
        update_fields=["plan", "api_access", "white_label", "seats", "in_flight_limit", "retention_days"]
    )
