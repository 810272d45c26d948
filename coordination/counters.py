"""What upper rooms add to the worklist's counters, which never names them.

An upper app registers in `AppConfig.ready`. A *filter* says what pathways have in common: its counter, its list and its
row come from that one condition. A *neighbour* is a figure whose list is another page of the menu::

    from coordination import counters
    counters.add_filter(Filter("rcp", "RCP sous 2 jours", soon_discussed, tone="info", icon="calendar-event"))
    counters.add_neighbour(Neighbour("Demandes à trier", "referrals:inbox", waiting_for, tone="soon", icon="inbox"))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from directory.models import User


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of the worklist: `name` is its word in addresses, `condition` what its active pathways share. `post` is
    that of the morning split (`models.duties.Post`) whose work it is, if any."""

    name: str
    label: str
    condition: Callable[[datetime, date], Q]
    tone: str = "neutral"
    icon: str = "list"
    post: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A figure of another page: `counted` gives the rows that the page lists. A `quiet` one shows only when there are
    some."""

    label: str
    url_name: str
    counted: Callable[[User, datetime], QuerySet[Any]]
    tone: str = "neutral"
    icon: str = "list"
    query: str = ""
    post: str = ""
    quiet: bool = False


_filters: dict[str, Filter] = {}
_neighbours: dict[str, Neighbour] = {}


def add_filter(added: Filter) -> None:
    """Registering a name again replaces it."""
    _filters[added.name] = added


def add_neighbour(added: Neighbour) -> None:
    """Registering a URL name again replaces it."""
    _neighbours[added.url_name] = added


def added_filters() -> dict[str, Filter]:
    return _filters


def neighbours() -> dict[str, Neighbour]:
    return _neighbours
