"""What a PPS is drawn from: the pathway's own rows, gathered into plain values, and their fingerprint.

A result never appears before the announcement (PAIN-19): diagnosis, opinions, treatments and what comes after the
announcement are left out here, so that neither the paper nor its fingerprint can tell them. Staff's own words
(notes, reasons of a skip or a pause) are never gathered. The giving of the paper itself is not a fact of the paper.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from directory.models import Professional
from pathways.models import (
    Appointment,
    AppointmentStatus,
    BoardOpinion,
    CareCircleMember,
    CircleRole,
    IdentityStatus,
    Milestone,
    Pathway,
    Patient,
    Step,
    StepState,
    Treatment,
    TreatmentStatus,
)
from pathways.papers import words
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.rules.target import Phase, StepDef, Target

Ends = defaultdict[datetime, set[Kind]]
"""Which kinds of facts happened at each instant."""

SHOWN_STATES = frozenset({StepState.DONE, StepState.OPEN, StepState.WAITING, StepState.SKIPPED})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the paper is about. ``ins`` is empty unless the identity is qualified (french-standards 5.1)."""

    birth_name: str
    first_names: str
    used_name: str
    sex: str
    sex_label: str
    birth_date: date
    file_number: str
    ins: str


@dataclass(frozen=True, slots=True)
class Person:
    """A professional of the patient's team."""

    role: str
    name: str
    detail: str
    phone: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom to call: the pathway's coordination, then the establishment."""

    label: str
    phone: str
    email: str
    hours: str
    establishment: str
    address: str
    establishment_phone: str
    establishment_email: str


