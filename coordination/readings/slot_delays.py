"""Delays around exams, computed from the milestones in force: request to exam (IND-06), reception to the first
diagnostic act (IND-03), reception to the appointment offered within 48 working hours (IND-09)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from django.db.models import Exists, OuterRef

from coordination.models import Booking, ExamType
from coordination.readings.slot_use import Period, period_label
from coordination.rules.spread import Spread, spread_of
from directory.models import Establishment
from pathways.models import Milestone, Pathway, Pause
from pathways.querysets import PathwayQuerySet
from pathways.rules.calendar import Calendar
from pathways.rules.clock import Duration, Unit, add, days_off, waits
from pathways.rules.durations import Pause as Stop
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.rules.search import normalise
from pathways.services.calendars import calendars_of

ONE_DAY = timedelta(days=1)
PROMISE = Duration(48, Unit.WORKING_HOURS)
DIAGNOSTIC = (Kind.EXAM_DONE, Kind.BIOPSY_TAKEN)
EVER = datetime.min.replace(tzinfo=UTC)


class Cut(StrEnum):
    """By what figures are cut."""

    EXAM = "examen"
    PLATFORM = "plateau"
    QUARTER = "trimestre"


class State(StrEnum):
    """The states of an indicator with a promise; what still runs, or has no reception, cannot be scored."""

    MET = "met"
    MISSED = "missed"
    RUNNING = "running"
    UNKNOWN = "unknown"
    OUT = "out"
    """Not applicable: closed before the promise fell due."""


@dataclass(frozen=True)
class Delay:
    """One patient's delay, in days of 24 hours, in the line ``group``; ``adjusted`` without the days of pause."""

    pathway: int
    group: str
    days: float
    since: datetime
    adjusted: float


@dataclass(frozen=True)
class DelayLine:
    """One line of a table of delays."""

    group: str
    spread: Spread
    adjusted: Spread


@dataclass(frozen=True)
class Promise:
    """How many requests met the promise, missed it, still run, cannot be said (no reception recorded), or do not apply
    (closed before it fell due)."""

    met: int
    missed: int
    running: int
    unknown: int
    out: int = 0

    @property
    def judged(self) -> int:
        return self.met + self.missed


