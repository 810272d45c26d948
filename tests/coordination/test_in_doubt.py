"""A slot with patients that its series no longer gives: until somebody decides, nobody is told to come."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from coordination import services, tasks
from coordination.models import Booking, Resource, SlotException, Task
from coordination.papers.sheet import TO_CONFIRM
from directory.errors import DomainError
from directory.models import OutboxMessage, User
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.coordination.test_away import stop

pytestmark = pytest.mark.django_db


@pytest.fixture
def machine(desk: Desk) -> Resource:
    return Resource.objects.create(team=desk.platform, name="Scanner B")


@pytest.fixture
def pathway(desk: Desk) -> Pathway:
    """Someone who agreed to mails."""
    pathway = desk.pathway(email="patient@courriel.invalid", phone="0639980001")
    services.agree_to_mails(patient=pathway.patient, user=desk.coordinator)
    return pathway


@pytest.fixture
def booking(desk: Desk, machine: Resource, pathway: Pathway) -> Booking:
    return desk.booking(desk.slot(resource=machine), pathway, step_key="ct")


@pytest.fixture
def exception(desk: Desk, machine: Resource, booking: Booking) -> SlotException:
    return stop(desk.technician, booking.slot, resource=machine)


def reminders(booking: Booking) -> int:
    with time_machine.travel(booking.slot.starts_at - timedelta(hours=20)):
        tasks.remind_patients()
    return OutboxMessage.objects.filter(kind="patient_reminder").count()


def to_call() -> list[str]:
    return list(Task.objects.open().values_list("title", flat=True))


def printed(nurse: Client, pathway: Pathway) -> str:
    paper = nurse.get(url("appointment-sheet", pathway)).content
    return " ".join("".join(each.extract_text() for each in PdfReader(BytesIO(paper)).pages).split())


class TestWhatIsSaid:
    def test_no_reminder_as_long_as_nobody_has_decided(self, booking: Booking, exception: SlotException) -> None:
        assert reminders(booking) == 0

    @pytest.mark.parametrize("decision", ["kept", "back"])
    def test_held_after_all_it_is_reminded_of(
        self, desk: Desk, booking: Booking, exception: SlotException, decision: str
    ) -> None:
        if decision == "kept":
            services.keep_slot(slot=booking.slot, user=desk.technician)
        else:
            services.take_back_exception(exception=exception, user=desk.technician)
        assert reminders(booking) == 1

    def test_the_booking_page_and_the_file_say_so(
        self, nurse: Client, desk: Desk, booking: Booking, pathway: Pathway
    ) -> None:
        pages = [url("book", pathway), url("pathway-panel", pathway)]
        assert not any("lus assuré" in text(nurse.get(each)) for each in pages)
        exception = stop(desk.technician, booking.slot, resource=booking.slot.resource)
        for each in pages:
            page = text(nurse.get(each))
            assert "Plus assuré" in page and "Panne du tube" in page
        page = text(nurse.get(pages[0]))
        assert "plus assuré :" in page, "in the list of what is to book"
        assert "un rendez-vous n’est plus assuré" in page or "Tout ce que le parcours attend" not in page
        services.take_back_exception(exception=exception, user=desk.technician)
        assert not any("lus assuré" in text(nurse.get(each)) for each in pages)

    def test_the_sheet_and_the_message_tell_them_to_wait_for_a_call(
        self, nurse: Client, desk: Desk, booking: Booking, pathway: Pathway, exception: SlotException
    ) -> None:
        assert TO_CONFIRM in printed(nurse, pathway)
        assert TO_CONFIRM in nurse.get(url("book", pathway)).context["message"]
        services.keep_slot(slot=booking.slot, user=desk.technician)
        assert TO_CONFIRM not in printed(nurse, pathway)
        assert TO_CONFIRM not in nurse.get(url("book", pathway)).context["message"]


class TestTheCall:
    def test_a_call_alone_does_not_close_it(self, desk: Desk, booking: Booking, exception: SlotException) -> None:
        task = Task.objects.open().get()
        for outcome in ("", "Appelé"):
            with pytest.raises(DomainError) as refused:
                services.complete_task(task=task, user=desk.coordinator, outcome=outcome)
            assert refused.value.code == "undecided"
        services.cancel_booking(booking=booking, code="machine_down", told_how="phone", user=desk.coordinator)
        assert to_call() == []

    def test_one_of_two_decided_it_stays_open(self, desk: Desk, machine: Resource, pathway: Pathway) -> None:
        first = desk.booking(desk.slot(resource=machine), pathway)
        second = desk.booking(desk.slot(resource=machine, in_days=9), pathway)
        days = [timezone.localdate(each.slot.starts_at) for each in (first, second)]
        stop(desk.technician, first.slot, resource=machine, first_on=min(days), last_on=max(days))
        task = Task.objects.open().get()
        services.cancel_booking(booking=first, code="machine_down", told_how="phone", user=desk.coordinator)
        with pytest.raises(DomainError):
            services.complete_task(task=task, user=desk.coordinator, outcome="Appelé")
        services.keep_slot(slot=second.slot, user=desk.technician)
        task.refresh_from_db()
        assert task.status != "open"

    def test_once_its_hour_has_passed_it_may_be_closed(
        self, desk: Desk, booking: Booking, exception: SlotException
    ) -> None:
        task = Task.objects.open().get()
        with time_machine.travel(booking.slot.ends_at + timedelta(hours=1)):
            services.complete_task(task=task, user=desk.coordinator, outcome="Venu pour rien")
        task.refresh_from_db()
        assert task.status == "done"

    @pytest.mark.parametrize("decision", ["kept", "back"])
    @pytest.mark.parametrize(("outcome", "asked"), [("reached", True), ("message", True), ("unreachable", False)])
    def test_who_was_called_meanwhile_is_told_that_it_takes_place(
        self, desk: Desk, booking: Booking, exception: SlotException, decision: str, outcome: str, asked: bool
    ) -> None:
        services.record_contact(pathway=booking.pathway, author=desk.coordinator, outcome=outcome)
        user: User = desk.technician
        if decision == "kept":
            services.keep_slot(slot=booking.slot, user=user)
        else:
            services.take_back_exception(exception=exception, user=user)
        said = [each for each in to_call() if each.endswith("a bien lieu")]
        assert len(said) == int(asked)

    def test_nobody_called_nobody_is_troubled(self, desk: Desk, booking: Booking, exception: SlotException) -> None:
        services.take_back_exception(exception=exception, user=desk.technician)
        assert to_call() == []
