"""Writes on tasks. A task closes by a click or by evidence; what closed by evidence reopens when it is withdrawn."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from coordination.models import (
    Booking,
    ExamRequest,
    OfferAnswer,
    SeriesStatus,
    Task,
    TaskItem,
    TaskSeries,
    TaskStatus,
    WaitingOffer,
)
from coordination.querysets import TaskQuerySet
from coordination.rules.telling import recall_origin, request_tell_origin, tell_origins
from coordination.rules.waiting import offer_origin
from coordination.services.new_tasks import works_in
from coordination.services.recurrence import next_occurrence
from directory.errors import DomainError
from directory.history import because
from directory.joined import joined
from directory.models import Team, User
from pathways.models import Milestone, Pathway


@transaction.atomic
def claim_task(*, task: Task, user: User) -> Task:
    """Takes a task of the pool: the first who asks has it. Asking again for one's own changes nothing.

    Raises DomainError when someone else has it, when it is closed, or when ``user`` is not of its team.
    """
    if not works_in(user, task.team):
        raise DomainError("Cette tâche est celle d’une autre équipe.")
    taken = Task.objects.filter(pk=task.pk, status=TaskStatus.OPEN, owner__isnull=True).update(owner=user)
    fresh = _fresh(task)
    if not taken and fresh.owner_id != user.pk:
        _refuse_closed(fresh)
        raise DomainError(f"{fresh.owner} vient de prendre cette tâche.", code="taken")
    return fresh


@transaction.atomic
def give_back_task(*, task: Task, user: User) -> Task:
    """Puts an open task back in the team's pool. Raises DomainError when it is closed, or has changed hands since
    ``task`` was read."""
    locked = _locked(task)
    _refuse_closed(locked)
    _refuse_changed_hands(task, locked)
    locked.owner = None
    locked.save(update_fields=["owner"])
    return locked


@transaction.atomic
def give_task(*, task: Task, to: User, by: User) -> Task:
    """Gives an open task to a colleague. Raises DomainError when ``to`` is not of its team, it is closed, or it has
    changed hands since ``task`` was read."""
    locked = _locked(task)
    _refuse_closed(locked)
    if not works_in(to, locked.team):
        raise DomainError("Cette personne ne fait pas partie de l’équipe.", field="owner")
    _refuse_changed_hands(task, locked)
    locked.owner = to
    locked.save(update_fields=["owner"])
    return locked


@joined
def follow_team(*, pathway: Pathway, left: Team) -> int:
    """``pathway`` has changed team: what ``left`` still had to do for it is asked of its new one, in the pool when the
    owner does not work there; what comes back follows. Returns how many open tasks moved."""
    team = pathway.team
    tasks = Task.objects.open().filter(pathway=pathway, team=left).order_by("pk")
    series = TaskSeries.objects.filter(pathway=pathway, team=left).exclude(status=SeriesStatus.ENDED).order_by("pk")
    moved = list(tasks.select_for_update(of=("self",)).select_related("owner"))
    rows: list[Task | TaskSeries] = [*moved, *series.select_for_update(of=("self",)).select_related("owner")]
    with because(f"Le parcours est passé à l’équipe {team}"):
        for row in rows:
            row.team = team
            if row.owner and not works_in(row.owner, team):
                row.owner = None
            row.save(update_fields=["team", "owner"])
    return len(moved)


@transaction.atomic
def tick_item(*, item: TaskItem, user: User, done: bool) -> TaskItem:
    """Ticks a point of a checklist, or takes the tick back; as it is already, changes nothing.

    Raises DomainError when the task is closed.
    """
    _refuse_closed(_locked(item.task))
    locked = TaskItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if done != (locked.done_at is not None):
        locked.done_at, locked.done_by = (timezone.now(), user) if done else (None, None)
        locked.save(update_fields=["done_at", "done_by"])
    return locked


@transaction.atomic
def complete_task(*, task: Task, user: User | None, outcome: str = "") -> Task:
    """Says that a task is done, with its outcome in a few words. Raises DomainError when it is already closed.

    A person who closes a task that waits for a fact, or whose checklist is not all ticked, says what came of it.
    """
    locked = _locked(task)
    _refuse_closed(locked)
    if user is not None:
        _refuse_untold(locked)
        _refuse_unanswered(locked)
        _refuse_undecided(locked)
    if user is not None and not outcome.strip():
        _refuse_without_outcome(locked)
    return _close(locked, TaskStatus.DONE, user, outcome)


def _refuse_untold(task: Task) -> None:
    """A patient is told of a cancellation when somebody says how on the appointment: that closes the task (PAIN-20)."""
    if task.origin is None:
        return
    now = timezone.now()
    untold = Booking.objects.to_tell(now).filter(pathway=task.pathway_id).values_list("uuid", flat=True)
    asked = ExamRequest.objects.to_tell(now).filter(pathway=task.pathway_id).values_list("uuid", "to_tell_since")
    if any(task.origin in tell_origins(each) for each in untold) or any(
        since and task.origin == request_tell_origin(each, since) for each, since in asked
    ):
        raise DomainError(
            "Dites comment le patient a été prévenu dans « Créneaux », « À prévenir » : la tâche se ferme alors.",
            code="untold",
        )


def _refuse_unanswered(task: Task) -> None:
    """A place proposed to who waits is answered in the list: that closes the task, and the next in rank is asked."""
    if task.origin is None:
        return
    offers = WaitingOffer.objects.filter(place__pathway=task.pathway_id, answer=OfferAnswer.OPEN)
    if any(task.origin == offer_origin(each) for each in offers.values_list("uuid", flat=True)):
        raise DomainError(
            "Répondez à la proposition dans « Créneaux », « Attente » : la tâche se ferme alors.", code="unanswered"
        )


def _refuse_undecided(task: Task) -> None:
    """An appointment whose slot may not be held is moved, cancelled or held all the same: that closes the task, which
    may name several. A call alone decides nothing."""
    if task.origin is None:
        return
    about = Booking.objects.filter(pathway=task.pathway_id, slot__disturbed__isnull=False)
    asked = {(since, recall_origin(uuid, since)) for uuid, since in about.values_list("uuid", "slot__disturbed__since")}
    found = [since for since, origin in asked if origin == task.origin]
    undecided = about.expected(timezone.now()).filter(slot__disturbed__since__in=found).in_doubt()
    if found and undecided.exists():
        raise DomainError(
            "Le rendez-vous est encore réservé : déplacez-le ou annulez-le, ou que le plateau tienne le créneau malgré "
            "tout. La tâche se ferme alors.",
            code="undecided",
        )


def _refuse_without_outcome(task: Task) -> None:
    if task.closes_on:
        expected = task.get_closes_on_display().lower()
        raise DomainError(
            f"Le jalon attendu ({expected}) n’est pas enregistré : dites ce qui a été obtenu.", field="outcome"
        )
    if task.items.filter(done_at__isnull=True).exists():
        raise DomainError("La liste n’est pas toute cochée : dites ce qui a été fait.", field="outcome")


@transaction.atomic
def cancel_task(*, task: Task, user: User | None, reason: str) -> Task:
    """Sets a task aside. Raises DomainError without a reason, when it is already closed, or when a person would close
    what only an act closes: a patient to tell, a place to answer, an appointment to decide."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette tâche est annulée.", field="reason")
    locked = _locked(task)
    if user is not None:
        _refuse_untold(locked)
        _refuse_unanswered(locked)
        _refuse_undecided(locked)
    return _close(locked, TaskStatus.CANCELLED, user, reason)


