"""What the laboratories say, and all that follows from it in the same transaction (LAB-06..09, PTH-16)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination.models import (
    AnswerWay,
    AskedExam,
    LabAnswer,
    LabAnswerKind,
    LabCorrection,
    LabLinkReading,
    LabRequest,
    SampleShare,
    Task,
    TaskStatus,
)
from coordination.rules.lab import EARLY_ACTIONS, Answer, refusal
from coordination.services.lab_facts import (
    SAID,
    act_of,
    new_sample_origin,
    settle_asked_again,
    settle_facts,
    wanted_facts,
)
from coordination.services.lab_post import tell_team_answered
from coordination.services.lab_requests import SENT
from coordination.services.new_tasks import create_task
from coordination.services.promises import sync_promises
from coordination.services.tasks import set_aside
from directory.errors import DomainError
from directory.joined import joined
from directory.models import User
from pathways.models import Milestone, Pathway

ALREADY = "Cette réponse est déjà donnée."


@transaction.atomic
def say_answer(
    *,
    share: SampleShare,
    exams: Collection[str],
    kind: str,
    said_by: str,
    user: User | None = None,
    words: str = "",
    act: UUID | None = None,
    ip_address: str | None = None,
    at: datetime | None = None,
) -> list[LabAnswer]:
    """A laboratory answers on some of its ``exams``, from an account (``user``) or by the link.

    Records the milestones, asks for a new sample when this one cannot be read, and tells the team. The same ``act``
    twice returns the first answers. Raises DomainError without a name or an exam, when the answer is already given,
    after an answer that ends the exam, or for an act that was taken back since (code ``reused_key``).
    """
    at, act = at or timezone.now(), act or uuid4()
    request = _locked(share)
    known = list(LabAnswer.objects.filter(act=act, asked__share=share).select_related("asked", "correction"))
    if known:
        return _same_answer(known)
    if request.cancelled_at:
        raise DomainError("Cette demande est annulée.", code="cancelled")
    asked = _asked(share, exams)
    name = said_by.strip()[:120]
    if not name:
        raise DomainError("Indiquez votre nom.", field="said_by")
    answer = _kind(kind)
    _refuse_wrong_order(asked, answer)
    rows = [
        LabAnswer(
            asked=each,
            kind=answer,
            turn=sum(1 for other in each.answers.all() if not other.in_force),
            act=act,
            said_at=at,
            user=user,
            said_by=name,
            via=AnswerWay.INBOX if user else AnswerWay.LINK,
            words=words.strip()[:300],
        )
        for each in asked
    ]
    try:
        with transaction.atomic():
            LabAnswer.objects.bulk_create(rows)
    except IntegrityError as error:
        raise DomainError(ALREADY, code="answered") from error
    if user is None:
        LabLinkReading.objects.create(share=share, outcome=LabLinkReading.Outcome.ANSWERED, ip_address=ip_address)
    _settle(request, user, at)
    tell_team_answered(request=request, act=act)
    sync_promises(pathways_of=[request.pathway_id], now=at)
    return rows


def _same_answer(known: list[LabAnswer]) -> list[LabAnswer]:
    """The answers that an act already gave. Raises DomainError (code ``reused_key``) when they were taken back."""
    if not all(each.in_force for each in known):
        why = next(each.correction.reason for each in known if not each.in_force)
        raise DomainError(
            f"Cette réponse a été retirée depuis ({why}) : rien n’est enregistré. "
            "Si c’est bien ce que vous voulez dire, répondez de nouveau.",
            code="reused_key",
        )
    return known


def _settle(request: LabRequest, user: User | None, at: datetime) -> None:
    settle_facts(request=request, user=user, at=at)
    settle_asked_again(pathway=request.pathway, user=user, at=at)


def _locked(share: SampleShare) -> LabRequest:
    """The request, its pathway locked first, then the share: two answers wait for each other."""
    pathway_id = share.sample.request.pathway_id
    Pathway.objects.filter(pk=pathway_id).held()
    SampleShare.objects.select_for_update(of=("self",), no_key=True).get(pk=share.pk)
    return LabRequest.objects.select_related("pathway__team__establishment", "pathway__version", "sample").get(
        pk=share.sample.request_id
    )


def _asked(share: SampleShare, exams: Collection[str]) -> list[AskedExam]:
    rows = list(AskedExam.objects.filter(share=share).prefetch_related("answers__correction").order_by("pk"))
    wanted = [each for each in rows if each.exam in exams]
    if not wanted:
        raise DomainError("Choisissez l’examen dont vous parlez.", field="exams")
    if len(wanted) != len(set(exams)):
        raise DomainError("Cet examen ne vous est pas demandé.", field="exams")
    return wanted


def _kind(kind: str) -> Answer:
    try:
        return Answer(kind)
    except ValueError as error:
        raise DomainError("Choisissez une des réponses proposées.", field="kind") from error


def _refuse_wrong_order(asked: Sequence[AskedExam], kind: Answer) -> None:
    for each in asked:
        known = [Answer(other.kind) for other in each.answers.all() if other.in_force]
        fault = refusal(known, kind)
        if fault:
            raise DomainError(f"{each.label} : {fault[0].lower()}{fault[1:]}", field="kind", code="answered")


@transaction.atomic
def correct_answer(*, share: SampleShare, act: UUID, reason: str, said_by: str, user: User | None) -> int:
    """Takes back what was said together in ``act``: its milestones are withdrawn, so steps and tasks open again; the
    task it made is set aside, and the team is told. Returns how many exams wait again.

    Raises DomainError without a reason, or when nothing of it stands any more.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise DomainError("Indiquez pourquoi cette réponse est retirée.", field="reason")
    request = _locked(share)
    rows = list(LabAnswer.objects.filter(act=act, asked__share=share, correction__isnull=True))
    if not rows:
        raise DomainError("Cette réponse est déjà retirée.", code="corrected")
    _take_back(request, share, rows, reason=reason, said_by=said_by, user=user)
    return len(rows)


