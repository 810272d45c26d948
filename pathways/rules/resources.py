"""What a target pathway names besides its steps (choices, partners, stays, mails, slots), and who names it wrongly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pathways.rules.definition import (
    APPOINTMENTS,
    Choice,
    MailTemplate,
    Match,
    Partner,
    SlotType,
    Stay,
    StepDef,
    Target,
)
from pathways.rules.milestones import MilestoneKind
from pathways.rules.problem import Problem
from pathways.rules.section import unknown
from pathways.rules.vocabulary import NoticeMode, SlotMode

_Keyed = Choice | MailTemplate | Partner | SlotType | Stay

_DOUBLES = {
    "choices": "Deux choix portent",
    "partners": "Deux partenaires portent",
    "stays": "Deux séjours portent",
    "mail_templates": "Deux modèles de courriel portent",
    "slot_types": "Deux types de créneaux portent",
}

LISTS = frozenset(_DOUBLES)
"""The lists of the head of a file that steps refer to."""


def check(target: Target) -> Iterator[Problem]:
    """The problems of those lists themselves."""
    for field in _DOUBLES:
        yield from _doubles(field, getattr(target, field))
    for item, partner in enumerate(target.partners):
        if partner.valid_from and partner.valid_until and partner.valid_until < partner.valid_from:
            message = f"La convention du partenaire « {partner.key} » finit avant d’avoir commencé."
            yield Problem(None, "partners", message, item=item)
    yield from _notices(target.mail_templates)
    for item, slot in enumerate(target.slot_types):
        for message in _slot(target, slot):
            yield Problem(None, "slot_types", message, item=item)


def check_step(target: Target, position: int, step: StepDef) -> Iterator[Problem]:
    """The problems of what one step refers to."""
    yield from _details(target, position, step)
    for field, known in (("stay", target.stays), ("partner", target.partners)):
        named = getattr(step, field)
        if named and named not in _keys(known):
            subject = f"L’étape « {step.key} » nomme ({field}) ce que le parcours ne décrit pas"
            yield Problem(position, field, unknown(subject, named, _keys(known)), elsewhere=True)
    for item, mail in enumerate(step.mails):
        if mail not in _keys(target.mail_templates):
            subject = f"L’étape « {step.key} » cite un modèle de courriel que le parcours n’a pas"
            yield Problem(position, "mails", unknown(subject, mail, _keys(target.mail_templates)), True, item)
    message = _outside_convention(target.partner(step.partner), step.exam_type)
    if message:
        yield Problem(position, "partner", f"L’étape « {step.key} » : {message}", elsewhere=True)


def _keys(entries: Sequence[_Keyed]) -> list[str]:
    return [entry.key for entry in entries]


def _doubles(field: str, entries: Sequence[_Keyed]) -> Iterator[Problem]:
    keys = _keys(entries)
    for item, key in enumerate(keys):
        if key in keys[:item]:
            yield Problem(None, field, f"{_DOUBLES[field]} la clé « {key} ».", item=item)


def _notices(mails: Sequence[MailTemplate]) -> Iterator[Problem]:
    """A notice tells something that happens, and each thing is told by one notice."""
    events = [*MilestoneKind, APPOINTMENTS]
    for item, mail in enumerate(mails):
        name = f"Le modèle de courriel « {mail.key} »"
        if not mail.tells and mail.send is not NoticeMode.AUTOMATIC:
            yield Problem(None, "mail_templates", f"{name} a « send » sans « tells ».", item=item)
        if mail.tells and mail.tells not in events:
            message = unknown(f"{name} annonce (tells) ce qui n’arrive jamais", mail.tells, events)
            yield Problem(None, "mail_templates", message, item=item)
        if mail.tells and mail.tells in [each.tells for each in mails[:item]]:
            message = f"{name} annonce « {mail.tells} », qu’un autre modèle annonce déjà."
            yield Problem(None, "mail_templates", message, item=item)


def _slot(target: Target, slot: SlotType) -> Iterator[str]:
    name = f"Le type de créneau « {slot.key} »"
    if slot.mode is SlotMode.PRIORITY and slot.within is None:
        yield f"{name} est prioritaire sans délai convenu avec le plateau (within)."
    if slot.mode is not SlotMode.PRIORITY and slot.within is not None:
        yield f"{name} a un délai convenu (within) sans être prioritaire."
    if slot.mode is SlotMode.PARTNER and not slot.partner:
        yield f"{name} ne dit pas chez quel partenaire (partner)."
    if slot.mode is not SlotMode.PARTNER and slot.partner:
        yield f"{name} nomme un partenaire sans être en mode « partner »."
    if slot.partner and slot.partner not in _keys(target.partners):
        yield unknown(f"{name} nomme un partenaire que le parcours ne décrit pas", slot.partner, _keys(target.partners))
    message = _outside_convention(target.partner(slot.partner), slot.key)
    if message and slot.mode is SlotMode.PARTNER:
        yield f"{name} : {message}"


def _outside_convention(partner: Partner | None, exam: str) -> str:
    """Why a partner cannot do an exam; empty when it may, or when nothing says which exams it does."""
    if partner is None or not exam or not partner.exams or exam in partner.exams:
        return ""
    return f"la convention du partenaire « {partner.key} » ne couvre pas « {exam} »."


def _details(target: Target, position: int, step: StepDef) -> Iterator[Problem]:
    """A step that waits for a detail that nothing can tell would wait for ever."""
    known = _known_details(target)
    for field, matches in (("when", step.when), ("unless", step.unless)):
        for item, match in enumerate(matches):
            if match.detail and match.detail not in known:
                yield Problem(position, field, _lost(step, match.detail, known), True, item)
    for item, anchor in enumerate(step.anchors):
        given = anchor.milestone is None or not anchor.detail or anchor.detail in known
        if not given and step.is_condition(anchor):  # else the anchor is told to be out of reach
            several = item if len(step.anchors) > 1 else None
            yield Problem(position, "anchor", _lost(step, anchor.detail, known), True, several)


def _lost(step: StepDef, detail: str, known: Collection[str]) -> str:
    return unknown(f"L’étape « {step.key} » attend une précision qu’aucun examen ni choix ne donne", detail, known)


def _known_details(target: Target) -> list[str]:
    ends: list[Match] = [match for step in target.steps for match in step.done_by]
    codes = [match.detail for match in ends] + [step.exam_type for step in target.steps]
    codes += [exam for partner in target.partners for exam in partner.exams]
    codes += _keys(target.slot_types) + _keys(target.choices)
    return sorted({code for code in codes if code})
