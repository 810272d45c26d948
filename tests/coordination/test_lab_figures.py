"""IND-10, IND-11, IND-28: waits on the laboratory, from milestones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from coordination.readings.lab_figures import Indicator, LabCut, lab_cases, lab_figures, lines_of
from coordination.rules.lab_figures import Fact, Scored, Wait, intermediate_waits, summary_of, unreadable_waits
from directory.models import AccessLog, Role
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules.calendar import Calendar
from pathways.rules.clock import days_off
from pathways.rules.milestones import MilestoneKind as Kind
from tests.coordination.laboratories import Lab
from tests.coordination.pages import text, url
from tests.factories import TeamFactory, UserFactory

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
    assert waits((SENT, 1)) == [Wait(Scored.NOT_SCORABLE)], "nothing is known of it yet"
    assert waits((BAD, 1)) == [Wait(Scored.NOT_SCORABLE)], "its sending was not recorded"
    assert waits((BAD, 1), (SENT, 3), (BAD, 5)) == [Wait(Scored.MET, 2, 2), Wait(Scored.NOT_SCORABLE)]


def named(*said: tuple[Kind, float, str]) -> list[Fact]:
    return [Fact(kind, MONDAY + timedelta(days=days), case=case) for kind, days, case in said]


def test_news_is_of_its_own_sample_whatever_was_sent_since() -> None:
    said = named((SENT, 0, "first"), (SENT, 9, "second"), (BAD, 12, "first"), (END, 13, "second"))
    assert unreadable_waits(said, [], CALENDAR) == [Wait(Scored.MISSED, 12, 12), Wait(Scored.NOT_APPLICABLE)]
    asked = named((ASKED, 0, "first"), (ASKED, 9, "second"), (NEWS, 11, "first"))
    waits = intermediate_waits(asked, [], CALENDAR, MONDAY + timedelta(days=12))
    assert waits == [Wait(Scored.MISSED, 11, 11), Wait(Scored.NOT_SCORABLE)]


def test_news_that_may_be_of_two_samples_is_counted_for_neither() -> None:
    unnamed = named((SENT, 0, ""), (SENT, 9, ""), (BAD, 12, ""))
    assert unreadable_waits(unnamed, [], CALENDAR) == [Wait(Scored.NOT_SCORABLE)] * 2
    after = named((SENT, 0, ""), (END, 5, ""), (SENT, 9, ""), (BAD, 12, ""))
    assert unreadable_waits(after, [], CALENDAR) == [Wait(Scored.NOT_APPLICABLE), Wait(Scored.MET, 3, 3)]


def test_what_is_asked_exam_by_exam_at_one_instant_is_one_request() -> None:
    assert [each.state for each in ind10((ASKED, 0), (ASKED, 0), (NEWS, 4))] == [Scored.MET]


def test_a_small_part_of_a_shown_count_is_not_given_away() -> None:
    ended = [Wait(Scored.MET, 2, 2)] * 7
    assert summary_of(ended).parted
    assert not summary_of([*ended, Wait(Scored.MISSED, 9, 9)]).parted, "eight less seven is one"
    assert summary_of([*ended, *[Wait(Scored.MISSED, 9, 9)] * 5]).parted


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
    with django_assert_max_num_queries(6):
        figures = lab_figures(mine, since=now - timedelta(days=30), until=now, now=now)
    assert (figures["IND-11"].met, figures["IND-11"].missed, figures["IND-11"].beyond) == (3, 2, 1)
    assert figures["IND-10"].not_applicable == 5
    none = lab_figures(mine, since=now - timedelta(days=5), until=now, now=now)
    assert none["IND-11"].count == 0


def in_period(lab: Lab, first: float, last: float) -> Any:
    now = timezone.now()
    mine = Pathway.objects.filter(team=lab.team)
    return lab_cases(mine, since=now - timedelta(days=first), until=now - timedelta(days=last), now=now)


@pytest.mark.django_db
def test_a_case_counts_in_the_period_it_began_and_keeps_its_own_answer() -> None:
    lab, now = Lab(), timezone.now()
    pathway = lab.sampled(40)
    for kind, back in ((ASKED, 30), (NEWS, 12), (ASKED, 10), (NEWS, 8)):
        pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=now - timedelta(days=back))
    (early,) = in_period(lab, 35, 20)[Indicator.INTERMEDIATE]
    assert (early.wait.state, early.wait.raw) == (Scored.MISSED, 18), "the second answer is that of the next request"
    (late,) = in_period(lab, 20, 0)[Indicator.INTERMEDIATE]
    assert (late.wait.state, late.wait.raw) == (Scored.MET, 2)


@pytest.mark.django_db
def test_a_case_counts_once_for_the_laboratory_that_received_the_sample() -> None:
    lab, now = Lab(), timezone.now()
    request = lab.ask(at=now - timedelta(days=6), reception=lab.histology)
    lab.say(lab.share(request, lab.molecular), "intermediate", at=now - timedelta(days=4))
    typed = lab.sampled(20)
    pathways.record_milestone(pathway=typed, kind=ASKED, occurred_at=now - timedelta(days=9))
    cases = in_period(lab, 30, 0)[Indicator.INTERMEDIATE]
    lines = dict(lines_of(cases, LabCut.LABORATORY))
    assert list(lines) == ["Anatomopathologie", "Hors de Jalon"], "by name: nobody is ranked"
    assert (lines["Anatomopathologie"].met, lines["Hors de Jalon"].missed) == (1, 1)
    asked = request.pathway.milestones.get(kind=ASKED)
    pathways.correct_milestone(milestone=asked, occurred_at=asked.occurred_at - timedelta(days=9), author=lab.nurse)
    lines = dict(lines_of(in_period(lab, 30, 0)[Indicator.INTERMEDIATE], LabCut.LABORATORY))
    assert lines["Anatomopathologie"].missed == 1, "a corrected request is still that laboratory's"


# --- the page ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def lab() -> Lab:
    return Lab()


def _answered(lab: Lab, *days: float) -> None:
    """Samples told unreadable so many days after their sending."""
    for wait in days:
        pathway, now = lab.sampled(30), timezone.now()
        for kind, back in ((ASKED, 25), (SENT, 25), (BAD, 25 - wait)):
            pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=now - timedelta(days=back))


@pytest.mark.django_db
def test_the_page_tells_the_figures_with_their_chart_and_hides_small_ones(
    client: Client, lab: Lab, django_assert_max_num_queries: Any
) -> None:
    client.force_login(lab.nurse)
    _answered(lab, 2, 2, 3, 3)
    page = text(client.get(url("lab-figures")))
    assert "moins de 5" in page
    assert "co-chart-span" not in page, "nothing is drawn of four"
    _answered(lab, 3, 12)
    with django_assert_max_num_queries(16):
        response = client.get(url("lab-figures"), {"par": "parcours"})
    page = text(response)
    assert "co-chart-span" in page
    unreadable = response.context["tables"][1]
    assert [(line.count, line.raw) for _, line in unreadable.lines] == [(6, (2.25, 3.0, 3.0))]
    assert not unreadable.lines[0][1].parted, "one late of six"
    assert AccessLog.objects.count() == 0, "figures name nobody"


@pytest.mark.django_db
def test_a_period_is_chosen_and_a_wrong_one_is_said(client: Client, lab: Lab) -> None:
    client.force_login(lab.nurse)
    _answered(lab, 3)
    today = timezone.localdate()
    response = client.get(url("lab-figures"), {"du": today - timedelta(days=20), "au": today})
    assert response.context["tables"][1].lines == []
    day = today - timedelta(days=25)
    response = client.get(url("lab-figures"), {"du": day, "au": day})
    assert len(response.context["tables"][1].lines) == 1, "the last day is included"
    response = client.get(url("lab-figures"), {"du": today, "au": day})
    assert response.status_code == 422
    assert "La fin ne précède pas le début." in text(response)


@pytest.mark.django_db
def test_quality_reads_the_figures_and_the_list_is_a_read(client: Client, lab: Lab) -> None:
    _answered(lab, 3, 5)
    client.force_login(lab.nurse)
    response = client.get(url("lab-figures-list"), {"quoi": "IND-11"})
    assert [words for _, words in response.context["rows"]] == ["5\xa0j\xa0: promesse dépassée", "3\xa0j\xa0: tenu"]
    assert AccessLog.objects.filter(what="Chiffres du laboratoire").count() == 2
    assert client.get(url("lab-figures-list"), {"quoi": "IND-99"}).status_code == 404
    client.force_login(UserFactory(role=Role.QUALITY, team=TeamFactory(establishment=lab.team.establishment)))
    assert "quoi=" not in text(client.get(url("lab-figures")))
    assert client.get(url("lab-figures-list")).status_code == 403
