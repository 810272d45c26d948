"""Figures of slots: computed from milestones and slots, quartiles with their count, nothing shown of too few."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coordination import services
from coordination.models import Booking, ExamRequest, ExamType, Slot, WaitingPlace
from coordination.readings.demand import demand_of
from coordination.readings.slot_delays import Cut, Delays, State, lines_of, promise_of, quarter_of
from coordination.readings.slot_use import Told, Use, percent, told, total_of
from coordination.readings.unmet import unmet
from coordination.rules.charts import PHONE, SCREEN, bars, ranges
from coordination.rules.sizing import sizes_around
from coordination.rules.spread import FEWEST, Spread, quantile, spread_of
from directory.models import AccessLog, Role
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules.calendar import Calendar
from tests.access.test_access import NO_REDIS
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")


def fact(pathway: Pathway, kind: str, at: datetime, detail: str = "") -> None:
    pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=at, detail=detail)


def done_after(desk: Desk, days: float, code: str = "scanner") -> Pathway:
    """A patient whose exam came ``days`` after it was asked."""
    pathway = desk.pathway(days_ago=30)
    asked = timezone.now() - timedelta(days=25)
    fact(pathway, exam(code).booked_as, asked, code)
    fact(pathway, exam(code).done_as, asked + timedelta(days=days), code)
    return pathway


def delays(cut: Cut = Cut.EXAM) -> Delays:
    now = timezone.now()
    return Delays(Pathway.objects.all(), now - timedelta(days=366), now, cut, PARIS)


# --- spread, charts ---------------------------------------------------------------------------------------------------
def test_quartiles_stand_between_their_neighbours() -> None:
    assert spread_of([1, 2, 3, 4, 5]) == Spread(5, 2, 3, 4)
    assert spread_of([10, 1, 2, 4, 3, 5]) == Spread(6, 2.25, 3.5, 4.75)
    assert quantile([7.0], 0.9) == 7.0


def test_too_few_are_counted_and_not_described() -> None:
    few = spread_of([1.0] * (FEWEST - 1))
    assert (few.count, few.low, few.middle, few.high) == (4, None, None, None)
    assert few.hidden
    assert not few.shown
    assert spread_of([1.0] * FEWEST).shown
    assert not spread_of([]).hidden


def test_the_pieces_of_a_bar_touch_and_keep_their_share() -> None:
    chart = bars([("A", [10, 0, 30]), ("Une consultation au nom bien trop long pour tenir", [20])])
    first, second = chart.rows
    assert [part.rank for part in first.parts] == [1, 3], "an empty piece is not drawn"
    assert first.parts[0].x == SCREEN.x0
    assert first.parts[0].x + first.parts[0].width == first.parts[1].x
    assert first.parts[1].width == pytest.approx(3 * first.parts[0].width, abs=2)
    assert second.parts[0].width == pytest.approx(2 * first.parts[0].width, abs=2)
    assert second.label.endswith("…")
    assert max(part.x + part.width for row in chart.rows for part in row.parts) < SCREEN.width
    assert bars([]).rows == []


def test_a_phone_has_its_own_drawing_with_the_words_above() -> None:
    chart = bars([("Consultation pluridisciplinaire", [10, 30]), ("IRM", [20, 0])])
    phone = chart.phone
    assert phone is not None
    assert (chart.sheet, phone.sheet) == (SCREEN, PHONE)
    assert [row.label for row in phone.rows] == ["Consultation pluridisciplinaire", "IRM"], "whole: there is room above"
    assert chart.rows[0].label.endswith("…")
    assert max(part.x + part.width for row in phone.rows for part in row.parts) == PHONE.width - PHONE.pad
    spans = ranges([("IRM", 1, 2, 4, "2 j")], mark=8).phone
    assert spans is not None
    assert spans.mark_x == PHONE.width - PHONE.pad


def test_a_span_holds_its_middle_and_the_mark_its_place() -> None:
    chart = ranges([("A", 10, 20, 40, "20")], most=100, mark=50)
    (row,) = chart.rows
    assert row.x < row.middle_x < row.x + row.width < row.text_x
    assert chart.mark_x is not None
    assert row.x + row.width < chart.mark_x
    assert [tick.text for tick in chart.ticks] == ["0", "20", "40", "60", "80", "100"]


# --- delays -----------------------------------------------------------------------------------------------------------
def test_from_request_to_exam_by_type(desk: Desk) -> None:
    for days in (2, 3, 4, 5, 6):
        done_after(desk, days)
    done_after(desk, 9, "irm")
    still = desk.pathway(days_ago=9)
    fact(still, "exam_requested", timezone.now() - timedelta(days=3), "scanner")
    lines = {line.group: line.spread for line in lines_of(delays().exams(), Cut.EXAM)}
    assert lines["Scanner"] == Spread(5, 3, 4, 5), "what is not done yet has no delay"
    assert lines["IRM"] == Spread(1), "one: told, not described"


def test_an_exam_asked_twice_before_it_is_made_waits_from_the_first(desk: Desk) -> None:
    exam()
    pathway, now = desk.pathway(days_ago=20), timezone.now()
    for days_ago, kind in ((15, "exam_requested"), (12, "exam_requested"), (10, "exam_done"), (6, "exam_requested"),
                           (5, "exam_done")):  # fmt: skip
        fact(pathway, kind, now - timedelta(days=days_ago), "scanner")
    assert [round(each.days) for each in delays().exams()] == [5, 1]


def test_a_request_that_names_no_exam_is_that_of_each_exam_made_after(desk: Desk) -> None:
    exam(), exam("irm")
    pathway, now = desk.pathway(days_ago=20), timezone.now()
    asked, done = "exam_requested", "exam_done"
    for days_ago, kind, code in (
        (12, asked, ""), (9, done, "scanner"), (8, done, "irm"), (5, done, "scanner"), (4, asked, ""),
        (1, done, "scanner"),
    ):  # fmt: skip
        fact(pathway, kind, now - timedelta(days=days_ago), code)
    found = sorted((each.group, round(each.days)) for each in delays().exams())
    assert found == [("IRM", 4), ("Scanner", 3), ("Scanner", 3)]


def test_a_booking_made_by_mistake_asked_for_nothing(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=30)
    with time_machine.travel(timezone.now() - timedelta(days=20)):
        booking = desk.booking(desk.slot(), pathway)
        services.cancel_booking(booking=booking, code="mistake", user=desk.coordinator)
    assert not pathway.milestones.in_force().filter(kind="exam_requested").exists()
    services.mark_done(booking=desk.past_booking(pathway=pathway), user=desk.technician)
    assert [each.days < 10 for each in delays().exams()] == [True]


def test_what_prepares_a_treatment_is_no_diagnostic_act(desk: Desk) -> None:
    ExamType.objects.filter(pk=exam("bilan_cardiologique").pk).update(diagnostic=False)
    pathway, start = desk.pathway(days_ago=20, received=False), timezone.now() - timedelta(days=20)
    fact(pathway, "referral_received", start)
    fact(pathway, "exam_done", start + timedelta(days=2), "bilan_cardiologique")
    fact(pathway, "exam_done", start + timedelta(days=4), "examen inconnu")
    assert [round(each.days) for each in delays().first_acts()] == [4]


def test_a_corrected_fact_counts_as_corrected(desk: Desk) -> None:
    pathway = done_after(desk, 5)
    wrong = pathway.milestones.get(kind="exam_done")
    pathways.correct_milestone(
        milestone=wrong, occurred_at=wrong.occurred_at - timedelta(days=3), author=desk.coordinator
    )
    assert [round(each.days) for each in delays().exams()] == [2]


def test_from_reception_to_the_first_act(desk: Desk) -> None:
    exam()
    pathway, start = desk.pathway(days_ago=20, received=False), timezone.now() - timedelta(days=20)
    fact(pathway, "referral_received", start)
    fact(pathway, "biopsy_taken", start + timedelta(days=6), "biopsie_percutanee")
    fact(pathway, "exam_done", start + timedelta(days=4), "scanner")
    assert [(each.group, round(each.days)) for each in delays().first_acts()] == [("Scanner", 4)]


def test_an_appointment_is_promised_within_48_working_hours(desk: Desk) -> None:
    friday = datetime(2026, 11, 13, 18, tzinfo=PARIS)
    for offered in (timedelta(days=4), timedelta(days=4, hours=1), None):
        pathway = desk.pathway(days_ago=12, received=False)
        fact(pathway, "referral_received", friday)
        if offered:
            fact(pathway, "appointment_offered", friday + offered)
    states = [state for state, _ in delays().offers().values()]
    assert sorted(states) == sorted([State.MET, State.MISSED, State.MISSED]), "Friday 18:00 is due Tuesday 18:00"
    told = promise_of([State.MET, State.MISSED, State.RUNNING, State.OUT, State.UNKNOWN, State.MET])
    assert (told.met, told.missed, told.running, told.out, told.unknown, told.judged) == (2, 1, 1, 1, 1, 3)


def test_what_was_closed_or_paused_before_the_promise_was_due_is_not_missed(desk: Desk) -> None:
    soon, late, paused = (desk.pathway(days_ago=12) for _ in range(3))
    for pathway, days_ago in ((soon, 11.9), (late, 5)):
        with time_machine.travel(timezone.now() - timedelta(days=days_ago)):
            pathways.close_pathway(pathway=pathway, reason="completed", author=desk.coordinator)
    pathways.add_pause(
        pathway=paused, kind="patient_choice", starts_on=timezone.localdate() - timedelta(days=12), author=None
    )
    states = {pathway: state for pathway, (state, _) in delays().offers().items()}
    assert (states[soon.pk], states[late.pk]) == (State.OUT, State.MISSED)
    assert states[paused.pk] is State.RUNNING


def offer_of(pathway: Pathway) -> State:
    return delays().offers()[pathway.pk][0]


def test_an_appointment_given_before_the_request_was_written_keeps_the_promise(desk: Desk) -> None:
    pathway, at = desk.pathway(days_ago=12, received=False), timezone.now() - timedelta(days=12)
    fact(pathway, "appointment_offered", at)
    fact(pathway, "referral_received", at + timedelta(minutes=10))
    assert offer_of(pathway) is State.MET


def test_a_pathway_closed_before_the_promise_fell_due_does_not_apply(desk: Desk) -> None:
    now = timezone.now()
    early, late = desk.pathway(days_ago=1, received=False), desk.pathway(days_ago=12, received=False)
    fact(early, "referral_received", now - timedelta(hours=5))
    fact(late, "referral_received", now - timedelta(days=12))
    assert (offer_of(early), offer_of(late)) == (State.RUNNING, State.MISSED)
    for pathway in (early, late):
        pathways.close_pathway(pathway=pathway, reason="refused", author=None)
    assert (offer_of(early), offer_of(late)) == (State.OUT, State.MISSED)


def test_a_request_received_before_the_period_is_not_unknown(desk: Desk) -> None:
    now = timezone.now()
    pathway = desk.pathway(days_ago=10, received=False)
    fact(pathway, "referral_received", now - timedelta(days=9))
    without = desk.pathway(days_ago=3, received=False)
    found = Delays(Pathway.objects.all(), now - timedelta(days=5), now, Cut.EXAM, PARIS).offers()
    assert {pk: state for pk, (state, _) in found.items()} == {without.pk: State.UNKNOWN}
    pathways.record_milestone(pathway=without, kind="referral_received", occurred_at=now - timedelta(days=8))
    assert Delays(Pathway.objects.all(), now - timedelta(days=5), now, Cut.EXAM, PARIS).offers() == {}


def test_a_consultation_offered_is_no_exam_asked_and_a_pre_treatment_exam_no_diagnosis(desk: Desk) -> None:
    exam()
    pathway, start = desk.pathway(days_ago=20, received=False), timezone.now() - timedelta(days=20)
    fact(pathway, "referral_received", start)
    fact(pathway, "appointment_offered", start + timedelta(days=1), "consultation")
    fact(pathway, "first_care", start + timedelta(days=3), "consultation")
    fact(pathway, "exam_done", start + timedelta(days=5), "consultation_anesthesie")
    assert delays().exams() == []
    assert delays().first_acts() == []
    fact(pathway, "exam_done", start + timedelta(days=8), "irm")
    assert [(each.group, round(each.days)) for each in delays().first_acts()] == [("IRM", 8)]


def test_pauses_are_taken_out_beside_the_raw_delay(desk: Desk) -> None:
    pathway = done_after(desk, 6)
    day = (timezone.now() - timedelta(days=24)).date()
    pathways.add_pause(pathway=pathway, kind="medical", starts_on=day, ends_on=day + timedelta(days=1), author=None)
    (each,) = delays().exams()
    assert (round(each.days), round(each.adjusted)) == (6, 4)
    (line,) = lines_of([each] * 5, Cut.EXAM)
    assert (round(line.spread.middle or 0), round(line.adjusted.middle or 0)) == (6, 4)


def test_unmet_demand_is_drawn_without_what_is_too_few(nurse: Client, desk: Desk) -> None:
    for number in range(6):
        WaitingPlace.objects.create(
            pathway=desk.pathway(), exam_type=exam("irm" if number == 5 else "scanner"), asked_at=timezone.now()
        )
    chart = nurse.get(url("slot-figures")).context["unmet"]["chart"]
    assert [(row.label, row.total) for row in chart.rows] == [("Scanner", 5)], "one is not drawn"
    WaitingPlace.objects.all().delete()
    assert nurse.get(url("slot-figures")).context["unmet"]["chart"] is None


def test_by_quarter_and_by_platform(desk: Desk) -> None:
    done_after(desk, 5)
    booking = desk.past_booking()
    services.mark_done(booking=booking, user=desk.technician)
    groups = {each.group for each in delays(Cut.PLATFORM).exams()}
    assert groups == {"Hors créneaux de Jalon", "Scanner 1"}
    assert {each.group for each in delays(Cut.QUARTER).exams()} == {"4e trim. 2026"}
    assert quarter_of(datetime(2026, 3, 31, tzinfo=PARIS).date()) == "1er trim. 2026"


def test_the_quarter_is_that_of_the_place(desk: Desk) -> None:
    exam()
    pathway, asked = desk.pathway(days_ago=90), datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    fact(pathway, "exam_requested", asked, "scanner")
    fact(pathway, "exam_done", asked + timedelta(days=3), "scanner")
    assert [each.group for each in delays(Cut.QUARTER).exams()] == ["4e trim. 2026"], "half past midnight in Paris"


def test_each_delay_is_that_of_the_platform_that_answered_it(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=60)
    first = desk.past_booking(pathway=pathway, hours=24 * 20)
    services.mark_done(booking=first, user=desk.technician)
    second = desk.past_booking(pathway=pathway)
    other = TeamFactory(kind="platform", establishment=desk.team.establishment, name="Autre scanner")
    Slot.objects.filter(pk=second.slot_id).update(platform=other)
    services.mark_done(booking=second, user=desk.technician)
    assert sorted(each.group for each in delays(Cut.PLATFORM).exams()) == ["Autre scanner", "Scanner 1"]


# --- demand not met ---------------------------------------------------------------------------------------------------
def test_who_waits_who_came_too_late_who_was_refused(desk: Desk) -> None:
    now, one = timezone.now(), desk.pathway()
    scanner = exam()
    WaitingPlace.objects.create(pathway=one, exam_type=scanner, asked_at=now)
    WaitingPlace.objects.create(
        pathway=one, exam_type=exam("irm"), asked_at=now, status="withdrawn", ended_at=now, end_reason="Autre site"
    )
    ExamRequest.objects.create(
        pathway=one, exam_type=scanner, addressed_to=desk.platform, asked_at=now, status="refused", reason="Complet"
    )
    two = desk.pathway(days_ago=30)
    step = two.steps.get(key="ct")
    booking = desk.booking(desk.slot(in_days=60, exam_type=scanner), two, step_key=step.key)
    assert booking.slot.starts_at > step.due_at
    in_time = desk.pathway()
    last = in_time.steps.exclude(exam_type="").exclude(due_at=None).order_by("-due_at")[0]
    timely = desk.booking(desk.slot(in_days=3, exam_type=exam(last.exam_type)), in_time, step_key=last.key)
    assert timely.slot.starts_at < last.due_at
    Booking.objects.filter(pk=booking.pk).update(exam_type=scanner)
    found = {kind.key: kind.pairs for kind in unmet(Pathway.objects.all(), now - timedelta(days=30))}
    assert found == {
        "attend": [("Scanner", one.pk)],
        "renonce": [("IRM", one.pk)],
        "tard": [("Scanner", two.pk)],
        "refuse": [("Scanner", one.pk)],
    }


def test_who_is_on_the_list_again_has_not_given_up(desk: Desk) -> None:
    now, pathway = timezone.now(), desk.pathway()
    WaitingPlace.objects.create(
        pathway=pathway, exam_type=exam(), asked_at=now, status="withdrawn", ended_at=now, end_reason="Erreur"
    )

    def left() -> list[tuple[str, int]]:
        return next(k.pairs for k in unmet(Pathway.objects.all(), now - timedelta(days=30)) if k.key == "renonce")

    WaitingPlace.objects.create(pathway=pathway, exam_type=exam("irm"), asked_at=now)
    assert left() == [("Scanner", pathway.pk)], "another exam is another wait"
    WaitingPlace.objects.create(pathway=pathway, exam_type=exam(), asked_at=now + timedelta(seconds=1))
    assert left() == []


def test_a_late_booking_says_its_objective_its_day_and_by_how_much(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway(days_ago=30)
    step = pathway.steps.get(key="ct")
    for days, code, key in ((60, "scanner", "ct"), (61, "irm", "mri")):
        desk.booking(desk.slot(in_days=days, exam_type=exam(code)), pathway, step_key=key)
    response = nurse.get(url("slot-figures-list"), {"quoi": "tard"})
    (first, _) = [words for _, words in response.context["rows"]]
    booking = Booking.objects.order_by("slot__starts_at")[0]
    late = (timezone.localdate(booking.slot.starts_at) - timezone.localdate(step.due_at)).days
    assert first.startswith("Scanner : objectif ") and f"({late}\u00a0j après)" in first
    assert (response.context["count"], response.context["people"]) == (2, 1), "a patient late twice is one patient"
    only = nurse.get(url("slot-figures-list"), {"quoi": "tard", "groupe": "IRM"})
    assert len(only.context["rows"]) == 1


# --- the pages --------------------------------------------------------------------------------------------------------
def test_a_figure_opens_its_list_and_the_list_is_a_read(nurse: Client, desk: Desk) -> None:
    slow, quick = done_after(desk, 9), done_after(desk, 2)
    page = text(nurse.get(url("slot-figures")))
    assert "moins de 5" in page, "two patients are not counted out loud"
    assert AccessLog.objects.count() == 0, "figures name nobody"
    response = nurse.get(url("slot-figures-list"), {"quoi": "examen", "groupe": "Scanner"})
    assert [pathway for pathway, _ in response.context["rows"]] == [slow, quick], "the longest first"
    assert AccessLog.objects.filter(what="Chiffres des créneaux").count() == 2
    assert nurse.get(url("slot-figures-list"), {"quoi": "rien"}).status_code == 404


@pytest.mark.parametrize("cut", ["examen", "plateau", "trimestre", "x"])
def test_each_cut_is_a_page(nurse: Client, desk: Desk, cut: str) -> None:
    for _ in range(FEWEST):
        slot = desk.slot_at(timezone.now() - timedelta(days=3))
        desk.booking(slot, desk.pathway(), at=timezone.now() - timedelta(days=7))
    for days in (1, 2, 3, 4, 5):
        done_after(desk, days)
    response = nurse.get(url("slot-figures"), {"par": cut})
    assert response.status_code == 200
    assert "remplissage <strong>100 %</strong>" in text(response)


def test_quality_reads_the_figures_of_its_site_and_opens_no_list(client: Client, desk: Desk) -> None:
    for days in (1, 2, 3, 4, 5):
        done_after(desk, days)
    quality = UserFactory(role=Role.QUALITY, team=TeamFactory(establishment=desk.team.establishment))
    client.force_login(quality)
    response = client.get(url("slot-figures"))
    assert [line.spread.count for line in response.context["exams"]] == [5]
    assert "quoi=" not in text(response)
    assert client.get(url("slot-figures-list")).status_code == 403
    client.force_login(UserFactory(role=Role.QUALITY, team=TeamFactory()))
    assert client.get(url("slot-figures")).context["exams"] == [], "another site's"


# --- sizing -----------------------------------------------------------------------------------------------------------
ASKED = {
    "examen": "scanner", "objectif": 7, "preavis": 48, "unite": "hours", "part": 90, "jours": ["3"], "sinon": "part",
    "graine": 7,
}  # fmt: skip


def _asked_weekly(desk: Desk, weeks: int) -> None:
    """One request a week, on Mondays, in the weeks before this one."""
    for number in range(1, weeks + 1):
        at = timezone.now() - timedelta(weeks=number)
        WaitingPlace.objects.create(pathway=desk.pathway(days_ago=7 * number), exam_type=exam(), asked_at=at)


def test_the_history_counts_each_need_once_by_whole_weeks(desk: Desk) -> None:
    _asked_weekly(desk, 9)
    pathway = desk.pathway()
    old = timezone.now() - timedelta(weeks=2)
    WaitingPlace.objects.create(pathway=pathway, exam_type=exam(), asked_at=old, step_key="ct")
    ExamRequest.objects.create(
        pathway=pathway, exam_type=exam(), addressed_to=desk.platform, step_key="ct", asked_at=old + timedelta(days=1)
    )
    WaitingPlace.objects.create(pathway=desk.pathway(), exam_type=exam(), asked_at=timezone.now())
    history = demand_of(Pathway.objects.all(), exam(), Calendar(), timezone.now())
    assert history.weeks == (1, 1, 1, 1, 1, 1, 1, 2, 1), "this week is not over, a need asked twice is one"
    assert history.weekdays == (10, 0, 0, 0, 0, 0, 0)


def test_what_was_booked_by_mistake_is_no_need(desk: Desk) -> None:
    """Nor what it was moved from; a wait that it had served stays one."""
    now, week = timezone.now(), timedelta(weeks=1)

    def mistaken(moved: bool = False, waited: bool = False) -> None:
        pathway = desk.pathway()
        if waited:
            WaitingPlace.objects.create(pathway=pathway, exam_type=exam(), asked_at=now - week)
        booking = desk.booking(desk.slot(), pathway)
        if moved:
            booking = services.move_booking(booking=booking, to=desk.slot(in_days=12), user=desk.coordinator)
        services.cancel_booking(booking=booking, code="mistake", user=desk.coordinator)

    def needs() -> int:
        Booking.objects.update(booked_at=now - week)
        return sum(demand_of(Pathway.objects.all(), exam(), Calendar(), now).weeks)

    mistaken()
    mistaken(moved=True)
    assert needs() == 0
    mistaken(waited=True)
    assert needs() == 1
    services.cancel_booking(booking=desk.booking(), code="patient_refuses", user=desk.coordinator)
    assert needs() == 2


def test_an_exam_asked_again_once_done_is_another_need(desk: Desk) -> None:
    """Two scanners six weeks apart are two arrivals; one moved, or looked for twice before it was done, is one."""
    pathway, now = desk.pathway(days_ago=80), timezone.now()
    first = desk.past_booking(pathway=pathway, hours=24 * 50)
    Booking.objects.filter(pk=first.pk).update(booked_at=now - timedelta(weeks=9))
    WaitingPlace.objects.create(pathway=pathway, exam_type=exam(), asked_at=now - timedelta(weeks=8))
    again = now - timedelta(weeks=3)
    WaitingPlace.objects.create(
        pathway=pathway, exam_type=exam(), asked_at=again, ended_at=again, end_reason="Erreur", status="withdrawn"
    )

    def needs() -> int:
        return sum(demand_of(Pathway.objects.all(), exam(), Calendar(), now).weeks)

    assert needs() == 1, "the first scanner was not done: it is still the same need"
    services.mark_done(booking=first, user=desk.technician)
    assert needs() == 2


def test_the_page_says_how_many_and_with_which_seed(nurse: Client, desk: Desk) -> None:
    desk.series()
    _asked_weekly(desk, 12)
    first = nurse.get(url("sizing"), {"examen": "scanner"})
    assert first.context["form"].initial["preavis"] == 48
    response = nurse.get(url("sizing"), ASKED)
    page = text(response)
    assert response.context["enough"] == 1, "one a week, one slot a week"
    assert "Graine 7" in page
    assert "1 créneau" in page
    assert [each.slots for each in response.context["sizes"]] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"jours": []}, 422),
        ({"objectif": "x"}, 422),
        ({"examen": "y"}, 422),
        ({"part": 100}, 422),
        ({"preavis": 168}, 422),
    ],
)
def test_a_simulation_asked_wrongly_says_what_is_wrong(
    nurse: Client, desk: Desk, change: dict[str, Any], status: int
) -> None:
    desk.series()
    response = nurse.get(url("sizing"), {**ASKED, **change})
    assert response.status_code == status
    assert response.context["form"].errors


def test_too_little_history_is_said(nurse: Client, desk: Desk) -> None:
    desk.series()
    _asked_weekly(desk, 3)
    response = nurse.get(url("sizing"), ASKED)
    assert "Trop peu d’histoire" in text(response)
    assert "sizes" not in response.context


def test_a_line_that_grows_without_end_is_said_on_the_page(nurse: Client, desk: Desk) -> None:
    desk.series()
    for _ in range(2):
        _asked_weekly(desk, 12)
    page = text(nurse.get(url("sizing"), {**ASKED, "sinon": "attend"}))
    assert "Jusqu’à 2 créneaux par semaine" in page
    assert "la liste d’attente s’allonge sans fin" in page
    assert page.count("Liste sans fin") == 2
    assert "qui commencent avec les patients qui attendraient déjà" in page
    assert "Liste sans fin" not in text(nurse.get(url("sizing"), ASKED)), "who leaves makes no line"


@pytest.mark.usefixtures("clean_cache")
def test_the_same_question_is_played_once_a_day_redis_there_or_not(nurse: Client, desk: Desk) -> None:
    desk.series()
    _asked_weekly(desk, 12)
    with patch("coordination.readings.sized.sizes_around", wraps=sizes_around) as played:
        _asks_thrice(nurse)
    assert played.call_count == 2, "once, and once without Redis"


def _asks_thrice(nurse: Client) -> None:
    first, again = (nurse.get(url("sizing"), ASKED).context["sizes"] for _ in range(2))
    assert first == again
    with override_settings(CACHES=NO_REDIS):
        assert nurse.get(url("sizing"), ASKED).context["sizes"] == first


def test_neither_those_who_came_nor_those_who_did_not_are_told_by_subtraction() -> None:
    """The bounds are those of every line that would be drawn the same, whatever it hides."""
    many, small = Use("a", slots=20, used=18, missed=6), Use("b", slots=9, used=7, missed=1, lost=1)
    assert (many.hidden, small.hidden, Use("c", used=8, released=3, lost=2).hidden) == (False, True, False)
    assert (small.drawn.used, small.drawn.missed, small.drawn.lost) == (7, 0, 1)
    assert told([many]) == Told((24, 24), (75, 75), (25, 25)), "nothing hidden, nothing vague"
    same = [told([many, replace(small, missed=missed)]) for missed in (1, 2, 3, 4)]
    assert len(set(same)) == 1
    assert same[0].places == (24 + 9, 24 + 12)
    both = [told([Use("d", used=used, missed=missed, released=6)]) for used in (1, 4) for missed in (1, 4)]
    assert len(set(both)) == 1
    assert both[0] == Told((8, 14), (percent(1, 11), percent(4, 11)), (percent(1, 11), percent(4, 11)))


@given(st.lists(st.tuples(*(st.integers(0, 9) for _ in range(4))), min_size=1, max_size=6))
def test_what_is_told_holds_what_is_true(drawn: list[tuple[int, int, int, int]]) -> None:
    uses = [Use(n, used=u, missed=m, released=r, lost=k) for n, (u, m, r, k) in enumerate(drawn)]
    true, said = total_of(uses), told(uses)
    assert said.places[0] <= true.places <= said.places[1]
    for figure, span in ((true.fill, said.fill), (true.wasted, said.wasted)):
        if figure is not None:
            low, high = span
            assert low is not None and high is not None and low <= figure <= high


def test_too_few_patients_are_not_shown_of_the_places_either(nurse: Client, desk: Desk) -> None:
    for _ in range(7):
        services.mark_done(booking=desk.past_booking(hours=80), user=desk.technician)
    services.mark_missed(booking=desk.past_booking(hours=80), user=desk.technician)
    for _ in range(2):
        services.mark_done(booking=desk.past_booking("irm", hours=90), user=desk.technician)
    page = nurse.get(url("slot-figures"))
    table = BeautifulSoup(page.content, "html.parser").find("caption", string="Ce que sont devenues les places").parent
    rows = {row.th.text: {cell["data-label"]: cell.text.strip() for cell in row("td")} for row in table.tbody("tr")}
    assert rows["Scanner"]["Utilisées"] == "7" and rows["Scanner"]["Manquées"] == "moins de 5"
    assert rows["IRM"]["Utilisées"] == "moins de 5" and rows["IRM"]["Manquées"] == "0"
    assert (rows["Scanner"]["Places"], rows["Scanner"]["Remplissage"]) == ("8 à 11", "64 à 88 %")
    assert (rows["IRM"]["Places"], rows["IRM"]["Remplissage"]) == ("1 à 4", "100 %")
    assert "9 à 15" in text(page) and "un nombre de moins de 5 patients n’est pas montré" in text(page)
    assert [bar.total for bar in page.context["use_chart"].rows] == [0, 7]


def test_accents_do_not_send_an_exam_to_the_end_and_a_phone_names_each_total(nurse: Client, desk: Desk) -> None:
    for code in ("tep_scanner", "echo_endoscopie", "scanner"):
        services.mark_missed(booking=desk.past_booking(code, hours=80), user=desk.technician)
    desk.series()
    services.ask_to_wait(pathway=desk.pathway(), exam_type=exam(), user=desk.coordinator)
    page = nurse.get(url("slot-figures"))
    assert page.context["uses"][0]["label"] == str(exam("echo_endoscopie"))
    totals = BeautifulSoup(page.content, "html.parser").find("th", string="Ensemble").parent("td")
    assert [cell["data-label"] for cell in totals] == [kind.label for kind in page.context["unmet"]["kinds"]]
