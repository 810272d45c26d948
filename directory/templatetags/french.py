"""Filters that every template has, with French rules where Django's are English."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from django import template
from django.template.defaultfilters import pluralize as english

register = template.Library()


@register.filter(is_safe=False)
def pluralize(value: Any, forms: str = "s") -> str:
    """As Django's, but nothing and less than two are singular: « 0 place libre », « 1,5 jour »."""
    count = len(value) if isinstance(value, Sized) and not isinstance(value, str) else value
    try:
        return english(2 if float(count) >= 2 else 1, forms)
    except (TypeError, ValueError):
        return english(count, forms)