def set_aside(tasks: TaskQuerySet, *, user: User | None, reason: str) -> int:
    """Cancels those of ``tasks`` that are open, as nobody needs them any more; returns how many.

    What makes them needless is not refused because a colleague ticks one at the same instant: it stays as they said.
    """
    return _close_open(tasks, TaskStatus.CANCELLED, user, reason)


def settle(tasks: TaskQuerySet, *, user: User | None, outcome: str) -> int:
    """As `set_aside`, for tasks that are done."""
    return _close_open(tasks, TaskStatus.DONE, user, outcome)


@joined
def _close_open(tasks: TaskQuerySet, status: str, user: User | None, words: str) -> int:
    rows = list(tasks.open().select_for_update(of=("self",)).order_by("pk"))
    for task in rows:
        _close(task, status, user, words)
    return len(rows)


def _close(task: Task, status: str, user: User | None, outcome: str) -> Task:
    _refuse_closed(task)
    task.status, task.closed_at, task.closed_by, task.outcome = status, timezone.now(), user, outcome.strip()[:200]
    task.save(update_fields=["status", "closed_at", "closed_by", "outcome"])
    _follow(task)
    return task


def _follow(task: Task) -> None:
    """What comes back comes back when the last one is closed."""
    if task.series is not None:
        next_occurrence(series=task.series)


