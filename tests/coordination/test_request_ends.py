"""An exam asked of a platform, from its date to its end: nobody is told nothing, nothing is asked twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import ExamRequest, Task
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Appointment, Milestone, Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.coordination.test_exam_requests import ask
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def dated(desk: Desk, pathway: Pathway | None = None, days: int = 3, **options: Any) -> ExamRequest:
    """A request whose platform proposes a date."""
    request = ask(desk, pathway, **options)
    return services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=days), user=desk.technician)


def told(desk: Desk, request: ExamRequest) -> ExamRequest:
    return services.confirm_date(request=request, how="phone", user=desk.coordinator)


def open_titles(pathway: Pathway) -> list[str]:
    return list(Task.objects.open().filter(pathway=pathway).values_list("title", flat=True))


def done(desk: Desk, pathway: Pathway) -> Milestone:
    return pathways.record_milestone(
        pathway=pathway, kind="exam_done", detail="scanner", occurred_at=timezone.now(), author=desk.coordinator
    )


class TestTelling:
    def test_the_task_is_not_closed_by_a_bare_click(self, desk: Desk) -> None:
        request = dated(desk)
        task = Task.objects.open().get()
        with pytest.raises(DomainError) as refused:
            services.complete_task(task=task, user=desk.coordinator, outcome="Fait")
        assert refused.value.code == "untold"
        assert told(desk, request).known_at == request.proposed_at
        task.refresh_from_db()
        assert task.status == "done"

    def test_a_date_changed_is_told_from_the_one_the_patient_knows(self, desk: Desk) -> None:
        request = told(desk, dated(desk))
        first = request.proposed_at
        services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=4), user=desk.technician)
        (title,) = open_titles(request.pathway)
        assert "déplacé au" in title
        services.propose_date(request=request, starts_at=first, user=desk.technician)
        assert open_titles(request.pathway) == [], "back to the date they know: nothing to tell"

    @pytest.mark.parametrize("end", ["refuse", "cancel", "take_back", "decline"])
    def test_a_known_date_that_falls_is_told_and_an_unknown_one_is_not(self, desk: Desk, end: str) -> None:
        ends = {
            "refuse": services.refuse_request, "cancel": services.cancel_request,
            "take_back": services.take_back_date, "decline": services.decline_date,
        }  # fmt: skip
        known, unknown = told(desk, dated(desk)), dated(desk)
        for request in (known, unknown):
            ends[end](request=request, reason="Panne", user=desk.coordinator)
        titles = [each for each in open_titles(known.pathway) if each.startswith("Prévenir")]
        assert len(titles) == 1
        assert titles[0].endswith("annulé")
        assert not [each for each in open_titles(unknown.pathway) if each.startswith("Prévenir")]
        assert Appointment.objects.get(origin=known.uuid).status == "cancelled"
        told(desk, known)
        assert not [each for each in open_titles(known.pathway) if each.startswith("Prévenir")]
        known.refresh_from_db()
        assert (known.known_at, known.to_tell_since) == (None, None)

    def test_said_at_once_nothing_is_left_to_tell(self, desk: Desk) -> None:
        request = told(desk, dated(desk))
        services.cancel_request(request=request, reason="Inutile", told_how="phone", user=desk.coordinator)
        assert open_titles(request.pathway) == []
        with pytest.raises(DomainError):
            services.cancel_request(request=dated(desk), reason=" ", user=desk.coordinator)


class TestDates:
    def test_declined_the_platform_is_asked_for_another_and_its_delay_runs_again(self, desk: Desk) -> None:
        request = dated(desk, within="2 working_days")
        promised = request.promised_at
        with time_machine.travel(MONDAY + timedelta(days=1)):
            services.decline_date(request=request, reason="Patient absent ce jour-là", user=desk.coordinator)
        request.refresh_from_db()
        assert (request.status, request.proposed_at) == ("asked", None)
        assert promised is not None
        assert request.promised_at == promised + timedelta(days=1)
        message = OutboxMessage.objects.get(kind="exam_date_declined")
        assert "absent" not in message.subject + message.body
        with pytest.raises(DomainError) as refused:
            services.decline_date(request=request, reason="Encore", user=desk.coordinator)
        assert refused.value.code == "not_proposed"

    def test_each_refusal_is_told_even_of_the_same_date(self, desk: Desk) -> None:
        request = ask(desk, within="2 working_days")
        at = timezone.now() + timedelta(days=5)
        for day in range(2):
            with time_machine.travel(MONDAY + timedelta(days=day)):
                services.propose_date(request=request, starts_at=at, user=desk.technician)
                services.decline_date(request=request, reason="Travail", user=desk.coordinator)
        assert OutboxMessage.objects.filter(kind="exam_date_declined").count() == 2

    def test_taken_back_the_promise_stands_and_the_desk_knows(self, desk: Desk) -> None:
        request = dated(desk, within="2 working_days")
        promised = request.promised_at
        services.take_back_date(request=request, reason="Panne", user=desk.technician)
        request.refresh_from_db()
        assert (request.status, request.promised_at) == ("asked", promised)
        assert any(each.startswith("Date reprise par Scanner 1") for each in open_titles(request.pathway))

    def test_two_dates_at_the_same_hour_and_a_slot_inside_one_are_refused(self, desk: Desk) -> None:
        pathway, slot = desk.pathway(), desk.slot()
        first = ask(desk, pathway)
        services.propose_date(request=first, starts_at=slot.starts_at - timedelta(minutes=15), user=None)
        other = services.ask_exam(
            pathway=pathway, exam_type=exam("irm"), addressed_to=desk.platform, user=None, within="2 days"
        )
        with pytest.raises(DomainError) as refused:
            services.propose_date(request=other, starts_at=slot.starts_at, user=None)
        assert refused.value.code == "patient_busy"
        with pytest.raises(DomainError) as refused:
            desk.booking(desk.slot(exam_type=exam("irm")), pathway)
        assert refused.value.code == "patient_busy"


class TestOneNeed:
    def test_a_slot_is_not_booked_beside_a_date(self, desk: Desk) -> None:
        pathway = desk.pathway()
        request = dated(desk, pathway)
        with pytest.raises(DomainError, match="retirez cette demande") as refused:
            desk.booking(desk.slot(), pathway, step_key="ct")
        assert refused.value.code == "already_asked"
        services.cancel_request(request=request, reason="Créneau plus proche", user=desk.coordinator)
        assert desk.booking(desk.slot(), pathway, step_key="ct").status == "booked"

    def test_a_date_is_not_asked_beside_a_booking(self, desk: Desk) -> None:
        pathway = desk.pathway()
        desk.booking(desk.slot(), pathway, step_key="ct")
        with pytest.raises(DomainError, match="déplacez ce rendez-vous") as refused:
            ask(desk, pathway)
        assert refused.value.code == "already_booked"

    def test_a_slot_found_before_any_date_ends_the_request_and_the_platform_knows(self, desk: Desk) -> None:
        pathway = desk.pathway()
        request = ask(desk, pathway)
        desk.booking(desk.slot(), pathway, step_key="ct")
        request.refresh_from_db()
        assert (request.status, request.reason) == ("cancelled", "Créneau réservé")
        assert OutboxMessage.objects.filter(kind="exam_not_asked").count() == 1

    def test_a_date_past_without_an_exam_gives_way(self, desk: Desk) -> None:
        pathway = desk.pathway()
        former = dated(desk, pathway, days=1)
        with time_machine.travel(MONDAY + timedelta(days=30)):
            again = ask(desk, pathway, addressed_to=TeamFactory(establishment=desk.team.establishment))
        former.refresh_from_db()
        assert (former.status, again.status) == ("cancelled", "asked")


class TestEvidence:
    def test_the_exam_done_closes_the_request_and_may_be_asked_again(self, desk: Desk) -> None:
        pathway = desk.pathway()
        request = dated(desk, pathway, days=1)
        with time_machine.travel(MONDAY + timedelta(days=2)):
            done(desk, pathway)
            request.refresh_from_db()
            assert request.status == "done"
            assert Appointment.objects.get(origin=request.uuid).status == "done"
            assert open_titles(pathway) == []
            assert ask(desk, pathway).status == "asked"

    def test_done_before_its_date_the_platform_and_the_patient_are_told(self, desk: Desk) -> None:
        pathway = desk.pathway()
        request = told(desk, dated(desk, pathway))
        done(desk, pathway)
        request.refresh_from_db()
        assert request.status == "done"
        assert Appointment.objects.get(origin=request.uuid).status == "cancelled"
        assert OutboxMessage.objects.filter(kind="exam_not_asked").count() == 1
        assert [each for each in open_titles(pathway) if each.endswith("annulé")]

    def test_an_exam_of_before_another_one_or_one_of_another_pathway_closes_nothing(self, desk: Desk) -> None:
        pathway = desk.pathway(days_ago=10)
        request = ask(desk, pathway)
        facts = {"scanner": timezone.now() - timedelta(days=3), "irm": timezone.now()}
        for code, at in facts.items():
            pathways.record_milestone(
                pathway=pathway, kind="exam_done", detail=code, occurred_at=at, author=desk.coordinator
            )
        done(desk, desk.pathway())
        request.refresh_from_db()
        assert request.status == "asked"

    def test_recorded_by_error_the_request_runs_again(self, desk: Desk) -> None:
        pathway = desk.pathway()
        request = dated(desk, pathway, days=1)
        with time_machine.travel(MONDAY + timedelta(days=2)):
            fact = done(desk, pathway)
            corrected = pathways.correct_milestone(
                milestone=fact, occurred_at=timezone.now() - timedelta(hours=20), author=desk.coordinator
            )
            request.refresh_from_db()
            assert (request.status, request.evidence) == ("done", corrected)
            pathways.withdraw_milestone(milestone=corrected, author=desk.coordinator, note="Autre patient")
        request.refresh_from_db()
        assert (request.status, request.evidence) == ("proposed", None)
        assert Appointment.objects.get(origin=request.uuid).status == "planned"

    def test_recorded_by_error_when_its_platform_was_told_the_desk_is_asked(self, desk: Desk) -> None:
        pathway = desk.pathway()
        request = ask(desk, pathway)
        pathways.withdraw_milestone(milestone=done(desk, pathway), author=desk.coordinator, note="Autre patient")
        request.refresh_from_db()
        assert request.status == "cancelled"
        assert any(each.startswith("Examen noté par erreur") for each in open_titles(pathway))


class TestPathwayEnds:
    def test_closed_its_requests_stop_the_platform_and_the_patient_are_told(self, desk: Desk) -> None:
        pathway = desk.pathway()
        request = told(desk, dated(desk, pathway, within="1 hours"))
        pathways.close_pathway(pathway=pathway, reason="completed", author=desk.coordinator)
        request.refresh_from_db()
        assert (request.status, request.reason) == ("cancelled", "Parcours clos")
        assert OutboxMessage.objects.filter(kind="exam_not_asked").count() == 1
        assert [each for each in open_titles(pathway) if each.endswith("annulé")]
        with pytest.raises(DomainError):
            services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=4), user=None)

    def test_nobody_is_called_for_a_pathway_paused_without_an_end(self, desk: Desk) -> None:
        request = ask(desk, within="1 hours")
        pause = pathways.add_pause(
            pathway=request.pathway, kind="patient_choice", starts_on=timezone.localdate(), author=desk.coordinator
        )
        later = timezone.now() + timedelta(hours=1)
        assert services.warn_of_promises(now=later) == 0
        pathways.end_pause(pause=pause, ends_on=timezone.localdate(), author=desk.coordinator)
        assert services.warn_of_promises(now=later) == 1

    def test_reopened_or_alive_the_desk_knows_what_is_asked_no_more(self, desk: Desk) -> None:
        closed, dead = desk.pathway(), desk.pathway()
        for each in (closed, dead):
            ask(desk, each)
        pathways.close_pathway(pathway=closed, reason="completed", author=desk.coordinator)
        pathways.reopen_pathway(pathway=closed, author=desk.coordinator, reason="Erreur")
        fact = pathways.record_milestone(pathway=dead, kind="death", occurred_at=timezone.now(), author=None)
        pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
        for each in (closed, dead):
            task = Task.objects.open().get(pathway=each)
            assert "n’est plus demandé à Scanner 1" in task.note


class TestPages:
    def test_the_desk_confirms_declines_and_withdraws(self, nurse: Client, desk: Desk) -> None:
        request = dated(desk)
        page = nurse.get(url("exam-request", request))
        assert "ne connaît pas encore cette date" in text(page)
        assert nurse.post(url("exam-request-told", request), {}).status_code == 422
        nurse.post(url("exam-request-told", request), {"how": "phone"})
        request.refresh_from_db()
        assert request.told_how == "phone"
        page = nurse.post(url("exam-request-decline", request), {"reason": "", "told_how": "phone"})
        assert (page.status_code, "Indiquez pourquoi" in text(page)) == (422, True)
        nurse.post(url("exam-request-decline", request), {"reason": "Absent", "told_how": "phone"})
        request.refresh_from_db()
        assert (request.status, request.to_tell_since) == ("asked", None)
        nurse.post(url("exam-request-withdraw", request), {"reason": "Fait ailleurs"})
        request.refresh_from_db()
        assert (request.status, request.reason) == ("cancelled", "Fait ailleurs")
        page = nurse.post(url("exam-request-withdraw", request), {"reason": "Encore"})
        assert (page.status_code, "Cette demande est close" in text(page)) == (422, True)

    def test_it_is_found_from_the_patient_the_booking_screen_and_the_list_to_tell(
        self, nurse: Client, desk: Desk
    ) -> None:
        request = dated(desk)
        for page in (
            nurse.get(url("pathway-panel", request.pathway)),
            nurse.get(url("book", request.pathway)),
            nurse.get(url("to-tell")),
        ):
            assert url("exam-request", request) in page.content.decode()

    def test_the_platform_takes_its_date_back_and_says_that_the_exam_took_place(
        self, client: Client, desk: Desk
    ) -> None:
        client.force_login(desk.technician)
        request = dated(desk, days=1)
        assert client.post(url("exam-request-take-back", request), {"reason": ""}).status_code == 422
        client.post(url("exam-request-take-back", request), {"reason": "Panne"})
        request.refresh_from_db()
        assert request.status == "asked"
        services.propose_date(request=request, starts_at=timezone.now() + timedelta(hours=2), user=desk.technician)
        client.post(url("exam-request-done", request))
        request.refresh_from_db()
        assert request.status == "proposed", "not before its hour"
        with time_machine.travel(MONDAY + timedelta(hours=4)):
            client.force_login(desk.technician)
            assert "Réalisé" in text(client.get(url("exam-requests")))
            client.post(url("exam-request-done", request))
        request.refresh_from_db()
        assert request.status == "done"
        assert Milestone.objects.filter(pathway=request.pathway, kind="exam_done").count() == 1
