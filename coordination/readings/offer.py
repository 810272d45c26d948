"""The booking screen: what a patient needs, and the slots that can still give it in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db.models import Q

from coordination.models import ExamType, Slot
from coordination.readings.by_convention import conventions_of
from coordination.readings.coming import Coming, Hours, visits
from coordination.readings.targets import content_of
from coordination.readings.worklist import exam_codes, step_definition
from coordination.rules.slots import Fit, fit, overlapping
from coordination.rules.trips import Stay, hinders
from pathways.models import Pathway, Step
from pathways.rules.calendar import ONE_DAY, Calendar

MEETING = 12
MISSING = 6
"""How many slots to show: those in time, then those too late, of which only the first matter."""
SINCE = 30
"""How many at most from a day that somebody chose: whoever says which day wants to see all of it."""


@dataclass(frozen=True)
class Need:
    """One exam to book: its type, the step it serves (None outside the plan) and the booking made, if any.

    `alternative`: another exam can do the same step, and is listed before it.
    """

    exam_type: ExamType
    step: Step | None
    booking: Coming | None
    checklist: list[str] = field(default_factory=list)
    alternative: bool = False

    @property
    def due_at(self) -> datetime | None:
        return self.step.due_at if self.step else None

    @property
    def instructions(self) -> list[str]:
        """What to check before booking: the step's checklist, then the exam's preparation, each line once."""
        return list(dict.fromkeys([*self.checklist, *self.exam_type.instructions]))


@dataclass(frozen=True)
class Choice:
    """One free slot for one need. `clash`: the patient's appointment at that hour; `hurried`: the one at another site
    too near to go from one to the other; `same_day`: those of the day;
    `held`: how many of its places colleagues keep for a few minutes; `offered`: how many are being proposed to other
    patients who wait; `convention`: that of a partner's."""

    slot: Slot
    fit: Fit
    clash: Coming | None
    same_day: list[Coming]
    key: UUID
    held: int = 0
    offered: int = 0
    convention: str = ""
    hurried: Coming | None = None

    @property
    def left(self) -> int:
        """Places that are neither taken nor kept."""
        return max(self.slot.free - self.held, 0)


@dataclass(frozen=True)
class Offer:
    """Free slots, soonest first: those of a day the patient comes anyway (SLT-15), then the others that meet the
    objective, then those that miss it. `follows`: the day from which the others can be seen; None without others."""

    together: list[Choice]
    meeting: list[Choice]
    missing: list[Choice]
    follows: date | None

    @property
    def empty(self) -> bool:
        return not (self.together or self.meeting or self.missing)

    @property
    def in_time(self) -> bool:
        """True when some slot that can be chosen meets the objective."""
        return any(each.fit.meets and each.left for each in [*self.together, *self.meeting])

    @property
    def first(self) -> Choice | None:
        """The slot proposed: in time and on a day the patient comes anyway, else in time, else without another trip;
        one that leaves no time to come from another site only when there is no other."""
        timely = [each for each in self.together if each.fit.meets]
        ranked = [*timely, *self.meeting, *self.together, *self.missing]
        possible = [each for each in ranked if each.clash is None and each.left]
        return next((each for each in possible if each.hurried is None), next(iter(possible), None))


def needs_of(pathway: Pathway, coming: Sequence[Coming]) -> list[Need]:
    """The exams that undone steps of the plan ask for: not booked first, then by due date; two queries.

    A step is served by the booking made for it, else by one of the same pathway made for no step of the plan: what is
    booked on another pathway of the patient serves that one. Two steps may ask for the same exam: `once_each` keeps the
    most urgent of them.
    """
    content = content_of(pathway)
    steps = [
        (step, step_definition(content, step.step_key))
        for step in pathway.steps.filter(state__in=["open", "waiting"]).exclude(exam_type="").order_by("order")
    ]
    types = {each.code: each for each in ExamType.objects.all()}
    ours = [each for each in coming if each.pathway_id == pathway.pk]
    keys = {step.key for step, _ in steps}
    loose = [each for each in ours if each.step_key not in keys]
    found: list[Need] = []
    for step, definition in steps:
        checklist = list(definition.checklist) if definition else []
        codes = [code for code in exam_codes(step.exam_type, definition) if code in types]
        its_own = [each for each in ours if each.step_key == step.key]
        made = {code: booking for code in codes if (booking := _booked(its_own, code) or _booked(loose, code))}
        loose = [each for each in loose if each not in made.values()]
        for position, code in enumerate([*made] or codes):
            found.append(Need(types[code], step, made.get(code), checklist, alternative=position > 0))
    return sorted(found, key=_first_due)


