"""Tasks that come back: on which day, once only, and until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coordination import services
from coordination.models import Task, TaskSeries
from coordination.rules.recurrence import Rhythm, in_words, next_due
from directory.errors import DomainError
from directory.models import Membership, Role
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules.calendar import Calendar
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk
from tests.factories import UserFactory

CALENDAR = Calendar()
TODAY = date(2026, 11, 23)
"""The Monday of the tests of the desk."""


# --- the rule --------------------------------------------------------------------------------------------------------
def due(rhythm: Rhythm, made: int = 0, last: date | None = None, today: date = TODAY) -> date | None:
    return next_due(rhythm, made, last, today, CALENDAR)


def test_a_weekly_call_keeps_its_day_however_late_the_last_one_was() -> None:
    weekly = Rhythm(1, "week", TODAY)
    assert due(weekly) == TODAY
    assert due(weekly, 1, TODAY, TODAY + timedelta(days=3)) == date(2026, 11, 30)
    assert due(weekly, 1, TODAY, TODAY + timedelta(days=16)) == date(2026, 12, 14), "those forgotten are not made up"


def test_a_day_off_moves_to_the_next_worked_day_and_the_following_ones_stay() -> None:
    yearly = Rhythm(1, "week", date(2026, 12, 25))  # Christmas, then New Year's Day: Fridays
    assert due(yearly) == date(2026, 12, 28)
    assert due(yearly, 1, date(2026, 12, 28), date(2026, 12, 28)) == date(2027, 1, 4)
    assert due(yearly, 2, date(2027, 1, 4), date(2027, 1, 4)) == date(2027, 1, 8)


def test_it_ends_on_its_last_day_or_after_so_many_times() -> None:
    assert due(Rhythm(1, "week", TODAY, until_on=TODAY + timedelta(days=6)), 1, TODAY) is None
    assert due(Rhythm(1, "week", TODAY, until_on=TODAY + timedelta(days=7)), 1, TODAY) == date(2026, 11, 30)
    assert due(Rhythm(1, "week", TODAY, times=2), 1, TODAY) == date(2026, 11, 30)
    assert due(Rhythm(1, "week", TODAY, times=2), 2, date(2026, 11, 30)) is None


@given(
    every=st.integers(1, 40), unit=st.sampled_from(["day", "week"]), start=st.integers(-400, 60),
    late=st.lists(st.integers(0, 30), min_size=1, max_size=8),
)  # fmt: skip
def test_every_occurrence_is_worked_later_than_the_last_and_never_in_the_past(
    every: int, unit: str, start: int, late: list[int]
) -> None:
    rhythm = Rhythm(every, unit, TODAY + timedelta(days=start))
    last, today = None, TODAY
    for made, delay in enumerate(late):
        found = due(rhythm, made, last, today)
        assert found is not None
        assert CALENDAR.is_working_day(found)
        assert found >= today
        assert last is None or found > last
        last, today = found, max(today, found) + timedelta(days=delay)


@pytest.mark.parametrize(
    ("rhythm", "words"),
    [
        (Rhythm(1, "week", TODAY), "chaque semaine"),
        (Rhythm(2, "week", TODAY, times=5), "toutes les 2 semaines, 5 fois"),
        (Rhythm(1, "day", TODAY), "chaque jour ouvré"),
        (Rhythm(3, "day", TODAY, until_on=date(2026, 12, 31)), "tous les 3 jours, jusqu’au 31/12/2026"),
    ],
)
def test_the_rhythm_in_words(rhythm: Rhythm, words: str) -> None:
    assert in_words(rhythm) == words


# --- the tasks -------------------------------------------------------------------------------------------------------
pytestmark = pytest.mark.django_db


def weekly(pathway: Pathway, **options: Any) -> TaskSeries:
    options.setdefault("title", "Appel de la semaine")
    return services.repeat_task(
        pathway=pathway, **{"every": 1, "unit": "week", "starts_on": timezone.localdate(), **options}
    )


def opened(series: TaskSeries) -> Task:
    return Task.objects.open().get(series=series)


def test_the_next_one_is_made_when_the_last_is_done_with_its_checklist(desk: Desk, pathway: Pathway) -> None:
    series = weekly(pathway, checklist=["Poids", " ", "Douleur"], owner=desk.coordinator, author=desk.coordinator)
    first = opened(series)
    assert (first.number, first.due_on, first.owner) == (1, TODAY, desk.coordinator)
    assert [item.label for item in first.items.all()] == ["Poids", "Douleur"]
    services.complete_task(task=first, user=desk.coordinator, outcome="Va bien")
    second = opened(series)
    assert (second.number, second.due_on) == (2, date(2026, 11, 30))
    assert second.items.filter(done_at=None).count() == 2
    services.cancel_task(task=second, user=desk.coordinator, reason="Hospitalisé cette semaine")
    assert opened(series).due_on == date(2026, 12, 7)


def test_asking_again_makes_nothing_more(pathway: Pathway) -> None:
    series = weekly(pathway)
    assert services.next_occurrence(series=series) is None
    assert services.make_next_occurrences(now=timezone.now()) == 0
    with pytest.raises(IntegrityError, match="task_occurrence_once"), transaction.atomic():
        first = opened(series)
        Task.objects.create(
            pathway=pathway,
            title="Double",
            team=first.team,
            evidence_after=first.evidence_after,
            series=series,
            number=1,
        )


def test_the_beat_makes_what_a_closing_left_unmade(pathway: Pathway) -> None:
    series = weekly(pathway)
    Task.objects.filter(series=series).update(status="done", closed_at=timezone.now())
    assert services.make_next_occurrences(now=timezone.now()) == 1
    assert opened(series).number == 2


def test_evidence_closes_one_and_opens_the_next_which_the_same_call_does_not_close(
    desk: Desk, pathway: Pathway
) -> None:
    series = weekly(pathway, closes_on="followup_contact")
    services.record_contact(pathway=pathway, author=desk.coordinator, outcome="reached")
    second = opened(series)
    assert second.number == 2
    services.record_contact(pathway=pathway, author=desk.coordinator, outcome="reached")
    assert opened(series) == second, "a call of this week is not that of next week"


def test_someone_who_left_gets_nothing_more(desk: Desk, pathway: Pathway) -> None:
    leaving = UserFactory(role=Role.SECRETARY, team=desk.team)
    series = weekly(pathway, owner=leaving)
    Membership.objects.filter(user=leaving).delete()
    services.complete_task(task=opened(series), user=desk.coordinator)
    assert opened(series).owner is None, "in the pool: someone must take it"


def test_the_last_time_ends_it(desk: Desk, pathway: Pathway) -> None:
    series = weekly(pathway, times=1)
    services.complete_task(task=opened(series), user=desk.coordinator)
    series.refresh_from_db()
    assert (series.status, series.end_reason) == ("ended", "Dernière fois atteinte")
    assert not Task.objects.open().exists()


def test_paused_it_waits_and_resumed_it_starts_from_today(desk: Desk, pathway: Pathway) -> None:
    series = weekly(pathway)
    services.pause_series(series=series, user=desk.coordinator)
    assert not Task.objects.open().exists()
    assert services.make_next_occurrences(now=timezone.now()) == 0
    with pytest.raises(DomainError, match="en pause"):
        services.pause_series(series=series, user=desk.coordinator)
    services.resume_series(series=series, user=desk.coordinator)
    assert opened(series).due_on == date(2026, 11, 23), "today's was not done: it is due again"
    with pytest.raises(DomainError, match="n’est pas en pause"):
        services.resume_series(series=series, user=desk.coordinator)


def test_an_occurrence_set_aside_by_a_pause_was_not_one_of_the_times(desk: Desk, pathway: Pathway) -> None:
    series = weekly(pathway, times=1)
    services.pause_series(series=series, user=desk.coordinator)
    services.resume_series(series=series, user=desk.coordinator)
    assert opened(series).due_on == date(2026, 11, 23)


def test_a_rule_that_would_never_come_again_is_not_resumed(desk: Desk, pathway: Pathway) -> None:
    series = weekly(pathway, until_on=date(2026, 11, 25))
    services.pause_series(series=series, user=desk.coordinator)
    with time_machine.travel(MONDAY + timedelta(days=3)), pytest.raises(DomainError, match="ne reviendrait plus"):
        services.resume_series(series=series, user=desk.coordinator)
    assert TaskSeries.objects.get(pk=series.pk).status == "paused"


def test_stopped_for_good_with_a_reason(desk: Desk, pathway: Pathway) -> None:
    series = weekly(pathway)
    with pytest.raises(DomainError) as refused:
        services.stop_series(series=series, user=desk.coordinator, reason=" ")
    assert refused.value.field == "reason"
    services.stop_series(series=series, user=desk.coordinator, reason="Suivi par le médecin traitant")
    assert Task.objects.get(series=series).outcome == "Suivi par le médecin traitant"
    with pytest.raises(DomainError, match="déjà terminée"):
        services.stop_series(series=series, user=desk.coordinator, reason="Encore")


@pytest.mark.parametrize("how", ["closed", "died"])
def test_nothing_comes_back_on_a_closed_pathway(desk: Desk, pathway: Pathway, how: str) -> None:
    running, paused = weekly(pathway), weekly(pathway, title="Prise de sang")
    services.pause_series(series=paused, user=desk.coordinator)
    if how == "closed":
        pathways.close_pathway(pathway=pathway, reason="completed", author=desk.coordinator)
    else:
        pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now())
    assert set(TaskSeries.objects.values_list("status", flat=True)) == {"ended"}
    assert not Task.objects.open().filter(series=running).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"every": 0}, "every"), ({"unit": "month"}, "every"), ({"every": 53}, "every"), ({"times": 0}, "times"),
        ({"until_on": date(2026, 11, 1)}, "until_on"), ({"title": " "}, "title"),
        ({"starts_on": date(2026, 12, 25), "until_on": date(2026, 12, 26)}, None),
        ({"starts_on": date(2026, 11, 1), "until_on": date(2026, 11, 20)}, "until_on"),
    ],
)  # fmt: skip
def test_a_wrong_rhythm_is_refused_whole(pathway: Pathway, change: dict[str, Any], field: str | None) -> None:
    if field is None:
        assert opened(weekly(pathway, **change)).due_on == date(2026, 12, 28), "Christmas is moved, not lost"
        return
    with pytest.raises(DomainError) as refused:
        weekly(pathway, **change)
    assert refused.value.field == field
    assert not TaskSeries.objects.exists()
