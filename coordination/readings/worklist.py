"""Rows of the worklist: fetched pathways and a fixed number of further queries for the whole page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from coordination.links import RowLinks, file_url, row_links
from coordination.models import Booking, ContactState
from coordination.readings.targets import contents_of
from coordination.rules.worklist import Course, Expected, Reason, Situation, reason
from directory.models import User
from pathways.models import Milestone, Pathway, StandIn, Step
from pathways.rules.calendar import Calendar
from pathways.rules.clock import Pause as Stop
from pathways.rules.clock import add, days_off, waits
from pathways.rules.lateness import margin_days
from pathways.rules.lateness import state as lateness_of
from pathways.rules.milestones import MilestoneKind
from pathways.rules.target import Actor, StepDef, Target

Firsts = dict[tuple[int, str], datetime]
"""The first instant of each milestone kind, by (pathway id, kind)."""


@dataclass(frozen=True)
class Row:
    """One line of the worklist. `margin` is in signed calendar days; `can_book`: some exam has no slot yet."""

    pathway: Pathway
    name: str
    url: str
    links: RowLinks
    course: Course
    expected: Expected | None
    situation: Situation
    reason: Reason
    margin_tone: str
    owner: User | None
    actor: str
    state: ContactState | None
    stand_in: StandIn | None
    can_book: bool

    @property
    def margin(self) -> int | None:
        return self.expected.margin if self.expected else None

    @property
    def step(self) -> Step | None:
        return self.pathway.next_step

    @property
    def tone(self) -> str:
        """The tone of the row's edge."""
        return self.reason.tone


@dataclass(frozen=True)
class _Page:
    """What the rows of one page need besides their pathways, by pathway id."""

    contents: dict[int, Target]
    firsts: Firsts
    booked: dict[int, list[tuple[str, datetime]]]
    exams: dict[int, list[tuple[str, str]]]


def worklist_rows(pathways: Sequence[Pathway], now: datetime) -> list[Row]:
    """The rows of pathways `with_row_data` (querysets/worklist.py), in their order: three queries for all of them."""
    contents = contents_of(pathways)
    page = _Page(
        contents=contents,
        firsts=_first_milestones(pathways, contents.values()),
        booked=_booked(pathways),
        exams=_exams_to_come(pathways),
    )
    return [_row(each, page, now) for each in pathways]


def _first_milestones(pathways: Sequence[Pathway], contents: Iterable[Target]) -> Firsts:
    """The milestones that begin and end the overall objectives."""
    kinds = {kind for each in contents if each.overall for kind in (each.overall.since, each.overall.until)}
    facts = Milestone.objects.in_force().filter(pathway__in=[each.pk for each in pathways], kind__in=kinds)
    firsts: Firsts = {}
    for pathway_id, kind, at in facts.order_by("occurred_at").values_list("pathway_id", "kind", "occurred_at"):
        firsts.setdefault((pathway_id, kind), at)
    return firsts


def _booked(pathways: Sequence[Pathway]) -> dict[int, list[tuple[str, datetime]]]:
    """The bookings of each pathway that still stand, past ones without a mark included: (exam code, start)."""
    found: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    standing = Booking.objects.unmarked().of_pathways([each.pk for each in pathways]).order_by("slot__starts_at")
    for pathway_id, code, starts_at in standing.values_list("pathway_id", "slot__exam_type__code", "slot__starts_at"):
        found[pathway_id].append((code, starts_at))
    return found