def once_each(needs: Sequence[Need]) -> list[Need]:
    """Each exam once, for the step that comes first."""
    found: dict[str, Need] = {}
    for need in needs:
        found.setdefault(need.exam_type.code, need)
    return list(found.values())


def _first_due(need: Need) -> tuple[bool, bool, float]:
    """Not booked first, then by due date."""
    return (need.booking is not None, need.due_at is None, need.due_at.timestamp() if need.due_at else 0.0)


def other_need(code: str, needs: Sequence[Need], coming: Sequence[Coming], pathway: Pathway) -> Need | None:
    """The need of ``pathway`` for exam ``code``, inside the plan or outside it; None for an unknown exam."""
    known = next((need for need in needs if need.exam_type.code == code), None)
    if known:
        return known
    exam_type = ExamType.objects.filter(code=code).first()
    ours = [each for each in coming if each.pathway_id == pathway.pk]
    return Need(exam_type, None, _booked(ours, code)) if exam_type else None


def _booked(coming: Sequence[Coming], code: str) -> Coming | None:
    return next((each for each in coming if each.slot.exam_type.code == code), None)


def offer_of(
    pathway: Pathway,
    need: Need,
    coming: Sequence[Coming],
    calendar: Calendar,
    now: datetime,
    since: date | None = None,
) -> Offer:
    """The first free slots of a need, judged against the step's due instant; two queries. ``since``: the first day the
    patient can come."""
    free = Slot.objects.not_full(now).serving(pathway).agreed(pathway).with_held(now, pathway).with_offers(pathway)
    free = free.filter(exam_type=need.exam_type).with_list_data()
    if since is not None:
        free = free.filter(starts_at__gte=calendar.start_of_day(since))
    limit = SINCE if since else MEETING + MISSING
    soonest = list(free.order_by("starts_at", "id")[: limit + 1])
    days = [calendar.local_date(slot.starts_at) for slot in soonest[:limit]]
    whole_day = max(MEETING, days.count(days[0]) if days else 0)
    in_time, late = (whole_day, whole_day) if since else (MEETING, MISSING)
    around = list(free.filter(_on_days(visits(coming, calendar), calendar)).order_by("starts_at", "id")[:MEETING])
    agreed = conventions_of([*soonest, *around], pathway)
    together = choices_of(around, need, coming, calendar, agreed)
    others = choices_of([slot for slot in soonest[:limit] if slot not in around], need, coming, calendar, agreed)
    meeting = [each for each in others if each.fit.meets]
    missing = [each for each in others if not each.fit.meets]
    hidden = [each.slot for each in (*meeting[in_time:], *missing[late:])] or soonest[limit:]
    follows = _day_after(calendar.local_date(hidden[0].starts_at), since) if hidden else None
    return Offer(together, meeting[:in_time], missing[:late], follows)


def _day_after(day: date, since: date | None) -> date:
    """``day``, from which the slots left out are seen; the next one when the page began there already."""
    return day + ONE_DAY if day == since else day


def _on_days(days: Sequence[date], calendar: Calendar) -> Q:
    """Slots that begin on one of ``days``; none when there is no day."""
    chosen = Q(pk__in=[])
    for day in days:
        chosen |= Q(starts_at__gte=calendar.start_of_day(day), starts_at__lt=calendar.start_of_day(day + ONE_DAY))
    return chosen


def choices_of(
    slots: Sequence[Slot],
    need: Need,
    coming: Sequence[Coming],
    calendar: Calendar,
    agreed: Mapping[int, str] | None = None,
) -> list[Choice]:
    """Slots judged one by one against the need and the patient's own appointments; ``agreed`` as `conventions_of`."""
    return [_choice(slot, need, coming, calendar, (agreed or {}).get(slot.pk, "")) for slot in slots]


def _choice(slot: Slot, need: Need, coming: Sequence[Coming], calendar: Calendar, convention: str) -> Choice:
    spans = {(each.slot.starts_at, each.slot.ends_at): each for each in coming}
    span = overlapping(slot.starts_at, slot.ends_at, spans)
    day = calendar.local_date(slot.starts_at)
    near = next((each for each in coming if hinders(_stay(each.slot), _stay(slot))), None)
    return Choice(
        slot=slot,
        fit=fit(slot.starts_at, need.due_at, calendar),
        clash=spans[span] if span else None,
        same_day=[each for each in coming if calendar.local_date(each.slot.starts_at) == day],
        key=uuid4(),
        held=getattr(slot, "held", 0),
        offered=getattr(slot, "offered", 0),
        convention=convention,
        hurried=None if span else near,
    )


def _stay(slot: Slot | Hours) -> Stay:
    return Stay(slot.starts_at, slot.ends_at, slot.platform.establishment_id)
