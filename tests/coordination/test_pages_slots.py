"""Booking, the board and the platform's page: what is shown first, what is refused, and who sees whom."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Slot
from directory.models import Role
from pathways import services as pathways
from pathways.models import Milestone, Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import HTMX, text, toast, url
from tests.factories import (
    PathwayFactory,
    TargetFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("query", ["plateau=%C2%B2", "plateau=99999999999999999999", "semaine=2026-13-45"])
def test_a_board_asked_for_nonsense_is_the_whole_board(nurse: Client, query: str) -> None:
    assert nurse.get(f"{url('slots')}?{query}").status_code == 200


@pytest.mark.parametrize("query", ["examen=%00", "plateau=%00", "%00=1"])
def test_a_query_no_database_can_read_is_a_bad_request(nurse: Client, query: str) -> None:
    assert nurse.get(f"{url('slots')}?{query}").status_code == 400


# --- booking ---------------------------------------------------------------------------------------------------------
def test_the_booking_screen_puts_first_what_meets_the_objective(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    pathways.record_milestone(pathway=pathway, kind="lab_noncontributive", occurred_at=timezone.now())
    step = pathway.steps.get(key="new_sample")
    in_time = desk.slot(in_days=3, exam_type=exam("echo_endoscopie"), release_notice_hours=1)
    too_late = desk.slot(in_days=9, exam_type=exam("echo_endoscopie"))
    response = nurse.get(url("book", pathway), {"step": step.key})
    offer = response.context["offer"]
    assert [each.slot for each in offer.meeting] == [in_time]
    assert [each.slot for each in offer.missing] == [too_late]
    assert [each.fit.margin for each in [*offer.meeting, *offer.missing]] == [1, -5]
    page = text(response)
    assert "reste 1 j" in page
    assert "dépasse de 5 j" in page
    assert "Traitement anticoagulant vérifié" in page, "the checklist of the exam"
    assert response.context["first"].slot == in_time


def test_one_click_books_and_proposes_the_next_exam(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot()
    desk.slot(in_days=12, exam_type=exam("irm"))
    form = {"slot": slot.uuid, "key": uuid4(), "step": "ct", "examen": "scanner"}
    response = nurse.post(url("book", pathway), form, follow=True)
    assert "Rendez-vous réservé : Scanner" in text(response)
    booking = Booking.objects.get()
    assert (booking.step_key, booking.request_key, booking.booked_by) == ("ct", form["key"], desk.coordinator)
    again = nurse.post(url("book", pathway), form, follow=True)
    assert again.status_code == 200
    assert Booking.objects.count() == 1


def test_a_day_the_patient_comes_anyway_is_proposed_first(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.booking(desk.slot(in_days=20, exam_type=exam("consultation_pluridisciplinaire")), pathway)
    same_day = desk.series(in_days=20, starts_at=timezone.datetime(2000, 1, 1, 14).time()).slots.order_by("starts_at")[
        0
    ]
    earlier = desk.slot(in_days=10)
    offer = nurse.get(url("book", pathway), {"examen": "scanner"}).context["offer"]
    assert [each.slot for each in offer.together] == [same_day]
    assert earlier in [each.slot for each in offer.missing]


def test_an_hour_at_which_the_patient_is_expected_cannot_be_booked(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.booking(desk.slot(exam_type=exam("irm")), pathway)
    slot = desk.slot()
    response = nurse.get(url("book", pathway), {"examen": "scanner"})
    (choice,) = response.context["offer"].together
    assert choice.slot == slot
    assert choice.clash is not None
    assert "Déjà attendu : IRM" in text(response)
    assert f'value="{slot.uuid}"' not in text(response)


def test_a_full_slot_is_refused_with_the_ones_that_follow(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot, later = desk.slot(), desk.slot(in_days=13)
    desk.booking(slot)
    form = {"slot": slot.uuid, "key": uuid4(), "examen": "scanner"}
    response = nurse.post(url("book", pathway), form)
    assert response.status_code == 422
    assert "Ce créneau vient d’être pris." in text(response)
    assert [each.slot for each in response.context["alternatives"]] == [later]
    assert f'value="{later.uuid}"' in text(response)


def test_either_exam_of_a_step_will_do(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    exam()

    def codes() -> list[tuple[str, bool]]:
        needs = nurse.get(url("book", pathway)).context["needs"]
        return [(n.exam_type.code, n.alternative) for n in needs if n.step.key == "biopsy"]

    assert codes() == [("echo_endoscopie", False), ("biopsie_percutanee", True)]
    desk.booking(desk.slot(exam_type=exam("biopsie_percutanee")), pathway)
    assert codes() == [("biopsie_percutanee", False)]


def test_booking_is_for_the_pathways_own_desk(client: Client, desk: Desk, pathway: Pathway) -> None:
    form = {"slot": desk.slot().uuid, "key": uuid4()}
    for role, team, status in (
        (Role.SECRETARY, desk.team, 302),
        (Role.PHYSICIAN, desk.team, 403),
        (Role.COORDINATOR, TeamFactory(), 404),
        (Role.PLATFORM, desk.platform, 403),
    ):
        client.force_login(UserFactory(role=role, team=team))
        assert client.post(url("book", pathway), form).status_code == status, role
    assert Booking.objects.get().booked_by.roles == {Role.SECRETARY}


def test_a_slot_of_another_team_is_not_found(nurse: Client, pathway: Pathway) -> None:
    foreign = Desk().slot()
    for wanted in (foreign.uuid, uuid4(), "pas-un-uuid"):
        assert nurse.post(url("book", pathway), {"slot": wanted, "key": uuid4()}).status_code == 404


# --- board and platform ----------------------------------------------------------------------------------------------
def test_the_board_says_each_state_in_words(nurse: Client, desk: Desk) -> None:
    free, part = desk.slot(in_days=8, capacity=2), desk.slot(in_days=8, capacity=2, exam_type=exam("irm"))
    full = desk.slot(in_days=8, exam_type=exam("tep_scanner"))
    released = desk.slot(in_days=8, exam_type=exam("bilan_cardiologique"))
    desk.booking(part)
    desk.booking(full)
    Slot.objects.filter(pk=released.pk).update(status="released", released_at=timezone.now())
    response = nurse.get(url("slots"), {"semaine": timezone.localdate(free.starts_at).isoformat()})
    page = text(response)
    for words in ("2 libres sur 2", "1 libre sur 2", "Complet", "Libéré"):
        assert words in page
    assert response.context["board"].figures == {"booked": 2, "free": 3, "held": 0, "released": 1}
    assert 'data-live-every="15"' in page


@pytest.mark.parametrize("asked", ["2026-13-45", "hier", "", "0001-01-01", "9999-12-31"])
def test_any_week_can_be_asked_for(nurse: Client, asked: str) -> None:
    assert nurse.get(url("slots"), {"semaine": asked}).status_code == 200


@pytest.mark.parametrize("asked", ["hier", "0001-01-01", "9999-12-31"])
def test_any_day_can_be_asked_for(client: Client, desk: Desk, asked: str) -> None:
    client.force_login(desk.technician)
    assert client.get(url("platform"), {"jour": asked}).status_code == 200


def test_a_platform_sees_what_its_appointments_need_and_no_more(client: Client, desk: Desk) -> None:
    booking = desk.past_booking(hours=0.01)
    elsewhere = Desk()
    other = elsewhere.past_booking(hours=0.01)
    pathway = booking.pathway
    client.force_login(desk.technician)
    page = text(client.get(url("platform")))
    patient = booking.patient
    for needed in (patient.birth_name, "17/05/1960", patient.file_number, "Scanner", "Allergie connue"):
        assert needed in page
    assert pathway.reference not in page
    assert other.patient.birth_name not in page
    for name in ("pathway-panel", "book", "contact", "notices"):
        assert client.get(url(name, pathway)).status_code in (403, 404), name
    slot_page = text(client.get(url("slot", booking.slot)))
    assert patient.birth_name.upper() in slot_page
    assert url("pathway-panel", pathway) not in slot_page
    assert client.get(url("slot", other.slot)).status_code == 404


def test_a_platform_marks_in_one_click(client: Client, desk: Desk) -> None:
    booking = desk.past_booking("echo_endoscopie", hours=0.01)
    client.force_login(desk.technician)
    page = text(client.get(url("platform")))
    assert 'name="sampled" value="oui"' in page
    response = client.post(url("booking-done", booking), {"sampled": "oui", "from": "platform"}, headers=HTMX)
    assert text(response).lstrip().startswith(f'<tr id="b-{booking.uuid}"')
    assert "Réalisé" in text(response)
    assert Milestone.objects.filter(kind="biopsy_taken").count() == 1
    again = client.post(url("booking-missed", booking), {"from": "platform"}, headers=HTMX)
    assert toast(again)["jalon:toast"]["tone"] == "late"
    undone = client.post(url("booking-undo", booking), {"back": url("platform"), "mark": "done"}, follow=True)
    assert "Marque retirée." in text(undone)
    assert Booking.objects.get().status == "booked"


def test_appointments_left_without_a_mark_are_called_back(client: Client, desk: Desk) -> None:
    desk.past_booking(hours=72)
    client.force_login(desk.technician)
    assert "Rendez-vous passés sans résultat" in text(client.get(url("platform")))


def test_another_platform_marks_nothing(client: Client, desk: Desk) -> None:
    booking = desk.past_booking()
    client.force_login(Desk().technician)
    assert client.post(url("booking-done", booking)).status_code == 404
    client.force_login(UserFactory(role=Role.PHYSICIAN, team=desk.team))
    assert client.post(url("booking-done", booking)).status_code == 403
    assert Booking.objects.get().status == "booked"


def test_places_of_other_teams_are_counted_without_a_name(client: Client, desk: Desk) -> None:
    other = Desk(TeamFactory(establishment=desk.team.establishment))
    slot = desk.slot(capacity=2, targets=[desk.target])
    fast = TargetFactory(team=other.team, key="fast")
    slot.series.targets.add(fast)
    booked = services.book_slot(slot=slot, pathway=PathwayFactory(target=fast), user=None)
    client.force_login(desk.coordinator)
    page = text(client.get(url("slot", slot)))
    assert "1 place prise par une autre équipe" in page
    assert booked.patient.birth_name.upper() not in page


# --- what the nurse must not miss -------------------------------------------------------------------------------------
def test_the_list_says_for_which_exams_no_slot_is_kept(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.slot(exam_type=exam("irm"))
    rows = text(nurse.get(url("book", pathway))).split("Autre examen")[0].split('<a href="?examen=')[1:]
    none = {row.split("#")[0] for row in rows if "aucun créneau gardé" in row}
    assert {row.split("#")[0] for row in rows} - none == {"irm"}
    assert "scanner" in none


def test_an_appointment_that_nobody_marked_is_shown_before_booking_another(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    desk.past_booking(pathway=pathway, hours=30)
    page = text(nurse.get(url("book", pathway)))
    assert "Passés, à confirmer" in page
    services.mark_done(booking=Booking.objects.get(), user=desk.coordinator)
    assert "à confirmer" not in text(nurse.get(url("book", pathway)))
