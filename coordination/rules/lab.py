"""The laboratory: what a request form asks, what an answer may follow, and which facts the answers make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pathways.rules.milestones import MilestoneKind

LONGEST_TEXT, LONGEST_LONG = 200, 2000


class FieldKind(StrEnum):
    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a form."""

    key: str
    label: str
    kind: FieldKind
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    def told(self, value: str) -> str:
        """The answer as read by people."""
        return dict(self.choices).get(value, value)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version of one request form: its questions and the exams that it may ask for, by code."""

    key: str
    version: int
    label: str
    source: str
    fields: tuple[Asked, ...]
    exams: Mapping[str, str]
    targets: tuple[str, ...] = ()


def read_sheet(entry: Mapping[str, Any]) -> Sheet:
    """The form that a YAML entry or a stored row describes. Raises ValueError with a French sentence."""
    where = f"Bon {entry.get('key', 'sans clé')}"
    missing = [name for name in ("key", "version", "label", "source", "fields", "exams") if not entry.get(name)]
    if missing:
        raise ValueError(f"{where} : il manque {', '.join(missing)}.")
    fields = tuple(_asked(each, where) for each in entry["fields"])
    exams = {str(each["key"]): str(each["label"]) for each in entry["exams"]}
    keys = [field.key for field in fields]
    if len(set(keys)) != len(keys) or len(exams) != len(entry["exams"]):
        raise ValueError(f"{where} : une clé est écrite deux fois.")
    targets = tuple(entry.get("targets", ()))
    return Sheet(entry["key"], int(entry["version"]), entry["label"], entry["source"], fields, exams, targets)


def _asked(entry: Mapping[str, Any], where: str) -> Asked:
    try:
        kind = FieldKind(entry["kind"])
        choices = tuple((str(each["key"]), str(each["label"])) for each in entry.get("choices", ()))
        asked = Asked(
            str(entry["key"]), entry["label"], kind, bool(entry.get("required")), entry.get("help", ""), choices
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{where} : question illisible ({error}).") from error
    if (kind is FieldKind.CHOICE) != bool(choices):
        raise ValueError(f"{where} : « {asked.label} » : les réponses possibles vont avec une question à choix.")
    return asked


def check_answers(sheet: Sheet, answers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(the answers to keep, what is wrong by question): a question left out, an answer that is not proposed, one too
    long. What the form does not ask is left out."""
    kept: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field in sheet.fields:
        value = str(answers.get(field.key) or "").strip()
        fault = _fault(field, value)
        if fault:
            wrong[field.key] = fault
        elif value:
            kept[field.key] = value
    return kept, wrong


def _fault(field: Asked, value: str) -> str:
    if not value:
        return "Le laboratoire a besoin de cette réponse." if field.required else ""
    if field.kind is FieldKind.CHOICE:
        return "" if value in dict(field.choices) else "Choisissez une des réponses proposées."
    longest = LONGEST_LONG if field.kind is FieldKind.LONG else LONGEST_TEXT
    return f"Ce texte dépasse {longest} signes." if len(value) > longest else ""


def sheet_for(target: str, sheets: Iterable[Sheet]) -> Sheet:
    """The form of a target pathway, by its key or that of the shipped target it was drawn from (`creca-h-…`); else the
    one that names no target."""
    found = list(sheets)
    for sheet in found:
        if any(target == key or target.startswith(f"{key}-") for key in sheet.targets):
            return sheet
    return next(sheet for sheet in found if not sheet.targets)


class Answer(StrEnum):
    """What a laboratory says of an exam."""

    NONCONTRIBUTIVE = "noncontributive"
    INTERMEDIATE = "intermediate"
    FINAL = "final"

    @property
    def milestone(self) -> MilestoneKind:
        return _MILESTONES[self]


_MILESTONES = {
    Answer.NONCONTRIBUTIVE: MilestoneKind.LAB_NONCONTRIBUTIVE,
    Answer.INTERMEDIATE: MilestoneKind.LAB_INTERMEDIATE,
    Answer.FINAL: MilestoneKind.LAB_FINAL,
}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in force on one exam; answers given together carry the same ``act``."""

    exam: str
    kind: Answer
    at: datetime
    act: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A milestone that the answers make. ``key`` names it for ever: the same answers give the same key."""

    kind: MilestoneKind
    detail: str
    at: datetime
    key: str


