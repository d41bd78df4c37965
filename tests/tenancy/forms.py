"""Forms and queries of pages that name something, and every name by which a page is asked for anything."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse

from tests.test_conventions import APPS, sources

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """`fields` name things as `{noun}`; so do `parts`, of the page's address."""

    page: str
    fields: Values
    method: str = "post"
    parts: tuple[str, ...] = ()

    def path(self, ids: Mapping[str, str]) -> str:
        """Of the page."""
        return reverse(self.page, args=[ids["workspace"], *(ids[noun] for noun in self.parts)])

    def filled(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """With these ids."""
        return {_put(name, ids): _put(value, ids) for name, value in self.fields.items()}

    def strange(
        self, mine: Mapping[str, str], theirs: Mapping[str, str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """The noun and the form for each thing that is named, where that one is somebody else's."""
        for name, value in self.fields.items():
            for noun in re.findall(r"{(\w+)}", str(value)):
                yield (
                    noun,
                    self.filled(mine) | {_put(name, mine): _put(value, dict(mine) | {noun: theirs[noun]})},
                )


def _put(value: Any, ids: Mapping[str, str]) -> Any:
    return [_put(each, ids) for each in value] if isinstance(value, list) else str(value).format(**ids)


_DELIVERY = {"title": "Photos", "profile": "clean", "is_confirmed": "on", "picture": ["{picture}"]}
_STUDIO = {"prompt": "Oak", "mode": "restyle", "key": "k", "agreed": "10"}

# Names that say nothing about which thing is meant; `newest` is a number to count up to, `session` is Stripe's
# (tests/billing/test_buying.py). Those of forms for people without an account are walked in tests/review.
_WORDS = """
    accent address agreed allow_downloads altered answer archived back brand_name business_address business_name
    cap caption caption_ cents client_email client_name colour cover credit_cap currency days deadline
    delivered_too description design_level details domain drops_pin email ends_others engine expires_on final
    first fit format furniture_name has_link has_watermark height host introduction is_confirmed keep_structure
    kind kinds label_place language last layout link locked logo look low_below mail mail_assigned mail_budgets
    mail_failed mail_mentions mail_proposals mail_ready mail_reviews mail_weekly markup max_rounds mention
    message mode month name networks newest next notes outcome pack page parent part password phone piece pin
    plan price prompt q qr qr_place quantity reason recipe_name remove remove_logo reply_to resolution role
    scale scopes seen sender_name session settled show_budget show_markup show_prices show_product_links
    show_versions since sort starred state status style tax tax_name terms test text title to topup_below
    topup_monthly_cap topup_pack unit_price until url valid_days valid_until variations view wants_news what
    width with_original with_photos writes x y
"""
FORMS = [
    Form("studio", _STUDIO | {"photo_id": "{photo}"}),
    Form("studio", _STUDIO | {"photo_id": "{photo}", "product": ["{product}"]}),
    Form("studio", {"photo": "{photo}", "room": "{room}", "recipe": "{recipe}"}, "get"),
    Form("new-room-set", _STUDIO | {"photo": ["{photo}"], "recipe": "{recipe}"}, parts=("project",)),
    Form("new-room-set", _STUDIO | {"photo": ["{photo}"], "product": ["{product}"]}, parts=("project",)),
    Form("new-room-set", _STUDIO | {"photo": ["{photo}"], "room": "{room}"}, parts=("project",)),
    Form("new-room-set", {"room": "{room}", "recipe": "{recipe}"}, "get", ("project",)),
    Form("save-recipe", {"recipe_name": "Look", "prompt": "Oak", "key": "k", "product": ["{product}"]}),
    Form(
        "new-review",
        {"title": "Looks", "max_rounds": 2, "days": 30, "picture": ["{picture}"]},
        parts=("project",),
    ),
    Form(
        "review-next",
        {"picture": ["{new_picture}"], "replaces_{new_picture}": "{review_item}"},
        parts=("review",),
    ),
    Form("proposal", {"part": "product", "product": "{product}"}, parts=("draft",)),
    Form("proposal", {"part": "pictures", "picture": ["{picture}"]}, parts=("draft",)),
    Form(
        "new-delivery",
        {"title": "Photos", "profile": "{export_profile}", "is_confirmed": "on", "picture": ["{picture}"]},
    ),
    Form(
        "new-delivery",
        {
            "title": "Photos",
            "profile": "clean",
            "is_confirmed": "on",
            "project": "{project}",
            "picture": ["{picture}"],
        },
    ),
    Form("new-delivery", {"project": "{project}", "picture": "{picture}"}, "get"),
    Form("project-assign", {"member": "{member}"}, parts=("project",)),
    Form("place-room", {"before": "{room}"}, parts=("room",)),
    Form("place-photo", {"before": "{photo}"}, parts=("photo",)),
    Form("change-project", {"name": "Flat", "client": "{client}"}, parts=("project",)),
    Form("change-room", {"name": "Hall", "project": "{project}"}, parts=("room",)),
    Form("change-photo", {"name": "Hall", "room": "{room}"}, parts=("photo",)),
    Form("projects", {"name": "Flat", "client": "{client}"}),
    Form("projects", {"client": "{client}"}, "get"),
    Form("projects", {"new_for": "{client}"}, "get"),
    Form("history", {"after": "{generation}"}, "get"),
    Form("history", {"place": "{project}"}, "get"),
    Form("history", {"place": "{room}"}, "get"),
    Form("history", {"person": "{person}"}, "get"),
    Form("compare", {"a": "{picture}", "b": "{picture}"}, "get"),
    Form("credits", {"label": "{label}"}, "get"),
    Form("credits", {"by": "{person}"}, "get"),
    Form("credits-csv", {"label": "{label}"}, "get"),
    Form("budgets", {"key": "{budget}", "cap": 7}),
    Form("audit-log", {"who": "{person_number}"}, "get"),
]

# What pages need before they look for what their address names.
USUAL: dict[str, Values] = {
    "member-role": {"role": "viewer"},
    "review-answer": {"text": "Fine"},
    "proposal": {"part": "texts"},
}

QUERIES = {"compare": "?a={picture}&b={picture}"}


def unknown() -> list[str]:
    """Names of which nobody has said what they are."""
    naming = {
        name.partition("{")[0] for form in FORMS for name, value in form.fields.items() if "{" in str(value)
    }
    return sorted(named() - naming - set(_WORDS.split()))


def named() -> set[str]:
    """Every name under which a page looks for something in what it was sent: in its code and in its forms."""
    found = set()
    for path in sources():
        pattern = r"(?:GET|POST)(?:\.get|\.getlist)?[\[(]f?\"(\w+)"
        found |= set(re.findall(pattern, path.read_text()))
    for app in APPS:
        package = importlib.import_module(app)
        for module in pkgutil.iter_modules(package.__path__):
            if "form" in module.name:
                for each in vars(importlib.import_module(f"{app}.{module.name}")).values():
                    if isinstance(each, type) and issubclass(each, forms.BaseForm):
                        found |= set(vars(each)["base_fields"])
    return found
