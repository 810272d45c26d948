"""Promises of platforms and laboratories about to be broken, as alerts of the patient: none silent, none said twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from coordination.models import ExamRequest, LabRequest
from coordination.rules.promises import NOTICE, Awaited, Spoken, lab_promise
from directory.joined import joined
from directory.models import Team
from pathways import services as pathways
from pathways.models import AlertKind, Pathway, Step, StepState, Watch
from pathways.rules.clock import Duration, Unit, before
from pathways.rules.levels import Ladder
from pathways.rules.milestones import MilestoneKind
from pathways.rules.watches import NEWS

WARNING = Duration(4, Unit.OFFICE_HOURS)
"""How long before a platform's promise breaks the desk is asked to call it."""
BATCH = 200


class _Wanted(NamedTuple):
    pathway: Pathway
    due_at: datetime
    ladder: Ladder
    label: str


@joined
def sync_promises(*, pathways_of: Collection[int], now: datetime | None = None) -> int:
    """Makes the watched promises of these pathways (their ids) what is promised and not kept; returns how many moved.

    Of whoever follows the patient shortly before a promise breaks, of the team when it is broken, of its head as for
    any delay. Called by whatever changes a promise, and by `watch_promises` for what changes around it.
    """
    now = now or timezone.now()
    wanted = _of_platforms(pathways_of) | _of_laboratories(pathways_of, now)
    known = {each.subject: each for each in Watch.objects.filter(kind=AlertKind.PROMISE, pathway__in=pathways_of)}
    moved = 0
    for subject in sorted(known.keys() - wanted.keys()):
        pathways.met(kind=AlertKind.PROMISE, subject=subject)
        moved += 1
    for subject in sorted(wanted):
        want, row = wanted[subject], known.get(subject)
        if row and (row.due_at, row.ladder, row.label) == (want.due_at, want.ladder, want.label):
            continue
        if row and row.label != want.label:
            pathways.met(kind=AlertKind.PROMISE, subject=subject)
        pathways.watch(
            kind=AlertKind.PROMISE, subject=subject, pathway=want.pathway, due_at=want.due_at, ladder=want.ladder,
            label=want.label,
        )  # fmt: skip
        moved += 1
    return moved


def watch_promises(*, now: datetime) -> int:
    """What moved around the promises: a plan rebuilt, an alert raised by a step, a pathway opened again."""
    asked = ExamRequest.objects.asked().filter(promised_at__isnull=False).values_list("pathway_id")
    awaited = LabRequest.objects.running().values_list("pathway_id")
    known = Watch.objects.filter(kind=AlertKind.PROMISE, pathway__isnull=False).values_list("pathway_id")
    ids = sorted({pk for (pk,) in (*asked.order_by(), *awaited.order_by(), *known.order_by())})
    moved = 0
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            chunk = ids[start : start + BATCH]
            list(Pathway.objects.filter(pk__in=chunk).order_by("pk").held())
            moved += sync_promises(pathways_of=chunk, now=now)
    return moved


_EXPECTED = Q(pathway__status="active", pathway__patient__deceased_on__isnull=True)


def _of_platforms(ids: Collection[int]) -> dict[UUID, _Wanted]:
    """Priority requests without a date yet, by their uuid."""
    rows = ExamRequest.objects.asked().filter(_EXPECTED, pathway__in=ids, promised_at__isnull=False)
    found = {}
    for request in rows.select_related(
        "exam_type", "addressed_to__establishment", "pathway__version", "pathway__team__establishment"
    ):
        assert request.promised_at is not None  # asked for above
        calendar = pathways.calendar_of(request.addressed_to.establishment)
        label = f"{request.addressed_to.name} : {request.exam_type}, une date promise"
        due_at = before(request.promised_at, WARNING, calendar)
        found[request.uuid] = _wanted(request.pathway, due_at, request.promised_at, label)
    return found


def _of_laboratories(ids: Collection[int], now: datetime) -> dict[UUID, _Wanted]:
    """Requests to laboratories with something promised that no step speaks of, by their uuid."""
    requests = list(LabRequest.objects.running().filter(_EXPECTED, pathway__in=ids).with_page_data())
    if not requests:
        return {}
    spoken = _spoken({each.pathway_id for each in requests})
    found = {}
    for request in requests:
        reception: Team = request.sample.reception
        calendar = pathways.calendar_of(reception.establishment)
        exams = [each for share in request.sample.shares.all() for each in share.exams.all()]
        promise = lab_promise(
            requested_at=request.requested_at,
            reception=reception.name,
            silent=not any(answer.in_force for each in exams for answer in each.answers.all()),
            awaited=_awaited(request),
            spoken=spoken[request.pathway_id],
            calendar=calendar,
            now=now,
        )
        if promise:
            due_at = before(promise.at, NOTICE, calendar)
            found[request.uuid] = _wanted(request.pathway, due_at, promise.at, promise.label)
    return found


def _awaited(request: LabRequest) -> list[Awaited]:
    """The exams of a request without a final or non contributive answer."""
    return [
        Awaited(exam.exam, exam.label, share.laboratory.name, exam.promised_at)
        for share in request.sample.shares.all()
        for exam in share.exams.all()
        if not any(each.in_force and each.kind in ("final", "noncontributive") for each in exam.answers.all())
    ]


def _spoken(ids: Collection[int]) -> dict[int, list[Spoken]]:
    """The alerts of steps and the watch of the first result, by pathway, with what would end each."""
    found: dict[int, list[Spoken]] = defaultdict(list)
    steps = Step.objects.filter(pathway__in=ids, state=StepState.OPEN, optional=False, due_at__isnull=False)
    for step in steps.select_related("pathway__version"):
        if step.due_at and (ends := lab_ends(step)):
            found[step.pathway_id].append(Spoken(step.warn_at or step.due_at, ends))
    first = frozenset((kind, "") for kind in NEWS)
    for watch in Watch.objects.filter(pathway__in=ids, kind=AlertKind.RESULT_AWAITED):
        found[watch.pathway_id or 0].append(Spoken(watch.due_at, first))
    return found


def lab_ends(step: Step) -> frozenset[tuple[MilestoneKind, str]]:
    """The laboratory's facts that end a step; none for a key that the version does not know."""
    content = step.pathway.version.content
    if step.step_key not in content.graph.index:
        return frozenset()
    matches = content.step(step.step_key).done_by
    return frozenset((each.milestone, each.detail) for each in matches if each.milestone in NEWS)


def _wanted(pathway: Pathway, due_at: datetime, broken_at: datetime, label: str) -> _Wanted:
    levels = pathway.version.content.alerts
    ladder = levels.ladder(broken_at, pathways.calendar_of(pathway.team.establishment))
    goes_up = Ladder(team_at=broken_at, head_at=ladder.team_at, harm_at=ladder.harm_at)
    return _Wanted(pathway, due_at, goes_up, label[:200])
