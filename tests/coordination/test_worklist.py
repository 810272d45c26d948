"""The worklist: counters are the lists, the order is the rule, the cost does not follow the data."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coordination.models import ContactState
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.worklist import Row, worklist_rows
from coordination.rules.worklist import (
    LONG_LATE,
    Course,
    Expected,
    Situation,
    Tier,
    priority,
    reason,
    tier,
)
from directory.models import Role, User
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules.lateness import Lateness
from pathways.rules.milestones import MilestoneKind
from pathways.services import calendar_of
from pathways.views.sheet import day_count
from tests.coordination.factories import Desk, exam
from tests.factories import PathwayFactory, TargetFactory, UserFactory

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
TODAY = date(2026, 11, 23)


def rows_of(user: User, name: str = reads.ALL, scope: Scope | None = None) -> list[Row]:
    now = timezone.now()
    found = reads.chosen(reads.at_desk(user, scope or Scope()), name, now, timezone.localdate())
    return worklist_rows(reads.page_of(found, now, timezone.localdate(), 0, 50), now)


def figures_of(user: User, scope: Scope | None = None) -> dict[str, int]:
    return reads.counters(reads.at_desk(user, scope or Scope()), timezone.now(), timezone.localdate())


def without_next(desk: Desk) -> Pathway:
    """Nothing is expected after the end of the target."""
    pathway = desk.pathway(days_ago=4)
    pathways.record_milestone(pathway=pathway, kind="transfer", occurred_at=timezone.now())
    return Pathway.objects.get(pk=pathway.pk)


# --- order -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("has_next", "due", "call", "expected"),
    [
        (False, None, None, Tier.WITHOUT_NEXT),
        (False, None, TODAY, Tier.WITHOUT_NEXT),
        (True, NOW - timedelta(microseconds=1), None, Tier.LATE),
        (True, NOW - LONG_LATE, TODAY, Tier.LATE),
        (True, NOW - LONG_LATE - timedelta(microseconds=1), None, Tier.LONG_LATE),
        (True, NOW - LONG_LATE - timedelta(microseconds=1), TODAY, Tier.CALL_BACK),
        (True, NOW, TODAY, Tier.CALL_BACK),
        (True, NOW, TODAY + timedelta(days=1), Tier.COMING),
        (True, None, TODAY - timedelta(days=9), Tier.CALL_BACK),
        (True, None, None, Tier.COMING),
    ],
)
def test_tiers(has_next: bool, due: datetime | None, call: date | None, expected: Tier) -> None:
    assert tier(has_next=has_next, next_due_at=due, call_back_on=call, now=NOW, today=TODAY) is expected


@st.composite
def desks_of_pathways(draw: st.DrawFn) -> list[tuple[bool, float | None, int | None, int]]:
    """(has a next step, hours until due, days until the promised call, days since opening) of some pathways."""
    one = st.tuples(
        st.booleans(),
        st.one_of(
            st.none(), st.sampled_from([-24 * 31, -24 * 30.5, -24 * 29, -1, 1, 24, 24 * 8]), st.floats(-900, 900)
        ),
        st.one_of(st.none(), st.integers(-3, 3)),
        st.integers(0, 90),
    )
    return draw(st.lists(one, min_size=1, max_size=8))


class OrderTest(TestCase):
    """The SQL order and counters agree with the pure rule on generated pathways."""

    @settings(max_examples=20, deadline=None)
    @given(desks_of_pathways())
    def test_the_sql_order_is_the_rule(self, drawn: list[tuple[bool, float | None, int | None, int]]) -> None:
        desk = Desk()
        now, today = timezone.now(), timezone.localdate()
        desk.target  # noqa: B018 (published once)
        for has_next, hours, days, opened in drawn:
            pathway = desk.pathway(days_ago=opened)
            due = now + timedelta(hours=hours) if has_next and hours is not None else None
            step = pathway.steps.first() if has_next else None
            Pathway.objects.filter(pk=pathway.pk).update(next_step=step, next_due_at=due)
            if days is not None:
                desk.call_back(pathway, days + 40)
                ContactState.objects.filter(pathway=pathway).update(call_back_on=today + timedelta(days=days))
        stored = list(Pathway.objects.filter(team=desk.team).select_related("contact_state"))
        calls = {each.pk: getattr(getattr(each, "contact_state", None), "call_back_on", None) for each in stored}

        def key(each: Pathway) -> Any:
            return (
                *priority(
                    has_next=each.next_step_id is not None, next_due_at=each.next_due_at, call_back_on=calls[each.pk],
                    opened_at=each.opened_at, now=now, today=today,
                ),
                each.pk,
            )  # fmt: skip

        found = reads.at_desk(desk.coordinator, Scope())
        assert [each.pk for each in reads.by_priority(found, now, today)] == [
            each.pk for each in sorted(stored, key=key)
        ]
        figures = reads.counters(found, now, today)
        for name in reads.filters():
            assert figures[name] == len(reads.chosen(found, name, now, today)), name


@pytest.mark.django_db
def test_each_counter_is_its_list(desk: Desk) -> None:
    lost = without_next(desk)
    late = desk.pathway(days_ago=20)
    fresh = desk.pathway()
    desk.call_back(fresh, 0)
    figures = figures_of(desk.coordinator)
    assert figures == {
        "sans-suite": 1, "en-retard": 1, "bientot": 1, "a-rappeler": 1, "du-jour": 0, "rcp": 0, "a-revoir": 0,
        "toutes": 3,
    }  # fmt: skip
    assert [row.pathway for row in rows_of(desk.coordinator)] == [lost, late, fresh]
    assert [row.pathway for row in rows_of(desk.coordinator, "sans-suite")] == [lost]
    assert [row.pathway for row in rows_of(desk.coordinator, "en-retard")] == [late]
    assert [row.pathway for row in rows_of(desk.coordinator, "a-rappeler")] == [fresh]


@pytest.mark.django_db
def test_the_long_lost_are_reviewed_apart_after_the_recently_late(desk: Desk) -> None:
    lost, recent = desk.pathway(days_ago=60), desk.pathway(days_ago=20)
    assert [row.pathway for row in rows_of(desk.coordinator, "en-retard")] == [recent, lost]
    assert [row.pathway for row in rows_of(desk.coordinator, "a-revoir")] == [lost]
    assert figures_of(desk.coordinator)["a-revoir"] == 1


@pytest.mark.django_db
def test_scopes(desk: Desk) -> None:
    colleague = UserFactory(role=Role.COORDINATOR, team=desk.team)
    fast = TargetFactory(team=desk.team, key="fast")
    mine = desk.pathway()
    theirs = PathwayFactory(team=desk.team, target=fast, owner=colleague)
    Desk().pathway()
    assert {row.pathway for row in rows_of(desk.coordinator)} == {mine, theirs}
    assert [row.pathway for row in rows_of(desk.coordinator, scope=Scope(mine=True))] == [mine]
    assert [row.pathway for row in rows_of(desk.coordinator, scope=Scope(target="fast"))] == [theirs]
    assert figures_of(desk.coordinator, Scope(mine=True))["toutes"] == 1


# --- what a row says -------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_row_tells_the_day_the_margin_and_what_is_missing(desk: Desk) -> None:
    desk.pathway(days_ago=5)
    (row,) = rows_of(desk.coordinator)
    assert (row.course.day, row.course.raw, row.course.target, row.course.ended) == (5, 5, 28, False)
    assert row.step is not None
    assert row.step.key == "referral_complete"
    assert row.margin == -4, "received on Wednesday, complete the next worked day"
    assert "demande incomplète" in row.reason.text
    assert "J+5 sur 28" in row.reason.text
    assert row.reason.text.endswith("jamais joint")
    assert row.can_book


@pytest.mark.django_db
def test_the_day_count_is_that_of_the_patients_page(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=12)
    today = timezone.localdate()
    pathways.add_pause(
        pathway=pathway, kind="patient_choice", starts_on=today - timedelta(days=6), ends_on=today - timedelta(days=3),
        author=desk.coordinator,
    )  # fmt: skip
    (row,) = rows_of(desk.coordinator)
    now = timezone.now()
    page = day_count(Pathway.objects.with_page_data(now).get(pk=pathway.pk), now, calendar_of(desk.team.establishment))
    assert (row.course.day, row.course.raw, row.course.target) == (page.adjusted, page.raw, page.target_days)
    assert row.course.day < row.course.raw
    pathways.record_milestone(pathway=pathway, kind="treatment_started", occurred_at=now - timedelta(days=1))
    (row,) = rows_of(desk.coordinator)
    assert row.course.ended
    assert row.course.raw == 11


@pytest.mark.django_db
def test_a_booked_exam_shows_on_the_row_and_is_not_offered_again(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=1)
    for kind in ("referral_complete", "appointment_offered", "first_care", "gp_informed"):
        pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=timezone.now())
    (row,) = rows_of(desk.coordinator)
    assert "pas de créneau réservé" in row.reason.text
    for days, code in ((10, "scanner"), (11, "irm"), (12, "biopsie_percutanee")):
        desk.booking(desk.slot(in_days=days, exam_type=exam(code)), pathway)
    (row,) = rows_of(desk.coordinator)
    assert "rendez-vous" in row.reason.text
    assert not row.can_book, "the percutaneous biopsy does the same step as the endoscopic ultrasound"


@pytest.mark.django_db
def test_an_appointment_nobody_marked_is_to_confirm(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=6)
    for kind in ("referral_complete", "appointment_offered", "first_care", "gp_informed"):
        pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=timezone.now() - timedelta(days=5))
    desk.past_booking(pathway=pathway, hours=30)
    (row,) = rows_of(desk.coordinator)
    assert "à confirmer" in row.reason.text


@pytest.mark.django_db
def test_an_exam_outside_the_plan_that_nobody_marked_is_to_confirm_too(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=6)
    desk.past_booking(pathway=pathway, hours=30, code="tep_scanner")
    (row,) = rows_of(desk.coordinator)
    assert row.reason.text.count("à confirmer") == 1
    assert row.can_book, "the exams of the plan are still to book"


@pytest.mark.django_db
def test_a_paused_clock_is_not_a_lost_patient(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=0)
    pathways.add_pause(pathway=pathway, kind="patient_choice", starts_on=timezone.localdate(), author=desk.coordinator)
    (row,) = rows_of(desk.coordinator)
    assert row.pathway.next_step_id is not None
    assert row.reason.cause == "décompte arrêté"
    assert figures_of(desk.coordinator)["sans-suite"] == 0


def expected(**more: Any) -> Expected:
    options: dict[str, Any] = {
        "label": "RCP", "kind": MilestoneKind.RCP_REGISTERED, "lateness": Lateness.ON_TIME,
        "due_at": NOW + timedelta(days=4), "margin": 4,
    }  # fmt: skip
    return Expected(**(options | more))


@pytest.mark.parametrize(
    ("situation", "text", "tone"),
    [
        (
            Situation(Course(24, 28), expected(due_at=NOW - timedelta(days=3), margin=-3, lateness=Lateness.LATE),
                      last_contact_on=date(2026, 11, 17)),
            "échéance dépassée de 3 j, pas de date de RCP, J+24 sur 28, dernier contact il y a 6 j", "late",
        ),
        (
            Situation(Course(2, 28), expected(due_at=NOW - timedelta(hours=1), margin=0, lateness=Lateness.LATE),
                      last_contact_on=TODAY),
            "échéance dépassée à 9 h, pas de date de RCP, J+2 sur 28, dernier contact aujourd’hui", "late",
        ),
        (
            Situation(Course(80, 28), expected(due_at=NOW - timedelta(days=40), margin=-40, lateness=Lateness.LATE)),
            "échéance dépassée de 40 j, à revoir, pas de date de RCP, J+80 sur 28, jamais joint", "late",
        ),
        (
            Situation(Course(19), None, attempts=1, has_owner=False),
            "aucune étape datée à venir, 1 essai sans réponse, sans responsable, jamais joint", "late",
        ),
        (
            Situation(Course(5, 28), expected(), call_back_on=date(2026, 11, 22), attempts=2,
                      last_contact_on=date(2026, 11, 22)),
            "rappel prévu hier, pas fait, pas de date de RCP, 2 essais sans réponse, J+5 sur 28, dernier contact hier",
            "soon",
        ),
        (
            Situation(Course(5, 28), expected(), call_back_on=TODAY),
            "rappel prévu aujourd’hui, pas de date de RCP, J+5 sur 28, jamais joint", "soon",
        ),
        (
            Situation(Course(5, 28), expected(margin=1, lateness=Lateness.SOON, due_at=NOW + timedelta(days=1))),
            "échéance demain, pas de date de RCP, J+5 sur 28, jamais joint", "soon",
        ),
        (
            Situation(Course(20, 28, raw=20, ended=True), expected(margin=44, kind=None, label="Réévaluation")),
            "échéance dans 44 j, en attente : Réévaluation, jamais joint", "neutral",
        ),
        (
            Situation(Course(5, 28, raw=9), expected(due_at=NOW + timedelta(days=6), margin=6)),
            "échéance dans 6 j, pas de date de RCP, J+5 sur 28 (J+9 avec les pauses), jamais joint", "neutral",
        ),
        (
            Situation(Course(5, 28), expected(needs_slot=True, booked_for=NOW + timedelta(days=2))),
            "échéance dans 4 j, rendez-vous mer. 25 nov. à 10 h, J+5 sur 28, jamais joint", "neutral",
        ),
        (
            Situation(Course(5, 28), expected(due_at=None, margin=None, paused=True, lateness=Lateness.UNDATED)),
            "décompte arrêté, pas de date de RCP, J+5 sur 28, jamais joint", "paused",
        ),
        (
            Situation(Course(34, 36), None, unmarked_since=NOW - timedelta(days=20)),
            "aucune étape datée à venir, rendez-vous du mar. 3 nov. à confirmer, J+34 sur 36, jamais joint", "late",
        ),
        (
            Situation(
                Course(5, 28), expected(needs_slot=True, booked_for=NOW - timedelta(days=1)),
                unmarked_since=NOW - timedelta(days=1),
            ),
            "échéance dans 4 j, rendez-vous du dim. 22 nov. à confirmer, J+5 sur 28, jamais joint", "neutral",
        ),
        (
            Situation(Course(5, 28), None, deceased=True),
            "patient décédé, parcours à clore, J+5 sur 28, jamais joint", "late",
        ),
    ],
)  # fmt: skip
def test_why_a_patient_is_there(situation: Situation, text: str, tone: str) -> None:
    found = reason(situation, NOW, TODAY)
    assert (found.text.replace("\u00a0", " "), found.tone) == (text, tone)
