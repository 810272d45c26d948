"""The wall clock of a page: that of the establishment it speaks of, never that of the server.

`directory.middleware.LocalTimeMiddleware` gives every page the clock of where its user works. A page about one patient,
one slot or one team takes theirs: what finds the object calls `follow_clock_of`, so that no view has to think of it.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.utils import timezone

from directory.models import Establishment, User


def follow_clock_of(establishment: Establishment) -> None:
    """Hours and days are those of that establishment until the request ends, when the middleware takes them back."""
    timezone.activate(ZoneInfo(establishment.time_zone))


def zone_of(user: User) -> ZoneInfo | None:
    """The time zone of the user's first team; None for a user without any."""
    first = next(iter(user.current_memberships), None)
    return ZoneInfo(first.team.establishment.time_zone) if first else None
