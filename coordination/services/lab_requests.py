"""Requests to the laboratory: one form, one sample received once, one share per laboratory (LAB-01..05)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from coordination.models import (
    AskedExam,
    LabAgreement,
    LabAnswer,
    LabForm,
    LabRequest,
    Sample,
    SampleNature,
    SampleShare,
)
from coordination.rules.lab import check_answers
from coordination.services.appointments import clock_of, in_force
from coordination.services.lab_facts import settle_asked_again, settle_facts
from coordination.services.lab_post import tell_laboratory, tell_laboratory_cancelled
from coordination.services.promises import sync_promises
from directory.days import refuse_odd_days
from directory.errors import DomainError
from directory.models import Team, User
from directory.typography import moment
from pathways.models import Document, DocumentStatus, Milestone, MilestoneSource, Pathway
from pathways.rules.clock import add
from pathways.rules.durations import Duration
from pathways.rules.milestones import MilestoneKind
from pathways.services import calendar_of, record_milestone, withdraw_milestone

ASKED, SENT = "labr:", "labs:"
"""How the keys of the milestones of a request and of a sending begin."""


@transaction.atomic
def send_lab_request(
    *,
    pathway: Pathway,
    form: LabForm,
    answers: Mapping[str, str],
    suspected: str,
    exams: Mapping[str, Team],
    taken_at: datetime,
    site: str,
    nature: str,
    user: User | None,
    reply_email: str,
    pots: int = 1,
    reception: Team | None = None,
    report: Document | None = None,
    sent_at: datetime | None = None,
    request_key: UUID | None = None,
    insist: bool = True,
    at: datetime | None = None,
) -> LabRequest:
    """Asks for ``exams`` (code to laboratory) on one sample, and tells each laboratory; records `lab_requested`.

    ``reception`` receives the whole sample first; by default the laboratory of the first exam. With ``sent_at``, the
    sample is already on its way (`sample_sent`). The same ``request_key`` twice returns the first request.

    Raises DomainError on a closed pathway, an answer missing or wrong (its field named), an exam that the form does not
    propose, a laboratory that does not do it, dates in the wrong order, a report of another file; without ``insist``,
    when the same is asked of the same sample and not answered yet (code ``twin``).
    """
    at = at or timezone.now()
    Pathway.objects.filter(pk=pathway.pk).held()
    locked = Pathway.objects.select_related("patient", "team__establishment").get(pk=pathway.pk)
    known = LabRequest.objects.filter(request_key=request_key).first() if request_key else None
    if known:
        return known
    kept = _refuse_wrong(locked, form, answers, suspected, reply_email, report)
    agreements = _agreements(form, exams)
    reception = reception or next(iter(exams.values()))
    _refuse_wrong_sample(locked, site, nature, taken_at, sent_at, reception, exams, at)
    if not insist:
        _refuse_twin(locked, exams, taken_at, site)
    request = LabRequest.objects.create(
        pathway=locked,
        form=form,
        answers=kept,
        suspected=suspected.strip(),
        report=report,
        reply_team=locked.team,
        reply_email=reply_email.strip(),
        follows=_unread_before(locked, taken_at),
        requested_at=at,
        requested_by=user,
        request_key=request_key or uuid4(),
    )
    sample = Sample.objects.create(
        request=request, taken_at=taken_at, site=site.strip()[:120], nature=nature, pots=pots, reception=reception
    )
    for share in _split(sample, exams, agreements, form, at):
        tell_laboratory(share=share)
    record_milestone(
        pathway=locked,
        kind=MilestoneKind.LAB_REQUESTED,
        occurred_at=at,
        author=user,
        source=MilestoneSource.AUTOMATIC,
        dedup_key=f"{ASKED}{request.uuid}",
    )
    settle_asked_again(pathway=locked, user=user, at=at)
    if sent_at:
        mark_sample_sent(sample=sample, sent_at=sent_at, user=user)
    else:
        sync_promises(pathways_of=[locked.pk], now=at)
    return request


def _refuse_wrong(
    pathway: Pathway,
    form: LabForm,
    answers: Mapping[str, str],
    suspected: str,
    reply_email: str,
    report: Document | None,
) -> dict[str, str]:
    """The answers to keep; raises DomainError."""
    if not pathway.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le avant de demander une analyse.")
    kept, wrong = check_answers(form.sheet, answers)
    for field, fault in wrong.items():
        raise DomainError(fault, field=f"q_{field}")
    if not suspected.strip():
        raise DomainError("Indiquez la pathologie suspectée.", field="suspected")
    try:
        validate_email(reply_email.strip())
    except ValidationError as error:
        raise DomainError("Indiquez l’adresse à laquelle le laboratoire répond.", field="reply_email") from error
    if report is not None and (report.pathway_id != pathway.pk or report.status != DocumentStatus.READY):
        raise DomainError("Ce document n’est pas dans le dossier de ce patient.", field="report")
    return kept


def _agreements(form: LabForm, exams: Mapping[str, Team]) -> dict[str, LabAgreement]:
    """What each laboratory promised for the exam asked of it, by exam; raises DomainError."""
    if not exams:
        raise DomainError("Choisissez au moins un examen et son laboratoire.", field="exams")
    named = form.sheet.exams
    running = LabAgreement.objects.filter(is_active=True, exam__in=exams, laboratory__in=list(exams.values()))
    found = {(each.exam, each.laboratory_id): each for each in running}
    for exam, laboratory in exams.items():
        if exam not in named:
            raise DomainError("Ce bon ne propose pas cet examen.", field="exams")
        if (exam, laboratory.pk) not in found:
            raise DomainError(f"{laboratory} ne fait pas cet examen : {named[exam]}.", field=f"exam_{exam}")
    return {exam: found[exam, laboratory.pk] for exam, laboratory in exams.items()}


def _refuse_wrong_sample(
    pathway: Pathway,
    site: str,
    nature: str,
    taken_at: datetime,
    sent_at: datetime | None,
    reception: Team,
    exams: Mapping[str, Team],
    at: datetime,
) -> None:
    refuse_odd_days(taken_at=taken_at.date(), sent_at=sent_at.date() if sent_at else None)
    if taken_at.date() < pathway.patient.birth_date:
        raise DomainError("Le prélèvement ne peut pas précéder la naissance du patient.", field="taken_at")
    if not site.strip():
        raise DomainError("Indiquez le site prélevé.", field="site")
    if nature not in SampleNature.values:
        raise DomainError("Choisissez la nature du prélèvement.", field="nature")
    if taken_at > at:
        raise DomainError("Le prélèvement ne peut pas être dans le futur.", field="taken_at")
    if sent_at and not taken_at <= sent_at <= at:
        raise DomainError("L’envoi est après le prélèvement, et pas dans le futur.", field="sent_at")
    if reception.pk not in {each.pk for each in exams.values()}:
        raise DomainError("L’accueil du prélèvement est un des laboratoires de la demande.", field="reception")


def _refuse_twin(pathway: Pathway, exams: Mapping[str, Team], taken_at: datetime, site: str) -> None:
    """Two slips, two links and two clocks for one need: a form sent twice more often than a second sample."""
    zone = ZoneInfo(pathway.team.establishment.time_zone)
    running = LabRequest.objects.running().filter(pathway=pathway, sample__site__iexact=site.strip())
    for each in running.select_related("sample").order_by("-requested_at"):
        asked = AskedExam.objects.filter(share__sample=each.sample).values_list("exam", "share__laboratory")
        same_day = timezone.localdate(each.sample.taken_at, zone) == timezone.localdate(taken_at, zone)
        if same_day and set(asked) == {(exam, laboratory.pk) for exam, laboratory in exams.items()}:
            with clock_of(pathway.team):
                when = moment(each.requested_at, timezone.localdate())
            raise DomainError(
                f"La même demande attend déjà sa réponse : mêmes examens du même prélèvement, demandés {when}. "
                "Rien n’est envoyé. Si c’en est une autre, cochez « Demander quand même ».",
                code="twin",
            )


def _unread_before(pathway: Pathway, taken_at: datetime) -> LabRequest | None:
    """The last request about an earlier sample that could not be read: this one takes its place."""
    unread = Q(sample__shares__exams__answers__kind="noncontributive") & Q(
        sample__shares__exams__answers__correction__isnull=True
    )
    earlier = LabRequest.objects.filter(unread, pathway=pathway, sample__taken_at__lt=taken_at).standing()
    return earlier.order_by("-requested_at", "-id").first()


def _split(
    sample: Sample, exams: Mapping[str, Team], agreements: Mapping[str, LabAgreement], form: LabForm, at: datetime
) -> list[SampleShare]:
    """One share per laboratory, the reception first, each with its exams and what was promised for them."""
    teams = {each.pk: each for each in (sample.reception, *exams.values())}
    shares: list[SampleShare] = []
    for team in teams.values():
        share = SampleShare.objects.create(sample=sample, laboratory=team)
        calendar = calendar_of(team.establishment)
        for exam in (key for key in form.sheet.exams if key in exams and exams[key].pk == team.pk):
            within = agreements[exam].within
            promised_at = add(at, Duration.parse(within), calendar) if within else None
            AskedExam.objects.create(share=share, exam=exam, label=form.sheet.exams[exam], promised_at=promised_at)
        shares.append(share)
    return shares


@transaction.atomic
def mark_sample_sent(*, sample: Sample, sent_at: datetime, user: User | None) -> Sample:
    """The sample is on its way to its reception: `sample_sent` (LAB-05). Raises DomainError when it already was, when
    it is dated before it was taken, or the request is cancelled."""
    pathway = _held(sample)
    if sample.request.cancelled_at:
        raise DomainError("Cette demande est annulée.", code="cancelled")
    if not sample.taken_at <= sent_at <= timezone.now():
        raise DomainError("L’envoi est après le prélèvement, et pas dans le futur.", field="sent_at")
    if not Sample.objects.filter(pk=sample.pk, sent_at__isnull=True).update(sent_at=sent_at, sent_by=user):
        raise DomainError("L’envoi de ce prélèvement est déjà noté.", code="sent")
    turns = Milestone.objects.filter(dedup_key__startswith=f"{SENT}{sample.uuid}").count()
    record_milestone(
        pathway=pathway,
        kind=MilestoneKind.SAMPLE_SENT,
        occurred_at=sent_at,
        author=user,
        source=MilestoneSource.AUTOMATIC,
        dedup_key=f"{SENT}{sample.uuid}:{turns}",
    )
    sync_promises(pathways_of=[pathway.pk])
    sample.refresh_from_db()
    return sample


@transaction.atomic
def mark_received(*, share: SampleShare, at: datetime | None = None) -> SampleShare:
    """The laboratory has its part. Asking again changes nothing."""
    SampleShare.objects.filter(pk=share.pk, received_at__isnull=True).update(received_at=at or timezone.now())
    return SampleShare.objects.with_page_data().get(pk=share.pk)


@transaction.atomic
def mark_forwarded(*, share: SampleShare, at: datetime | None = None) -> SampleShare:
    """The reception has passed this part on to its laboratory. Raises DomainError for the reception's own part."""
    if share.is_reception:
        raise DomainError("Le laboratoire d’accueil garde cette part.")
    SampleShare.objects.filter(pk=share.pk, sent_at__isnull=True).update(sent_at=at or timezone.now())
    return SampleShare.objects.with_page_data().get(pk=share.pk)


