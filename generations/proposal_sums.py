"""What a proposal costs. Arithmetic on decimals; knows no rows.

The rule of rounding: half up, to the smallest coin of the currency, in the order in which a person would check it with
a pocket calculator. First the unit price with its markup, then quantity times that, then the sum of the lines, then the
tax on that sum. So what is printed always adds up: total = net + tax, net = sum of the lines, line = quantity × unit.
`cost` is the same without markups, and the markup is the difference of the two sums.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Currencies without a coin below one; all others that we know of the trade have hundredths.
WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"})


@dataclass(frozen=True)
class Item:
    """What is charged for: the unit price is the cost; `markup` in percent."""

    quantity: Decimal
    unit_price: Decimal
    markup: Decimal = Decimal(0)


@dataclass(frozen=True)
class Priced:
    """A line as it is printed. `unit` and `total` carry the markup; `bare` and `cost` don't."""

    unit: Decimal
    total: Decimal
    bare: Decimal
    cost: Decimal


@dataclass(frozen=True)
class Sums:
    """Of a proposal; `net` is cost and markup."""

    cost: Decimal
    net: Decimal
    tax: Decimal

    @property
    def markup(self) -> Decimal:
        """What the workspace earns on its products."""
        return self.net - self.cost

    @property
    def total(self) -> Decimal:
        """What the client pays."""
        return self.net + self.tax


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the smallest coin, half up."""
    return amount.quantize(Decimal(1) if currency in WHOLE else Decimal("0.01"), ROUND_HALF_UP)


def price(item: Item, currency: str) -> Priced:
    """A line's prices."""
    bare = rounded(item.unit_price, currency)
    unit = rounded(item.unit_price * (1 + item.markup / 100), currency)
    return Priced(
        unit=unit,
        total=rounded(item.quantity * unit, currency),
        bare=bare,
        cost=rounded(item.quantity * bare, currency),
    )


def add_up(lines: Iterable[Priced], *, tax: Decimal, currency: str) -> Sums:
    """The sums of these lines; `tax` in percent."""
    found = list(lines)
    net = sum((line.total for line in found), Decimal(0))
    cost = sum((line.cost for line in found), Decimal(0))
    return Sums(cost=cost, net=net, tax=rounded(net * tax / 100, currency))
