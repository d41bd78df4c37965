"""Money for people, in templates."""

from __future__ import annotations

from django import template

from billing import plans

register = template.Library()
register.filter("money", plans.money)
