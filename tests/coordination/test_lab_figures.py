"""IND-10, IND-11, IND-28: waits on the laboratory, from milestones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from coordination.readings.lab_figures import lab_figures
from coordination.rules.lab_figures import Fact, Scored, Wait, intermediate_waits, summary_of, unreadable_waits
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules.calendar import Calendar
from pathways.rules.clock import days_off
from pathways.rules.milestones import MilestoneKind as Kind
from tests.coordination.laboratories import Lab

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
CALENDAR = Calendar()


def facts(*said: tuple[Kind, float]) -> list[Fact]:
    return [Fact(kind, MONDAY + timedelta(days=days)) for kind, days in said]


def ind10(*said: tuple[Kind, float], now: float = 30, pauses: Any = ()) -> list[Wait]:
    return intermediate_waits(facts(*said), list(pauses), CALENDAR, MONDAY + timedelta(days=now))


ASKED, SENT, NEWS, BAD, END = (
    Kind.LAB_REQUESTED, Kind.SAMPLE_SENT, Kind.LAB_INTERMEDIATE, Kind.LAB_NONCONTRIBUTIVE, Kind.LAB_FINAL,
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "now", "state"),
    [
        ([(ASKED, 0), (NEWS, 4)], 30, Scored.MET),
        ([(ASKED, 0), (NEWS, 5)], 30, Scored.MISSED),
        ([(ASKED, 0), (END, 3), (NEWS, 4)], 30, Scored.NOT_APPLICABLE),
        ([(ASKED, 0), (BAD, 2)], 30, Scored.NOT_APPLICABLE),
        ([(ASKED, 0)], 3, Scored.NOT_SCORABLE),
        ([(ASKED, 0)], 5, Scored.MISSED),
    ],
)
def test_the_four_states_of_the_intermediate_message(said: list, now: float, state: Scored) -> None:
    assert [each.state for each in ind10(*said, now=now)] == [state]


def test_each_request_has_its_own_wait() -> None:
    waits = ind10((ASKED, 0), (BAD, 2), (ASKED, 6), (NEWS, 9))
    assert [(each.state, each.raw) for each in waits] == [(Scored.NOT_APPLICABLE, None), (Scored.MET, 3)]


def test_a_pause_leaves_the_raw_wait_and_moves_the_adjusted_one() -> None:
    day = MONDAY.date()
    off = [days_off(day + timedelta(days=1), day + timedelta(days=2), CALENDAR)]
    assert ind10((ASKED, 0), (NEWS, 6), pauses=off) == [Wait(Scored.MET, raw=6, adjusted=4)]


def test_the_unreadable_sample_is_counted_from_its_sending() -> None:
    def waits(*said: tuple[Kind, float]) -> list[Wait]:
        return unreadable_waits(facts(*said), [], CALENDAR)

    assert waits((SENT, 1), (BAD, 4)) == [Wait(Scored.MET, 3, 3)]
    assert waits((SENT, 1), (BAD, 5)) == [Wait(Scored.MISSED, 4, 4)]
    assert waits((SENT, 1), (END, 5)) == [Wait(Scored.NOT_APPLICABLE)]


def test_ten_days_is_not_beyond_and_small_cells_are_hidden() -> None:
    found = [Wait(Scored.MISSED, days, days) for days in (10, 11, 2, 3)]
    small = summary_of(found)
    assert (small.hidden, small.raw, small.beyond) == (True, None, 1)
    whole = summary_of([*found, Wait(Scored.MET, 4, 4)])
    assert (whole.hidden, whole.raw, whole.count) == (False, (3.0, 4.0, 10.0), 5)


@pytest.mark.django_db
def test_the_figures_of_many_pathways_cost_the_same(django_assert_max_num_queries: Any) -> None:
    lab, now = Lab(), timezone.now()

    def lived(days: float) -> Pathway:
        pathway = lab.sampled(20)
        for kind, back in ((ASKED, 19), (SENT, 19), (BAD, 19 - days)):
            pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=now - timedelta(days=back))
        return pathway

    for days in (1, 2, 3, 4, 12):
        lived(days)
    mine = Pathway.objects.filter(team=lab.team)
    with django_assert_max_num_queries(5):
        figures = lab_figures(mine, since=now - timedelta(days=30), until=now, now=now)
    assert (figures["IND-11"].met, figures["IND-11"].missed, figures["IND-11"].beyond) == (3, 2, 1)
    assert figures["IND-10"].not_applicable == 5
    none = lab_figures(mine, since=now - timedelta(days=5), until=now, now=now)
    assert none["IND-11"].count == 0
