"""What must work when no script runs: the GP's form, the answer to it, a booking, a call noted."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from coordination.models import Booking, Contact
from referrals.models import Referral
from tests.coordination.factories import Desk, exam
from tests.e2e.conftest import Arrival
from tests.referrals.factories import ReferralFactory
from tests.referrals.papers import pdf

pytestmark = pytest.mark.django_db(transaction=True)


def test_request_is_sent_and_written_to(visit: Arrival) -> None:
    target = Desk().target
    gp = visit(phone=True, scripts=False)
    gp.go(f"/demande/{target.key}/")
    gp.fill(**{
        "Votre nom": "Dr Paul ESSAIMOT", "Téléphone direct": "0199000010", "Courriel": "paul@exemple.invalid",
        "Nom de naissance": "ESSAISANSJS", "Premier prénom": "Léa", "Date de naissance": "03/02/1949",
    })  # fmt: skip
    gp.main.get_by_label("Féminin").check()
    gp.main.get_by_label("C’est moi").check()
    paper = {"name": "courrier.pdf", "mimeType": "application/pdf", "buffer": pdf("courrier")}
    gp.main.get_by_label("Joindre des documents").set_input_files(paper)
    gp.button("Envoyer la demande").click()
    expect(gp.main.get_by_role("alert")).to_contain_text("Motif")
    gp.sees("courrier.pdf")
    gp.fill(Motif="Amaigrissement et douleur.")
    gp.button("Envoyer la demande").click()
    gp.sees("Demande envoyée", "1 document joint")
    gp.link("Page de suivi").click()
    gp.main.get_by_label("Votre message").fill("Vit seule, sa fille peut l’accompagner.")
    gp.button("Envoyer").last.click()
    gp.sees("C’est transmis, merci")
    assert Referral.objects.get().documents.count() == 1


def test_request_is_accepted(visit: Arrival) -> None:
    desk = Desk()
    referral = ReferralFactory(desk.target)
    nurse = visit(desk.coordinator, scripts=False)
    nurse.go("/demandes/")
    nurse.link(referral.birth_name).click()
    nurse.button("Accepter et ouvrir le parcours").click()
    nurse.sees("Acceptée par")
    nurse.link("Ouvrir le parcours").click()
    nurse.sees("Prochaine étape")
    nurse.page.get_by_role("link", name="Coordination").last.click()
    nurse.sees("Réserver un créneau")
    referral.refresh_from_db()
    assert referral.status == "accepted" and referral.pathway.team == desk.target.team


def test_slot_is_booked(visit: Arrival) -> None:
    desk = Desk()
    pathway = desk.pathway(days_ago=1)
    slot = desk.slot(exam_type=exam("consultation_pluridisciplinaire"), capacity=2)
    nurse = visit(desk.coordinator, scripts=False)
    nurse.go("/journee/")
    nurse.link("Réserver un créneau pour").click()
    nurse.button("Réserver Consultation pluridisciplinaire").first.click()
    nurse.sees("Consultation pluridisciplinaire réservé")
    assert Booking.objects.get().slot == slot
    assert Booking.objects.get().pathway == pathway


def test_call_is_noted(visit: Arrival) -> None:
    desk = Desk()
    desk.pathway(days_ago=1)
    nurse = visit(desk.coordinator, scripts=False)
    nurse.go("/journee/")
    nurse.link("Noter un contact avec").click()
    nurse.button("Injoignable").click()
    expect(nurse.page.get_by_role("heading", name="Ma journée")).to_be_visible()
    assert Contact.objects.get().outcome == "unreachable"
