"""Figures beside the entries of the menu. The rows behind a figure are those of the list its entry opens.

An upper app registers a badge in `AppConfig.ready`, as the page's list knows it::

    from directory import badges
    badges.register("referrals:inbox", "à trier", waiting_for)

An entry that would be empty for some is drawn only for those whom it concerns::

    badges.show_only_if("coordination:laboratory", laboratories_of)

All the badges of a page are read in one query, when the menu is drawn: a fragment pays nothing. A page that counts for
itself reads them with its own figures (`expressions`) and hands them over (`keep`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from directory.counting import Figure, count_of, count_up_to, read
from directory.models import User

Counted = Callable[[User, datetime], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Badge:
    """`words` says what the figure counts to those who do not see it; `counted` gives the rows, of which no more
    than `most` are counted: beyond, the menu says « 99+ »."""

    words: str
    counted: Counted
    most: int | None = None

    def figure(self, user: User, at: datetime) -> Figure:
        rows = self.counted(user, at)
        return count_of(rows) if self.most is None else count_up_to(rows, self.most + 1)


_registered: dict[str, Badge] = {}
_conditions: dict[str, Counted] = {}
_KEPT = "jalon_badges"


def register(url_name: str, words: str, counted: Counted, *, most: int | None = None) -> None:
    """Puts a figure beside the menu's entry that leads to ``url_name``; registering again replaces it.

    ``most`` spares every page the count of rows that may be thousands.
    """
    _registered[url_name] = Badge(words, counted, most)


def show_only_if(url_name: str, concerned: Counted) -> None:
    """Draws the entry that leads to ``url_name`` only when ``concerned`` gives rows; registering again replaces it."""
    _conditions[url_name] = concerned


def conditional(url_name: str) -> bool:
    """Whether the entry is drawn for some only."""
    return url_name in _conditions


def drawn(url_name: str, figures: Mapping[str, int]) -> bool:
    """Whether ``figures`` say that the entry concerns the reader."""
    return bool(figures.get(_condition_key(url_name), True))


def _condition_key(url_name: str) -> str:
    return f"{url_name} ?"


def words_of(url_name: str) -> str:
    """What the figure of an entry counts; empty when it has none."""
    badge = _registered.get(url_name)
    return badge.words if badge else ""


def shown(url_name: str, figure: int) -> str:
    """« 12 », « 99+ » beyond what is counted, nothing for none."""
    most = _registered[url_name].most
    return f"{most}+" if most is not None and figure > most else str(figure or "")


def expressions(user: User, at: datetime, url_names: set[str]) -> dict[str, Figure]:
    """What to read for the badges of these entries, and whether to draw them, for `directory.counting.read`."""
    asked = {name: badge.figure(user, at) for name, badge in _registered.items() if name in url_names}
    return asked | {
        _condition_key(name): count_up_to(concerned(user, at), 1)
        for name, concerned in _conditions.items()
        if name in url_names
    }


def keep(request: HttpRequest, figures: Mapping[str, int]) -> None:
    """Hands over the figures a page has read by itself: the menu reads nothing more."""
    setattr(request, _KEPT, dict(figures))


def figures_for(request: HttpRequest, user: User, url_names: set[str]) -> dict[str, int]:
    """The figure of each entry, read once per request."""
    if not hasattr(request, _KEPT):
        keep(request, read(expressions(user, timezone.now(), url_names)))
    kept: dict[str, int] = getattr(request, _KEPT)
    return kept