def refusal(known: Iterable[Answer], kind: Answer) -> str:
    """Why ``kind`` may not follow what is already said of an exam; "" when it may.

    An end (final, non contributive) is the last word: whoever was wrong corrects it first.
    """
    said = set(known)
    if kind in said:
        return "Cette réponse est déjà donnée."
    if Answer.FINAL in said:
        return "Le résultat définitif est déjà donné : corrigez-le d’abord."
    if Answer.NONCONTRIBUTIVE in said:
        return "Ce prélèvement est déjà dit non contributif : corrigez d’abord cette réponse."
    return ""


def expects_by_exam(finals: Iterable[str], exams: Iterable[str]) -> bool:
    """True when the target waits for the final result of each exam: one of ``finals``, the details of its `lab_final`
    matches, is an exam of the request."""
    return bool(set(finals) & set(exams))


def facts_of(
    said: Sequence[Said], exams: Iterable[str], *, by_exam: bool, replaced_at: datetime | None = None
) -> list[Fact]:
    """The milestones that the answers in force make, oldest first.

    A sample is said not to be readable once: the first laboratory asks for another. Once that one is asked about
    (``replaced_at``), only final results of this one are facts.

    A target that waits exam by exam gets one `lab_final` per exam. Otherwise `lab_final` is when everything asked is
    answered: until then, a final result of one exam is news before the end, so an intermediate (LAB-06).
    """
    facts: dict[str, Fact] = {}
    unread = min((each for each in said if each.kind is Answer.NONCONTRIBUTIVE), key=_order, default=None)
    for each in sorted(said, key=_order):
        if each.kind is Answer.NONCONTRIBUTIVE and unread and each.act != unread.act:
            continue
        if each.kind is not Answer.FINAL:
            _add(facts, Fact(each.kind.milestone, "", each.at, f"{each.act}:{each.kind}"))
        elif by_exam:
            _add(facts, Fact(MilestoneKind.LAB_FINAL, each.exam, each.at, f"{each.act}:{each.exam}"[:70]))
    if not by_exam:
        for fact in _whole(said, set(exams)):
            _add(facts, fact)
    ended = MilestoneKind.LAB_FINAL
    kept = (each for each in facts.values() if replaced_at is None or each.at < replaced_at or each.kind is ended)
    return sorted(kept, key=lambda fact: (fact.at, fact.key))


def _order(said: Said) -> tuple[datetime, str, str]:
    return said.at, said.exam, said.act


def _add(facts: dict[str, Fact], fact: Fact) -> None:
    facts.setdefault(fact.key, fact)


def _whole(said: Sequence[Said], exams: set[str]) -> list[Fact]:
    finals = sorted((each for each in said if each.kind is Answer.FINAL), key=_order)
    if not finals:
        return []
    last = finals[-1]
    complete = {each.exam for each in finals} >= exams
    ending = [Fact(MilestoneKind.LAB_FINAL, "", last.at, f"{last.act}:final")] if complete else []
    before = {each.act: each for each in finals if not complete or each.act != last.act}
    parts = [Fact(MilestoneKind.LAB_INTERMEDIATE, "", each.at, f"{act}:part") for act, each in before.items()]
    return parts + ending


@dataclass(frozen=True, slots=True)
class EarlyAction:
    """Care that may begin on an intermediate result (LAB-08, PTH-16)."""

    key: str
    label: str
    task: str


EARLY_ACTIONS = (
    EarlyAction("port", "Chambre implantable", "Demander la pose d’une chambre implantable"),
    EarlyAction("exams", "Examens préthérapeutiques", "Demander les examens préthérapeutiques complémentaires"),
    EarlyAction("consultation", "Consultation d’annonce", "Réserver la consultation d’annonce"),
    EarlyAction("rcp", "Inscription en RCP", "Inscrire le dossier en RCP sans attendre le résultat définitif"),
)
"""[004 F5 l.993] [004 F5 l.1074]; the last two: proposition Jalon, à valider par le site."""
