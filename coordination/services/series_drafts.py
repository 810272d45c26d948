"""A series as it would be: what would become of each of its slots, whom to call, what stands in the way.

Nothing is written here. The preview and the act read the same `Change`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db.models import Q
from django.utils import timezone

from coordination.models import (
    Booking,
    Convention,
    ExceptionKind,
    ReleaseUnit,
    Slot,
    SlotException,
    SlotPolicy,
    SlotPractitioner,
    SlotSeries,
    SlotStatus,
    UnmadeWeek,
)
from coordination.querysets.slots import given_up
from coordination.rules.series import Gap, Outcome, Setup, Standing, Verdict, monday_of, outcomes, wanted_by_week
from coordination.rules.slots import Occurrence, Pattern
from coordination.services.appointments import when
from coordination.services.places_left import PlacesLeft
from coordination.services.unlent import unlent_gaps
from directory.models import Professional
from pathways.rules.calendar import Calendar
from pathways.services import calendar_of

HORIZON = timedelta(weeks=12)
"""How far ahead slots are made: longer than any delay a target sets between a request and an exam."""
ACTS = frozenset(set(Verdict) - {Verdict.KEEP, Verdict.UNTOUCHED})
FILLS = frozenset({Verdict.MAKE, Verdict.MOVE, Verdict.CHANGE, Verdict.FOLLOW, Verdict.REOPEN})
"""Those that need the machine and the practitioners at the wanted hour."""


@dataclass(frozen=True)
class Call:
    """A patient to call: the appointment that its series no longer gives, and the next place free for them.
    ``pressing``: even if somebody chose to keep the slot before."""

    booking: Booking
    reason: str
    next_free: Slot | None
    pressing: bool = False


@dataclass(frozen=True)
class News:
    """A patient to tell: the appointment stands at its hour, in another room or with other practitioners. ``known`` is
    what the slot held so far, ``now`` in words what it holds."""

    booking: Booking
    known: Setup
    held: Setup
    now: str


@dataclass
class Draft:
    """One series with what it would be. ``slots`` are those of this week and after, by key."""

    series: SlotSeries
    practitioners: list[Professional]
    gaps: list[Gap]
    slots: dict[int, Slot]
    calendar: Calendar
    reason: str = ""
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def setup(self) -> Setup:
        series, present = self.series, frozenset(each.pk for each in self.practitioners)
        return Setup(series.capacity, series.room, series.resource_id, present)

    def slot_of(self, outcome: Outcome) -> Slot | None:
        return self.slots[outcome.slot.key] if outcome.slot else None

    @property
    def acts(self) -> list[Outcome]:
        return [each for each in self.outcomes if each.verdict in ACTS]


@dataclass(frozen=True)
class Change:
    """What would be done to one or several series."""

    drafts: list[Draft]
    told: str
    at: datetime

    def lines(self, verdict: Verdict) -> list[tuple[Slot | None, Outcome]]:
        return [(d.slot_of(each), each) for d in self.drafts for each in d.outcomes if each.verdict is verdict]

    def outcomes(self) -> Iterator[tuple[Draft, Outcome]]:
        return ((draft, each) for draft in self.drafts for each in draft.acts)

    @property
    def digest(self) -> str:
        """What was seen: another state of the slots, or other values, give another one."""
        seen = [
            (each.verdict, each.week, each.slot, each.wanted and (each.wanted.starts_at, each.wanted.ends_at))
            for _, each in self.outcomes()
        ]
        inside = sorted([*(each.pk for each in self.bookings()), *(each.booking.pk for each in self.news())])
        return sha256(repr((self.told, seen, inside)).encode()).hexdigest()

    def bookings(self) -> list[Booking]:
        """Those of the slots that wait for a person."""
        return self._expected([slot.pk for slot, _ in self.lines(Verdict.PERSON) if slot is not None])

    def _expected(self, slots: Sequence[int]) -> list[Booking]:
        if not slots:
            return []
        rows = Booking.objects.expected(self.at).filter(slot__in=slots).with_list_data()
        return list(rows.select_related("pathway__version__target").order_by("slot__starts_at", "seat", "pk"))

    def news(self) -> list[News]:
        """Whom to tell of another room or other practitioners, in the order of their appointments."""
        changed = {
            each.slot.key: (each, draft) for draft, each in self.outcomes() if each.to_tell and each.slot is not None
        }
        found = []
        for booking in self._expected(list(changed)):
            each, draft = changed[booking.slot_id]
            assert each.slot is not None
            found.append(News(booking, each.slot.setup, each.setup, _in_words(draft, each.slot.setup, each.setup)))
        return found

    def calls(self) -> list[Call]:
        """Whom to call, in the order of their appointments, each with the next free place that nobody before them is
        told of: a slot with one place left is proposed once."""
        why = {slot.pk: each for slot, each in self.lines(Verdict.PERSON) if slot is not None}
        gone = [slot.pk for slot, _ in self.lines(Verdict.CANCEL) if slot is not None]
        bookings = self.bookings()
        left = PlacesLeft(bookings, self.at, gone)
        return [
            Call(booking, why[booking.slot_id].reason, left.take(booking), why[booking.slot_id].pressing)
            for booking in bookings
        ]

    def conflicts(self) -> list[str]:
        """Machines, rooms and practitioners that are expected elsewhere at the wanted hours, by name."""
        return [said for draft in self.drafts for said in conflicts_of(draft)]


def _in_words(draft: Draft, known: Setup, held: Setup) -> str:
    """What differs for the patient: « lieu : Salle 4 (et non Salle 2), avec Dr Martin »."""
    said = []
    if known.room != held.room:
        former = f" (et non {known.room})" if known.room else ""
        said.append(f"lieu : {held.room or str(draft.series.platform)}{former}")
    if known.people != held.people:
        present = ", ".join(str(each) for each in draft.practitioners)
        said.append(f"avec {present}" if present else "sans le praticien prévu")
    return ", ".join(said)


def pattern_of(series: SlotSeries) -> Pattern:
    """The series as the rules read it."""
    return Pattern(
        weekday=series.weekday,
        starts_at=series.starts_at,
        duration=timedelta(minutes=series.duration_minutes),
        release_notice=timedelta(hours=series.release_notice_hours),
        valid_from=series.valid_from,
        valid_until=series.valid_until,
        release_worked=series.release_unit == ReleaseUnit.WORKING_HOURS,
    )


def exceptions_of(series: SlotSeries, practitioners: Iterable[Professional]) -> list[SlotException]:
    """Those in force that touch it: its own, its platform's, its machine's, one of its practitioners'."""
    about = Q(platform=series.platform) | Q(professional__in=list(practitioners))
    if series.resource_id:
        about |= Q(resource=series.resource_id)
    if series.pk:
        about |= Q(series=series.pk)
    return list(SlotException.objects.filter(about, taken_back_at__isnull=True).order_by("pk"))


