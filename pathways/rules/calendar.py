"""The calendar of an establishment: its time zone, its public holidays, its closing days, its opening hours.

A day is always a day of the wall clock of the establishment; an instant handed out is always in UTC.
Public holidays come from the `holidays` library. Sources: french-standards section 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

ONE_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
"""The finest difference between two instants, in Python and in PostgreSQL alike."""

HOLIDAY_ZONES: dict[str, tuple[str, str | None]] = {
    "FR": ("France", None),
    "FR-57": ("Alsace-Moselle", "57"),
    "FR-971": ("Guadeloupe", "971"),
    "FR-972": ("Martinique", "972"),
    "FR-973": ("Guyane", "973"),
    "FR-974": ("La Réunion", "974"),
    "FR-975": ("Saint-Pierre-et-Miquelon", "PM"),
    "FR-976": ("Mayotte", "976"),
    "FR-977": ("Saint-Barthélemy", "BL"),
    "FR-978": ("Saint-Martin", "MF"),
    "FR-986": ("Wallis-et-Futuna", "WF"),
    "FR-987": ("Polynésie française", "PF"),
    "FR-988": ("Nouvelle-Calédonie", "NC"),
}
"""Zone code, its French name, and the name the `holidays` library has for it."""

_GOOD_FRIDAY = "Vendredi saint"


@dataclass(frozen=True)
class Calendar:
    """When an establishment works.

    `good_friday` says whether Good Friday is off where the zone knows it: in Alsace-Moselle the law makes it
    depend on the commune. `closing_days` are the establishment's own. `workday_start` and `workday_end`
    bound the opening hours, on the wall clock. `working_weekdays` counts from Monday = 0.

    Raises ValueError when the time zone or the holiday zone is unknown, the opening hours are empty, or no
    weekday is worked (a delay in working days would then never end).
    """

    time_zone: str = "Europe/Paris"
    holiday_zone: str = "FR"
    good_friday: bool = True
    closing_days: frozenset[date] = frozenset()
    workday_start: time = time(8)
    workday_end: time = time(18)
    working_weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"Fuseau horaire inconnu : {self.time_zone!r}.") from error
        if self.holiday_zone not in HOLIDAY_ZONES:
            raise ValueError(f"Zone de jours fériés inconnue : {self.holiday_zone!r}.")
        if self.workday_start >= self.workday_end:
            raise ValueError("L’heure d’ouverture doit précéder l’heure de fermeture.")
        if not self.working_weekdays or not self.working_weekdays <= frozenset(range(7)):
            raise ValueError("Au moins un jour de la semaine doit être travaillé (lundi = 0, dimanche = 6).")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone (`ZoneInfo` keeps one object per name)."""
        return ZoneInfo(self.time_zone)

    def holiday_name(self, day: date) -> str | None:
        """The French name of the public holiday, or None. Holidays that fall on a Sunday have one too."""
        name = _holidays(self.holiday_zone, day.year).get(day)
        return None if name == _GOOD_FRIDAY and not self.good_friday else name

    def is_working_day(self, day: date) -> bool:
        """True when the establishment works that day: a worked weekday, no public holiday, no closing day."""
        return (
            day.weekday() in self.working_weekdays and day not in self.closing_days and self.holiday_name(day) is None
        )

    def next_working_day(self, day: date) -> date:
        """`day` itself when it is worked, else the first worked day after it."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def local_date(self, instant: datetime) -> date:
        """The wall-clock day of an aware instant. Raises ValueError when it is naive."""
        if instant.tzinfo is None:
            raise ValueError("Un instant sans fuseau horaire ne peut pas être compté.")
        return instant.astimezone(self.zone).date()

    def start_of_day(self, day: date) -> datetime:
        """The first instant of the wall-clock day, in UTC."""
        return _midnight(self.time_zone, day)

    def end_of_day(self, day: date) -> datetime:
        """The last instant of the wall-clock day, in UTC: 23:59:59.999999.

        An instant of that day is never after it, the next instant always is, and its own wall-clock date is
        the day meant: "due on Thursday" is late on Friday at 0:00, and prints as Thursday.
        """
        return self.start_of_day(day + ONE_DAY) - TICK

    def at(self, day: date, wall_time: time) -> datetime:
        """That wall-clock time of that day, in UTC. A time that happens twice (October) is the first one, a
        time that does not exist (March) is read with the offset in force before the change."""
        return datetime.combine(day, wall_time, self.zone).astimezone(UTC)


@lru_cache(maxsize=16_384)
def _midnight(time_zone: str, day: date) -> datetime:
    """The first instant of a day, in UTC. Plans ask for the same days again and again."""
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)


@lru_cache(maxsize=512)
def _holidays(zone: str, year: int) -> dict[date, str]:
    """Public holidays of one zone and one year, with their French names."""
    _, subdivision = HOLIDAY_ZONES[zone]
    return dict(holidays.country_holidays("FR", subdiv=subdivision, years=year, language="fr"))
