"""Writes on the ledger: milestones. Nothing is overwritten; each write rebuilds the plan."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from directory.errors import DomainError
from directory.models import Establishment, User
from pathways import signals
from pathways.models import Document, Milestone, MilestoneSource, Pathway, Patient
from pathways.rules.milestones import MilestoneKind
from pathways.services.plan import refresh_plan

CLOCK_SKEW = timedelta(minutes=5)


@transaction.atomic
def record_milestone(
    *,
    pathway: Pathway,
    kind: str,
    occurred_at: datetime,
    detail: str = "",
    author: User | None = None,
    source: str = MilestoneSource.TYPED,
    site: Establishment | None = None,
    note: str = "",
    dedup_key: str | None = None,
    held: bool = False,
) -> Milestone:
    """Records a fact, rebuilds the plan, and tells the upper rooms, all in one transaction.

    The same ``dedup_key`` twice returns the first milestone and does nothing. ``held`` is for a caller whose
    ``pathway`` comes from `lock_pathway` in this same transaction: it is neither locked nor read again. Raises
    DomainError for a future date, one before the patient's birth, or an unknown kind.
    """
    locked = pathway if held else lock_pathway(pathway.pk, every=kind == MilestoneKind.DEATH)
    if dedup_key:
        known = Milestone.objects.filter(dedup_key=dedup_key).first()
        if known:
            return known
    _refuse_wrong_fact(locked, kind, occurred_at)
    milestone = Milestone.objects.create(
        pathway=locked,
        kind=MilestoneKind(kind),
        detail=detail,
        occurred_at=occurred_at,
        recorded_at=timezone.now(),
        recorded_by=author,
        source=source,
        site=site,
        note=note.strip(),
        dedup_key=dedup_key,
    )
    _remember(locked, milestone)
    refresh_plan(pathway_id=locked.pk, held=locked)
    signals.milestone_recorded.send(sender=Milestone, milestone=milestone, pathway=locked)
    return milestone


def lock_pathway(pathway_id: int, *, every: bool = False, patient: bool = False) -> Pathway:
    """The pathway, locked until the end of the transaction, with what the receivers of its facts read.

    ``every`` is for a death, which concerns all the pathways of the patient: they are locked together, in the order of
    their keys and before the patient, as whoever books on one of them does; else the two would wait for each other.
    ``patient`` locks the patient too, after.
    """
    rows = Pathway.objects.filter(pk=pathway_id)
    if every:
        rows = Pathway.objects.filter(pk__in=list(_of_same_patient(pathway_id)))
    rows.held()
    read = Pathway.objects.select_related("patient__gp", "version__target", "team__establishment")
    if patient:
        read = read.select_for_update(of=("self", "patient"), no_key=True)
    return read.defer("version__definition").get(pk=pathway_id)


def _of_same_patient(pathway_id: int) -> QuerySet[Pathway, int]:
    return Pathway.objects.filter(patient__pathways=pathway_id).values_list("pk", flat=True)


@transaction.atomic
def correct_milestone(*, milestone: Milestone, occurred_at: datetime, author: User | None, note: str = "") -> Milestone:
    """Gives a fact another date: a new row supersedes the old one. Raises DomainError when it no longer stands."""
    locked = _locked(milestone)
    _refuse_wrong_fact(locked, milestone.kind, occurred_at)
    corrected = _supersede(milestone, occurred_at=occurred_at, author=author, note=note, withdrawn=False)
    _take_back(locked, milestone)
    _remember(locked, corrected)
    if milestone.kind == MilestoneKind.PPS_GIVEN:
        _given_papers(milestone).update(given_at=occurred_at)
    refresh_plan(pathway_id=locked.pk, held=locked)
    signals.milestone_withdrawn.send(sender=Milestone, milestone=milestone, pathway=locked)
    signals.milestone_recorded.send(sender=Milestone, milestone=corrected, pathway=locked)
    return corrected


@transaction.atomic
def withdraw_milestone(*, milestone: Milestone, author: User | None, note: str) -> Milestone:
    """Says that a fact never happened, and why. Raises DomainError without a reason or when already withdrawn."""
    if not note.strip():
        raise DomainError("Indiquez pourquoi ce jalon est retiré.", field="note")
    locked = _locked(milestone)
    withdrawal = _supersede(milestone, occurred_at=milestone.occurred_at, author=author, note=note, withdrawn=True)
    _take_back(locked, milestone)
    if milestone.kind == MilestoneKind.PPS_GIVEN:
        _given_papers(milestone).update(given_at=None)
    refresh_plan(pathway_id=locked.pk, held=locked)
    signals.milestone_withdrawn.send(sender=Milestone, milestone=milestone, pathway=locked)
    return withdrawal


def _supersede(
    milestone: Milestone, *, occurred_at: datetime, author: User | None, note: str, withdrawn: bool
) -> Milestone:
    try:
        with transaction.atomic():
            return Milestone.objects.create(
                pathway=milestone.pathway,
                kind=milestone.kind,
                detail=milestone.detail,
                occurred_at=occurred_at,
                recorded_at=timezone.now(),
                recorded_by=author,
                site=milestone.site,
                note=note.strip(),
                supersedes=milestone,
                withdrawn=withdrawn,
            )
    except IntegrityError as error:
        raise DomainError("Ce jalon a déjà été corrigé ou retiré.", code="superseded") from error


def _refuse_wrong_fact(pathway: Pathway, kind: str, occurred_at: datetime) -> None:
    if kind not in set(MilestoneKind):
        raise DomainError("Ce jalon n’existe pas.", field="kind")
    if occurred_at > timezone.now() + CLOCK_SKEW:
        raise DomainError("Un jalon ne peut pas être daté dans le futur.", field="occurred_at")
    if timezone.localdate(occurred_at) < pathway.patient.birth_date:
        raise DomainError("Un jalon ne peut pas précéder la naissance du patient.", field="occurred_at")


def _locked(milestone: Milestone) -> Pathway:
    return lock_pathway(milestone.pathway_id, every=milestone.kind == MilestoneKind.DEATH)


def _remember(pathway: Pathway, milestone: Milestone) -> None:
    """The patient's own row knows of a death."""
    if milestone.kind == MilestoneKind.DEATH and pathway.patient.deceased_on is None:
        _set_deceased(pathway.patient, timezone.localdate(milestone.occurred_at))


def _take_back(pathway: Pathway, milestone: Milestone) -> None:
    """A death that no longer stands is forgotten, unless another pathway of the patient tells it too."""
    patient = pathway.patient
    if milestone.kind == MilestoneKind.DEATH and patient.deceased_on == timezone.localdate(milestone.occurred_at):
        told = Milestone.objects.in_force().filter(pathway__patient=patient, kind=MilestoneKind.DEATH)
        other = told.exclude(supersedes=milestone).order_by("occurred_at").first()
        _set_deceased(patient, timezone.localdate(other.occurred_at) if other else None)


def _set_deceased(patient: Patient, day: date | None) -> None:
    patient.deceased_on = day
    patient.save(update_fields=["deceased_on"])


def _given_papers(milestone: Milestone) -> QuerySet[Document]:
    """The papers whose handing over is that milestone."""
    return Document.objects.filter(pathway=milestone.pathway_id, given_at=milestone.occurred_at)
