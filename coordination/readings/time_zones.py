"""The time zones of a calendar file, as RFC 5545 3.6.5 wants them: each change of hour at the wall clock it ends.

`icalendar` can write them by itself, but gives the change to summer time one hour late (7.3), and all those since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

ONE_DAY = timedelta(days=1)
NOTHING = timedelta(0)


def time_zone(name: str, first: datetime, last: datetime) -> Timezone:
    """The VTIMEZONE of ``name`` that holds from ``first`` to ``last``: the hour at the start, then each change."""
    zone = ZoneInfo(name)
    found = Timezone()
    found.add("tzid", name)
    for at, before in ((first, first), *((at, at - timedelta(seconds=1)) for at in _changes(zone, first, last))):
        old, new = before.astimezone(zone), at.astimezone(zone)
        part = TimezoneDaylight() if new.dst() else TimezoneStandard()
        part.add("dtstart", (at.astimezone(UTC) + _offset(old)).replace(tzinfo=None))
        part.add("tzoffsetfrom", _offset(old))
        part.add("tzoffsetto", _offset(new))
        part.add("tzname", new.tzname())
        found.add_component(part)
    return found


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterable[datetime]:
    """The instants, to the second, at which the clock of ``zone`` changes its distance from UTC."""
    at = first
    while at < last:
        if _offset(at.astimezone(zone)) != _offset((at + ONE_DAY).astimezone(zone)):
            low, high = at, at + ONE_DAY
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                same = _offset(middle.astimezone(zone)) == _offset(low.astimezone(zone))
                low, high = (middle, high) if same else (low, middle)
            yield (high + timedelta(milliseconds=500)).replace(microsecond=0)
        at += ONE_DAY


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or NOTHING
