"""What the patient's page shows, gathered in a fixed number of queries. Every rule is asked, none is rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q
from django.urls import reverse

from directory.models import User
from pathways.delays import Delay, delay_of
from pathways.models import (
    Alert,
    Appointment,
    AppointmentStatus,
    CareCircleMember,
    CircleRole,
    DelayCause,
    DelayCode,
    Document,
    DocumentKind,
    DocumentStatus,
    Milestone,
    Pathway,
    Pause,
    StandIn,
    Step,
    StepState,
)
from pathways.panels import APPOINTMENTS, DESK, END, panels_for, replaced, step_links
from pathways.papers.facts import collect
from pathways.querysets import PathwayQuerySet
from pathways.rules.calendar import Calendar
from pathways.rules.clock import add, waits
from pathways.rules.durations import Pause as Stop
from pathways.rules.lateness import margin_days
from pathways.rules.milestones import MilestoneKind
from pathways.rules.target import Actor, MailTemplate, StepDef, Target
from pathways.rules.timeline import layout
from pathways.services import calendar_of
from pathways.views.identity import identity_of
from pathways.views.opening import OpenFile

PICTURE_WIDTH, PICTURE_ROW = 1120, 31
PHONE_WIDTH, PHONE_ROW = 360, 50

DRAWN = ("width", "height", "x0", "axis", "today_x", "rows", "pauses", "stacked")
# The tone and words of each value of the lateness annotation (`querysets.lateness_case`).
TELLING: dict[str, tuple[str, str]] = {
    "late": ("late", "En retard"),
    "soon": ("soon", "Bientôt dû"),
    "on_time": ("info", "Dans les temps"),
    "optional": ("neutral", "Facultative"),
    "undated": ("neutral", "Sans échéance"),
    "done": ("ok", "Fait"),
    "done_late": ("soon", "Fait après l’objectif"),
    "waiting": ("projected", "À venir"),
    "skipped": ("neutral", "Écartée"),
    "not_applicable": ("neutral", "Sans objet"),
}
EXPECTED = (StepState.OPEN, StepState.WAITING, StepState.SKIPPED)
PAUSED = ("paused", "Décompte en pause")


@dataclass(frozen=True)
class Tools:
    """What a step that runs needs at hand (PTH-10): where, with what, which mails."""

    places: list[str]
    checklist: Sequence[str]
    documents: Sequence[str]
    mails: list[MailTemplate]


@dataclass(frozen=True)
class Line:
    """One step as shown: its lateness in words, who acts, how much time is left (calendar days)."""

    step: Step
    tone: str
    words: str
    margin: int | None
    actor: str
    person: User | None
    stand_in: StandIn | None
    objective: str
    by_the_hour: bool
    can_end: bool
    tools: Tools | None = None
    links: Sequence[dict[str, str]] = ()


@dataclass(frozen=True)
class DayCount:
    """The wait of the pathway as a whole: as lived, and without the pauses, against the target."""

    label: str
    start: datetime
    end: datetime
    raw: int
    adjusted: int
    target_days: int | None
    objective: str
    due_at: datetime | None
    late: bool
    ended: bool


def sheet_rows(now: datetime) -> PathwayQuerySet:
    """A pathway queryset holding everything `sheet_context` needs."""
    documents = Document.objects.select_related("requested_by__professional").order_by("-requested_at", "-id")
    alerts = Alert.objects.open().select_related("acknowledged_by__professional").order_by("since", "id")
    return (
        Pathway.objects.with_page_data(now)
        .with_stand_ins()
        .prefetch_related(
            "appointments",
            "opinions",
            "treatments",
            Prefetch("delay_causes", DelayCause.objects.in_force().select_related("code", "author__professional")),
            Prefetch("documents", documents),
            Prefetch(
                "alerts",
                alerts.prefetch_related(Prefetch("step", Step.objects.with_lateness(now))),
                to_attr="open_alerts",
            ),
        )
    )


def sheet_context(file: OpenFile) -> dict[str, Any]:
    """The context of `pathways/detail.html`; reads the pathway again, since an action may just have changed it."""
    pathway = sheet_rows(file.now).get(pk=file.pathway.pk)
    calendar = calendar_of(pathway.team.establishment)
    steps = list(pathway.steps.all())
    lines = lines_of(pathway, steps, file.now, calendar)
    upcoming, past = split_appointments(pathway, file.now)
    page = reverse("pathways:detail", args=[pathway.uuid])
    count = day_count(pathway, file.now, calendar)
    delay = delay_between(pathway, steps, calendar, count)
    return {
        "pathway": pathway,
        "owner_away": pathway.acting_for(pathway.owner),
        "p": identity_of(pathway.patient, url=page),
        "file": file,
        "now": file.now,
        "lines": [line for line in lines if line.step.state in EXPECTED],
        "finished": [line for line in lines if line.step.state == StepState.DONE],
        "set_aside": [line for line in lines if line.step.state == StepState.NOT_APPLICABLE],
        "next": next((line for line in lines if line.step.pk == pathway.next_step_id), None),
        "count": count,
        "delay": delay,
        "usual_cause": usual_cause(pathway, delay, file),
        "relatives": relatives_of(pathway, file.user),
        "timeline": timeline_of(pathway, steps, file.now, calendar, page),
        "timeline_phone": timeline_of(pathway, steps, file.now, calendar, page, phone=True),
        "facts": sorted(facts_of(pathway), key=lambda fact: (fact.occurred_at, fact.pk), reverse=True),
        "exams": pathway.version.content.details,
        "pauses": pauses_of(pathway),
        "today": calendar.local_date(file.now),
        "members": [member for member in members_of(pathway) if member.role != CircleRole.RCP],
        "board": [member for member in members_of(pathway) if member.role == CircleRole.RCP],
        "upcoming": upcoming,
        "past": past,
        "alerts": pathway.open_alerts,  # type: ignore[attr-defined]
        "papers": papers_of(pathway),
        "desk_panels": panels_for(file.user, pathway, DESK),
        "panels": panels_for(file.user, pathway, END),
        "visits_elsewhere": replaced(APPOINTMENTS),
    }


def lines_of(pathway: Pathway, steps: Sequence[Step], now: datetime, calendar: Calendar) -> list[Line]:
    """The steps as shown; ``steps`` carry the annotation ``lateness``."""
    definitions = {definition.key: definition for definition in pathway.version.content.steps}
    return [_line(step, definitions.get(step.step_key), pathway, now, calendar) for step in steps]


def _line(step: Step, definition: StepDef | None, pathway: Pathway, now: datetime, calendar: Calendar) -> Line:
    lateness: str = step.lateness  # type: ignore[attr-defined]
    tone, words = PAUSED if step.paused and step.state == StepState.OPEN else TELLING[lateness]
    running = step.state in (StepState.OPEN, StepState.WAITING)
    objective = definition.objective if definition else None
    person = step.assignee or pathway.owner
    return Line(
        step=step,
        tone=tone,
        words=words,
        margin=margin_days(step.due_at, now, calendar) if running and step.due_at else None,
        actor=Actor(step.actor).label,
        person=person,
        stand_in=pathway.acting_for(person) if running else None,
        objective=objective.as_objective if objective else "",
        by_the_hour=bool(objective and objective.unit.is_hours),
        can_end=running and definition is not None and pathway.is_active,
        tools=tools_of(definition, pathway.version.content) if definition and step.state == StepState.OPEN else None,
        links=step_links(pathway, definition) if step.state == StepState.OPEN and pathway.is_active else (),
    )


def tools_of(definition: StepDef, target: Target) -> Tools | None:
    """What the target says a step needs; None when it says nothing."""
    partner = target.partner(definition.partner)
    places = [stay.label for stay in target.stays if stay.key == definition.stay] + ([partner.label] if partner else [])
    mails = [mail for mail in target.mail_templates if mail.key in definition.mails]
    found = Tools(places, definition.checklist, definition.documents, mails)
    return found if places or mails or definition.checklist or definition.documents else None


def day_count(pathway: Pathway, now: datetime, calendar: Calendar) -> DayCount:
    """The whole wait: from the target's first milestone (else the opening) to its last one, the closing, or now."""
    overall = pathway.version.content.overall
    facts = sorted(facts_of(pathway), key=lambda fact: fact.occurred_at)
    start = _first(facts, overall.since if overall else None) or pathway.opened_at
    reached = _first(facts, overall.until if overall else None)
    end = max(reached or pathway.closed_at or now, start)
    stops = stops_of(pathway, calendar)
    waited = waits(start, end, stops, calendar)
    due_at = add(start, overall.within, calendar, stops) if overall else None
    ideal = waits(start, add(start, overall.within, calendar), [], calendar).raw_days if overall else None
    return DayCount(
        label=overall.label if overall else "Depuis l’ouverture du parcours",
        start=start,
        end=end,
        raw=waited.raw_days,
        adjusted=waited.adjusted_days,
        target_days=ideal,
        objective=overall.within.label if overall else "",
        due_at=due_at,
        late=due_at is not None and due_at < end,
        ended=reached is not None or not pathway.is_active,
    )


