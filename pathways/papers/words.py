"""The pathway in a patient's words: what each step is, what a delay runs from. Own wording, plain French (DOC-04).

Only steps whose expected milestone is named here are shown to the patient: the others are the hospital's own work
(PAIN-18: one page first, no denser than it must be).
"""

from __future__ import annotations

from dataclasses import dataclass

from pathways.rules.milestones import MilestoneKind as Kind
from pathways.rules.target import Anchor, StepDef, Target


@dataclass(frozen=True, slots=True)
class Plain:
    """One kind of step for the patient: a title (empty: the target's own label), a short one, what happens."""

    title: str
    short: str
    gloss: str


PLAIN: dict[Kind, Plain] = {
    Kind.APPOINTMENT_OFFERED: Plain(
        "Proposition de rendez-vous", "Rendez-vous proposé", "La coordination vous appelle pour fixer la première date."
    ),
    Kind.FIRST_CARE: Plain(
        "Première consultation à l’hôpital",
        "Consultation",
        "Les médecins vous examinent, répondent à vos questions et décident des examens utiles.",
    ),
    Kind.ADMISSION: Plain("Entrée à l’hôpital", "Hospitalisation", "Vous êtes accueilli dans le service."),
    Kind.EXAM_DONE: Plain("", "", "Cet examen aide à comprendre ce qui se passe et à choisir la suite."),
    Kind.BIOPSY_TAKEN: Plain(
        "Prélèvement (biopsie)",
        "Prélèvement",
        "Un très petit morceau de tissu est prélevé pour être analysé au laboratoire.",
    ),
    Kind.LAB_FINAL: Plain(
        "Analyse du prélèvement",
        "Analyse",
        "Le laboratoire étudie le prélèvement. Votre médecin vous donne le résultat en consultation.",
    ),
    Kind.RCP_HELD: Plain(
        "Réunion de concertation pluridisciplinaire (RCP)",
        "Réunion (RCP)",
        "Des médecins de plusieurs spécialités étudient votre dossier ensemble. Vous n’avez pas à y venir.",
    ),
    Kind.ANNOUNCEMENT: Plain(
        "Consultation d’annonce",
        "Annonce",
        "Votre médecin vous explique les résultats et la suite proposée. Un proche peut vous accompagner.",
    ),
    Kind.SUPPORT_SCREENING: Plain(
        "Point sur vos besoins",
        "Vos besoins",
        "Douleur, alimentation, moral, travail, famille : nous cherchons avec vous ce qui peut vous aider.",
    ),
    Kind.PALLIATIVE_ENTRY: Plain(
        "Accompagnement", "Accompagnement", "Une équipe vous aide à vivre le mieux possible, chez vous ou à l’hôpital."
    ),
    Kind.TREATMENT_STARTED: Plain(
        "Début du traitement", "Traitement", "Le traitement décidé avec vous commence à cette étape."
    ),
    Kind.TREATMENT_ENDED: Plain(
        "Fin du traitement", "Fin de traitement", "Votre médecin fait le bilan et prépare avec vous le suivi."
    ),
    Kind.DISCHARGE: Plain(
        "Retour à la maison", "Retour chez vous", "Le relais est organisé avec les soignants de ville."
    ),
    Kind.FOLLOWUP_CONTACT: Plain("", "", "Votre médecin fait le point avec vous sur les soins et leurs effets."),
    Kind.PPAC_GIVEN: Plain(
        "Plan personnalisé de l’après-cancer", "Après-cancer", "Ce plan décrit votre suivi après les traitements."
    ),
}

EMBARGOED = frozenset(
    {Kind.LAB_INTERMEDIATE, Kind.LAB_NONCONTRIBUTIVE, Kind.LAB_FINAL, Kind.RCP_HELD, Kind.RCP_DECISION_SENT}
)
"""Kinds that say a result exists: told as done only after the announcement (PAIN-19)."""

_SINCE: dict[Kind, str] = {
    Kind.REFERRAL_RECEIVED: "la demande de votre médecin",
    Kind.REFERRAL_COMPLETE: "l’arrivée du dossier complet",
    Kind.APPOINTMENT_OFFERED: "la proposition de rendez-vous",
    Kind.FIRST_CARE: "la première consultation",
    Kind.ADMISSION: "l’entrée à l’hôpital",
    Kind.EXAM_REQUESTED: "la demande d’examen",
    Kind.EXAM_DONE: "l’examen",
    Kind.BIOPSY_TAKEN: "le prélèvement",
    Kind.LAB_REQUESTED: "la demande d’analyse",
    Kind.LAB_NONCONTRIBUTIVE: "un prélèvement à refaire",
    Kind.LAB_FINAL: "le résultat de l’analyse",
    Kind.RCP_HELD: "la réunion des médecins",
    Kind.ANNOUNCEMENT: "la consultation d’annonce",
    Kind.TREATMENT_STARTED: "le début du traitement",
    Kind.TREATMENT_ENDED: "la fin du traitement",
    Kind.DISCHARGE: "le retour à la maison",
}

SUPPORT_CARE = (
    ("La douleur", "la faire baisser, la prévenir"),
    ("L’alimentation", "garder des forces, manger malgré les effets du traitement"),
    ("Le moral", "parler avec un psychologue, vous ou vos proches"),
    ("Le travail, l’argent, la famille", "être aidé par un assistant social"),
    ("L’activité physique, le tabac, l’alcool", "trouver un rythme et de l’aide"),
    ("La fertilité, la sexualité", "poser vos questions avant le traitement"),
)
"""The support-care basket (instruction DGOS/INCa of 23/2/2017) in plain words; french-standards 2.3."""


def expected_kind(step: StepDef) -> Kind | None:
    """The milestone a step is expected to end by: the first of its `done_by`."""
    return step.done_by[0].milestone if step.done_by else None


def words_for(step: StepDef, kind: Kind | None = None) -> Plain | None:
    """What to call a step on a patient's paper; None when it is not shown there.

    ``kind`` is the milestone that really ended it, when it is not the expected one.
    """
    kind = kind or expected_kind(step)
    plain = PLAIN.get(kind) if kind else None
    if plain is None:
        return None
    own = step.label.partition("(")[0].strip()
    return Plain(plain.title or own, plain.short or own, plain.gloss)


def delay_words(step: StepDef, target: Target) -> str:
    """« 7 jours après la première consultation »; empty without an objective."""
    if step.objective is None or step.anchor is None:
        return ""
    since = " et ".join(dict.fromkeys(_since(anchor, target) for anchor in step.anchors))
    if step.objective.value == 0:
        return f"le même jour que {since}"
    return f"{step.objective.label} après {since}"


def _since(anchor: Anchor, target: Target) -> str:
    if anchor.milestone is not None:
        return _SINCE.get(anchor.milestone, f"« {anchor.milestone.label} »")
    kind = expected_kind(target.step(anchor.step))
    label = target.step(anchor.step).label
    return _SINCE.get(kind, f"« {label} »") if kind else f"« {label} »"
