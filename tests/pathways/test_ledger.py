"""The ledger is append-only; each fact rebuilds the plan and is told to the upper rooms."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from directory.errors import DomainError
from pathways import services, signals
from pathways.models import Milestone, Pathway, Step
from tests.factories import PathwayFactory

pytestmark = pytest.mark.django_db


def now() -> Any:
    return timezone.now()


def test_the_database_refuses_to_rewrite_the_past() -> None:
    pathway = PathwayFactory()
    with pytest.raises(DatabaseError), transaction.atomic():
        Milestone.objects.update(occurred_at=now())
    with pytest.raises(DatabaseError), transaction.atomic():
        pathway.milestones.all().delete()


def test_the_same_key_records_once() -> None:
    pathway = PathwayFactory()
    first = services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now(), dedup_key="k")
    again = services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now(), dedup_key="k")
    assert first == again
    assert pathway.milestones.filter(kind="first_care").count() == 1


@pytest.mark.parametrize(
    ("kind", "shift", "field"),
    [
        ("first_care", timedelta(hours=1), "occurred_at"),
        ("first_care", -timedelta(days=40_000), "occurred_at"),
        ("teleportation", timedelta(0), "kind"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_with_its_field(kind: str, shift: timedelta, field: str) -> None:
    pathway = PathwayFactory()
    with pytest.raises(DomainError) as refusal:
        services.record_milestone(pathway=pathway, kind=kind, occurred_at=now() + shift)
    assert refusal.value.field == field


def test_a_correction_moves_the_plan_and_a_second_one_of_the_same_row_is_refused() -> None:
    pathway = PathwayFactory(days_ago=10)
    fact = services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now() - timedelta(days=8))
    before = Step.objects.get(pathway=pathway, key="ct").due_at
    services.correct_milestone(milestone=fact, occurred_at=now() - timedelta(days=5), author=None)
    after = Step.objects.get(pathway=pathway, key="ct").due_at
    assert before is not None and after is not None
    assert after - before == timedelta(days=3)
    with pytest.raises(DomainError) as refusal:
        services.correct_milestone(milestone=fact, occurred_at=now(), author=None)
    assert refusal.value.code == "superseded"
    assert Milestone.objects.in_force().filter(kind="first_care").count() == 1


def test_a_withdrawal_needs_a_reason_and_undoes_the_step() -> None:
    pathway = PathwayFactory(days_ago=3)
    fact = services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now())
    assert Step.objects.get(pathway=pathway, key="first_care").state == "done"
    with pytest.raises(DomainError):
        services.withdraw_milestone(milestone=fact, author=None, note=" ")
    services.withdraw_milestone(milestone=fact, author=None, note="erreur de patient")
    assert Step.objects.get(pathway=pathway, key="first_care").state == "open"


def test_upper_rooms_hear_a_fact_a_correction_and_a_withdrawal_in_order() -> None:
    heard: list[tuple[str, str]] = []

    def on_recorded(milestone: Milestone, **_: Any) -> None:
        heard.append(("recorded", milestone.kind))

    def on_withdrawn(milestone: Milestone, **_: Any) -> None:
        heard.append(("withdrawn", milestone.kind))

    signals.milestone_recorded.connect(on_recorded)
    signals.milestone_withdrawn.connect(on_withdrawn)
    try:
        pathway = PathwayFactory(received=False)
        fact = services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now())
        fact = services.correct_milestone(milestone=fact, occurred_at=now(), author=None)
        services.withdraw_milestone(milestone=fact, author=None, note="erreur")
    finally:
        signals.milestone_recorded.disconnect(on_recorded)
        signals.milestone_withdrawn.disconnect(on_withdrawn)
    assert heard == [
        ("recorded", "first_care"),
        ("withdrawn", "first_care"),
        ("recorded", "first_care"),
        ("withdrawn", "first_care"),
    ]


def test_a_reaction_that_fails_takes_the_fact_with_it() -> None:
    def refuse(**_: Any) -> None:
        raise DomainError("non")

    pathway = PathwayFactory()
    signals.milestone_recorded.connect(refuse)
    try:
        with pytest.raises(DomainError):
            services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now())
    finally:
        signals.milestone_recorded.disconnect(refuse)
    assert not pathway.milestones.filter(kind="first_care").exists()
    assert Step.objects.get(pathway=pathway, key="first_care").state == "open"


def test_a_pause_moves_the_due_date_not_the_raw_one_and_cancelling_moves_it_back() -> None:
    pathway = PathwayFactory(days_ago=1)
    services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now())

    def dues() -> tuple[Any, Any]:
        step = Step.objects.get(pathway=pathway, key="rcp")
        return step.raw_due_at, step.due_at

    raw, due = dues()
    today = timezone.localdate()
    pause = services.add_pause(
        pathway=pathway, kind="patient_choice", starts_on=today + timedelta(days=1),
        ends_on=today + timedelta(days=3), author=None,
    )  # fmt: skip
    assert dues()[0] == raw
    assert dues()[1] == due + timedelta(days=3)
    services.cancel_pause(pause=pause, author=None, reason="Saisie en double")
    assert dues() == (raw, due)


def test_a_pause_that_ends_before_it_starts_is_refused() -> None:
    pathway = PathwayFactory()
    with pytest.raises(DomainError) as refusal:
        services.add_pause(
            pathway=pathway, kind="medical", starts_on=date(2026, 5, 2), ends_on=date(2026, 5, 1), author=None
        )
    assert refusal.value.field == "ends_on"


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "field"),
    [
        (date(9999, 12, 31), None, "starts_on"),
        (date(1, 1, 1), None, "starts_on"),
        (timezone.localdate(), date(9999, 12, 31), "ends_on"),
    ],
)
def test_a_pause_of_a_mistyped_year_is_refused(starts_on: date, ends_on: date | None, field: str) -> None:
    pathway = PathwayFactory()
    with pytest.raises(DomainError, match="Vérifiez l’année") as refused:
        services.add_pause(pathway=pathway, kind="medical", starts_on=starts_on, ends_on=ends_on, author=None)
    assert refused.value.field == field
    pause = services.add_pause(pathway=pathway, kind="medical", starts_on=timezone.localdate(), author=None)
    with pytest.raises(DomainError, match="Vérifiez l’année"):
        services.end_pause(pause=pause, ends_on=date(9999, 12, 31), author=None)


def test_death_is_remembered_on_the_patient() -> None:
    pathway = PathwayFactory(days_ago=2)
    services.record_milestone(pathway=pathway, kind="death", occurred_at=now())
    patient = Pathway.objects.get(pk=pathway.pk).patient
    assert patient.deceased_on == timezone.localdate()
    with pytest.raises(DomainError):
        services.open_pathway(patient=patient, target=pathway.version.target, opened_at=now(), owner=None)


def test_a_death_recorded_by_mistake_is_forgotten_and_a_corrected_one_moves() -> None:
    pathway = PathwayFactory(days_ago=9)
    patient = pathway.patient
    death = services.record_milestone(pathway=pathway, kind="death", occurred_at=now())
    earlier = now() - timedelta(days=2)
    corrected = services.correct_milestone(milestone=death, occurred_at=earlier, author=None)
    patient.refresh_from_db()
    assert patient.deceased_on == timezone.localdate(earlier)
    services.withdraw_milestone(milestone=corrected, author=None, note="homonyme")
    patient.refresh_from_db()
    assert patient.deceased_on is None


def test_a_death_told_twice_stands_while_one_of_the_facts_does() -> None:
    pathway = PathwayFactory(days_ago=9)
    first = services.record_milestone(pathway=pathway, kind="death", occurred_at=now() - timedelta(days=2))
    services.record_milestone(pathway=pathway, kind="death", occurred_at=now() - timedelta(days=1))
    services.withdraw_milestone(milestone=first, author=None, note="mauvaise date")
    pathway.patient.refresh_from_db()
    assert pathway.patient.deceased_on == timezone.localdate(now() - timedelta(days=1))