def delay_between(pathway: Pathway, steps: Sequence[Step], calendar: Calendar, count: DayCount) -> Delay:
    """Where the time of the whole wait went; ``steps`` carry the annotation ``lateness``."""
    return delay_of(
        pathway,
        steps,
        facts_of(pathway),
        stops_of(pathway, calendar),
        calendar,
        start=count.start,
        end=count.end,
        ended=count.ended,
        overall_late=count.late,
    )


def delay_shown(file: OpenFile) -> Delay:
    """The delay of a file as its page shows it now."""
    pathway = sheet_rows(file.now).get(pk=file.pathway.pk)
    calendar = calendar_of(pathway.team.establishment)
    return delay_between(pathway, list(pathway.steps.all()), calendar, day_count(pathway, file.now, calendar))


def usual_cause(pathway: Pathway, delay: Delay, file: OpenFile) -> DelayCode | None:
    """The cause proposed for the part to explain, to those who may confirm it; None once that part is explained."""
    part = delay.proposed
    if part is None or not file.may_write or any(each.phase == part.phase for each in pathway.delay_causes.all()):
        return None
    usual = DelayCode.objects.filter(is_active=True, needs_comment=False, phase__in=[part.phase, ""])
    return usual.order_by("-phase", "order", "label").first()


def earlier_pathways(user: User, patient_id: int) -> PathwayQuerySet:
    """The pathways of a patient that ``user`` reads, latest first."""
    return Pathway.objects.visible_to(user).of_patient(patient_id)


