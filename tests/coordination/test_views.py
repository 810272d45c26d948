"""The desk's pages: with and without JavaScript, refusals that lose nothing, and who may not."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Contact, Slot, Task
from directory.models import AccessLog, Role, User
from pathways import services as pathways
from pathways.models import CircleRole, Milestone, Pathway
from tests.coordination.factories import Desk, exam
from tests.factories import (
    PathwayFactory,
    PatientFactory,
    ProfessionalFactory,
    TargetFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def pathway(desk: Desk) -> Pathway:
    return desk.pathway(phone="0639980001")


@pytest.fixture
def nurse(client: Client, desk: Desk) -> Client:
    client.force_login(desk.coordinator)
    return client


def url(name: str, item: Any = None) -> str:
    return reverse(f"coordination:{name}", args=[item.uuid] if item else [])


def text(response: HttpResponse) -> str:
    return response.content.decode().replace("\u00a0", " ")


def toast(response: HttpResponse) -> dict[str, Any]:
    return json.loads(response["HX-Trigger"])


# --- contact ---------------------------------------------------------------------------------------------------------
def test_two_clicks_log_a_call_from_the_row(nurse: Client, pathway: Pathway) -> None:
    dialog = nurse.get(url("contact", pathway), {"from": "worklist"}, headers=HTMX)
    assert "06 39 98 00 01" in text(dialog)
    assert "data-open" in text(dialog)
    (key,) = re.findall(r'name="key" value="([0-9a-f-]{36})"', text(dialog))
    response = nurse.post(
        url("contact", pathway),
        {"outcome": "unreachable", "key": key, "from": "worklist", "back": "/journee/?liste=toutes"},
        headers=HTMX,
    )
    assert response.status_code == 200
    page = text(response)
    assert page.lstrip().startswith(f'<tr id="p-{pathway.uuid}"')
    assert 'id="worklist-counters" hx-swap-oob="true"' in page
    contact = Contact.objects.get()
    assert contact.next_on is not None, "an unreachable patient is called again"
    events = toast(response)
    assert events["jalon:toast"]["message"].startswith("Contact noté : injoignable, à rappeler")
    assert {"jalon:close-dialog", "jalon:pathway-changed"} <= set(events)


def test_the_same_call_without_javascript(nurse: Client, pathway: Pathway) -> None:
    assert "Résultat de l’appel" in text(nurse.get(url("contact", pathway)))
    day = timezone.localdate() + timedelta(days=3)
    back = "/journee/?liste=a-rappeler"
    response = nurse.post(url("contact", pathway), {"call_back_on": day.isoformat(), "back": back}, follow=True)
    assert response.redirect_chain == [(back, 302)]
    assert "À rappeler" in text(response)
    assert Contact.objects.get().next_on == day


@pytest.mark.parametrize("back", ["https://ailleurs.invalid/", "//ailleurs.invalid", "javascript:alert(1)", ""])
def test_a_form_never_sends_elsewhere(nurse: Client, pathway: Pathway, back: str) -> None:
    response = nurse.post(url("contact", pathway), {"outcome": "reached", "back": back})
    assert response["Location"] == url("pathway-panel", pathway)


def test_a_refused_call_keeps_what_was_typed(nurse: Client, pathway: Pathway) -> None:
    sent = {"outcome": "call_back", "note": "Rappeler le soir", "from": "worklist"}
    response = nurse.post(url("contact", pathway), sent, headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#contact-dialog"
    assert "Indiquez quand rappeler." in text(response)
    assert 'value="Rappeler le soir"' in text(response)
    assert not Contact.objects.exists()


def test_reading_the_call_window_is_logged(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    nurse.get(url("contact", pathway))
    log = AccessLog.objects.get(patient_uuid=pathway.patient.uuid)
    assert (log.user, log.what, log.why) == (desk.coordinator, "Contact", "team")


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
    assert response.context["board"].figures == {"booked": 2, "free": 3, "released": 1}
    assert 'hx-trigger="every 30s"' in page


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
    undone = client.post(url("booking-undo", booking), {"back": url("platform")}, follow=True)
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


# --- panel, tasks, notices -------------------------------------------------------------------------------------------
def test_the_panel_is_a_page_and_a_fragment(nurse: Client, pathway: Pathway) -> None:
    services.create_task(pathway=pathway, title="Obtenir le compte rendu")
    page, fragment = nurse.get(url("pathway-panel", pathway)), nurse.get(url("pathway-panel", pathway), headers=HTMX)
    assert "<html" in text(page)
    assert text(fragment).lstrip().startswith('<div id="coordination-panel">')
    for response in (page, fragment):
        assert "Obtenir le compte rendu" in text(response)


def test_a_town_doctor_of_the_circle_reads_the_panel_and_changes_nothing(client: Client, pathway: Pathway) -> None:
    doctor = ProfessionalFactory(gp=True)
    pathways.add_to_circle(pathway=pathway, professional=doctor, role=CircleRole.GP)
    client.force_login(UserFactory(role=Role.TOWN, professional=doctor))
    response = client.get(url("pathway-panel", pathway))
    assert response.status_code == 200
    assert "<form" not in text(response).split('id="coordination-panel"')[1].split("</main>")[0]
    assert AccessLog.objects.get().why == "circle"
    for name in ("contact", "task-add", "notices-send"):
        assert client.post(url(name, pathway)).status_code == 403, name


def test_a_task_is_added_from_the_panel(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    refused = nurse.post(url("task-add", pathway), {"title": "", "note": "gardée", "from": "panel"}, headers=HTMX)
    assert refused.status_code == 422
    assert "gardée" in text(refused)
    past = nurse.post(url("task-add", pathway), {"title": "Une", "due_on": "2020-01-01"}, headers=HTMX)
    assert "Cette date est déjà passée." in text(past)
    sent = {"title": "Demander les images", "due_on": timezone.localdate().isoformat(), "mine": "on", "from": "panel"}
    response = nurse.post(url("task-add", pathway), sent, headers=HTMX)
    assert "Demander les images" in text(response)
    assert Task.objects.get().owner == desk.coordinator


def test_tasks_by_list(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    today = timezone.localdate()
    mine = services.create_task(pathway=pathway, title="À moi", owner=desk.coordinator, due_on=today)
    later = services.create_task(pathway=pathway, title="Plus tard", due_on=today + timedelta(days=5))
    undated = services.create_task(pathway=pathway, title="Sans date")
    closed = services.create_task(pathway=pathway, title="Close")
    services.complete_task(task=closed, user=desk.coordinator)
    services.create_task(pathway=Desk().pathway(), title="Ailleurs")

    def listed(**query: str) -> list[Task]:
        return list(nurse.get(url("tasks"), query).context["page"].object_list)

    assert listed() == [mine]
    assert listed(liste="a-prendre") == [later, undated]
    assert listed(liste="equipe") == [mine, later, undated]
    assert listed(liste="equipe", pour="aujourdhui") == [mine]
    assert listed(liste="closes") == [closed]
    tabs = nurse.get(url("tasks")).context["tabs"]
    assert [tab["count"] for tab in tabs] == [1, 2, 3, None]


def test_a_task_is_taken_done_and_cancelled_from_its_row(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Appeler")
    row = nurse.post(url("task-claim", task), headers=HTMX)
    assert text(row).lstrip().startswith(f'<tr id="t-{task.uuid}"')
    assert str(desk.coordinator) in text(row)
    refused = nurse.post(url("task-cancel", task), {"reason": " "}, headers=HTMX)
    assert toast(refused)["jalon:toast"] == {"message": "Indiquez pourquoi cette tâche est annulée.", "tone": "late"}
    done = nurse.post(url("task-complete", task), {"outcome": "Reçu"}, follow=True)
    assert "Tâche faite." in text(done)
    assert Task.objects.get().outcome == "Reçu"


def test_who_may_handle_a_task(client: Client, desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Appeler")
    client.force_login(UserFactory(role=Role.COORDINATOR))
    assert client.post(url("task-claim", task)).status_code == 404
    client.force_login(UserFactory(role=Role.QUALITY, team=desk.team))
    assert client.post(url("task-claim", task)).status_code == 403
    client.force_login(UserFactory(role=Role.PHYSICIAN, team=desk.team))
    assert client.post(url("task-claim", task)).status_code == 302


def test_an_appointment_is_cancelled_with_a_reason(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    booking = desk.booking(desk.slot(), pathway)
    refused = nurse.post(url("booking-cancel", booking), {"reason": ""}, headers=HTMX)
    assert refused.status_code == 422
    assert "Indiquez pourquoi le rendez-vous est annulé." in text(refused)
    response = nurse.post(
        url("booking-cancel", booking), {"reason": "Machine en panne", "patient_knows": "on"}, headers=HTMX
    )
    assert "Machine en panne" in text(response)
    assert not Task.objects.exists()


def test_a_mark_is_taken_back_from_the_panel(nurse: Client, desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_done(booking=booking, user=desk.technician)
    assert "Corriger" in text(nurse.get(url("pathway-panel", booking.pathway)))
    response = nurse.post(url("booking-undo", booking), {"from": "panel"}, headers=HTMX)
    assert text(response).lstrip().startswith('<div id="coordination-panel">')
    assert not Milestone.objects.in_force().filter(kind="exam_done").exists()


def test_the_notices_tell_whether_they_arrived(nurse: Client, desk: Desk) -> None:
    gp = ProfessionalFactory(gp=True, email="")
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp))
    pathways.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
    page = text(nurse.get(url("notices", pathway)))
    assert "Pas d’adresse" in page
    assert "n’a pas de messagerie" in page
    gp.email = "dr@exemple.invalid"
    gp.save()
    assert "Envoyer ce qui attendait" in text(nurse.get(url("notices", pathway)))
    sent = nurse.post(url("notices-send", pathway), headers=HTMX)
    assert "En attente d’envoi" in text(sent)


def test_each_look_at_a_file_is_logged(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    for name in ("pathway-panel", "book", "contact", "notices"):
        nurse.get(url(name, pathway))
    whats = list(AccessLog.objects.order_by("pk").values_list("what", flat=True))
    assert whats == ["Coordination", "Réservation", "Contact", "Informations au médecin traitant"]


@pytest.mark.parametrize("name", ["tasks", "slots", "pathway-panel", "book"])
def test_pages_cost_the_same_whatever_the_data(
    nurse: Client, desk: Desk, pathway: Pathway, name: str, django_assert_max_num_queries: Any
) -> None:
    item = pathway if name in ("pathway-panel", "book") else None
    query = {"semaine": (timezone.localdate() + timedelta(days=10)).isoformat(), "liste": "equipe"}

    def cost() -> int:
        with django_assert_max_num_queries(24) as queries:
            assert nurse.get(url(name, item), query).status_code == 200
        return len(queries)

    def grow() -> None:
        for number, code in enumerate(("scanner", "irm", "tep_scanner", "biopsie_percutanee")):
            desk.booking(desk.slot(in_days=8 + number, exam_type=exam(code), capacity=2), pathway)
            desk.slot(in_days=9 + number, exam_type=exam(code))
            services.create_task(pathway=pathway, title="Une", owner=_colleague(desk))
            services.record_contact(pathway=pathway, author=_colleague(desk), outcome="reached")

    grow()
    small = cost()
    for booking in Booking.objects.all():
        services.cancel_booking(booking=booking, reason="Panne", user=desk.coordinator)
    grow()
    assert cost() <= small


def _colleague(desk: Desk) -> User:
    return UserFactory(role=Role.SECRETARY, team=desk.team)
