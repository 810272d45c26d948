"""A gesture on several rows: for whom it cannot be done, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ASSIGN, POSTPONE, CONTACT = "assign", "postpone", "contact"


@dataclass(frozen=True)
class Subject:
    """What the rule reads of one pathway; ids of people and teams."""

    active: bool
    deceased: bool
    owner: int | None
    team: int
    call_back_on: date | None


@dataclass(frozen=True)
class Choice:
    """What is asked: the new owner with their teams, or the day to call."""

    kind: str
    owner: int | None = None
    teams: frozenset[int] = frozenset()
    day: date | None = None


def refusal(subject: Subject, choice: Choice) -> str:
    """Why the gesture cannot be done on this pathway, in words; empty when it can."""
    if not subject.active:
        return "parcours clos"
    if choice.kind == ASSIGN:
        return _assign(subject, choice)
    if subject.deceased:
        return "patient décédé"
    if choice.kind == POSTPONE:
        return _postpone(subject, choice)
    return ""


def _assign(subject: Subject, choice: Choice) -> str:
    if subject.owner == choice.owner:
        return "sans responsable déjà" if choice.owner is None else "déjà responsable"
    if choice.owner is not None and subject.team not in choice.teams:
        return "cette personne n’est pas de l’équipe du parcours"
    return ""


def _postpone(subject: Subject, choice: Choice) -> str:
    if subject.call_back_on is None:
        return "aucun rappel promis"
    return "rappel déjà prévu ce jour-là" if subject.call_back_on == choice.day else ""
