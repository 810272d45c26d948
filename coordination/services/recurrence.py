"""Tasks that come back: one occurrence open at a time, the next one made once and once only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from coordination.models import Every, SeriesStatus, Task, TaskSeries, TaskStatus
from coordination.rules.recurrence import Rhythm, evidence_from, next_due
from coordination.services.new_tasks import add_points, latest_known, points_of, refuse_wrong_task, works_in
from directory.errors import DomainError
from directory.history import because
from directory.models import Team, User
from pathways.models import Pathway
from pathways.services import calendar_of

PAUSED = "Mise en pause"
LONGEST = {Every.DAY: 366, Every.WEEK: 52}
BATCH = 500


def rhythm_of(series: TaskSeries) -> Rhythm:
    """The rule as the rules read it."""
    return Rhythm(series.every, series.unit, series.starts_on, series.until_on, series.times)


@transaction.atomic
def repeat_task(
    *,
    pathway: Pathway,
    title: str,
    every: int,
    unit: str,
    starts_on: date,
    until_on: date | None = None,
    times: int | None = None,
    team: Team | None = None,
    owner: User | None = None,
    note: str = "",
    closes_on: str = "",
    checklist: Sequence[str] = (),
    author: User | None = None,
) -> TaskSeries:
    """Makes a task that comes back, with its first occurrence.

    Raises DomainError on a closed pathway, for a wrong rhythm, a rule that would never come, or what a task refuses.
    """
    if not pathway.is_active:
        raise DomainError("Ce parcours est clos : une tâche ne peut plus y revenir.")
    if unit not in Every.values or not 1 <= every <= LONGEST[Every(unit)]:
        raise DomainError("Indiquez tous les combien de jours ou de semaines (un an au plus).", field="every")
    if until_on is not None and until_on < starts_on:
        raise DomainError("La dernière date ne peut pas précéder la première.", field="until_on")
    if times is not None and times < 1:
        raise DomainError("Indiquez au moins une fois.", field="times")
    team = team or pathway.team
    refuse_wrong_task(title=title, closes_on=closes_on, owner=owner, team=team)
    series = TaskSeries.objects.create(
        pathway=pathway, title=title.strip(), note=note.strip(), team=team, owner=owner, every=every, unit=unit,
        starts_on=starts_on, until_on=until_on, times=times, closes_on=closes_on, checklist=points_of(checklist),
        created_by=author,
    )  # fmt: skip
    if next_occurrence(series=series) is None:
        raise DomainError("Avec ces dates, cette tâche ne reviendrait jamais.", field="until_on")
    return series


@transaction.atomic
def next_occurrence(*, series: TaskSeries, now: datetime | None = None) -> Task | None:
    """Makes the next task of ``series`` unless one is open, it is paused or ended, or its end is reached.

    Safe to ask any number of times and from anywhere at once: the rule's row is locked, and the database refuses the
    same number twice.
    """
    locked = TaskSeries.objects.select_for_update(of=("self",)).select_related("pathway__team").get(pk=series.pk)
    if locked.status != SeriesStatus.RUNNING or not locked.pathway.is_active:
        return None
    made = Task.objects.filter(series=locked)
    if made.filter(status=TaskStatus.OPEN).exists():
        return None
    aside = Q(status=TaskStatus.CANCELLED, outcome=PAUSED)  # never done: its day is still to come
    known = made.aggregate(number=Max("number"), due=Max("due_on", filter=~aside))
    calendar = calendar_of(locked.pathway.team.establishment)
    today = calendar.local_date(now or timezone.now())
    paused = made.filter(aside).count()
    due = next_due(rhythm_of(locked), (known["number"] or 0) - paused, known["due"], today, calendar)
    if due is None:
        _end(locked, "Dernière fois atteinte")
        return None
    evidence = calendar.start_of_day(evidence_from(due, calendar)) - timedelta(microseconds=1)
    task = Task.objects.create(
        pathway=locked.pathway, title=locked.title, note=locked.note, team=locked.team, due_on=due,
        owner=locked.owner if locked.owner and works_in(locked.owner, locked.team) else None,
        closes_on=locked.closes_on, evidence_after=max(evidence, latest_known(locked.pathway, locked.closes_on)),
        series=locked, number=(known["number"] or 0) + 1, created_by=locked.created_by,
    )  # fmt: skip
    add_points(task, locked.checklist)
    return task


def make_next_occurrences(*, now: datetime) -> int:
    """Makes what a closing left unmade (a beat job); returns how many tasks."""
    waiting = TaskSeries.objects.waiting_for_the_next().order_by("pk")[:BATCH]
    return sum(next_occurrence(series=each, now=now) is not None for each in waiting)


@transaction.atomic
def pause_series(*, series: TaskSeries, user: User) -> TaskSeries:
    """Stops it for a while: the occurrence in hand is set aside too. Raises DomainError when it is not running."""
    locked = _locked(series)
    if locked.status != SeriesStatus.RUNNING:
        raise DomainError(f"Cette tâche récurrente est {locked.get_status_display().lower()}.")
    locked.status = SeriesStatus.PAUSED
    locked.save(update_fields=["status"])
    _set_aside(locked, user, PAUSED)
    return locked


@transaction.atomic
def resume_series(*, series: TaskSeries, user: User) -> TaskSeries:
    """Takes it up again from today. Raises DomainError when it is not paused, would never come again, or its pathway is
    closed."""
    locked = _locked(series)
    if locked.status != SeriesStatus.PAUSED:
        raise DomainError("Cette tâche récurrente n’est pas en pause.")
    if not locked.pathway.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le d’abord.")
    locked.status = SeriesStatus.RUNNING
    locked.save(update_fields=["status"])
    if next_occurrence(series=locked) is None:
        raise DomainError("Avec ses dates, cette tâche ne reviendrait plus : arrêtez-la, ou créez-en une autre.")
    return TaskSeries.objects.get(pk=locked.pk)


@transaction.atomic
def stop_series(*, series: TaskSeries, user: User | None, reason: str) -> TaskSeries:
    """Ends it for good, with the occurrence in hand. Raises DomainError without a reason, or when it has ended."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette tâche ne revient plus.", field="reason")
    locked = _locked(series)
    if locked.status == SeriesStatus.ENDED:
        raise DomainError("Cette tâche récurrente est déjà terminée.")
    _end(locked, reason)
    _set_aside(locked, user, reason)
    return locked


