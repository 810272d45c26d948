"""What a target pathway (parcours cible) is made of: frozen values, as the YAML writes them.

Field names are the YAML keys, so that reading, writing and messages never need a second vocabulary. Defaults
are what an absent key means. `docs/target-pathways.md` explains each to whoever edits one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from typing import Any

from pathways.rules.durations import Duration
from pathways.rules.graph import Graph
from pathways.rules.milestones import MilestoneKind

ENTRY_MILESTONES = frozenset(
    {MilestoneKind.FIRST_SYMPTOMS, MilestoneKind.IMAGING_UPSTREAM, MilestoneKind.REFERRAL_RECEIVED}
)
"""Known when the patient enters: a delay may start from them without any step giving them."""


class Actor(StrEnum):
    """Who does a step: a function, never a person."""

    COORDINATOR = "coordinator"
    SECRETARY = "secretary"
    PHYSICIAN = "physician"
    RCP = "rcp"
    NURSE = "nurse"
    PLATFORM = "platform"
    LABORATORY = "laboratory"
    SUPPORT_CARE = "support_care"
    GP = "gp"
    TOWN_PROFESSIONAL = "town_professional"
    PATIENT = "patient"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _ACTOR_LABELS[self]


_ACTOR_LABELS: dict[Actor, str] = {
    Actor.COORDINATOR: "Coordination",
    Actor.SECRETARY: "Secrétariat",
    Actor.PHYSICIAN: "Médecin hospitalier",
    Actor.RCP: "Réunion de concertation",
    Actor.NURSE: "Soins infirmiers",
    Actor.PLATFORM: "Plateau technique",
    Actor.LABORATORY: "Laboratoire",
    Actor.SUPPORT_CARE: "Soins de support",
    Actor.GP: "Médecin traitant",
    Actor.TOWN_PROFESSIONAL: "Professionnel de ville",
    Actor.PATIENT: "Patient",
}


class Phase(StrEnum):
    """The segment of the pathway a step belongs to, in order: delays are split along them."""

    REFERRAL = "referral"
    FIRST_CARE = "first_care"
    EXAMS = "exams"
    PATHOLOGY = "pathology"
    RCP = "rcp"
    ANNOUNCEMENT = "announcement"
    TREATMENT = "treatment"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _PHASE_LABELS[self]


_PHASE_LABELS: dict[Phase, str] = {
    Phase.REFERRAL: "Adressage",
    Phase.FIRST_CARE: "Premier accueil",
    Phase.EXAMS: "Examens",
    Phase.PATHOLOGY: "Anatomopathologie",
    Phase.RCP: "RCP",
    Phase.ANNOUNCEMENT: "Annonce",
    Phase.TREATMENT: "Traitement",
}


class EntryChannel(StrEnum):
    """By which door a request may come in [004 F1 l.312-325] (ENT-03)."""

    FORM = "form"
    PHONE = "phone"
    MAIL = "mail"
    MSSANTE = "mssante"
    DOCTOR = "doctor"
    RCP = "rcp"
    TELEEXPERTISE = "teleexpertise"
    LETTER = "letter"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _CHANNEL_LABELS[self]


_CHANNEL_LABELS: dict[EntryChannel, str] = {
    EntryChannel.FORM: "Formulaire en ligne",
    EntryChannel.PHONE: "Téléphone",
    EntryChannel.MAIL: "Courriel",
    EntryChannel.MSSANTE: "Messagerie sécurisée de santé",
    EntryChannel.DOCTOR: "De médecin à médecin",
    EntryChannel.RCP: "RCP",
    EntryChannel.TELEEXPERTISE: "Téléexpertise",
    EntryChannel.LETTER: "Courrier postal",
}


class Pick(StrEnum):
    """Which occurrence of a milestone starts the delay when it happened several times."""

    FIRST = "first"
    LAST = "last"


class Period(StrEnum):
    """Half a day of a slot type."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    DAY = "day"


@dataclass(frozen=True)
class Match:
    """A milestone to look for; an empty `detail` accepts any."""

    milestone: MilestoneKind
    detail: str = ""

    def accepts(self, detail: str) -> bool:
        """True when a fact of this kind with that detail is meant."""
        return self.detail in ("", detail)


@dataclass(frozen=True)
class Anchor:
    """Where a delay starts: a milestone (with `detail` and `pick`), or the end of another `step`."""

    milestone: MilestoneKind | None = None
    detail: str = ""
    step: str = ""
    pick: Pick = Pick.FIRST


@dataclass(frozen=True)
class Repeat:
    """A step done again and again, each time `every` after the last; without end when `times` is None."""

    every: Duration
    times: int | None = None


