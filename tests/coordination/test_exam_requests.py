"""An exam asked of a platform that keeps no slot for it, and the promise it makes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from coordination import services, tasks
from coordination.models import ExamRequest, Task
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Appointment, Milestone, Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def ask(desk: Desk, pathway: Pathway | None = None, **options: Any) -> ExamRequest:
    options = {"addressed_to": desk.platform, "within": "2 working_days", "step_key": "ct", **options}
    return services.ask_exam(
        pathway=pathway or desk.pathway(), exam_type=exam(), user=desk.coordinator, **options
    )  # fmt: skip


def test_a_request_carries_a_promise_of_the_platforms_calendar_and_no_identity(desk: Desk) -> None:
    pathway, key = desk.pathway(), uuid4()
    request = ask(desk, pathway, question="Embolie ?", request_key=key, urgent=True)
    assert ask(desk, pathway, request_key=key) == request
    assert request.promised_at is not None
    assert request.promised_at.astimezone(MONDAY.tzinfo).date() == date(2026, 11, 25)
    message = OutboxMessage.objects.get(kind="exam_asked")
    assert message.recipient == desk.platform.email
    assert "mer. 25 nov." in message.body.replace("\N{NO-BREAK SPACE}", " ")
    for secret in (pathway.patient.birth_name, "Embolie"):
        assert secret not in message.subject + message.body
    assert Milestone.objects.get(pathway=pathway, kind="exam_requested").detail == "scanner"


def test_the_promise_is_counted_where_the_platform_is(desk: Desk) -> None:
    far = TeamFactory(kind="platform")
    far.establishment.time_zone = "Indian/Reunion"
    far.establishment.save()
    here, there = ask(desk, within="1 day"), ask(desk, addressed_to=far, within="1 day")
    assert here.promised_at is not None
    assert there.promised_at is not None
    assert here.promised_at - there.promised_at == timedelta(hours=3)


def test_the_file_knows_of_one_request(desk: Desk) -> None:
    pathway = desk.pathway()
    request = ask(desk, pathway)
    with pytest.raises(DomainError) as refused:
        ask(desk, pathway)
    assert refused.value.code == "already_asked"
    services.cancel_request(request=request, reason="Créneau trouvé", user=desk.coordinator)
    desk.booking(desk.slot(), pathway, step_key="ct")
    assert Milestone.objects.in_force().filter(pathway=pathway, kind="exam_requested").count() == 1
    assert OutboxMessage.objects.filter(kind="exam_not_asked").count() == 1


@pytest.mark.parametrize(
    ("options", "field"),
    [({"within": "vite"}, "within"), ({"mode": "x"}, "mode"), ({"question": "x" * 501}, "question")],
)
def test_what_cannot_be_asked_is_refused_in_words(desk: Desk, options: dict[str, str], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        ask(desk, **options)
    assert refused.value.field == field
    assert not ExamRequest.objects.exists()


def test_a_date_proposed_is_written_in_the_file_and_the_patient_told(desk: Desk) -> None:
    pathway = desk.pathway()
    request = ask(desk, pathway)
    day = timezone.now() + timedelta(days=2)
    with pytest.raises(DomainError, match="pas encore proposé"):
        services.confirm_date(request=request, how="phone", user=desk.coordinator)

    services.propose_date(request=request, starts_at=day, user=desk.technician)

    appointment = Appointment.objects.get(origin=request.uuid)
    assert (appointment.status, appointment.starts_at) == ("planned", day)
    task = Task.objects.get(pathway=pathway)
    assert task.title.startswith("Prévenir le patient : Scanner")
    services.confirm_date(request=request, how="phone", user=desk.coordinator)
    task.refresh_from_db()
    assert (task.status, task.outcome) == ("done", "Patient prévenu : téléphone")
    services.propose_date(request=request, starts_at=day + timedelta(days=1), user=desk.technician)
    assert Task.objects.filter(pathway=pathway, status="open").count() == 1, "another date is told again"
    appointment.refresh_from_db()
    assert appointment.starts_at == day + timedelta(days=1)


def test_a_date_when_the_patient_is_expected_elsewhere_is_refused(desk: Desk) -> None:
    pathway, slot = desk.pathway(), desk.slot(exam_type=exam("irm"))
    request = ask(desk, pathway)
    services.propose_date(request=request, starts_at=slot.starts_at, user=desk.technician)
    with pytest.raises(DomainError) as refused:
        desk.booking(slot, pathway)
    assert refused.value.code == "patient_busy"
    other = desk.pathway()
    desk.booking(slot, other)
    with pytest.raises(DomainError) as refused:
        services.propose_date(request=ask(desk, other), starts_at=slot.starts_at, user=desk.technician)
    assert refused.value.code == "patient_busy"
    with pytest.raises(DomainError, match="à venir"):
        services.propose_date(request=request, starts_at=timezone.now() - timedelta(hours=1), user=None)


def test_a_refusal_has_a_reason_and_sends_the_desk_elsewhere(desk: Desk) -> None:
    request = ask(desk)
    with pytest.raises(DomainError):
        services.refuse_request(request=request, reason=" ", user=desk.technician)
    services.refuse_request(request=request, reason="Appareil en panne", user=desk.technician)
    task = Task.objects.get()
    assert task.title.startswith("Demande refusée par Scanner 1")
    assert task.note == "Appareil en panne"
    with pytest.raises(DomainError) as refused:
        services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=1), user=None)
    assert refused.value.code == "ended"


def test_a_date_told_then_cancelled_is_told_again(desk: Desk) -> None:
    request = ask(desk)
    services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=2), user=desk.technician)
    services.confirm_date(request=request, how="phone", user=desk.coordinator)
    services.cancel_request(request=request, reason="Inutile", user=desk.coordinator)
    assert Task.objects.get(status="open").title.endswith("annulé")
    assert Appointment.objects.get(origin=request.uuid).status == "cancelled"


def test_the_desk_is_warned_before_the_promise_breaks_and_once(desk: Desk) -> None:
    request = ask(desk, within="8 office_hours")
    assert tasks.warn_of_promises() == 0
    assert request.promised_at is not None
    soon = request.promised_at - timedelta(hours=2)
    assert services.warn_of_promises(now=soon) == 1
    assert services.warn_of_promises(now=soon) == 0
    task = Task.objects.get()
    assert task.title.startswith("Relancer Scanner 1 : Scanner")
    services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=1), user=desk.technician)
    task.refresh_from_db()
    assert (task.status, task.outcome) == ("done", "Le plateau a répondu")


def test_an_exam_done_is_recorded_once(desk: Desk) -> None:
    pathway = desk.pathway()
    request = ask(desk, pathway)
    with pytest.raises(DomainError, match="pas encore eu lieu"):
        services.close_request(request=request, user=desk.technician)
    services.close_request(request=request, user=desk.technician, at=timezone.now() - timedelta(minutes=1))
    assert Milestone.objects.get(pathway=pathway, kind="exam_done").detail == "scanner"
    with pytest.raises(DomainError):
        services.close_request(request=request, user=desk.technician)


def test_nothing_is_asked_for_a_dead_patient(desk: Desk) -> None:
    pathway = desk.pathway()
    request = ask(desk, pathway)
    pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now())
    request.refresh_from_db()
    assert request.status == "cancelled"
    with pytest.raises(DomainError, match="décédé"):
        ask(desk, pathway)


def test_a_patient_is_not_proposed_two_dates_at_one_hour(desk: Desk) -> None:
    pathway, at = desk.pathway(), timezone.now() + timedelta(days=3)
    first = ask(desk, pathway)
    second = services.ask_exam(pathway=pathway, exam_type=exam("irm"), addressed_to=desk.platform, user=None)
    services.propose_date(request=first, starts_at=at, user=None)
    for minutes in (-29, 0, 29):
        with pytest.raises(DomainError) as refused:
            services.propose_date(request=second, starts_at=at + timedelta(minutes=minutes), user=None)
        assert refused.value.code == "patient_busy"
    services.propose_date(request=first, starts_at=at + timedelta(minutes=5), user=None)
    services.propose_date(request=second, starts_at=at + timedelta(minutes=35), user=None)


@pytest.mark.parametrize(("minutes", "free"), [(-30, True), (-15, False), (15, False), (30, True)])
def test_a_slot_that_meets_the_hours_proposed_is_refused(desk: Desk, minutes: int, free: bool) -> None:
    pathway, slot = desk.pathway(), desk.slot()
    request = services.ask_exam(pathway=pathway, exam_type=exam("irm"), addressed_to=desk.platform, user=None)
    services.propose_date(request=request, starts_at=slot.starts_at + timedelta(minutes=minutes), user=None)
    if free:
        desk.booking(slot, pathway)
        return
    with pytest.raises(DomainError) as refused:
        desk.booking(slot, pathway)
    assert refused.value.code == "patient_busy"