def gap_of(exception: SlotException) -> Gap:
    """As the rules read it: one day given as « one week » is its week, on whatever day the series is held by then."""
    one_day = exception.first_on == exception.last_on and exception.moved_to is None
    whole = one_day and exception.kind == ExceptionKind.ONE_WEEK
    return Gap(exception.first_on, exception.last_on, exception.reason, exception.moved_to, whole)


def draft_of(
    series: SlotSeries,
    *,
    now: datetime,
    practitioners: Sequence[Professional] | None = None,
    owner: SlotSeries | None = None,
    since: date | None = None,
    until: date | None = None,
    adding: Sequence[SlotException] = (),
    without: SlotException | None = None,
    reason: str = "",
    ending: Convention | SlotPolicy | None = None,
) -> Draft:
    """What becomes of the slots of ``owner`` (the series itself) from ``since`` (today) on, were the series so.

    ``adding`` and ``without``: exceptions that would be made, or taken back.
    """
    present = list(series.practitioners.all()) if practitioners is None else list(practitioners)
    calendar = calendar_of(series.platform.establishment)
    today = calendar.local_date(now)
    first = max(since, today) if since else today
    kept = exceptions_of(owner or series, present)
    if owner is not None and series.resource_id != owner.resource_id:
        kept += [each for each in exceptions_of(series, present) if each not in kept]
        kept = [each for each in kept if each.resource_id in (None, series.resource_id)]
    gaps = [gap_of(each) for each in kept if without is None or each.pk != without.pk]
    gaps += [gap_of(each) for each in adding]
    stored = (owner or series).pk is not None
    slots = _slots(owner or series, monday_of(first), calendar) if stored else {}
    last = max([until or today + HORIZON, *(calendar.local_date(each.starts_at) for each in slots.values())])
    gaps += unlent_gaps(owner or series, first, last, ending=ending)
    draft = Draft(series, present, gaps, slots, calendar, reason)
    wanted = wanted_by_week(pattern_of(series), gaps, first, last, calendar)
    standing = [standing_of(each, calendar) for each in slots.values()]
    draft.outcomes = [
        _pressed(draft, _explained(draft, each), adding)
        for each in outcomes(wanted, standing, now, setup=draft.setup, reason=reason)
    ]
    return draft


def concerns(exception: SlotException, series: SlotSeries, present: Iterable[Professional]) -> bool:
    """Whether it is about that series, its platform, its machine or one of those expected at it."""
    if exception.professional_id:
        return exception.professional_id in {each.pk for each in present}
    if exception.resource_id:
        return exception.resource_id == series.resource_id
    return exception.platform_id == series.platform_id if exception.platform_id else exception.series_id == series.pk


