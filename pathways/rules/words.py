"""A target pathway in French: what the pages, the flowchart and the comparison of two versions say of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pathways.rules.definition import Anchor, Match, Repeat, StepDef, Target
from pathways.rules.durations import Duration, Unit
from pathways.rules.vocabulary import Pick

NO_ANCHOR = "Dès l’entrée dans le parcours"


def match_words(match: Match, details: Mapping[str, str]) -> str:
    """« Examen réalisé (IRM) »."""
    said = details.get(match.detail, match.detail)
    return f"{match.milestone.label} ({said})" if match.detail else match.milestone.label


def matches_words(matches: Iterable[Match], details: Mapping[str, str]) -> str:
    """Several milestones, any of which does."""
    return " ou ".join(match_words(match, details) for match in matches)


def anchor_words(anchor: Anchor | None, target: Target) -> str:
    """What a step waits for: « Demande reçue », « la fin de « Scanner » et Annonce »."""
    if anchor is None:
        return NO_ANCHOR
    return _sentence(" et ".join(_part(part, target) for part in anchor.parts))


def condition_words(step: StepDef, details: Mapping[str, str]) -> str:
    """« Seulement si … », « Sauf si … »; empty when the step always applies."""
    parts = []
    if step.when:
        parts.append(f"seulement si {matches_words(step.when, details)}")
    if step.unless:
        parts.append(f"sauf si {matches_words(step.unless, details)}")
    return _sentence(" ; ".join(parts))


def branch_words(step: StepDef, target: Target) -> str:
    """The condition in as few words as a drawing has room for: « Si Surveillance active »."""
    parts = [f"{word} {_short(found, target)}" for word, found in (("si", step.when), ("sauf", step.unless)) if found]
    return _sentence(", ".join(parts))


def repeat_words(repeat: Repeat) -> str:
    """« Tous les 3 mois, 4 fois »."""
    every = "Toutes les" if repeat.every.unit.is_hours else "Tous les"
    times = f", {repeat.times}\N{NO-BREAK SPACE}fois" if repeat.times else ""
    if repeat.every.value == 1:
        each = {Unit.CALENDAR_DAYS: "Chaque jour", Unit.MONTHS: "Chaque mois"}
        return f"{each.get(repeat.every.unit, f'{every} {repeat.every.label}')}{times}"
    return f"{every} {repeat.every.label}{times}"


def delay_words(delay: Duration | None, none: str = "aucun") -> str:
    """« 7 jours »."""
    return delay.label if delay else none


@dataclass(frozen=True, slots=True)
class StepWords:
    """One step as the tables show it."""

    position: int
    key: str
    label: str
    phase: str
    actor: str
    anchor: str
    objective: str
    repeat: str
    condition: str
    done_by: str
    warn: str
    partner: str
    stay: str
    exam: str
    optional: bool
    tells_gp: bool
    checklist: tuple[str, ...]
    documents: tuple[str, ...]
    mails: tuple[str, ...]
    source: str


def step_words(target: Target, position: int) -> StepWords:
    """The step at that place in the target's list."""
    step = target.steps[position]
    partner = target.partner(step.partner)
    stays = {each.key: each.label for each in target.stays}
    mails = {each.key: each.label for each in target.mail_templates}
    warn = step.warn_before or target.warn_before
    return StepWords(
        position=position,
        key=step.key,
        label=step.label,
        phase=step.phase.label,
        actor=step.actor.label,
        anchor=anchor_words(step.anchor, target),
        objective=step.objective.as_objective if step.objective else "",
        repeat=repeat_words(step.repeat) if step.repeat else "",
        condition=condition_words(step, target.details),
        done_by=matches_words(step.done_by, target.details),
        warn=warn.label if warn and step.objective else "",
        partner=partner.label if partner else step.partner,
        stay=stays.get(step.stay, step.stay),
        exam=step.exam_type,
        optional=step.optional,
        tells_gp=step.tells_gp,
        checklist=step.checklist,
        documents=step.documents,
        mails=tuple(mails.get(each, each) for each in step.mails),
        source=step.source,
    )


def all_step_words(target: Target) -> list[StepWords]:
    """Every step, in the target's order."""
    return [step_words(target, position) for position in range(len(target.steps))]


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:]


def _part(anchor: Anchor, target: Target) -> str:
    if anchor.milestone is None:
        position = target.graph.index.get(anchor.step)
        return f"fin de « {target.steps[position].label if position is not None else anchor.step} »"
    said = match_words(Match(anchor.milestone, anchor.detail), target.details)
    return f"{said}, la dernière fois" if anchor.pick is Pick.LAST else said


def _short(matches: Iterable[Match], target: Target) -> str:
    """A choice is named alone: which milestone told it goes without saying."""
    choices = {choice.key: choice.label for choice in target.choices}
    return " ou ".join(choices.get(each.detail) or match_words(each, target.details) for each in matches)