@transaction.atomic
def cancel_lab_request(*, request: LabRequest, reason: str, user: User | None) -> LabRequest:
    """Takes a request back before any answer: its milestones are withdrawn, its links die, laboratories are told.

    Raises DomainError without a reason, when a laboratory has answered, or when it is already cancelled.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise DomainError("Indiquez pourquoi la demande est annulée.", field="reason")
    _held(request.sample)
    if LabAnswer.objects.filter(asked__share__sample__request=request, correction__isnull=True).exists():
        raise DomainError("Un laboratoire a déjà répondu : la demande ne s’annule plus.", code="answered")
    done = LabRequest.objects.filter(pk=request.pk, cancelled_at__isnull=True).update(
        cancelled_at=timezone.now(), cancelled_by=user, cancel_reason=reason
    )
    if not done:
        raise DomainError("Cette demande est déjà annulée.", code="cancelled")
    keys = Q(dedup_key=f"{ASKED}{request.uuid}") | Q(dedup_key__startswith=f"{SENT}{request.sample.uuid}")
    for milestone in Milestone.objects.filter(keys, pathway=request.pathway_id):
        last = in_force(milestone)
        if last is not None:
            withdraw_milestone(milestone=last, author=user, note=f"Demande annulée : {reason}")
    _settle_replaced(request, user)
    for share in SampleShare.objects.with_page_data().filter(sample=request.sample):
        tell_laboratory_cancelled(share=share)
    sync_promises(pathways_of=[request.pathway_id])
    request.refresh_from_db()
    return request


def _settle_replaced(cancelled: LabRequest, user: User | None) -> None:
    """The sample that this one stood in for is the last again: what was said of it since are facts after all."""
    now, old = timezone.now(), cancelled.follows
    if old is None:
        return
    same = LabRequest.objects.filter(pathway=cancelled.pathway_id, sample__taken_at=old.sample.taken_at).standing()
    for each in same.select_related("pathway__team__establishment", "pathway__version", "sample").order_by("pk"):
        settle_facts(request=each, user=user, at=now)
    settle_asked_again(pathway=cancelled.pathway, user=user, at=now)


def _held(sample: Sample) -> Pathway:
    """The pathway, locked first as everywhere; the sample's rows are read again."""
    Pathway.objects.filter(pk=sample.request.pathway_id).held()
    sample.refresh_from_db()
    sample.request.refresh_from_db()
    return Pathway.objects.select_related("patient", "team__establishment").get(pk=sample.request.pathway_id)