@dataclass(frozen=True, slots=True)
class PaperStep:
    """One step in the patient's words; the instants are those of the plan (UTC). Drawable by the timeline."""

    key: str
    title: str
    label: str
    gloss: str
    phase: str
    delay: str
    state: str
    projected: bool
    optional: bool
    repeats: bool
    embargoed: bool
    anchor_at: datetime | None
    due_at: datetime | None
    raw_due_at: datetime | None
    done_at: datetime | None
    skip_reason: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment to come or kept; its hour bears the clock of its place when that is another one."""

    label: str
    starts_at: datetime
    place: str
    preparation: str
    status: str

    @property
    def zone(self) -> tzinfo:
        """The clock on which its hour is read."""
        known = self.starts_at.tzinfo
        return timezone.get_current_timezone() if known in (None, UTC) else known


@dataclass(frozen=True, slots=True)
class Opinion:
    held_on: date
    meeting: str
    proposal: str
    alternatives: str


@dataclass(frozen=True, slots=True)
class Care:
    """One treatment."""

    modality: str
    modality_label: str
    label: str
    place: str
    planned_on: date | None
    rhythm: str
    effects: str
    status: str
    status_label: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A pause of the clock, without the staff's note."""

    label: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class PpsFacts:
    """Everything a PPS says, apart from its version and its date."""

    reference: str
    pathway_name: str
    time_zone: str
    opened_at: datetime
    announced_at: datetime | None
    rcp_on: date | None
    identity: Identity
    desk: Desk
    gp: Person | None
    team: tuple[Person, ...]
    diagnosis: str
    steps: tuple[PaperStep, ...]
    visits: tuple[Visit, ...]
    opinions: tuple[Opinion, ...]
    treatments: tuple[Care, ...]
    stops: tuple[Stop, ...]

    @property
    def announced(self) -> bool:
        """True once a clinician has told the patient: results may then be written."""
        return self.announced_at is not None

    def fingerprint(self) -> str:
        """SHA-256 of the facts: two papers with the same one say the same."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def load(pathway_id: int) -> Pathway:
    """The pathway with all that `collect` reads, in a fixed number of queries."""
    return (
        Pathway.objects.with_page_data().prefetch_related("appointments", "opinions", "treatments").get(pk=pathway_id)
    )


def collect(pathway: Pathway) -> PpsFacts:
    """Gathers the facts of a pathway loaded by `load` (or `with_page_data` and the three lists); no query."""
    ledger: list[Milestone] = pathway.facts  # type: ignore[attr-defined]
    announced_at = min((m.occurred_at for m in ledger if m.kind == Kind.ANNOUNCEMENT), default=None)
    members: list[CareCircleMember] = pathway.members  # type: ignore[attr-defined]
    return PpsFacts(
        reference=pathway.reference,
        pathway_name=pathway.version.target.name,
        time_zone=pathway.team.establishment.time_zone,
        opened_at=pathway.opened_at,
        announced_at=announced_at,
        rcp_on=_rcp_day(pathway, ledger) if announced_at else None,
        identity=_identity(pathway.patient),
        desk=_desk(pathway),
        gp=_gp(pathway.patient, members),
        team=_team(pathway, members),
        diagnosis=pathway.diagnosis if announced_at else "",
        steps=tuple(_steps(pathway, ledger, announced=announced_at is not None)),
        visits=_visits(pathway),
        opinions=_opinions(pathway) if announced_at else (),
        treatments=_treatments(pathway) if announced_at else (),
        stops=tuple(
            Stop(pause.kind.label, pause.starts_on, pause.ends_on)
            for pause in pathway.running_pauses  # type: ignore[attr-defined]
            if pause.stops_clock
        ),
    )


def _identity(patient: Patient) -> Identity:
    qualified = patient.identity_status == IdentityStatus.QUALIFIED
    return Identity(
        birth_name=patient.birth_name.upper(),
        first_names=patient.given_names or patient.first_name,
        used_name=" ".join(part for part in (patient.used_name.upper(), patient.used_first_name) if part),
        sex=patient.sex,
        sex_label=patient.get_sex_display(),
        birth_date=patient.birth_date,
        file_number=patient.file_number,
        ins=patient.ins_matricule if qualified else "",
    )


def _desk(pathway: Pathway) -> Desk:
    team, place, contact = pathway.team, pathway.team.establishment, pathway.version.content.contact
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    return Desk(
        label=contact.label or team.name,
        phone=contact.phone or team.phone or place.phone,
        email=contact.email or team.email,
        hours=contact.hours,
        establishment=place.name,
        address=", ".join(part for part in (place.address, town) if part),
        establishment_phone=place.phone,
        establishment_email=place.email,
    )


def _gp(patient: Patient, members: Iterable[CareCircleMember]) -> Person | None:
    known = patient.gp or next((m.professional for m in members if m.role == CircleRole.GP), None)
    return _person(CircleRole.GP.label, known) if known else None


def _team(pathway: Pathway, members: Iterable[CareCircleMember]) -> tuple[Person, ...]:
    """The named contact first, then the circle of care; the GP has a place of his own."""
    found: dict[int, Person] = {}
    owner = pathway.owner.professional if pathway.owner else None
    if owner:
        found[owner.pk] = _person("Votre contact à la coordination", owner)
    gps = {member.professional_id for member in members if member.role == CircleRole.GP} | {pathway.patient.gp_id}
    for member in members:
        if member.role != CircleRole.RCP and member.professional_id not in gps:
            found.setdefault(member.professional_id, _person(member.get_role_display(), member.professional))
    return tuple(found.values())


def _person(role: str, professional: Professional) -> Person:
    detail = professional.specialty_label or professional.get_profession_display()
    return Person(role, str(professional), detail, professional.phone)


def _rcp_day(pathway: Pathway, ledger: Iterable[Milestone]) -> date | None:
    zone = ZoneInfo(pathway.team.establishment.time_zone)
    held = [opinion.held_on for opinion in _standing(pathway)]
    held += [m.occurred_at.astimezone(zone).date() for m in ledger if m.kind == Kind.RCP_HELD]
    return max(held, default=None)


def _steps(pathway: Pathway, ledger: Iterable[Milestone], *, announced: bool) -> Iterable[PaperStep]:
    target = pathway.version.content
    definitions = {definition.key: definition for definition in target.steps}
    known = {Kind(milestone.kind) for milestone in ledger}
    ended_by: Ends = defaultdict(set)
    for milestone in ledger:
        ended_by[milestone.occurred_at].add(Kind(milestone.kind))
    for step in pathway.steps.all():
        definition = definitions.get(step.step_key)
        if definition and step.state in SHOWN_STATES and _concerns(definition, known, announced=announced):
            paper = _paper_step(step, definition, target, ended_by, announced=announced)
            if paper:
                yield paper


def _concerns(definition: StepDef, known: set[Kind], *, announced: bool) -> bool:
    """False for a step whose condition has not come, and, before the announcement, for the treatment."""
    wanted = {match.milestone for match in definition.when}
    return (announced or definition.phase != Phase.TREATMENT) and (not wanted or bool(wanted & known))


def _paper_step(
    step: Step, definition: StepDef, target: Target, ended_by: Ends, *, announced: bool
) -> PaperStep | None:
    plain = words.words_for(definition, _what_ended_it(step, definition, ended_by))
    if plain is None:
        return None
    embargoed = not announced and words.expected_kind(definition) in words.EMBARGOED
    told = step.state != StepState.DONE or not embargoed
    return PaperStep(
        key=step.key,
        title=plain.title,
        label=plain.short,
        gloss=plain.gloss,
        phase=step.phase,
        delay=words.delay_words(definition, target) if step.occurrence == 1 else "",
        state=step.state if told else StepState.OPEN,
        projected=step.projected,
        optional=step.optional,
        repeats=definition.repeat is not None,
        embargoed=embargoed,
        anchor_at=step.anchor_at,
        due_at=step.due_at,
        raw_due_at=step.raw_due_at,
        done_at=step.done_at if told else None,
    )


def _what_ended_it(step: Step, definition: StepDef, ended_by: Ends) -> Kind | None:
    """The milestone that really ended a step, when the paper has words for it: another than the expected one may."""
    if step.done_at is None or words.expected_kind(definition) not in words.PLAIN:
        return None
    happened = ended_by[step.done_at]
    ends = (match.milestone for match in definition.done_by)
    return next((kind for kind in ends if kind in happened and kind in words.PLAIN), None)


def _visits(pathway: Pathway) -> tuple[Visit, ...]:
    kept = (AppointmentStatus.PLANNED, AppointmentStatus.DONE)
    home = pathway.team.establishment.time_zone
    return tuple(
        Visit(each.label, _on_clock_of(each, home), each.place, each.preparation, each.status)
        for each in sorted(pathway.appointments.all(), key=lambda each: (each.starts_at, each.pk))
        if each.status in kept
    )


def _on_clock_of(visit: Appointment, home: str) -> datetime:
    """Its hour; only another clock than that of the file is written, so that no paper becomes stale for nothing."""
    return visit.starts_at if visit.time_zone in ("", home) else visit.starts_at.astimezone(visit.zone)


def _opinions(pathway: Pathway) -> tuple[Opinion, ...]:
    return tuple(Opinion(each.held_on, each.meeting, each.proposal, each.alternatives) for each in _standing(pathway))


def _standing(pathway: Pathway) -> list[BoardOpinion]:
    """Opinions that stand: one given without quorum is provisional, the file is presented again (RCP-02)."""
    return [opinion for opinion in pathway.opinions.all() if opinion.quorum_reached is not False]


def _treatments(pathway: Pathway) -> tuple[Care, ...]:
    return tuple(_care(each) for each in pathway.treatments.all() if each.status != TreatmentStatus.ABANDONED)


def _care(treatment: Treatment) -> Care:
    return Care(
        treatment.modality,
        treatment.get_modality_display(),
        treatment.label,
        treatment.place,
        treatment.planned_on,
        treatment.rhythm,
        treatment.effects,
        treatment.status,
        treatment.get_status_display(),
    )
