"""The catalogue: plans with what they entitle a workspace to, and packs of credits.

Entitlements are copied to columns of Organization when the plan changes, so nobody below asks the catalogue. What a
price gave is copied to StripePrice when it is made, so a change here never changes what was sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import pgettext

from accounts.models import Organization

CURRENCY = "usd"
FREE = "free"


@dataclass(frozen=True)
class Plan:
    """`price`: cents a month; `allowance`: credits a month; a trial gives `trial_credits` for `trial_days`, once.

    `in_flight_limit`: pictures being made at once; `retention_days`: how long results are kept at least.
    """

    key: str
    name: str
    price: int
    allowance: int
    api_access: bool
    white_label: bool
    seats: int
    in_flight_limit: int
    retention_days: int
    trial_days: int = 0
    trial_credits: int = 0

    @property
    def lookup_key(self) -> str:
        """How its current price is found in Stripe."""
        return f"plan:{self.key}"

    @property
    def dollars(self) -> str:
        """The monthly price as people write it: "$79"."""
        return f"${self.price / 100:.2f}".removesuffix(".00")

    @property
    def retention_years(self) -> int:
        """The retention in years where it is a whole number of them, else 0."""
        years, days = divmod(self.retention_days, 365)
        return 0 if days else years

    @property
    def rank(self) -> int:
        """The place in the list: a move to a higher one is an upgrade."""
        return list(PLANS).index(self.key)


@dataclass(frozen=True)
class Pack:
    """Credits that never expire; `price` in cents."""

    key: str
    name: str
    credits: int
    price: int

    @property
    def lookup_key(self) -> str:
        """How its current price is found in Stripe."""
        return f"pack:{self.key}"


PLANS = {
    plan.key: plan
    for plan in (
        Plan(
            key=FREE,
            name="Free",
            price=0,
            allowance=0,
            api_access=False,
            white_label=False,
            seats=1,
            in_flight_limit=2,
            retention_days=30,
        ),
        Plan(
            key="starter",
            name="Starter",
            price=1900,
            allowance=300,
            api_access=False,
            white_label=False,
            seats=3,
            in_flight_limit=4,
            retention_days=180,
        ),
        Plan(
            key="growth",
            name="Growth",
            price=7900,
            allowance=1500,
            api_access=True,
            white_label=False,
            seats=10,
            in_flight_limit=10,
            retention_days=365,
            trial_days=7,
            trial_credits=100,
        ),
        Plan(
            key="scale",
            name="Scale",
            price=24900,
            allowance=6000,
            api_access=True,
            white_label=True,
            seats=50,
            in_flight_limit=40,
            retention_days=1095,
        ),
    )
}
PAID_PLANS = {key: plan for key, plan in PLANS.items() if plan.price}

PACKS = {
    pack.key: pack
    for pack in (
        Pack(key="100", name="100 credits", credits=100, price=900),
        Pack(key="500", name="500 credits", credits=500, price=3900),
        Pack(key="2000", name="2,000 credits", credits=2000, price=12900),
    )
}


_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}


def money(amount: int, currency: str = CURRENCY) -> str:
    """An amount of hundredths, for people: `$79`, `$9.50`, `12.00 SEK`."""
    whole = amount % 100 == 0 and currency in _SIGNS
    text = number_format(abs(Decimal(amount)) / 100, 0 if whole else 2, use_l10n=True, force_grouping=True)
    sign = "−" if amount < 0 else ""
    if currency not in _SIGNS:
        return f"{sign}{text} {currency.upper()}"
    # Where the sign stands: "$79" in English, "79 $" in German.
    return sign + pgettext("money", "%(sign)s%(amount)s") % {"sign": _SIGNS[currency], "amount": text}


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
