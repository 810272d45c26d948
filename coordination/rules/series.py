"""What a change of a series does to its slots to come: one verdict a week, the same for the preview and for the act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from coordination.rules.slots import Occurrence, Pattern, occurrences, release_instant
from pathways.rules.calendar import Calendar


@dataclass(frozen=True)
class Gap:
    """Days without a slot, both included; or, with ``moved_to``, the week of ``first`` held at that instant (UTC).
    ``whole``: their weeks, whatever the day on which the series is held."""

    first: date
    last: date
    reason: str
    moved_to: datetime | None = None
    whole: bool = False

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def leaves_out(self, week: date) -> bool:
        """Whether the week that begins that Monday has no slot on any day."""
        return self.whole and monday_of(self.first) <= week <= self.last


@dataclass(frozen=True)
class Setup:
    """What a slot holds besides its hours: places, room, machine and practitioners (their keys)."""

    capacity: int = 1
    room: str = ""
    resource: int | None = None
    people: frozenset[int] = frozenset()

    @property
    def told(self) -> tuple[str, frozenset[int]]:
        """What a patient is told: where, and by whom. Nobody is told which machine."""
        return self.room, self.people


@dataclass(frozen=True)
class Standing:
    """A slot as it is. ``extra``: places added beyond its capacity. ``disturbed``: its series no longer gave it while
    patients were in it, and nobody more enters it."""

    key: int
    week: date
    starts_at: datetime
    ends_at: datetime
    release_at: datetime
    status: str
    booked: int = 0
    setup: Setup = Setup()
    extra: int = 0
    disturbed: bool = False


class Verdict(StrEnum):
    KEEP = "keep"
    MAKE = "make"
    MOVE = "move"
    CHANGE = "change"
    FOLLOW = "follow"
    CANCEL = "cancel"
    REOPEN = "reopen"
    PERSON = "person"
    UNTOUCHED = "untouched"


@dataclass(frozen=True)
class Outcome:
    """What becomes of one week: its slot as it is (None: to make), as wanted (None: no more), and why.

    ``setup`` is what the slot would hold. A slot given up only because the instant of its release has come keeps the
    hour ``wanted``, which is its own. ``pressing``: an exception takes it now, whatever a person decided before.
    """

    verdict: Verdict
    week: date
    slot: Standing | None = None
    wanted: Occurrence | None = None
    reason: str = ""
    setup: Setup = Setup()
    pressing: bool = False

    @property
    def to_tell(self) -> bool:
        """The patients of the slot come at the same hour, elsewhere or to somebody else."""
        return self.verdict is Verdict.FOLLOW and self.slot is not None and self.slot.setup.told != self.setup.told


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def wanted_by_week(
    pattern: Pattern, gaps: Iterable[Gap], first: date, last: date, calendar: Calendar
) -> dict[date, Occurrence]:
    """The slots a series gives on the days ``first``..``last``, by week.

    A gap wins over the pattern, whose day may have changed since a week was left out; a week held otherwise follows its
    own instant, and the days of the other gaps still apply to it.
    """
    known = list(gaps)
    held = {monday_of(gap.first): gap.moved_to for gap in known if gap.moved_to}
    usual = {each.week: each for each in occurrences(pattern, first, last, calendar) if each.week not in held}
    found = {week: each for week, each in usual.items() if not any(gap.leaves_out(week) for gap in known)}
    for week, instant in held.items():
        if _valid(pattern, week + timedelta(days=pattern.weekday)):
            release_at = release_instant(instant, pattern.release_notice, calendar, worked=pattern.release_worked)
            day = calendar.local_date(instant)
            found[week] = Occurrence(instant, instant + pattern.duration, release_at, day)
    closed = [gap for gap in known if gap.moved_to is None]
    return {
        week: each
        for week, each in found.items()
        if first <= each.day <= last
        and each.day not in calendar.closing_days
        and not any(gap.covers(each.day) for gap in closed)
    }


def _valid(pattern: Pattern, day: date) -> bool:
    return pattern.valid_from <= day and (pattern.valid_until is None or day <= pattern.valid_until)


def outcomes(
    wanted: Mapping[date, Occurrence],
    standing: Iterable[Standing],
    now: datetime,
    *,
    setup: Setup = Setup(),
    reason: str = "",
) -> list[Outcome]:
    """One verdict for each week that has a slot or should have one, in order of the weeks.

    What has begun is left alone, and so is what went back to the platform without a patient, or is due to: a promise
    given back is not taken again. A slot with patients is never moved nor cancelled by a rule: a person decides. At
    the same hour it follows its series: the machine, the places down to those taken, and the room and the
    practitioners, which the patients are then told. A slot too near to be kept is not made. One that its patients have
    left at an hour that its series no longer has is moved or cancelled, even when it is due or when its other places
    went back: the platform is never left with that hour.
    """
    slots = {slot.week: slot for slot in standing}
    weeks = sorted({*wanted, *slots})
    return [_outcome(week, slots.get(week), wanted.get(week), now, setup, reason) for week in weeks]


def _outcome(
    week: date, slot: Standing | None, wanted: Occurrence | None, now: datetime, setup: Setup, reason: str
) -> Outcome:
    near = wanted is not None and wanted.release_at <= now

    def found(verdict: Verdict, wanted: Occurrence | None = wanted) -> Outcome:
        return Outcome(verdict, week, slot, wanted, reason, setup)

    if slot is None:
        return found(Verdict.UNTOUCHED if near else Verdict.MAKE)
    if slot.starts_at <= now:
        return found(Verdict.UNTOUCHED)
    if slot.status == "cancelled":
        return found(Verdict.REOPEN if wanted is not None and not near else Verdict.UNTOUCHED)
    same_hour = wanted is not None and wanted.starts_at == slot.starts_at
    if slot.booked:
        return _followed(found(Verdict.FOLLOW), now) if same_hour else found(Verdict.PERSON)
    if (slot.status == "released" or slot.release_at <= now) and not slot.disturbed:
        return found(Verdict.UNTOUCHED)
    if wanted is None or (near and not (slot.disturbed and same_hour)):
        return found(Verdict.CANCEL, wanted if same_hour else None)
    if not same_hour:
        return found(Verdict.MOVE)
    if slot.status == "released":  # its series gives that hour again: the platform has it, as before
        return found(Verdict.KEEP)
    same = (slot.ends_at, slot.release_at, slot.setup) == (wanted.ends_at, wanted.release_at, setup)
    return found(Verdict.KEEP if same else Verdict.CHANGE)


def released_sooner(outcome: Outcome, release_notice: timedelta, calendar: Calendar, now: datetime) -> datetime | None:
    """The instant a slot goes back to its platform when a day closed meanwhile brings it forward, at the soonest now;
    None when it does not. The notice is in working hours: fewer of them were left than promised."""
    slot, wanted = outcome.slot, outcome.wanted
    if slot is None or wanted is None or slot.disturbed or slot.starts_at != wanted.starts_at:
        return None
    if slot.status != "protected" or slot.release_at <= now:
        return None
    instant = max(now, release_instant(slot.starts_at, release_notice, calendar, worked=True))
    return instant if instant < slot.release_at else None


def _followed(outcome: Outcome, now: datetime) -> Outcome:
    """A slot with patients, at its hour: it keeps its end, and no fewer places than are taken. What was given back to
    the platform keeps its places, and what is due to it its instant."""
    slot, wanted, setup = outcome.slot, outcome.wanted, outcome.setup
    assert slot is not None
    assert wanted is not None
    released = slot.status == "released"
    places = slot.setup.capacity if released else max(setup.capacity, slot.booked - slot.extra)
    setup = replace(setup, capacity=places)
    moves = not released and min(slot.release_at, wanted.release_at) > now
    release_at = wanted.release_at if moves else slot.release_at
    same = (slot.setup, slot.release_at) == (setup, release_at)
    wanted = replace(wanted, ends_at=slot.ends_at, release_at=release_at)
    return replace(outcome, verdict=Verdict.KEEP if same else Verdict.FOLLOW, wanted=wanted, setup=setup)