@joined
def close_by_evidence(*, milestone: Milestone) -> int:
    """Closes the open tasks that ``milestone`` proves done; returns how many.

    A correction closes nothing new: it only takes the place of the fact it corrects (`reopen_without_evidence`).
    """
    if milestone.supersedes_id is not None:
        return 0
    proved = Task.objects.open().filter(pathway=milestone.pathway_id, evidence_after__lt=milestone.occurred_at)
    ids = list(proved.proved_by(milestone.kind, milestone.detail).values_list("pk", flat=True))
    if not ids:
        return 0
    closed = Task.objects.open().filter(pk__in=ids)
    count = closed.update(
        status=TaskStatus.DONE, closed_at=timezone.now(), closed_by=milestone.recorded_by, evidence=milestone
    )
    for task in Task.objects.filter(pk__in=ids, evidence=milestone, series__isnull=False).select_related("series"):
        _follow(task)
    return count


@transaction.atomic
def reopen_without_evidence(*, milestone: Milestone) -> int:
    """``milestone`` is no longer in force: tasks it closed lean on its correction, on another fact, or open again.

    Returns how many opened again.
    """
    reopened = 0
    for task in Task.objects.select_for_update(of=("self",)).filter(evidence=milestone):
        other = _other_evidence(task)
        if other is not None:
            task.evidence = other
            task.save(update_fields=["evidence"])
            continue
        if task.series_id and Task.objects.open().filter(series=task.series_id).exists():
            # It comes back: the next one is asked already, and those forgotten do not pile up.
            task.status, task.evidence, task.outcome = TaskStatus.CANCELLED, None, "Jalon retiré"
            task.save(update_fields=["status", "evidence", "outcome"])
            continue
        task.status, task.closed_at, task.closed_by, task.evidence = TaskStatus.OPEN, None, None, None
        with because(f"Jalon retiré : {milestone.get_kind_display()}"):
            task.save(update_fields=["status", "closed_at", "closed_by", "evidence"])
        reopened += 1
    return reopened


@joined
def reopen_set_aside(*, pathway: Pathway, outcome: str, since: datetime, why: str) -> list[Task]:
    """Tasks that the software set aside at ``since`` or after, for an ``outcome`` that turned out to be wrong, are open
    again; returns them."""
    rows = Task.objects.filter(
        pathway=pathway, status=TaskStatus.CANCELLED, outcome=outcome, closed_by=None, closed_at__gte=since
    )
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for task in found:
        task.status, task.closed_at, task.outcome = TaskStatus.OPEN, None, ""
        with because(why):
            task.save(update_fields=["status", "closed_at", "outcome"])
    return found


def _other_evidence(task: Task) -> Milestone | None:
    facts = Milestone.objects.in_force().filter(
        pathway=task.pathway_id, kind=task.closes_on, occurred_at__gt=task.evidence_after
    )
    if task.closes_on_detail:
        facts = facts.filter(detail=task.closes_on_detail)
    return facts.order_by("occurred_at", "id").first()


def _locked(task: Task) -> Task:
    return Task.objects.select_for_update(of=("self",)).get(pk=task.pk)


def _fresh(task: Task) -> Task:
    return Task.objects.with_list_data().get(pk=task.pk)


def _refuse_closed(task: Task) -> None:
    if task.status != TaskStatus.OPEN:
        raise DomainError(f"Cette tâche est déjà close ({task.get_status_display().lower()}).", code="closed")


def _refuse_changed_hands(seen: Task, now: Task) -> None:
    if seen.owner_id == now.owner_id:
        return
    if now.owner is None:
        raise DomainError("Cette tâche vient d’être rendue à l’équipe.", code="taken")
    raise DomainError(f"{now.owner} vient de prendre cette tâche.", code="taken")