@transaction.atomic
def stop_coming_back(*, pathway: Pathway, reason: str) -> None:
    """Nothing comes back on a closed pathway."""
    for series in TaskSeries.objects.filter(pathway=pathway).exclude(status=SeriesStatus.ENDED).order_by("pk"):
        stop_series(series=series, user=None, reason=reason)


@transaction.atomic
def come_back_again(*, pathway: Pathway, reasons: Collection[str], why: str) -> list[TaskSeries]:
    """What ended for ``reasons`` that turned out to be wrong comes back as before; returns those that do."""
    found = []
    for series in TaskSeries.objects.filter(pathway=pathway, status=SeriesStatus.ENDED, end_reason__in=reasons):
        locked = _locked(series)
        locked.status, locked.end_reason = SeriesStatus.RUNNING, ""
        with because(why):
            locked.save(update_fields=["status", "end_reason"])
        next_occurrence(series=locked)
        found.append(locked)
    return found


def _end(series: TaskSeries, reason: str) -> None:
    series.status, series.end_reason = SeriesStatus.ENDED, reason.strip()[:200]
    with because(series.end_reason):
        series.save(update_fields=["status", "end_reason"])


def _set_aside(series: TaskSeries, user: User | None, reason: str) -> None:
    for task in Task.objects.select_for_update(of=("self",)).filter(series=series, status=TaskStatus.OPEN):
        task.status, task.closed_at, task.closed_by = TaskStatus.CANCELLED, timezone.now(), user
        task.outcome = reason.strip()[:200]
        task.save(update_fields=["status", "closed_at", "closed_by", "outcome"])


def _locked(series: TaskSeries) -> TaskSeries:
    """The rule under lock, after the occurrence in hand: whoever closes that one asks for the rule next."""
    list(Task.objects.open().select_for_update(of=("self",)).filter(series=series).values_list("pk"))
    return TaskSeries.objects.select_for_update(of=("self",)).select_related("pathway").get(pk=series.pk)
