"""What became of an appointment, and what it leaves in the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Booking, BookingStatus, Slot, Task
from directory.errors import DomainError
from pathways import services as pathways
from pathways.models import Appointment, Milestone, Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url

pytestmark = pytest.mark.django_db


def facts(pathway: Pathway) -> set[tuple[str, str]]:
    rows = Milestone.objects.in_force().filter(pathway=pathway).values_list("kind", "detail")
    return {row for row in rows if row[0] in {"exam_done", "biopsy_taken", "first_care"}}


def test_an_exam_done_is_a_fact_of_its_hour_and_place(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_done(booking=booking, user=desk.technician)
    fact = Milestone.objects.get(pathway=booking.pathway, kind="exam_done")
    assert (fact.detail, fact.occurred_at, fact.site) == ("scanner", booking.slot.starts_at, desk.team.establishment)
    booking.refresh_from_db()
    assert (booking.status, booking.marked_by) == (BookingStatus.DONE, desk.technician)
    assert Appointment.objects.get(origin=booking.uuid).status == "done"
    assert booking.pathway.steps.get(key="ct").state == "done"


@pytest.mark.parametrize(
    ("code", "sampled", "expected"),
    [
        ("scanner", None, {("exam_done", "scanner")}),
        ("scanner", True, {("exam_done", "scanner")}),
        ("biopsie_percutanee", None, {("exam_done", "biopsie_percutanee"), ("biopsy_taken", "biopsie_percutanee")}),
        ("echo_endoscopie", True, {("exam_done", "echo_endoscopie"), ("biopsy_taken", "echo_endoscopie")}),
        ("echo_endoscopie", False, {("exam_done", "echo_endoscopie")}),
        ("consultation_pluridisciplinaire", None, {("first_care", "consultation_pluridisciplinaire")}),
    ],
)
def test_what_each_type_records(desk: Desk, code: str, sampled: bool | None, expected: set[tuple[str, str]]) -> None:
    booking = desk.past_booking(code)
    services.mark_done(booking=booking, user=desk.technician, sampled=sampled)
    assert facts(booking.pathway) == expected


def test_an_exam_that_may_sample_must_say_whether_it_did(desk: Desk) -> None:
    booking = desk.past_booking("echo_endoscopie")
    with pytest.raises(DomainError, match="prélèvement") as refused:
        services.mark_done(booking=booking, user=desk.technician)
    assert refused.value.field == "sampled"
    assert Booking.objects.get(pk=booking.pk).status == BookingStatus.BOOKED


def test_marked_once_whatever_the_number_of_clicks(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_done(booking=booking, user=desk.technician)
    with pytest.raises(DomainError, match="réalisé"):
        services.mark_done(booking=booking, user=desk.technician)
    with pytest.raises(DomainError, match="réalisé"):
        services.mark_missed(booking=booking, user=desk.technician)
    assert Milestone.objects.filter(pathway=booking.pathway, kind="exam_done").count() == 1


def test_an_appointment_of_another_day_to_come_is_not_marked(desk: Desk) -> None:
    booking = desk.booking()
    with pytest.raises(DomainError, match="pas encore eu lieu"):
        services.mark_done(booking=booking, user=desk.technician)


def test_an_exam_done_before_its_hour_is_dated_now(desk: Desk) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(seconds=30))
    booking = desk.booked_before_release(slot)
    services.mark_done(booking=booking, user=desk.technician)
    assert Milestone.objects.get(pathway=booking.pathway, kind="exam_done").occurred_at < slot.starts_at


def test_a_missed_appointment_asks_the_desk_to_call(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_missed(booking=booking, user=desk.technician)
    task = Task.objects.get(pathway=booking.pathway)
    assert task.title.startswith("Rappeler le patient : Scanner")
    assert (task.team, task.due_on) == (desk.team, timezone.localdate())
    assert Appointment.objects.get(origin=booking.uuid).status == "missed"
    assert facts(booking.pathway) == set()


@pytest.mark.parametrize("times", [1, 3])
def test_a_mark_set_by_mistake_is_taken_back_and_set_again(desk: Desk, times: int) -> None:
    booking = desk.past_booking("biopsie_percutanee")
    for _ in range(times):
        services.mark_done(booking=booking, user=desk.technician)
        services.undo_mark(booking=booking, user=desk.technician)
    assert facts(booking.pathway) == set()
    assert Appointment.objects.get(origin=booking.uuid).status == "planned"
    services.mark_done(booking=booking, user=desk.technician)
    assert len(facts(booking.pathway)) == 2


def test_taking_back_a_missed_mark_cancels_its_task(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_missed(booking=booking, user=desk.technician)
    services.undo_mark(booking=booking, user=desk.technician)
    assert Task.objects.get(pathway=booking.pathway).status == "cancelled"
    with pytest.raises(DomainError, match="ni réalisé ni manqué"):
        services.undo_mark(booking=booking, user=desk.technician)


def test_missed_again_after_a_correction_asks_to_call_again(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_missed(booking=booking, user=desk.technician)
    services.undo_mark(booking=booking, user=desk.coordinator)
    services.mark_missed(booking=booking, user=desk.technician)
    assert sorted(Task.objects.values_list("status", flat=True)) == ["cancelled", "open"]
    services.undo_mark(booking=booking, user=desk.coordinator)
    assert set(Task.objects.values_list("status", flat=True)) == {"cancelled"}


def test_marking_leaves_the_place_taken(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_missed(booking=booking, user=desk.technician)
    assert Slot.objects.get(pk=booking.slot_id).booked == 1


def test_a_cancelled_appointment_is_not_marked(desk: Desk) -> None:
    booking = desk.past_booking()
    services.cancel_booking(booking=booking, reason="Panne", user=desk.coordinator)
    with pytest.raises(DomainError, match="annulé"):
        services.mark_done(booking=booking, user=desk.technician)


def test_marking_what_was_moved_says_where_it_went(desk: Desk) -> None:
    booking = desk.booking()
    services.move_booking(booking=booking, to=desk.slot(in_days=12), user=desk.coordinator)
    with pytest.raises(DomainError, match="a été déplacé au") as refused:
        services.mark_done(booking=booking, user=desk.technician)
    assert refused.value.code == "not_booked"
    booking.refresh_from_db()
    assert booking.status == "cancelled"


def test_the_two_exams_do_not_close_each_other(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=6)
    services.mark_done(booking=desk.past_booking(pathway=pathway), user=desk.technician)
    exam("irm")
    states = dict(pathway.steps.values_list("key", "state"))
    assert (states["ct"], states["mri"] == "done") == ("done", False)


def test_an_exam_that_could_not_be_done_asks_to_book_again(desk: Desk) -> None:
    booking = desk.past_booking("biopsie_percutanee")
    with pytest.raises(DomainError) as refused:
        services.mark_not_done(booking=booking, reason=" ", user=desk.technician)
    assert refused.value.field == "reason"
    services.mark_not_done(booking=booking, reason="Patient non à jeun", user=desk.technician)
    task = Task.objects.get(pathway=booking.pathway)
    assert task.title.startswith("Reprogrammer : ")
    assert task.note == "Patient non à jeun"
    assert facts(booking.pathway) == set()
    services.undo_mark(booking=booking, user=desk.technician)
    task.refresh_from_db()
    assert task.status == "cancelled"


def test_a_result_is_ready_after_the_exam_and_can_be_taken_back(desk: Desk) -> None:
    booking = desk.past_booking()
    with pytest.raises(DomainError, match="Notez d’abord"):
        services.mark_result_ready(booking=booking, user=desk.technician)
    services.mark_done(booking=booking, user=desk.technician)
    ready = services.mark_result_ready(booking=booking, user=desk.technician)
    assert services.mark_result_ready(booking=booking, user=None).result_ready_at == ready.result_ready_at
    with pytest.raises(DomainError, match="reprenez-le"):
        services.undo_mark(booking=booking, user=desk.technician)
    services.take_back_result(booking=booking, user=desk.technician)
    with pytest.raises(DomainError, match="pas noté"):
        services.take_back_result(booking=booking, user=desk.technician)
    services.undo_mark(booking=booking, user=desk.technician)
    lines = list(booking.slot.changes.order_by("pk").values_list("what", flat=True))
    assert lines == ["booked", "done", "result_ready", "unmarked", "unmarked"]


def test_a_sample_the_laboratory_has_answered_is_not_unmade_by_a_click(desk: Desk) -> None:
    booking = desk.past_booking("biopsie_percutanee")
    services.mark_done(booking=booking, user=desk.technician)
    news = pathways.record_milestone(pathway=booking.pathway, kind="lab_intermediate", occurred_at=timezone.now())
    with pytest.raises(DomainError, match="laboratoire a répondu") as refused:
        services.undo_mark(booking=booking, user=desk.technician)
    assert refused.value.code == "too_late"
    pathways.withdraw_milestone(milestone=news, author=desk.coordinator, note="Autre patient")
    services.undo_mark(booking=booking, user=desk.technician)


def test_a_mark_a_week_old_is_corrected_in_the_file(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_done(booking=booking, user=desk.technician)
    with time_machine.travel(timezone.now() + timedelta(days=8)), pytest.raises(DomainError, match="sept jours"):
        services.undo_mark(booking=booking, user=desk.technician)


def test_nobody_is_missing_before_the_hour_and_who_is_there_may_be_taken_early(desk: Desk) -> None:
    booking = desk.booked_before_release(desk.slot_at(timezone.now() + timedelta(hours=3)))
    for mark in (services.mark_done, services.mark_missed):
        with pytest.raises(DomainError, match=r"n’a pas encore eu lieu : il est lun\.\s23\snov\. à\s13\sh") as refused:
            mark(booking=booking, user=desk.technician)
        assert refused.value.code == "too_early"
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=5)):
        with pytest.raises(DomainError, match="n’a pas encore eu lieu"):
            services.mark_missed(booking=booking, user=desk.technician)
        services.mark_done(booking=booking, user=desk.technician)
    booking.refresh_from_db()
    assert booking.status == BookingStatus.DONE


def test_a_mark_is_taken_back_with_its_facts_as_corrected_since(desk: Desk) -> None:
    """A correction in the file is a new row: it goes with the mark all the same."""
    pathway = desk.pathway(days_ago=6)
    booking = desk.past_booking("biopsie_percutanee", pathway)
    services.mark_done(booking=booking, user=None)
    for fact in Milestone.objects.in_force().filter(pathway=pathway, kind__in=["exam_done", "biopsy_taken"]):
        before = fact.occurred_at - timedelta(minutes=5)
        pathways.correct_milestone(milestone=fact, occurred_at=before, author=desk.coordinator)

    services.undo_mark(booking=booking, user=desk.coordinator)

    left = pathway.milestones.in_force().filter(kind__in=["exam_done", "biopsy_taken"])
    assert not left.exists()


def test_a_corrected_sample_the_laboratory_has_answered_is_not_unmade_by_a_click(desk: Desk) -> None:
    pathway = desk.pathway(days_ago=6)
    booking = desk.past_booking("biopsie_percutanee", pathway)
    services.mark_done(booking=booking, user=None)
    now = timezone.now()
    pathways.record_milestone(pathway=pathway, kind="lab_intermediate", occurred_at=now, author=None)
    taken = pathway.milestones.in_force().get(kind="biopsy_taken")
    pathways.correct_milestone(
        milestone=taken, occurred_at=taken.occurred_at - timedelta(minutes=5), author=desk.coordinator
    )
    with pytest.raises(DomainError) as refused:
        services.undo_mark(booking=booking, user=desk.coordinator)
    assert refused.value.code == "too_late"


def test_correcting_goes_back_one_mark_at_a_time(client: Client, desk: Desk) -> None:
    booking = desk.past_booking()
    client.force_login(desk.technician)
    for name in ("booking-done", "booking-result"):
        assert client.post(url(name, booking), {"from": "platform"}).status_code == 302
    page = client.get(url("platform")).content.decode()
    assert 'name="mark" value="result"' in page
    for _ in range(2):  # two people before the same line: the second takes nothing more back
        client.post(url("booking-undo", booking), {"from": "platform", "mark": "result"})
        booking.refresh_from_db()
        assert (booking.status, booking.result_ready_at) == ("done", None)
    for stale in ("missed", "", "booked"):
        answer = client.post(url("booking-undo", booking), {"from": "platform", "mark": stale}, follow=True)
        assert "est maintenant noté « réalisé » : rien n’est retiré" in text(answer)
    client.post(url("booking-undo", booking), {"from": "platform", "mark": "done"})
    booking.refresh_from_db()
    assert booking.status == "booked"


@pytest.mark.parametrize("mark", ["missed", "not_done", "done"])
def test_a_mark_is_not_taken_back_beside_a_date_given_since(desk: Desk, mark: str) -> None:
    """One need has one appointment, whatever comes first."""
    booking = desk.past_booking(step_key="ct")
    if mark == "missed":
        services.mark_missed(booking=booking, user=desk.technician)
    elif mark == "not_done":
        services.mark_not_done(booking=booking, reason="À jeun", user=desk.technician)
    else:
        services.mark_done(booking=booking, user=desk.technician)
    request = services.ask_exam(
        pathway=booking.pathway, exam_type=exam(), addressed_to=desk.platform, user=desk.coordinator, step_key="ct"
    )
    services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=3), user=desk.technician)
    with pytest.raises(DomainError, match="propose une date depuis") as refused:
        services.undo_mark(booking=booking, user=desk.technician)
    assert refused.value.code == "already_asked"
    booking.refresh_from_db()
    assert booking.status == mark
    services.cancel_request(request=request, reason="Venu le jour dit", user=desk.coordinator)
    services.undo_mark(booking=booking, user=desk.technician)
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_a_mark_taken_back_ends_what_was_asked_since_without_a_date(desk: Desk) -> None:
    """As a booking does: the platform is told."""
    booking = desk.past_booking(step_key="ct")
    services.mark_missed(booking=booking, user=desk.technician)
    request = services.ask_exam(
        pathway=booking.pathway, exam_type=exam(), addressed_to=desk.platform, user=desk.coordinator, step_key="ct"
    )
    services.undo_mark(booking=booking, user=desk.technician)
    request.refresh_from_db()
    assert (request.status, request.reason) == ("cancelled", "Créneau réservé")
