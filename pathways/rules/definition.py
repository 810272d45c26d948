"""What a target pathway (parcours cible) is made of: frozen values, as the YAML writes them.

Field names are the YAML keys, so that reading, writing and messages never need a second vocabulary. Defaults
are what an absent key means. `docs/target-pathways.md` explains each to whoever edits one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from pathways.rules.durations import Duration
from pathways.rules.graph import Graph
from pathways.rules.levels import Alerts
from pathways.rules.milestones import MilestoneKind
from pathways.rules.vocabulary import Actor, EntryChannel, NoticeMode, Period, Phase, Pick, SlotMode

ENTRY_MILESTONES = frozenset(
    {MilestoneKind.FIRST_SYMPTOMS, MilestoneKind.IMAGING_UPSTREAM, MilestoneKind.REFERRAL_RECEIVED}
)
"""Known when the patient enters: a delay may start from them without any step giving them."""


APPOINTMENTS = "appointments"
"""What a notice may tell besides a milestone: the appointments made or changed in a day."""


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
    """Where a delay starts: a milestone (with `detail` and `pick`), or the end of another `step`; or, with
    `all_of`, the last of several such anchors, none of which is itself one (a list in the YAML)."""

    milestone: MilestoneKind | None = None
    detail: str = ""
    step: str = ""
    pick: Pick = Pick.FIRST
    all_of: tuple[Anchor, ...] = ()

    @property
    def parts(self) -> tuple[Anchor, ...]:
        """The single anchors: the anchor itself, or all those it waits for."""
        return self.all_of or (self,)


@dataclass(frozen=True)
class Repeat:
    """A step done again and again, each time `every` after the last; without end when `times` is None."""

    every: Duration
    times: int | None = None


@dataclass(frozen=True)
class StepDef:
    """One step of a target pathway.

    The first milestone of `done_by` is the expected one: the steps anchored on it are projected from this
    step; the others end the step too. With `after_anchor`, only a fact at or after the anchor does; with `again`,
    for a milestone that another step has already had (the second RCP), none does before the anchor has happened.
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
    again: bool = False
    when: tuple[Match, ...] = ()
    unless: tuple[Match, ...] = ()
    optional: bool = False
    repeat: Repeat | None = None
    exam_type: str = ""
    partner: str = ""
    stay: str = ""
    checklist: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    tells_gp: bool = False
    source: str = ""

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """All that the step waits for: nothing, one anchor, or several."""
        return self.anchor.parts if self.anchor else ()

    @property
    def waits_for_its_condition(self) -> bool:
        """True when the anchor is the very milestone that makes the step apply: it is never projected."""
        return any(self.is_condition(anchor) for anchor in self.anchors)

    def is_condition(self, anchor: Anchor) -> bool:
        """True when this anchor is a milestone that makes the step apply."""
        return any(match.milestone == anchor.milestone for match in self.when)


@dataclass(frozen=True)
class SlotType:
    """A kind of slot the pathway needs (SLT-05). `day` counts the diagnostic days from 1, `per_week` how often they
    come. A `priority` request is served `within` the delay agreed with the platform (SLT-06); a `partner` one at the
    partner of that key (SLT-07)."""

    key: str
    label: str
    mode: SlotMode = SlotMode.DEDICATED
    within: Duration | None = None
    partner: str = ""
    capacity: int = 1
    per_week: int | None = None
    day: int = 1
    period: Period = Period.DAY
    release_before: Duration | None = None
    source: str = ""


@dataclass(frozen=True)
class Choice:
    """What the `detail` of a milestone may tell besides an exam: an answer, or the treatment the patient chose."""

    key: str
    label: str


@dataclass(frozen=True)
class Partner:
    """Another establishment that does `exams` for this pathway by `convention` (SLT-07, NET-04). The shipped files
    name none: each site writes its own reference and dates."""

    key: str
    label: str
    exams: tuple[str, ...] = ()
    convention: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""


@dataclass(frozen=True)
class Stay:
    """Steps done together, in one day hospital stay or one day: one sheet, one set of `documents` (PTH-07, S25)."""

    key: str
    label: str
    documents: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class MailTemplate:
    """A mail written beforehand (PTH-10). It names no patient: `text` says what to attach.

    With `tells`, it is the notice to the GP of that milestone (or of `appointments`), in the words of this pathway
    instead of the usual ones: `subject` is the mail's, `text` is read behind the link; `send` says how it leaves.
    """

    key: str
    label: str
    to: str
    subject: str
    text: str
    source: str = ""
    tells: str = ""
    send: NoticeMode = NoticeMode.AUTOMATIC


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
    alerts: Alerts = field(default_factory=Alerts)
    evaluation_after: Duration | None = None
    ends_on: tuple[MilestoneKind, ...] = ()
    documents: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    partners: tuple[Partner, ...] = ()
    stays: tuple[Stay, ...] = ()
    mail_templates: tuple[MailTemplate, ...] = ()
    slot_types: tuple[SlotType, ...] = ()

    @property
    def first_response(self) -> Duration | None:
        """The promise made to whoever refers (ENT-06): within what an appointment is offered."""
        for step in self.steps:
            offers = bool(step.done_by) and step.done_by[0].milestone is MilestoneKind.APPOINTMENT_OFFERED
            if offers and step.anchor is not None and step.anchor.milestone is MilestoneKind.REFERRAL_RECEIVED:
                return step.objective
        return None

    def details_awaited(self, kind: MilestoneKind) -> set[str]:
        """Which details of ``kind`` a step waits for by name: exams whose results come one by one."""
        matches = (match for step in self.steps for match in step.done_by)
        return {match.detail for match in matches if match.milestone is kind and match.detail}

    def step(self, key: str) -> StepDef:
        """The step of that key. Raises KeyError."""
        return self.steps[self.graph.index[key]]

    @cached_property
    def details(self) -> dict[str, str]:
        """The French names of what the `detail` of a milestone may be, by code: exams and choices."""
        # Of several steps that end by the same exam, the first names it: the others repeat it (surveillance).
        exams = {match.detail: step.label for step in self.steps[::-1] for match in step.done_by if match.detail}
        slots = {slot.key: slot.label for slot in self.slot_types}
        return exams | slots | {choice.key: choice.label for choice in self.choices}

    def notice(self, event: str) -> MailTemplate | None:
        """The words in which the GP is told of ``event`` on this pathway; None for the usual ones."""
        return next((mail for mail in self.mail_templates if mail.tells == event), None)

    def partner(self, key: str) -> Partner | None:
        """The partner of that key."""
        return next((each for each in self.partners if each.key == key), None)

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
        case Duration() | date():
            return str(value)
        case Anchor(all_of=(_, *_) as parts):
            return [_plain(each) for each in parts]
        case Match(milestone=kind, detail=""):
            return kind.value
        case Anchor(milestone=MilestoneKind() as kind, detail="", step="", pick=Pick.FIRST):
            return kind.value
        case Anchor(milestone=None, step=step) if step not in set(MilestoneKind):
            return step
        case Match() | Anchor() | Repeat() | StepDef() | SlotType() | Objective() | Contact() | Alerts():
            return _fields(value)
        case Choice() | Partner() | Stay() | MailTemplate():
            return _fields(value)
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def kinds(matches: Iterable[Match]) -> set[MilestoneKind]:
    """The milestone kinds of some matches."""
    return {match.milestone for match in matches}