def relatives_of(pathway: Pathway, user: User) -> list[tuple[str, Pathway]]:
    """The pathways this one follows and those that follow it, each with what it is in words."""
    mine = Q(pk=pathway.linked_to_id) | Q(linked_to=pathway)
    found = []
    for other in earlier_pathways(user, pathway.patient_id).filter(mine):
        if other.pk == pathway.linked_to_id:
            found.append((f"{pathway.get_link_kind_display()}, fait suite à", other))
        else:
            found.append((f"{other.get_link_kind_display()}, suivi dans", other))
    return found


def _first(facts: Sequence[Milestone], kind: MilestoneKind | None) -> datetime | None:
    return next((fact.occurred_at for fact in facts if fact.kind == kind), None)


def timeline_of(
    pathway: Pathway, steps: Sequence[Step], now: datetime, calendar: Calendar, page: str, *, phone: bool = False
) -> dict[str, Any] | None:
    """The numbers of `components/timeline_svg.html`, each row leading to its step in the list; None without step.
    For a ``phone``, the labels stand above the bars.

    A repeated step still to come (a review in months) stays in the list: it would squeeze the days that matter now.
    """
    repeated = {definition.key for definition in pathway.version.content.steps if definition.repeat}
    steps = [step for step in steps if step.state != StepState.WAITING or step.step_key not in repeated]
    if not steps:
        return None
    stops = [(_stop(pause, calendar), pause.kind.label) for pause in pauses_of(pathway) if pause.stops_clock]
    links = {step.key: f"{page}#etape-{step.uuid}" for step in steps if step.state != StepState.NOT_APPLICABLE}
    width, row = (PHONE_WIDTH, PHONE_ROW) if phone else (PICTURE_WIDTH, PICTURE_ROW)
    drawn = layout(steps, stops, pathway.opened_at, now, width, calendar, links, row, stacked=phone)
    return {name: getattr(drawn, name) for name in DRAWN} | {
        "title": f"Frise du parcours {pathway.version.target.name}"
    }


