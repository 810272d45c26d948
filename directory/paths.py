"""Addresses that a page carries and a browser sends back."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def own_path(wanted: str) -> str:
    """``wanted`` when it is the path of a page of this site, to link or to lead to; else nothing. A word alone is none:
    `redirect` would take it for the name of a view."""
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours else ""
