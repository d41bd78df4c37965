"""Plain HTML for the sandbox's pages: no scripts, one style sheet, a banner on each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

BANNER = "Sandbox payment page: no real money, not Stripe"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #222; background: #f5f3ef; }
.banner { background: #7a2e0e; color: #fff; text-align: center; padding: .5rem; font-weight: 600; }
main { max-width: 60rem; margin: 1.5rem auto; padding: 1.5rem; background: #fff; border: 1px solid #ddd; }
main.narrow { max-width: 30rem; }
h1 { font-size: 1.4rem; margin-top: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #e5e5e5; vertical-align: top; }
form { display: inline; } form.block { display: block; margin: .75rem 0; }
label { display: block; margin: .5rem 0 .2rem; }
input[type=text] { font: inherit; padding: .4rem; width: 100%; box-sizing: border-box; }
input.short, select { width: auto; max-width: 8rem; }
button { font: inherit; padding: .3rem .8rem; margin: .15rem 0; border: 1px solid #555; background: #fff; }
button.main { background: #24543c; color: #fff; border-color: #24543c; width: 100%; margin-top: .8rem; }
.error { background: #fde8e4; border: 1px solid #b3261e; padding: .6rem; }
.quiet { color: #666; font-size: .85rem; } code { font-size: .85rem; }
"""


def page(title: str, body: str, *, narrow: bool = False) -> bytes:
    """A whole document; `body` is HTML."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"></head><body>'
        f'<p class="banner" role="note">{BANNER}</p><main{" class=narrow" if narrow else ""}>'
        f"<h1>{escape(title)}</h1>{body}</main></body></html>"
    ).encode()


def button(action: str, label: str, **fields: Any) -> str:
    """A form that is one button."""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(str(v))}">' for name, v in fields.items()
    )
    return f'<form method="post" action="{escape(action)}">{hidden}<button>{escape(label)}</button></form>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """`rows` are HTML, `head` is text."""
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    if not lines:
        return '<p class="quiet">None.</p>'
    top = "".join(f"<th>{escape(word)}</th>" for word in head)
    return f"<table><tr>{top}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def money(amount: int, currency: str) -> str:
    """1999, usd -> 19.99 USD."""
    return f"{amount / 100:,.2f} {currency.upper()}"


def date(moment: int) -> str:
    """Day and minute, UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
