"""Sentences of rows, for templates."""

from __future__ import annotations

from django import template

from accounts import wording

register = template.Library()
register.filter("in_words", wording.in_words)
