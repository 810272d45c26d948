"""What accepting a request writes down in the rooms below: directory, patient, pathway, milestones, papers."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import uuid5

from coordination.services import create_task
from directory.errors import DomainError
from directory.models import Professional, User
from pathways import services as pathways
from pathways.models import CircleRole, MilestoneSource, Pathway, Patient
from pathways.rules import Calendar
from pathways.rules.milestones import MilestoneKind
from referrals.models import EventKind, Referral
from referrals.rules import complete_since
from referrals.services.people import requester_of

NOON = time(12)


def admit(
    *,
    referral: Referral,
    by: User,
    owner: User,
    patient: Patient | None,
    gp: Professional | None,
    accepted_at: datetime,
) -> tuple[Pathway, Professional]:
    """The pathway the request leads to and its requester, in the caller's transaction. Raises DomainError."""
    requester = requester_of(referral)
    gp = requester if referral.requester_is_gp else gp
    patient = _patient(referral, patient, gp)
    pathway, opened = _pathway(referral, patient, owner, by)
    pathways.add_to_circle(pathway=pathway, professional=requester, role=CircleRole.REQUESTER, since=accepted_at)
    if gp and gp != patient.gp:
        pathways.add_to_circle(pathway=pathway, professional=gp, role=CircleRole.GP, since=accepted_at)
    if opened:
        _record_milestones(referral, pathway, by, accepted_at)
    _file_papers(referral, pathway, by)
    if not patient.gp:
        _look_for_gp(referral, pathway, by)
    return Pathway.objects.get(pk=pathway.pk), requester


def _pathway(referral: Referral, patient: Patient, owner: User, by: User) -> tuple[Pathway, bool]:
    """The pathway the patient already follows, or a new one and True. Two requests accepted at once share one."""
    running = Pathway.objects.active().filter(patient=patient, version__target=referral.target)
    found = running.order_by("link_kind", "-opened_at", "-pk").first()  # the first cancer's before a second one's
    if found:
        return found, False
    try:
        opened = pathways.open_pathway(
            patient=patient, target=referral.target, opened_at=referral.received_at, owner=owner,
            suspicion=referral.reason, author=by,
        )  # fmt: skip
    except DomainError as refusal:
        if refusal.code != "already_open":
            raise
        return running.latest("opened_at", "pk"), False
    return opened, True


def _patient(referral: Referral, known: Patient | None, gp: Professional | None) -> Patient:
    """The known file, completed with what it lacks, or a new one with a provisional identity."""
    if known is None:
        return pathways.create_patient(
            establishment=referral.establishment, birth_name=referral.birth_name, first_name=referral.first_name,
            birth_date=referral.birth_date, sex=referral.sex, used_name=referral.used_name,
            phone=referral.patient_phone, city=referral.patient_city, gp=gp,
        )  # fmt: skip
    if known.establishment_id != referral.establishment_id:
        raise DomainError("Ce dossier appartient à un autre établissement.", field="patient")
    lacking = {"phone": referral.patient_phone, "city": referral.patient_city, "gp": gp}
    changes = {name: value for name, value in lacking.items() if value and not getattr(known, name)}
    return pathways.update_patient(patient=known, **changes) if changes else known


def _look_for_gp(referral: Referral, pathway: Pathway, by: User) -> None:
    """A patient without a known family doctor is a task, not a gap nobody sees (ENT-22)."""
    if referral.has_no_gp:
        title, note = "Aider le patient à trouver un médecin traitant", "Relais possible : CPTS du secteur."
    else:
        title, note = "Identifier le médecin traitant du patient", referral.gp_name
    create_task(pathway=pathway, title=title, note=note, origin=uuid5(referral.uuid, "gp"), author=by)


def _record_milestones(referral: Referral, pathway: Pathway, by: User, accepted_at: datetime) -> None:
    """The facts a request brings. A day without hour is noted at noon, never after the request itself."""
    calendar = pathways.calendar_of(referral.establishment)
    events = [(event.kind, event.at) for event in referral.events.all()]
    complete = complete_since(
        referral.received_at,
        asked_at=[at for kind, at in events if kind == EventKind.ASKED],
        completed_at=[at for kind, at in events if kind == EventKind.COMPLETED],
        accepted_at=accepted_at,
    )
    note = "Jour inconnu : premier du mois" if referral.first_symptoms_month_only else ""
    facts: list[tuple[MilestoneKind, datetime | None, str]] = [
        # First the fact that every delay runs from: without it the plan has no next step, which is an alert.
        (MilestoneKind.REFERRAL_RECEIVED, referral.received_at, ""),
        (MilestoneKind.FIRST_SYMPTOMS, _noon(referral.first_symptoms_on, referral, calendar), note),
        (MilestoneKind.IMAGING_UPSTREAM, _noon(referral.imaging_on, referral, calendar), ""),
        (MilestoneKind.REFERRAL_COMPLETE, complete, ""),
    ]
    with pathways.rebuild_once():
        for kind, occurred_at, words in facts:
            if occurred_at is not None:
                pathways.record_milestone(
                    pathway=pathway, kind=kind, occurred_at=occurred_at, author=by, note=words,
                    source=MilestoneSource.AUTOMATIC, dedup_key=f"referral:{referral.uuid}:{kind}",
                )  # fmt: skip


def _noon(day: date | None, referral: Referral, calendar: Calendar) -> datetime | None:
    return min(calendar.at(day, NOON), referral.received_at) if day else None


def _file_papers(referral: Referral, pathway: Pathway, by: User) -> None:
    """Files each paper of the request as a received document of the pathway, unless it is there already."""
    known = set(pathway.documents.values_list("sha256", flat=True))
    for document in referral.documents.exclude(sha256__in=known):
        with document.file.open("rb") as source:
            pathways.receive_document(
                pathway=pathway, title=document.name, content=source.read(), content_type=document.content_type,
                author=by,
            )  # fmt: skip