def _exams_to_come(pathways: Sequence[Pathway]) -> dict[int, list[tuple[str, str]]]:
    """The undone steps of each pathway that a slot serves: (step key, exam code)."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    steps = Step.objects.filter(pathway__in=[each.pk for each in pathways], state__in=["open", "waiting"])
    rows = steps.exclude(exam_type="").order_by("order").values_list("pathway_id", "step_key", "exam_type")
    for pathway_id, key, code in rows:
        found[pathway_id].append((key, code))
    return found


@lru_cache(maxsize=16)
def _clock(time_zone: str, holiday_zone: str) -> Calendar:
    """Enough of a calendar for local days and buttons; closing days change no margin."""
    return Calendar(time_zone=time_zone, holiday_zone=holiday_zone)


def _row(pathway: Pathway, page: _Page, now: datetime) -> Row:
    content, booked = page.contents[pathway.version_id], page.booked[pathway.pk]
    place = pathway.team.establishment
    calendar = _clock(place.time_zone, place.holiday_zone)
    today = calendar.local_date(now)
    state: ContactState | None = getattr(pathway, "contact_state", None)
    step = pathway.next_step
    person = (step.assignee if step else None) or pathway.owner
    expected = _expected(step, content, booked, calendar, now) if step else None
    course = _course(pathway, content, page, calendar, now)
    situation = Situation(
        course=course,
        expected=expected,
        last_contact_on=calendar.local_date(pathway.last_contact_at) if pathway.last_contact_at else None,
        attempts=state.attempts if state else 0,
        call_back_on=state.call_back_on if state else None,
        has_owner=pathway.owner_id is not None,
        deceased=pathway.patient.deceased_on is not None,
        unmarked_since=next((at for _, at in booked if at < now), None),
    )
    return Row(
        pathway=pathway,
        name=str(pathway.patient),
        url=file_url(pathway),
        links=row_links(pathway),
        course=course,
        expected=expected,
        situation=situation,
        reason=reason(situation, now, today),
        margin_tone={"late": "late", "soon": "soon"}.get(expected.lateness, "neutral") if expected else "neutral",
        owner=person,
        actor=Actor(step.actor).label if step else "",
        state=state,
        stand_in=pathway.acting_for(person),
        can_book=_lacks_slot(page.exams[pathway.pk], content, {code for code, _ in booked}),
    )


def _lacks_slot(exams: list[tuple[str, str]], content: Target, booked: set[str]) -> bool:
    """True when some step to come has none of its exams booked."""
    return any(not booked & set(exam_codes(code, step_definition(content, key))) for key, code in exams)


def _course(pathway: Pathway, content: Target, page: _Page, calendar: Calendar, now: datetime) -> Course:
    """The wait from the overall objective's first milestone (else the opening) to its last one, else to now: the count
    of the patient's page."""
    overall = content.overall
    start = page.firsts.get((pathway.pk, overall.since), pathway.opened_at) if overall else pathway.opened_at
    reached = page.firsts.get((pathway.pk, overall.until)) if overall else None
    stops = [_stop(each, calendar) for each in pathway.stops]  # type: ignore[attr-defined]
    waited = waits(start, max(reached or now, start), stops, calendar)
    ideal = waits(start, add(start, overall.within, calendar), [], calendar).raw_days if overall else None
    return Course(day=waited.adjusted_days, raw=waited.raw_days, target=ideal, ended=reached is not None)


def _stop(pause: dict[str, str | None], calendar: Calendar) -> Stop:
    """A pause as `with_row_data` reads it."""
    first, last = pause["first"], pause["last"]
    return days_off(date.fromisoformat(first or ""), date.fromisoformat(last) if last else None, calendar)


def _expected(
    step: Step, content: Target, booked: list[tuple[str, datetime]], calendar: Calendar, now: datetime
) -> Expected:
    definition = step_definition(content, step.step_key)
    codes = exam_codes(step.exam_type, definition)
    booked_for = next((at for code, at in booked if code in codes), None)
    return Expected(
        label=step.label,
        kind=_expected_kind(definition),
        lateness=lateness_of(step.due_at, step.warn_at, step.done_at, now),
        due_at=step.due_at,
        margin=margin_days(step.due_at, now, calendar) if step.due_at else None,
        paused=step.paused,
        booked_for=booked_for,
        needs_slot=bool(codes),
    )


def _expected_kind(definition: StepDef | None) -> MilestoneKind | None:
    """The milestone that does the step, when any of that kind does."""
    if definition is None or not definition.done_by or definition.done_by[0].detail:
        return None
    return definition.done_by[0].milestone


def step_definition(content: Target, key: str) -> StepDef | None:
    """The definition of a stored step; None when its version no longer has it."""
    try:
        return content.step(key)
    except KeyError:
        return None


def exam_codes(exam_type: str, definition: StepDef | None) -> list[str]:
    """The exam types that can do a step: its own, then those its milestones name."""
    if not exam_type:
        return []
    named = [match.detail for match in definition.done_by if match.detail] if definition else []
    return list(dict.fromkeys([exam_type, *named]))
