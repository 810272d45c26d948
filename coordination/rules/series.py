"""What a change of a series does to its slots to come: one verdict a week, the same for the preview and for the act."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from coordination.rules.slots import Occurrence, Pattern, occurrences, release_instant
from pathways.rules.calendar import Calendar


@dataclass(frozen=True)
class Gap:
    """Days without a slot, both included; or, with ``moved_to``, the week of ``first`` held at that instant (UTC)."""

    first: date
    last: date
    reason: str
    moved_to: datetime | None = None

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Standing:
    """A slot as it is. ``setup`` is what it holds besides its hours and its ``capacity``: room, machine,
    practitioners; ``extra`` of its ``booked`` are beyond its places."""

    key: int
    week: date
    starts_at: datetime
    ends_at: datetime
    release_at: datetime
    status: str
    booked: int = 0
    setup: Hashable = None
    capacity: int = 1
    extra: int = 0


class Verdict(StrEnum):
    KEEP = "keep"
    MAKE = "make"
    MOVE = "move"
    CHANGE = "change"
    RESIZE = "resize"
    CANCEL = "cancel"
    REOPEN = "reopen"
    PERSON = "person"
    UNTOUCHED = "untouched"


@dataclass(frozen=True)
class Outcome:
    """What becomes of one week: its slot as it is (None: to make), as wanted (None: no more), and why.

    ``capacity``: its places from now on, where only their number changes. ``as_before``: patients keep the room, the
    length or the people that the others lose.
    """

    verdict: Verdict
    week: date
    slot: Standing | None = None
    wanted: Occurrence | None = None
    reason: str = ""
    capacity: int | None = None
    as_before: bool = False


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def wanted_by_week(
    pattern: Pattern, gaps: Iterable[Gap], first: date, last: date, calendar: Calendar
) -> dict[date, Occurrence]:
    """The slots a series gives on the days ``first``..``last``, by week.

    A gap wins over the pattern; a week held otherwise follows its own instant, and the other gaps still apply to it.
    """
    known = list(gaps)
    held = {monday_of(gap.first): gap.moved_to for gap in known if gap.moved_to}
    found = {each.week: each for each in occurrences(pattern, first, last, calendar) if each.week not in held}
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
    setup: Hashable = None,
    capacity: int | None = None,
    reason: str = "",
) -> list[Outcome]:
    """One verdict for each week that has a slot or should have one, in order of the weeks.

    What has begun is left alone, and so is what went back to the platform without a patient, or is due to: a promise
    given back is not taken again. A slot with patients is never moved nor cancelled by a rule: a person decides; only
    its places follow (``capacity``; None says nothing of them), down to those that are taken. A slot too near to be
    kept is not made.
    """
    slots = {slot.week: slot for slot in standing}
    weeks = sorted({*wanted, *slots})
    return [
        _sized(_outcome(week, slots.get(week), wanted.get(week), now, setup, reason), capacity, now) for week in weeks
    ]


def _sized(outcome: Outcome, capacity: int | None, now: datetime) -> Outcome:
    """A slot kept as it is takes the places of its series: never fewer than are taken."""
    slot = outcome.slot
    if outcome.verdict is not Verdict.KEEP or slot is None or capacity is None:
        return outcome
    places = max(capacity, slot.booked - slot.extra)
    if places == slot.capacity or slot.status != "protected" or slot.release_at <= now:
        return outcome
    return replace(outcome, verdict=Verdict.RESIZE, capacity=places)


def _outcome(
    week: date, slot: Standing | None, wanted: Occurrence | None, now: datetime, setup: Hashable, reason: str
) -> Outcome:
    near = wanted is not None and wanted.release_at <= now
    if slot is None:
        return Outcome(Verdict.UNTOUCHED if near else Verdict.MAKE, week, None, wanted, reason)
    if slot.starts_at <= now:
        return Outcome(Verdict.UNTOUCHED, week, slot, wanted)
    if slot.status == "cancelled":
        again = wanted is not None and not near
        return Outcome(Verdict.REOPEN if again else Verdict.UNTOUCHED, week, slot, wanted, reason)
    if slot.booked:
        stays = wanted is not None and wanted.starts_at == slot.starts_at
        other = wanted is not None and (wanted.ends_at, setup) != (slot.ends_at, slot.setup)
        return Outcome(Verdict.KEEP if stays else Verdict.PERSON, week, slot, wanted, reason, as_before=stays and other)
    if slot.status == "released" or slot.release_at <= now:
        return Outcome(Verdict.UNTOUCHED, week, slot, wanted)
    if wanted is None or near:
        return Outcome(Verdict.CANCEL, week, slot, None, reason)
    if wanted.starts_at != slot.starts_at:
        return Outcome(Verdict.MOVE, week, slot, wanted, reason)
    same = (slot.ends_at, slot.release_at, slot.setup) == (wanted.ends_at, wanted.release_at, setup)
    return Outcome(Verdict.KEEP if same else Verdict.CHANGE, week, slot, wanted, reason)
