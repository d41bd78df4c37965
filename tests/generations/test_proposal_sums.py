"""What a proposal costs: a table that was checked by hand, and sums that always add up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generations.proposal_sums import Item, add_up, price

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "unit", "markup", "shown", "total"),
    [
        ("1", "100", "0", "100.00", "100.00"),
        ("3", "19.99", "0", "19.99", "59.97"),
        ("1", "100", "25", "125.00", "125.00"),
        ("1", "0.01", "50", "0.02", "0.02"),  # 0.015, half up
        ("1", "10.05", "10", "11.06", "11.06"),  # 11.055
        ("3", "10.05", "10", "11.06", "33.18"),  # of the rounded unit, not 33.165
        ("0.5", "0.01", "0", "0.01", "0.01"),  # 0.005
        ("2.5", "99.99", "12.5", "112.49", "281.23"),  # 112.48875; 281.225
        ("7", "0", "30", "0.00", "0.00"),
    ],
)
def test_a_line(quantity: str, unit: str, markup: str, shown: str, total: str) -> None:
    line = price(Item(D(quantity), D(unit), D(markup)), "EUR")
    assert (str(line.unit), str(line.total)) == (shown, total)


@pytest.mark.parametrize(
    ("lines", "tax", "net", "amount", "total"),
    [
        ([("1", "100", "0")], "19", "100.00", "19.00", "119.00"),
        ([("3", "0.33", "0")], "7.7", "0.99", "0.08", "1.07"),  # 0.07623
        ([("1", "0.50", "0")], "19", "0.50", "0.10", "0.60"),  # 0.095
        ([("1", "10.05", "10"), ("2", "19.99", "0")], "20", "51.04", "10.21", "61.25"),  # 10.208
        ([], "19", "0", "0.00", "0.00"),
    ],
)
def test_sums(lines: list[tuple[str, str, str]], tax: str, net: str, amount: str, total: str) -> None:
    priced = [price(Item(D(q), D(u), D(m)), "EUR") for q, u, m in lines]
    sums = add_up(priced, tax=D(tax), currency="EUR")
    assert (str(sums.net), str(sums.tax), str(sums.total)) == (net, amount, total)


def test_the_yen_has_no_smaller_coin() -> None:
    line = price(Item(D(3), D("100.50"), D(10)), "JPY")
    assert (str(line.unit), str(line.total)) == ("111", "333")


def cents(least: int, most: int) -> st.SearchStrategy[Decimal]:
    """Amounts with two places; integers are drawn more quickly than decimals."""
    return st.integers(least, most).map(lambda number: D(number) / 100)


ITEMS = st.lists(
    st.builds(Item, cents(1, 999_900), cents(0, 999_999_900), cents(0, 100_000)),
    max_size=12,
)


@settings(deadline=None)
@given(ITEMS, cents(0, 10_000), st.sampled_from(["EUR", "JPY"]))
def test_what_is_printed_always_adds_up(items: list[Item], tax: D, currency: str) -> None:
    priced = [price(item, currency) for item in items]
    sums = add_up(priced, tax=tax, currency=currency)
    coin = D("0.01") if currency == "EUR" else D(1)
    assert sums.total == sum((line.total for line in priced), D(0)) + sums.tax
    assert sums.cost + sums.markup + sums.tax == sums.total
    assert sums.markup >= 0
    for item, line in zip(items, priced, strict=True):
        assert abs(line.total - item.quantity * line.unit) <= coin / 2
        assert abs(line.unit - item.unit_price * (1 + item.markup / 100)) <= coin / 2
        assert line.total % coin == 0
    assert abs(sums.tax - sums.net * tax / 100) <= coin / 2
    assert sums.total % coin == 0
