"""What changes from one version of a target pathway to another, in French: steps added, taken out, changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from pathways.rules.definition import StepDef, Target
from pathways.rules.durations import Duration
from pathways.rules.words import anchor_words, matches_words, repeat_words

NONE = "aucun"


class ChangeKind(StrEnum):
    """What happened to a step, or to the heading."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    ORDER = "order"
    HEAD = "head"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _KINDS[self]


_KINDS = {
    ChangeKind.ADDED: "Ajoutée",
    ChangeKind.REMOVED: "Retirée",
    ChangeKind.CHANGED: "Modifiée",
    ChangeKind.ORDER: "Ordre",
    ChangeKind.HEAD: "Parcours",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of a step (`key`, `label`), or of the pathway as a whole (no key). `details` are sentences."""

    kind: ChangeKind
    key: str
    label: str
    details: tuple[str, ...] = ()


def compare(old: Target, new: Target) -> list[Change]:
    """Every change from `old` to `new` but that of the version's number: the heading first, then the steps in order."""
    return [*_heading(old, new), *_steps(old, new)]


def _steps(old: Target, new: Target) -> Iterator[Change]:
    before, after = {step.key: step for step in old.steps}, {step.key: step for step in new.steps}
    for step in new.steps:
        if step.key not in before:
            yield Change(ChangeKind.ADDED, step.key, step.label, tuple(_told(old, new, None, step)))
        elif details := tuple(_told(old, new, before[step.key], step)):
            yield Change(ChangeKind.CHANGED, step.key, step.label, details)
    for step in old.steps:
        if step.key not in after:
            yield Change(ChangeKind.REMOVED, step.key, step.label)
    kept = [step.key for step in old.steps if step.key in after]
    if kept != [step.key for step in new.steps if step.key in before]:
        yield Change(ChangeKind.ORDER, "", "Ordre des étapes", ("Les étapes sont rangées dans un autre ordre.",))


Words = Callable[[Target, Any], str]
"""One value in words; what names other parts of the target needs it."""

_STEP: dict[str, tuple[str, Words]] = {
    "label": ("Nom", lambda target, value: value),
    "phase": ("Phase", lambda target, value: value.label),
    "actor": ("Qui agit", lambda target, value: value.label),
    "done_by": ("Se termine par", lambda target, value: matches_words(value, target.details)),
    "anchor": ("Commence après", lambda target, value: anchor_words(value, target)),
    "objective": ("Objectif", lambda target, value: _delay(value)),
    "warn_before": ("Prévenir avant", lambda target, value: _delay(value, "comme le parcours")),
    "after_anchor": ("Seulement un fait postérieur au départ du délai", lambda target, value: _yes(value)),
    "again": ("Jalon déjà eu une fois", lambda target, value: _yes(value)),
    "when": ("Seulement si", lambda target, value: matches_words(value, target.details)),
    "unless": ("Sauf si", lambda target, value: matches_words(value, target.details)),
    "optional": ("Facultative", lambda target, value: _yes(value)),
    "repeat": ("Répétition", lambda target, value: repeat_words(value) if value else ""),
    "exam_type": ("Examen à réserver", lambda target, value: value),
    "partner": ("Partenaire", lambda target, value: value),
    "stay": ("Séjour", lambda target, value: value),
    "tells_gp": ("Annoncée au médecin traitant", lambda target, value: _yes(value)),
    "source": ("Source", lambda target, value: value),
}
_STEP_LISTS = {"checklist": "À vérifier", "documents": "Documents", "mails": "Modèles de courriel"}

_HEAD: dict[str, tuple[str, Words]] = {
    "name": ("Nom", lambda target, value: value),
    "pathology": ("Pathologie", lambda target, value: value),
    "site_label": ("Mot pour le lieu", lambda target, value: value),
    "summary": ("Présentation", lambda target, value: value),
    "warn_before": ("Prévenir avant", lambda target, value: _delay(value)),
    "evaluation_after": ("Évaluer l’organisation après", lambda target, value: _delay(value)),
    "overall": ("Objectif d’ensemble", lambda target, value: f"{value.label}, {_record(value)}" if value else ""),
    "contact": ("Contact", lambda target, value: _record(value)),
    "alerts": ("Alertes", lambda target, value: _record(value)),
    "entry_channels": ("Portes d’entrée", lambda target, value: ", ".join(each.label for each in value)),
    "ends_on": ("Plus rien n’est attendu après", lambda target, value: ", ".join(each.label for each in value)),
}
_HEAD_LISTS = {
    "choices": "Choix",
    "partners": "Partenaires",
    "stays": "Séjours",
    "mail_templates": "Modèles de courriel",
    "slot_types": "Créneaux",
}
_NAMES = {
    "team_after": "l’équipe après",
    "head_after": "le chef après",
    "harm_after": "revue de préjudice après",
    "immediate": "courriel immédiat",
    "no_contact_after": "sans contact depuis",
    "result_after": "sans résultat depuis",
    "pps_after": "PPS non remis après",
    "since": "depuis",
    "until": "jusqu’à",
    "within": "en",
    "phone": "téléphone",
    "email": "courriel",
    "hours": "horaires",
    "label": "nom",
    "exams": "examens",
    "convention": "convention",
    "valid_from": "valable du",
    "valid_until": "jusqu’au",
    "documents": "documents",
    "to": "à",
    "subject": "objet",
    "text": "texte",
    "mode": "mode",
    "partner": "partenaire",
    "capacity": "places",
    "per_week": "par semaine",
    "day": "jour",
    "period": "moment",
    "release_before": "rendu avant",
    "source": "source",
}


def _told(old: Target, new: Target, before: StepDef | None, after: StepDef) -> Iterator[str]:
    """What changed in one step; of a new one, what it asks for."""
    for name, (label, words) in _STEP.items():
        was, now = getattr(before, name) if before else None, getattr(after, name)
        if before is None:
            if name in ("actor", "anchor", "objective"):
                yield f"{label} : {words(new, now) or NONE}"
        elif was != now:
            yield _sentence(label, words(old, was), words(new, now))
    if before is not None:
        for name, label in _STEP_LISTS.items():
            yield from _listed(label, getattr(before, name), getattr(after, name))


def _heading(old: Target, new: Target) -> Iterator[Change]:
    details: list[str] = []
    for name, (label, words) in _HEAD.items():
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            details.append(_sentence(label, words(old, was), words(new, now)))
    details += _listed("Documents", old.documents, new.documents)
    for name, label in _HEAD_LISTS.items():
        details += _entries(label, getattr(old, name), getattr(new, name))
    if details:
        yield Change(ChangeKind.HEAD, "", "En-tête et listes", tuple(details))


def _entries(label: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[str]:
    """What changed in a list of entries known by their key."""
    before, after = {each.key: each for each in old}, {each.key: each for each in new}
    for key, entry in after.items():
        if key not in before:
            yield f"{label}, ajouté : {entry.label}"
        elif entry != before[key]:
            yield f"{label}, modifié : {entry.label} ({'; '.join(_differing(before[key], entry))})"
    yield from (f"{label}, retiré : {entry.label}" for key, entry in before.items() if key not in after)
    if [*before] != [*after] and {*before} == {*after}:
        yield f"{label} : rangés dans un autre ordre"


def _differing(was: Any, now: Any) -> Iterator[str]:
    for each in fields(now):
        one, two = getattr(was, each.name), getattr(now, each.name)
        if one != two:
            yield _sentence(_NAMES.get(each.name, each.name), _value(one), _value(two))


def _listed(label: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Lines added and taken out."""
    yield from (f"{label}, ajouté : {line}" for line in new if line not in old)
    yield from (f"{label}, retiré : {line}" for line in old if line not in new)
    if old != new and {*old} == {*new}:
        yield f"{label} : lignes rangées dans un autre ordre"


def _sentence(label: str, was: str, now: str) -> str:
    """« Objectif : 5 jours (avant : 7 jours) »."""
    return f"{label} : {now or NONE} (avant : {was or NONE})"


def _record(value: Any) -> str:
    """The fields of a small record, in words."""
    return ", ".join(
        f"{_NAMES.get(each.name, each.name)} {_value(getattr(value, each.name))}"
        for each in fields(value)
        if getattr(value, each.name) not in ("", None, ())
    )


def _value(value: Any) -> str:
    match value:
        case None | "" | ():
            return NONE
        case Duration():
            return value.label
        case tuple():
            return ", ".join(_value(each) for each in value)
        case StrEnum():
            return str(getattr(value, "label", value.value))
        case _:
            return str(value)


def _delay(value: Duration | None, none: str = NONE) -> str:
    return value.label if value else none


def _yes(value: bool) -> str:
    return "oui" if value else "non"


def summary(changes: Sequence[Change]) -> str:
    """« 2 étapes ajoutées, 1 modifiée »; « aucun changement »."""
    counts = {kind: sum(1 for change in changes if change.kind is kind) for kind in ChangeKind}
    words = {ChangeKind.ADDED: "ajoutée", ChangeKind.CHANGED: "modifiée", ChangeKind.REMOVED: "retirée"}
    parts: list[str] = []
    for kind, word in words.items():
        if count := counts[kind]:
            noun = "" if parts else (" étapes" if count > 1 else " étape")
            parts.append(f"{count}{noun} {word}{'s' if count > 1 else ''}")
    if counts[ChangeKind.HEAD]:
        parts.append("en-tête modifié")
    if counts[ChangeKind.ORDER]:
        parts.append("ordre changé")
    return ", ".join(parts) or "aucun changement"