@dataclass(frozen=True)
class StepDef:
    """One step of a target pathway.

    The first milestone of `done_by` is the expected one: the steps anchored on it are projected from this
    step; the others end the step too. With `after_anchor`, only a fact at or after the anchor does.
    """

    key: str
    label: str
    phase: Phase
    actor: Actor
    done_by: tuple[Match, ...]
    anchor: Anchor | None = None
    objective: Duration | None = None
    warn_before: Duration | None = None
    after_anchor: bool = False
    when: tuple[Match, ...] = ()
    unless: tuple[Match, ...] = ()
    optional: bool = False
    repeat: Repeat | None = None
    exam_type: str = ""
    checklist: tuple[str, ...] = ()
    tells_gp: bool = False
    source: str = ""

    @property
    def waits_for_its_condition(self) -> bool:
        """True when the anchor is the very milestone that makes the step apply: it is never projected."""
        anchor = self.anchor
        return anchor is not None and any(match.milestone == anchor.milestone for match in self.when)


@dataclass(frozen=True)
class SlotType:
    """A kind of protected slot the pathway needs (SLT-05). `day` counts the diagnostic days from 1."""

    key: str
    label: str
    capacity: int = 1
    day: int = 1
    period: Period = Period.DAY
    release_before: Duration | None = None
    source: str = ""


@dataclass(frozen=True)
class Objective:
    """A delay between two milestones, of the pathway as a whole."""

    label: str
    since: MilestoneKind
    until: MilestoneKind
    within: Duration
    source: str = ""


@dataclass(frozen=True)
class Contact:
    """How to reach the pathway's desk. Empty in the shipped files: each site fills its own."""

    label: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""


@dataclass(frozen=True)
class Target:
    """A target pathway: one version of one pathway of one site. `warn_before` is the default of its steps;
    `ends_on` are the milestones after which nothing undone is expected any more."""

    key: str
    version: int
    name: str
    pathology: str
    steps: tuple[StepDef, ...]
    site_label: str = "Centre"
    summary: str = ""
    entry_channels: tuple[EntryChannel, ...] = (EntryChannel.FORM,)
    contact: Contact = field(default_factory=Contact)
    overall: Objective | None = None
    warn_before: Duration | None = None
    evaluation_after: Duration | None = None
    ends_on: tuple[MilestoneKind, ...] = ()
    slot_types: tuple[SlotType, ...] = ()

    @property
    def first_response(self) -> Duration | None:
        """The promise made to whoever refers (ENT-06): within what an appointment is offered."""
        for step in self.steps:
            offers = bool(step.done_by) and step.done_by[0].milestone is MilestoneKind.APPOINTMENT_OFFERED
            if offers and step.anchor is not None and step.anchor.milestone is MilestoneKind.REFERRAL_RECEIVED:
                return step.objective
        return None

    def step(self, key: str) -> StepDef:
        """The step of that key. Raises KeyError."""
        return self.steps[self.graph.index[key]]

    @cached_property
    def details(self) -> dict[str, str]:
        """The French names of the exams that the `detail` of a milestone may be, by code."""
        exams = {match.detail: step.label for step in self.steps for match in step.done_by if match.detail}
        return exams | {slot.key: slot.label for slot in self.slot_types}

    @cached_property
    def graph(self) -> Graph:
        """Which step waits for which; worked out once per target."""
        return Graph.of(self.steps)


def to_dict(target: Target) -> dict[str, Any]:
    """The target as JSON-ready data, absent keys meaning defaults; `target.from_dict` reads it back equal."""
    return _fields(target)


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their default, as plain data."""
    empty = {each.name: each.default for each in fields(value)}
    empty.update({each.name: each.default_factory() for each in fields(value) if callable(each.default_factory)})
    return {
        each.name: _plain(getattr(value, each.name))
        for each in fields(value)
        if getattr(value, each.name) != empty[each.name]
    }


def _plain(value: Any) -> Any:
    """Plain data of one value, in the shortest form the reader accepts."""
    match value:
        case StrEnum():
            return value.value
        case Duration():
            return str(value)
        case Match(milestone=kind, detail=""):
            return kind.value
        case Anchor(milestone=MilestoneKind() as kind, detail="", step="", pick=Pick.FIRST):
            return kind.value
        case Anchor(milestone=None, step=step) if step not in set(MilestoneKind):
            return step
        case Match() | Anchor() | Repeat() | StepDef() | SlotType() | Objective() | Contact():
            return _fields(value)
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def kinds(matches: Iterable[Match]) -> set[MilestoneKind]:
    """The milestone kinds of some matches."""
    return {match.milestone for match in matches}