class Delays:
    """The delays of some pathways since an instant: each milestone is read once, when it is first needed. Quarters are
    those of ``zone``, the reader's place."""

    def __init__(self, pathways: PathwayQuerySet, since: datetime, now: datetime, cut: Cut, zone: tzinfo) -> None:
        self.pathways, self.since, self.now, self.cut, self.zone = pathways, since, now, cut, zone
        self.types = {each.code: each for each in ExamType.objects.all()}
        self._facts = self._read()
        self._stops, self._calendars = self._read_pauses()

    def _read(self) -> dict[int, list[tuple[datetime, str, str]]]:
        """The facts of each pathway, the oldest first."""
        kinds = {Kind.REFERRAL_RECEIVED, Kind.APPOINTMENT_OFFERED, *DIAGNOSTIC}
        kinds |= {Kind(kind) for each in self.types.values() for kind in (each.booked_as, each.done_as)}
        rows = (
            Milestone.objects.in_force()
            .filter(pathway__in=self.pathways.values("pk"), kind__in=kinds, occurred_at__range=(self.since, self.now))
            .order_by("occurred_at", "id")
            .values_list("pathway_id", "occurred_at", "kind", "detail")
        )
        facts: dict[int, list[tuple[datetime, str, str]]] = defaultdict(list)
        for pathway, at, kind, detail in rows:
            facts[pathway].append((at, kind, detail))
        return facts

    def _read_pauses(self) -> tuple[dict[int, list[Stop]], dict[int, Calendar]]:
        """What stopped the clock of each pathway that paused, and the calendar it is counted on."""
        rows = Pause.objects.counted().filter(pathway__in=self.pathways.values("pk"))
        paused = list(rows.select_related("pathway__team__establishment").defer("pathway__version__definition"))
        places = calendars_of(each.pathway.team.establishment for each in paused)
        stops: dict[int, list[Stop]] = defaultdict(list)
        calendars = {}
        for each in paused:
            calendar = calendars[each.pathway_id] = places[each.pathway.team.establishment_id]
            stops[each.pathway_id].append(days_off(each.starts_on, each.ends_on, calendar))
        return stops, calendars

    def _delay(self, pathway: int, group: str, start: datetime, end: datetime) -> Delay:
        days = adjusted = (end - start) / ONE_DAY
        if pathway in self._stops:
            waited = waits(start, end, self._stops[pathway], self._calendars[pathway])
            adjusted = max(days - (waited.raw_days - waited.adjusted_days), 0.0)
        return Delay(pathway, group, days, start, adjusted)

    def exams(self) -> list[Delay]:
        """IND-06: from each request of an exam to its first realisation after; what is not done yet has no delay. A
        consultation offered is no exam asked."""
        name = self._namer()
        found = []
        for pathway, facts in self._facts.items():
            for code, start, end in self._asked_and_done(facts):
                found.append(self._delay(pathway, name(pathway, code, start), start, end))
        return found

    def _asked_and_done(self, facts: Iterable[tuple[datetime, str, str]]) -> Iterator[tuple[str, datetime, datetime]]:
        """(exam, first asked, done), as `asks_again` counts them: a request that names no exam is that of each exam not
        done since."""
        asked: dict[str, list[datetime]] = defaultdict(list)
        unnamed: dict[str, list[datetime]] = defaultdict(list)
        done: dict[str, datetime] = {}
        for at, kind, code in facts:
            exam = self.types.get(code)
            if exam and exam.booked_as == Kind.APPOINTMENT_OFFERED:
                continue
            if exam is None and not code:
                unnamed[kind].append(at)
            elif exam and kind == exam.booked_as:
                asked[code].append(at)
            elif exam and kind == exam.done_as:
                starts = [each for each in asked.pop(code, []) + unnamed[exam.booked_as] if each > done.get(code, EVER)]
                done[code] = at
                if starts:
                    yield code, min(starts), at

    def first_acts(self) -> list[Delay]:
        """IND-03: from the reception of the request to the first diagnostic act after it."""
        name = self._namer()
        found = []
        for pathway, facts in self._facts.items():
            received = next((at for at, kind, _ in facts if kind == Kind.REFERRAL_RECEIVED), None)
            if received is None:
                continue
            acts = ((at, code) for at, kind, code in facts if kind in DIAGNOSTIC and self._diagnoses(kind, code))
            act = next(((at, code) for at, code in acts if at >= received), None)
            if act:
                found.append(self._delay(pathway, name(pathway, act[1], received), received, act[0]))
        return found

    def _diagnoses(self, kind: str, code: str) -> bool:
        """A biopsy does; an exam of the list that prepares a treatment or follows it does not."""
        exam = self.types.get(code)
        return kind == Kind.BIOPSY_TAKEN or exam is None or exam.diagnostic

    def offers(self) -> dict[int, tuple[State, datetime | None]]:
        """IND-09: the state of each pathway opened in the period, and when the promise fell due."""
        before = Milestone.objects.in_force().filter(
            pathway=OuterRef("pk"), kind=Kind.REFERRAL_RECEIVED, occurred_at__lt=self.since
        )
        opened = self.pathways.filter(opened_at__gte=self.since, opened_at__lte=self.now).exclude(Exists(before))
        rows = list(opened.order_by().values_list("pk", "team__establishment", "closed_at"))
        calendars = calendars_of(Establishment.objects.filter(pk__in={place for _, place, _ in rows}))
        return {pathway: self._offer(pathway, calendars[place], closed) for pathway, place, closed in rows}

    def _offer(self, pathway: int, calendar: Calendar, closed: datetime | None) -> tuple[State, datetime | None]:
        """An appointment given by telephone before the request was written down keeps the promise."""
        facts = self._facts.get(pathway, [])
        received = next((at for at, kind, _ in facts if kind == Kind.REFERRAL_RECEIVED), None)
        if received is None:
            return State.UNKNOWN, None
        due = add(received, PROMISE, calendar, self._stops.get(pathway, ()))
        offered = next((at for at, kind, _ in facts if kind == Kind.APPOINTMENT_OFFERED), None)
        if offered is not None:
            return (State.MET if due is None or offered <= due else State.MISSED), due
        if closed is not None and (due is None or closed <= due):
            return State.OUT, due
        return (State.RUNNING if due is None or self.now <= due else State.MISSED), due

    def _namer(self) -> Callable[[int, str, datetime], str]:
        """The line of a delay, from its pathway, its exam and its beginning."""
        if self.cut is Cut.EXAM:
            return lambda pathway, code, at: str(self.types[code]) if code in self.types else "Autre examen"
        if self.cut is Cut.QUARTER:
            return lambda pathway, code, at: quarter_of(at.astimezone(self.zone).date())
        where: dict[tuple[int, str], list[tuple[datetime, str]]] = defaultdict(list)
        booked = Booking.objects.filter(pathway__in=self.pathways.values("pk"), status="done").order_by("slot__ends_at")
        for pathway, code, ends_at, platform in booked.values_list(
            "pathway_id", "slot__exam_type__code", "slot__ends_at", "slot__platform__name"
        ):
            where[pathway, code].append((ends_at, platform))
        # The exam that answers a request is the first made after it.
        return lambda pathway, code, at: next(
            (platform for ends_at, platform in where[pathway, code] if ends_at >= at), "Hors créneaux de Jalon"
        )


def quarter_of(day: date) -> str:
    """« 4e trim. 2026 »."""
    return period_label(day.replace(month=day.month - (day.month - 1) % 3, day=1), Period.QUARTER)


def lines_of(delays: Iterable[Delay], cut: Cut) -> list[DelayLine]:
    """A line per group, by its words, quarters in time."""
    groups: dict[str, list[Delay]] = defaultdict(list)
    firsts: dict[str, datetime] = {}
    for delay in delays:
        groups[delay.group].append(delay)
        firsts[delay.group] = min(firsts.get(delay.group, delay.since), delay.since)
    ordered = sorted(groups, key=firsts.__getitem__ if cut is Cut.QUARTER else normalise)
    return [
        DelayLine(
            name,
            spread_of(each.days for each in groups[name]),
            spread_of(each.adjusted for each in groups[name]),
        )
        for name in ordered
    ]


def promise_of(states: Iterable[State]) -> Promise:
    """How many of each state."""
    counts = dict.fromkeys(State, 0)
    for state in states:
        counts[state] += 1
    return Promise(*(counts[state] for state in State))


def by_pk(ids: Iterable[int], visible: PathwayQuerySet) -> dict[int, Pathway]:
    """The pathways of a list, those the reader may open."""
    return {each.pk: each for each in visible.filter(pk__in=list(ids)).with_list_data().defer("version__definition")}