def _take_back(
    request: LabRequest, share: SampleShare, rows: Sequence[LabAnswer], *, reason: str, said_by: str, user: User | None
) -> None:
    now, act = timezone.now(), rows[0].act
    LabCorrection.objects.bulk_create(
        LabCorrection(answer=row, at=now, user=user, said_by=said_by.strip()[:120], reason=reason) for row in rows
    )
    _settle(request, user, now)
    set_aside(Task.objects.filter(origin=new_sample_origin(act)), user=user, reason=f"Réponse retirée : {reason}"[:200])
    create_task(
        pathway=request.pathway,
        title="Réponse retirée par le laboratoire : revoir ce qui a été engagé",
        due_at=now,
        note=reason,
        origin=uuid5(act, "taken-back"),
        author=user,
    )
    tell_team_answered(request=request, act=act, corrected=True)
    sync_promises(pathways_of=[request.pathway_id], now=now)


@joined
def follow_withdrawal(*, milestone: Milestone) -> None:
    """A fact of the laboratory was withdrawn or moved in the file itself: the answers behind it are taken back, and the
    sending of the sample follows its date."""
    later = Milestone.objects.filter(supersedes=milestone).first()
    root = milestone
    while root.supersedes is not None:
        root = root.supersedes
    key = root.dedup_key or ""
    if key.startswith(SENT) and later is not None:
        _follow_sending(UUID(key.removeprefix(SENT).split(":")[0]), later)
    elif key.startswith(SAID) and later is not None and later.withdrawn:
        _follow_answer(key, later)


def _follow_sending(sample: UUID, later: Milestone) -> None:
    from coordination.models import Sample

    rows = Sample.objects.filter(uuid=sample)
    if later.withdrawn:
        rows.update(sent_at=None, sent_by=None)
    else:
        rows.filter(taken_at__lte=later.occurred_at).update(sent_at=later.occurred_at)


def _follow_answer(key: str, withdrawal: Milestone) -> None:
    act = act_of(key)
    rows = list(
        LabAnswer.objects.filter(act=act, correction__isnull=True).select_related(
            "asked__share__laboratory__establishment",
            "asked__share__sample__request__pathway__team__establishment",
            "asked__share__sample__request__pathway__version",
        )
    )
    if not rows or key not in wanted_facts(rows[0].asked.share.sample.request):
        return  # taken back already, or withdrawn because another answer changed
    share, user = rows[0].asked.share, withdrawal.recorded_by
    _take_back(
        share.sample.request,
        share,
        rows,
        reason=withdrawal.note[:200] or "Jalon retiré dans le dossier",
        said_by=str(user or "Équipe du parcours"),
        user=user,
    )


@transaction.atomic
def start_early_actions(*, request: LabRequest, actions: Collection[str], user: User | None) -> list[Task]:
    """Early care on a result that is not final yet (LAB-08, PTH-16): one task per action, each once per request as long
    as nobody has set it aside.

    Raises DomainError for an unknown action, none, or before any result.
    """
    Pathway.objects.filter(pk=request.pathway_id).held()
    chosen = [each for each in EARLY_ACTIONS if each.key in actions]
    if not chosen or len(chosen) != len(set(actions)):
        raise DomainError("Choisissez une action de la liste.", field="actions")
    results = LabAnswer.objects.filter(
        asked__share__sample__request=request,
        kind__in=[LabAnswerKind.INTERMEDIATE, LabAnswerKind.FINAL],
        correction__isnull=True,
    )
    if not results.exists():
        raise DomainError("Ces actions s’engagent sur un résultat : aucun n’est encore rendu.")
    return [
        create_task(
            pathway=request.pathway,
            title=each.task,
            due_at=timezone.now(),
            note="Sur résultat intermédiaire : le patient n’est pas informé du résultat avant l’annonce.",
            origin=_free_origin(request, each.key),
            author=user,
        )
        for each in chosen
    ]


def _free_origin(request: LabRequest, action: str) -> UUID:
    """That of the task that stands, else one for another: an action that was set aside may be engaged again."""
    origins = early_origins(request, action)
    aside = set(Task.objects.filter(origin__in=origins, status=TaskStatus.CANCELLED).values_list("origin", flat=True))
    return next((each for each in origins if each not in aside), origins[-1])


MOST_TIMES = 9
"""How many times one action may be engaged for one request, set aside in between."""


def early_origins(request: LabRequest, action: str) -> list[UUID]:
    """What names the tasks of an early action, the first time it is engaged and the others."""
    again = (uuid5(request.uuid, f"early-{action}-{time}") for time in range(2, MOST_TIMES + 1))
    return [uuid5(request.uuid, f"early-{action}"), *again]
