"""Figures beside the entries of the menu. The rows behind a figure are those of the list its entry opens.

An upper app registers a badge in `AppConfig.ready`, as the page's list knows it::

    from directory import badges
    badges.register("referrals:inbox", "à trier", waiting_for)

All the badges of a page are read in one query, when the menu is drawn: a fragment pays nothing. A page that counts for
itself reads them with its own figures (`expressions`) and hands them over (`keep`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from directory.counting import count_of, read
from directory.models import User

Counted = Callable[[User, datetime], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Badge:
    """`words` says what the figure counts to those who do not see it; `counted` gives the rows."""

    words: str
    counted: Counted


_registered: dict[str, Badge] = {}
_KEPT = "jalon_badges"


def register(url_name: str, words: str, counted: Counted) -> None:
    """Puts a figure beside the menu's entry that leads to ``url_name``; registering again replaces it."""
    _registered[url_name] = Badge(words, counted)


def words_of(url_name: str) -> str:
    """What the figure of an entry counts; empty when it has none."""
    badge = _registered.get(url_name)
    return badge.words if badge else ""


def expressions(user: User, at: datetime, url_names: set[str]) -> dict[str, Subquery[Any]]:
    """What to read for the badges of these entries, for `directory.counting.read`."""
    return {name: count_of(badge.counted(user, at)) for name, badge in _registered.items() if name in url_names}


def keep(request: HttpRequest, figures: Mapping[str, int]) -> None:
    """Hands over the figures a page has read by itself: the menu reads nothing more."""
    setattr(request, _KEPT, dict(figures))


def figures_for(request: HttpRequest, user: User, url_names: set[str]) -> dict[str, int]:
    """The figure of each entry, read once per request."""
    if not hasattr(request, _KEPT):
        keep(request, read(user, expressions(user, timezone.now(), url_names)))
    kept: dict[str, int] = getattr(request, _KEPT)
    return kept