def _pressed(draft: Draft, outcome: Outcome, adding: Sequence[SlotException]) -> Outcome:
    """A slot that waits for a person, or that somebody chose to keep, and that an exception takes now: its own machine,
    one of its own practitioners, its platform or its series."""
    if outcome.verdict is not Verdict.PERSON or outcome.slot is None:
        return outcome
    day, setup = draft.calendar.local_date(outcome.slot.starts_at), outcome.slot.setup
    for each in adding:
        gap = gap_of(each)
        taken = gap.covers(day) or gap.leaves_out(outcome.week)
        if gap.moved_to is None and taken and _takes(each, draft.series, setup):
            return replace(outcome, reason=each.reason, pressing=True)
    return outcome


def _takes(exception: SlotException, series: SlotSeries, setup: Setup) -> bool:
    if exception.professional_id:
        return exception.professional_id in setup.people
    if exception.resource_id:
        return exception.resource_id == setup.resource
    return concerns(exception, series, ())


def _slots(series: SlotSeries, monday: date, calendar: Calendar) -> dict[int, Slot]:
    rows = Slot.objects.filter(series=series, starts_at__gte=calendar.start_of_day(monday)).with_list_data()
    rows = rows.annotate(given_up=given_up()).prefetch_related("practitioners")
    return {each.pk: each for each in rows.order_by("starts_at", "pk")}


def standing_of(slot: Slot, calendar: Calendar) -> Standing:
    present = frozenset(each.professional_id for each in slot.practitioners.all())
    return Standing(
        key=slot.pk,
        week=slot.week or monday_of(calendar.local_date(slot.starts_at)),
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        release_at=slot.release_at,
        status=slot.status,
        booked=slot.booked,
        setup=Setup(slot.capacity, slot.room, slot.resource_id, present),
        extra=slot.extra,
        disturbed=getattr(slot, "given_up", False),
    )


def _explained(draft: Draft, outcome: Outcome) -> Outcome:
    """The reason of a slot given up: the exception of its day, a closed day, else that of the change."""
    if outcome.verdict not in (Verdict.CANCEL, Verdict.PERSON) or outcome.slot is None:
        return outcome
    day = draft.calendar.local_date(outcome.slot.starts_at)
    gaps = [each for each in draft.gaps if each.moved_to is None]
    gap = next((each for each in gaps if each.covers(day) or each.leaves_out(outcome.week)), None)
    closed = day in draft.calendar.closing_days or draft.calendar.holiday_name(day) is not None
    said = gap.reason if gap else "Jour fermé" if closed else draft.reason or "Série modifiée"
    return replace(outcome, reason=said)


def set_aside_told(draft: Draft, known: SlotSeries) -> Draft:
    """Weeks that the night could not make either, and told: still taken, they do not stop another change."""
    told = set(UnmadeWeek.objects.filter(series=known, settled_at__isnull=True).values_list("week", flat=True))
    if told:
        lost = {each.week for each, _ in clashes_of(draft) if each.verdict in (Verdict.MAKE, Verdict.REOPEN)} & told
        draft.outcomes = [each for each in draft.outcomes if each.week not in lost]
    return draft


def conflicts_of(draft: Draft) -> list[str]:
    """What is taken elsewhere at the hours wanted, in words."""
    return list(dict.fromkeys(said for _, said in clashes_of(draft)))


def clashes_of(draft: Draft) -> list[tuple[Outcome, str]]:
    """The weeks whose machine, room or practitioners are expected elsewhere, each time with what is taken."""
    filling = [each for each in draft.outcomes if each.verdict in FILLS and each.wanted]
    if not filling:
        return []
    found: list[tuple[Outcome, str]] = []
    for starts_at, ends_at, said in _taken(draft, [each.wanted for each in filling if each.wanted]):
        for each in filling:
            if each.wanted and starts_at < each.wanted.ends_at and each.wanted.starts_at < ends_at:
                found.append((each, said))
    return found


def _taken(draft: Draft, wanted: Sequence[Occurrence]) -> Iterator[tuple[datetime, datetime, str]]:
    """From when to when its machine and its people are expected at slots of others, around the hours wanted."""
    start, end = min(each.starts_at for each in wanted), max(each.ends_at for each in wanted)
    own = list(draft.slots)
    if draft.series.resource_id:
        taken = Slot.objects.filter(resource=draft.series.resource_id, starts_at__lt=end, ends_at__gt=start)
        for slot in taken.exclude(status=SlotStatus.CANCELLED).exclude(pk__in=own).with_list_data():
            said = f"{draft.series.resource} est déjà pris le {when(slot)} ({slot.exam_type})"
            yield slot.starts_at, slot.ends_at, said
    rows = SlotPractitioner.objects.filter(professional__in=draft.practitioners, stands=True).exclude(slot__in=own)
    rows = rows.filter(slot__starts_at__lt=end, slot__ends_at__gt=start)
    for row in rows.select_related("professional", "slot__exam_type", "slot__platform__establishment"):
        place = row.slot.platform.establishment
        said = f"{row.professional} est déjà attendu le {when(row.slot)} ({row.slot.exam_type}, {place})"
        yield row.slot.starts_at, row.slot.ends_at, said


def now_or(at: datetime | None) -> datetime:
    return at or timezone.now()
