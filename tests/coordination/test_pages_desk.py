"""The desk's pages: with and without JavaScript, refusals that lose nothing, and who may not."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Contact, Task
from directory.models import AccessLog, Role, User
from pathways import services as pathways
from pathways.models import CircleRole, Milestone, Pathway
from pathways.services import write_appointment
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import HTMX, text, toast, url
from tests.factories import (
    PatientFactory,
    ProfessionalFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


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
    page = text(nurse.get(url("contact", pathway)))
    assert "Résultat de l’appel" in page
    assert f'hx-post="{url("contact", pathway)}"' not in page, "nothing behind it to swap: the button would do nothing"
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


def test_enter_in_the_note_asks_for_the_result(nurse: Client, pathway: Pathway) -> None:
    """The first button of a form is the one Enter presses: never « Joint », which nobody can take back."""
    page = BeautifulSoup(nurse.get(url("contact", pathway)).content, "html.parser")
    first = page.select_one("form.co-contact button")
    assert first is not None
    assert first.get("name") is None
    response = nurse.post(url("contact", pathway), {"note": "Sa fille répond"})
    assert response.status_code == 422
    assert "Choisissez le résultat de l’appel." in text(response)
    assert 'value="Sa fille répond"' in text(response)
    assert not Contact.objects.exists()


def test_reading_the_call_window_is_logged(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    nurse.get(url("contact", pathway))
    log = AccessLog.objects.get(patient_uuid=pathway.patient.uuid)
    assert (log.user, log.what, log.why) == (desk.coordinator, "Contact", "team")


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
    sent = {
        "title": "Demander les images",
        "due_on": timezone.localdate().isoformat(),
        "owner": str(desk.coordinator.uuid),
        "from": "panel",
    }
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
    refused = nurse.post(url("booking-cancel", booking), {"code": ""}, headers=HTMX)
    assert refused.status_code == 422
    assert "Choisissez la cause de l’annulation." in text(refused)
    response = nurse.post(
        url("booking-cancel", booking),
        {"code": "machine_down", "reason": "Tube à changer", "told_how": "phone"},
        headers=HTMX,
    )
    assert "Tube à changer" in text(response)
    assert not Task.objects.exists()


def test_a_mark_is_taken_back_from_the_panel(nurse: Client, desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_done(booking=booking, user=desk.technician)
    assert "Corriger" in text(nurse.get(url("pathway-panel", booking.pathway)))
    response = nurse.post(url("booking-undo", booking), {"from": "panel", "mark": "done"}, headers=HTMX)
    assert text(response).lstrip().startswith('<div id="coordination-panel">')
    assert not Milestone.objects.in_force().filter(kind="exam_done").exists()


def test_the_notices_tell_whether_they_arrived(nurse: Client, desk: Desk) -> None:
    gp = ProfessionalFactory(gp=True, email="")
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp))
    pathways.record_milestone(pathway=pathway, kind="admission", occurred_at=timezone.now())
    page = text(nurse.get(url("notices", pathway)))
    assert "Pas d’adresse" in page
    assert "n’a pas de messagerie" in page
    gp.email = "dr@exemple.invalid"
    gp.save()
    assert "Envoyer ce qui attendait" in text(nurse.get(url("notices", pathway)))
    sent = nurse.post(url("notices-send", pathway), headers=HTMX)
    assert "En attente d’envoi" in text(sent)


def test_one_list_of_appointments_wherever_they_were_made(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    booking = desk.booking(pathway=pathway)
    at = timezone.now() + timedelta(days=2)
    write_appointment(
        pathway=pathway,
        origin=uuid4(),
        label="Dentiste",
        starts_at=at,
        ends_at=at + timedelta(hours=1),
        preparation="À jeun",
    )
    page = text(nurse.get(url("pathway-panel", pathway)))
    visits = page.split("co-visits")[1].split("</ul>")[0]
    assert visits.index("Dentiste") < visits.index(booking.slot.exam_type.label), "soonest first"
    assert "À jeun" in visits
    assert visits.count("<strong>") == 2


def test_the_summary_of_one_page_holds_contacts_and_tasks(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    services.record_contact(
        pathway=pathway, author=desk.coordinator, outcome="call_back", next_on=date(2026, 11, 25), note="Veut son fils"
    )
    services.create_task(pathway=pathway, title="Demander le compte rendu", author=desk.coordinator)
    page = text(nurse.get(reverse("pathways:summary", args=[pathway.uuid])))
    for expected in ("Veut son fils", "À rappeler mer. 25 nov.", "Demander le compte rendu (à prendre)"):
        assert expected in page


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
        with django_assert_max_num_queries(25) as queries:
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