def stops_of(pathway: Pathway, calendar: Calendar) -> list[Stop]:
    """The pauses that stop the adjusted clock, as the rules read them."""
    return [_stop(pause, calendar) for pause in pauses_of(pathway) if pause.stops_clock]


def _stop(pause: Pause, calendar: Calendar) -> Stop:
    """The first and last day of a pause, both included, as instants of the establishment."""
    end = calendar.start_of_day(pause.ends_on + timedelta(days=1)) if pause.ends_on else None
    return Stop(calendar.start_of_day(pause.starts_on), end)


def split_appointments(pathway: Pathway, now: datetime) -> tuple[list[Appointment], list[Appointment]]:
    """(to come, soonest first; past or cancelled, latest first)."""
    rows = sorted(pathway.appointments.all(), key=lambda each: (each.starts_at, each.pk))
    upcoming = [row for row in rows if row.status == AppointmentStatus.PLANNED and row.ends_at >= now]
    return upcoming, [row for row in reversed(rows) if row not in upcoming]


def papers_of(pathway: Pathway) -> dict[str, Any]:
    """The PPS versions and the received papers; ``stale`` when the data changed since the last ready PPS."""
    rows = list(pathway.documents.all())
    versions = sorted((row for row in rows if row.kind == DocumentKind.PPS), key=lambda row: -row.version)
    last_ready = next((row for row in versions if row.status == DocumentStatus.READY), None)
    in_hand = any(row.status in (DocumentStatus.PENDING, DocumentStatus.RUNNING) for row in versions)
    stale = last_ready is not None and last_ready.facts_sha256 != collect(pathway).fingerprint()
    return {
        "versions": versions,
        "last_ready": last_ready,
        "in_hand": in_hand,
        "stale": stale,
        "received": [row for row in rows if row.kind != DocumentKind.PPS],
    }


def facts_of(pathway: Pathway) -> list[Milestone]:
    """The milestones in force, from `with_page_data`."""
    return pathway.facts  # type: ignore[attr-defined,no-any-return]


def pauses_of(pathway: Pathway) -> list[Pause]:
    """The pauses that were not cancelled, from `with_page_data`."""
    return pathway.running_pauses  # type: ignore[attr-defined,no-any-return]


def members_of(pathway: Pathway) -> list[CareCircleMember]:
    """The circle of care now, from `with_page_data`."""
    return pathway.members  # type: ignore[attr-defined,no-any-return]


def detail_choices(target: Target) -> list[tuple[str, str]]:
    """The exams and choices a milestone may speak of, for a form: (code, label)."""
    return sorted(target.details.items(), key=lambda pair: pair[1])


def team_of(pathway: Pathway) -> Any:
    """Accounts that work in the pathway's team now, by name."""
    members = User.objects.filter(is_active=True, memberships__in=pathway.team.memberships.current())
    return members.select_related("professional").order_by("professional__last_name", "email").distinct()
