"""What the answers of the laboratories make of a file: its milestones, and what the desk has to arrange (LAB-06..09).

Once a new sample was asked about, the one it stands in for is old: what is said of it since is kept and shown, but only
a final result is a fact any more. Nothing else may end the clocks of the new one, nor ask for one more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from coordination.models import AskedExam, LabAnswer, LabAnswerKind, LabRequest, Task
from coordination.rules.lab import Answer, Fact, Said, expects_by_exam, facts_of
from coordination.services.appointments import in_force
from coordination.services.new_tasks import create_task
from coordination.services.tasks import set_aside
from directory.joined import joined
from directory.models import User
from pathways.models import Milestone, MilestoneSource, Pathway
from pathways.rules.milestones import MilestoneKind
from pathways.services import record_milestone, withdraw_milestone

SAID = "lab:"
"""How the key of a milestone made by answers begins; its request and act follow."""


@joined
def settle_facts(*, request: LabRequest, user: User | None, at: datetime) -> list[Milestone]:
    """Makes the ledger say what the answers in force say, no more and no less: a sample that cannot be read asks for
    another, once. Returns the milestones recorded."""
    said = {row.act: row for row in _in_force(request)}
    wanted = wanted_facts(request)
    recorded = {row.dedup_key: row for row in Milestone.objects.filter(dedup_key__startswith=_prefix(request))}
    for key, row in recorded.items():
        last = in_force(row) if key not in wanted else None
        if last is not None:
            withdraw_milestone(milestone=last, author=user, note="Réponse du laboratoire corrigée")
    made = []
    for key, fact in wanted.items():
        if key in recorded:
            continue
        answer = said[act_of(key)]
        milestone = record_milestone(
            pathway=request.pathway,
            kind=fact.kind,
            detail=fact.detail,
            occurred_at=fact.at,
            author=user,
            source=MilestoneSource.AUTOMATIC,
            site=answer.asked.share.laboratory.establishment,
            note=answer.words,
            dedup_key=key,
        )
        made.append(milestone)
        if fact.kind is MilestoneKind.LAB_NONCONTRIBUTIVE:
            _ask_new_sample(request, milestone, answer.act, user, at)
    return made


def wanted_facts(request: LabRequest) -> dict[str, Fact]:
    """The facts that the answers in force make, by the key of their milestone."""
    said = [Said(row.asked.exam, Answer(row.kind), row.said_at, row.act.hex) for row in _in_force(request)]
    exams = list(AskedExam.objects.filter(share__sample__request=request).values_list("exam", flat=True))
    finals = request.pathway.version.content.details_awaited(MilestoneKind.LAB_FINAL)
    new = LabRequest.objects.replacing(request).first()
    facts = facts_of(said, exams, by_exam=expects_by_exam(finals, exams), replaced_at=new.requested_at if new else None)
    return {f"{_prefix(request)}{fact.key}"[:80]: fact for fact in facts}


def act_of(key: str) -> UUID:
    """The act named by the key of a milestone."""
    return UUID(key.split(":")[2])


def _prefix(request: LabRequest) -> str:
    return f"{SAID}{request.uuid.hex[:12]}:"


def _in_force(request: LabRequest) -> Sequence[LabAnswer]:
    rows = LabAnswer.objects.filter(asked__share__sample__request=request, correction__isnull=True)
    return list(rows.select_related("asked__share__laboratory__establishment").order_by("said_at", "pk"))


def _ask_new_sample(request: LabRequest, unread: Milestone, act: UUID, user: User | None, at: datetime) -> None:
    """The sample cannot be read: someone arranges another one, today (LAB-07), unless it was taken since."""
    taken = Milestone.objects.in_force().filter(pathway=request.pathway_id, kind=MilestoneKind.BIOPSY_TAKEN)
    if taken.filter(occurred_at__gt=unread.occurred_at).exists():
        return
    create_task(
        pathway=request.pathway,
        title="Nouveau prélèvement à organiser : le précédent ne peut pas être lu",
        due_at=at,
        note="Réserver le premier créneau utile depuis la demande au laboratoire ; un médecin prévient le patient.",
        closes_on=MilestoneKind.BIOPSY_TAKEN,
        evidence_after=unread.occurred_at,
        origin=new_sample_origin(act),
        about=unread,
        author=user,
    )


def new_sample_origin(act: UUID) -> UUID:
    """Names the task that a sample which cannot be read makes."""
    return uuid5(act, "new-sample")


@joined
def settle_asked_again(*, pathway: Pathway, user: User | None, at: datetime) -> None:
    """One task for each exam that could not be read and that nobody asked on the new sample: the desk asks it there, or
    sets the task aside. It goes when the exam is asked, answered after all, or the new sample is not asked about."""
    rows = LabRequest.objects.filter(pathway=pathway).select_related("sample", "follows__sample")
    if not rows.filter(follows__isnull=False).exists():
        return
    requests = list(rows.prefetch_related("sample__shares__exams__answers__correction"))
    possible = {_again_origin(exam, new) for old in requests for exam in _exams(old) for new in requests}
    wanted = {_again_origin(exam, new): exam for exam, new in _unasked(requests)}
    set_aside(Task.objects.filter(origin__in=possible - wanted.keys()), user=user, reason="Examen demandé, ou rendu")
    for origin, exam in wanted.items():
        create_task(
            pathway=pathway,
            title=f"Demander sur le nouveau prélèvement : {exam.label}, illisible sur l’ancien"[:200],
            note="Cet examen n’est demandé à aucun laboratoire sur le nouveau prélèvement.",
            due_at=at,
            origin=origin,
            author=user,
        )


def _unasked(requests: Iterable[LabRequest]) -> list[tuple[AskedExam, LabRequest]]:
    """(the exam that could not be read, the request about the new sample that leaves it out)."""
    standing = sorted((each for each in requests if not each.cancelled_at), key=lambda each: each.requested_at)
    finals = {exam.exam for each in standing for exam in _exams(each) if _stands(exam, LabAnswerKind.FINAL)}
    found = []
    for old in standing:
        taken = old.sample.taken_at
        new = next((each for each in standing if each.follows and each.follows.sample.taken_at == taken), None)
        if new is None:
            continue
        later = {exam.exam for each in standing if each.sample.taken_at > taken for exam in _exams(each)}
        unread = (exam for exam in _exams(old) if _stands(exam, LabAnswerKind.NONCONTRIBUTIVE))
        found += [(exam, new) for exam in unread if exam.exam not in later | finals]
    return found


def _exams(request: LabRequest) -> list[AskedExam]:
    return [exam for share in request.sample.shares.all() for exam in share.exams.all()]


def _stands(exam: AskedExam, kind: str) -> bool:
    return any(each.kind == kind and each.in_force for each in exam.answers.all())


def _again_origin(exam: AskedExam, new: LabRequest) -> UUID:
    return uuid5(exam.uuid, f"ask-again:{new.uuid}")
