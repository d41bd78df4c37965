"""Money for people."""

from __future__ import annotations

from django import template

from billing import plans

register = template.Library()
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}


@register.filter
def money(amount: int, currency: str = plans.CURRENCY) -> str:
    """An amount in the currency's hundredths: `$79`, `$9.50`, `12.00 SEK`."""
    whole, rest = divmod(abs(amount), 100)
    text = f"{whole:,}" + (f".{rest:02}" if rest or currency not in _SIGNS else "")
    sign = "−" if amount < 0 else ""
    return f"{sign}{_SIGNS[currency]}{text}" if currency in _SIGNS else f"{sign}{text} {currency.upper()}"
