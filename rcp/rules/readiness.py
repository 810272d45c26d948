"""Is a file ready for the meeting, and who owes what is missing (RCP-06, RCP-09; french-standards 1.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

GERIATRIC_AGE = 75
"""From this age a geriatric screening (G8) is expected (french-standards 1.4)."""


class ItemState(StrEnum):
    OK = "ok"
    EXPECTED = "expected"
    """Not there yet, but dated before the meeting."""
    MISSING = "missing"
    REMINDER = "reminder"
    """Worth doing; its absence does not make the file incomplete."""


@dataclass(frozen=True)
class Item:
    """One line of the list. ``at`` dates ``detail`` when there is a date; ``owes`` says whose turn it is."""

    key: str
    label: str
    state: ItemState
    detail: str = ""
    at: datetime | None = None
    owes: str = ""

    @property
    def short(self) -> str:
        """The item in a word or two, for a dense line."""
        return SHORT[self.key]


SHORT: dict[str, str] = {
    "question": "question",
    "presenter": "présentateur",
    "imaging": "imagerie",
    "pathology": "anatomopathologie",
    "stage": "stade",
    "who": "OMS",
    "gp": "médecin traitant",
    "g8": "G8",
}


@dataclass(frozen=True)
class Readiness:
    """The list for one case; complete when nothing is missing or still expected."""

    items: tuple[Item, ...]

    @property
    def missing(self) -> tuple[Item, ...]:
        """What is not there, expected items included."""
        return tuple(item for item in self.items if item.state in (ItemState.MISSING, ItemState.EXPECTED))

    @property
    def reminders(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.state is ItemState.REMINDER)

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class DatedFact:
    """A milestone in force: its kind and instant. ``is_image`` is true for an exam that gives images to project."""

    kind: str
    at: datetime
    is_image: bool = False


@dataclass(frozen=True)
class Planned:
    """An appointment of the patient that did not take place yet."""

    label: str
    at: datetime
    is_image: bool = False


@dataclass(frozen=True)
class CaseFacts:
    """What the rule reads. ``has_gp`` is true, or false when the patient is known to have none, or None."""

    session_at: datetime
    question: str = ""
    has_presenter: bool = False
    histology: str = ""
    stage: str = ""
    who_status: int | None = None
    imaging: str = ""
    has_gp: bool | None = None
    age: int = 0
    has_g8: bool = False
    facts: Sequence[DatedFact] = ()
    planned: Sequence[Planned] = ()


PATHOLOGY_FACTS = ("lab_final", "lab_intermediate")
PATHOLOGY_ASKED = ("lab_requested", "sample_sent", "biopsy_taken")


def readiness(case: CaseFacts) -> Readiness:
    """The readiness list of a case, in the order a presenter checks it."""
    return Readiness(
        (
            _typed("question", "Question posée", case.question.strip(), "Présentateur"),
            _typed("presenter", "Présentateur", case.has_presenter, "Coordination"),
            _imaging(case),
            _pathology(case),
            _typed("stage", "Stade (ou « non connu »)", case.stage.strip(), "Présentateur"),
            _typed("who", "État général (OMS)", case.who_status is not None, "Médecin demandeur"),
            _typed("gp", "Médecin traitant (ou « sans »)", case.has_gp is not None, "Coordination"),
            *_geriatric(case),
        )
    )


def _typed(key: str, label: str, there: object, owes: str) -> Item:
    return Item(key, label, ItemState.OK) if there else Item(key, label, ItemState.MISSING, owes=owes)


def _imaging(case: CaseFacts) -> Item:
    label = "Imagerie"
    done = max((fact for fact in case.facts if fact.is_image), key=lambda fact: fact.at, default=None)
    if done:
        return Item("imaging", label, ItemState.OK, "réalisée le", done.at)
    if case.imaging.strip():
        return Item("imaging", label, ItemState.OK, case.imaging.strip())
    coming = sorted((each for each in case.planned if each.is_image), key=lambda each: each.at)
    if coming and coming[0].at < case.session_at:
        return Item("imaging", label, ItemState.EXPECTED, f"{coming[0].label}, prévu le", coming[0].at, "Imagerie")
    if coming:
        text = f"{coming[0].label}, après la séance, le"
        return Item("imaging", label, ItemState.MISSING, text, coming[0].at, "Coordination")
    return Item("imaging", label, ItemState.MISSING, owes="Imagerie")


def _pathology(case: CaseFacts) -> Item:
    label = "Preuve anatomopathologique (ou son absence)"
    if case.histology.strip():
        return Item("pathology", label, ItemState.OK, case.histology.strip())
    found = _latest(case.facts, PATHOLOGY_FACTS)
    if found:
        return Item("pathology", label, ItemState.OK, "résultat du", found.at)
    asked = _latest(case.facts, PATHOLOGY_ASKED)
    if asked:
        return Item("pathology", label, ItemState.MISSING, "prélèvement ou demande du", asked.at, "Anatomopathologie")
    return Item("pathology", label, ItemState.MISSING, owes="Présentateur")


def _geriatric(case: CaseFacts) -> tuple[Item, ...]:
    if case.age < GERIATRIC_AGE:
        return ()
    label = f"Dépistage gériatrique (G8), {GERIATRIC_AGE} ans et plus"
    if case.has_g8:
        return (Item("g8", label, ItemState.OK),)
    return (Item("g8", label, ItemState.REMINDER, owes="Soins infirmiers"),)


def _latest(facts: Iterable[DatedFact], kinds: Sequence[str]) -> DatedFact | None:
    return max((fact for fact in facts if fact.kind in kinds), key=lambda fact: fact.at, default=None)
