"""The public presentation of a pathway, drawn from its definition: promise, contact, steps and usual delays."""

from __future__ import annotations

from dataclasses import dataclass

from pathways.models import TargetPathway
from pathways.rules import MilestoneKind
from pathways.rules.target import EntryChannel, StepDef, Target
from referrals.desk import Desk, desk_from

_SINCE = {
    MilestoneKind.REFERRAL_RECEIVED: "après la demande",
    MilestoneKind.FIRST_CARE: "après le premier accueil",
    MilestoneKind.BIOPSY_TAKEN: "après le prélèvement",
    MilestoneKind.RCP_HELD: "après la RCP",
    MilestoneKind.ANNOUNCEMENT: "après la consultation d’annonce",
}


@dataclass(frozen=True, slots=True)
class SheetStep:
    """One step in plain words; ``delay`` is empty when none is published."""

    label: str
    actor: str
    delay: str


@dataclass(frozen=True, slots=True)
class SheetPhase:
    label: str
    steps: list[SheetStep]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the page says."""

    summary: str
    desk: Desk
    channels: list[str]
    phases: list[SheetPhase]
    overall: str


def sheet_of(target: TargetPathway) -> Sheet:
    """The presentation of the current version of ``target``."""
    content = target.current_version.content
    return Sheet(
        summary=content.summary,
        desk=desk_from(target, content),
        channels=[channel.label for channel in content.entry_channels if channel is not EntryChannel.FORM],
        phases=phases_of(content),
        overall=f"{content.overall.label} : {content.overall.within.label}" if content.overall else "",
    )


def phases_of(content: Target) -> list[SheetPhase]:
    """The steps a patient or a GP lives through, by phase: what only concerns the hospital's own work is left out."""
    phases: list[SheetPhase] = []
    for step in content.steps:
        if not _concerns_town(step):
            continue
        if not phases or phases[-1].label != step.phase.label:
            phases.append(SheetPhase(step.phase.label, []))
        phases[-1].steps.append(SheetStep(step.label, step.actor.label, delay_words(step)))
    return phases


def _concerns_town(step: StepDef) -> bool:
    always = not (step.when or step.optional or step.repeat)
    return always and (step.tells_gp or bool(step.exam_type))


def delay_words(step: StepDef) -> str:
    """« 2 jours ouvrés au plus après la demande », « le même jour »; empty without objective."""
    if step.objective is None or step.anchor is None:
        return ""
    if step.objective.value == 0:
        return "le même jour"
    return f"{step.objective.label} au plus {_since(step)}".strip()


def _since(step: StepDef) -> str:
    """Empty when the delay starts from another step."""
    anchor = step.anchor
    if anchor and anchor.all_of:
        return "après les étapes précédentes"
    if anchor is None or anchor.milestone is None:
        return ""
    return _SINCE.get(anchor.milestone, f"après : {anchor.milestone.label.lower()}")
