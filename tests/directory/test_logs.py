"""No line of the log is enough to open a signed link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.logs import drop_identity

TOKEN = "eyJ1IjoxfQ:1xYz:secret"


def opened_by_token(resolver: URLResolver, space: str = "") -> Iterator[str]:
    """The names of our routes that a token in their path opens."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from opened_by_token(each, f"{each.namespace}:" if each.namespace else space)
        elif isinstance(each, URLPattern) and space and "token" in getattr(each.pattern, "converters", {}):
            yield f"{space}{each.name}"


@pytest.mark.parametrize("name", sorted(opened_by_token(get_resolver())))
def test_the_token_of_a_link_never_stands_in_a_log(name: str) -> None:
    address = reverse(name, args=[TOKEN])
    line: dict[str, Any] = {"request": f"GET {address}", "event": f"Not Found: {address}"}
    assert "secret" not in str(drop_identity(None, "info", line))


def test_such_routes_are_found() -> None:
    assert {"referrals:follow", "rcp:letter", "coordination:lab-link"} <= set(opened_by_token(get_resolver()))
