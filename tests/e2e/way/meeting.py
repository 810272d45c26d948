"""The meeting room: registration with a question, attendance, the opinion and its follow-up, the letter to the GP."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.people import Visitor
from tests.e2e.way.hospital import DIAGNOSIS, Hospital

QUESTION = "Chirurgie première ou traitement préalable ?"
PROPOSAL = "Chirurgie première : duodénopancréatectomie céphalique."


def coordinator_registers(nurse: Visitor, hospital: Hospital) -> None:
    """From the patient's page to the agenda of the next meeting; what the file knows is not typed again."""
    nurse.go(f"/parcours/{hospital.pathway.uuid}/")
    nurse.link("Inscrire en RCP").click()
    nurse.check()
    nurse.main.get_by_label("Question", exact=False).first.fill(QUESTION)
    nurse.main.get_by_label("Siège").fill("Tête du pancréas")
    expect(nurse.main.get_by_label("Preuve anatomopathologique")).to_have_value(DIAGNOSIS)
    nurse.button("Inscrire").click()
    nurse.sees("Dossier de RCP", QUESTION, DIAGNOSIS, "En attente d’avis")
    nurse.check()


def physician_decides(doctor: Visitor, hospital: Hospital) -> None:
    """Agenda, attendance in one click each, the opinion with what must follow."""
    doctor.go("/")
    doctor.main.get_by_role("table").get_by_role("link").first.click()
    doctor.sees(hospital.patient.birth_name, QUESTION, "Quorum non renseigné")
    doctor.check()
    for member in hospital.members:
        doctor.button(f"{member} : présent sur place").click()
        expect(doctor.button(f"{member} : retirer la présence")).to_be_visible()
    doctor.sees("Quorum atteint")
    doctor.check()
    doctor.link("Rendre l’avis").click()
    doctor.main.get_by_label("Proposition de la RCP").fill(PROPOSAL)
    doctor.main.get_by_label("Type de traitement").select_option(label="Chirurgie")
    doctor.check()
    expect(doctor.main.get_by_role("checkbox", name="Consultation d’annonce")).to_be_checked()
    doctor.button("Enregistrer l’avis").click()
    doctor.sees("Avis de la réunion", PROPOSAL, "Consultation d’annonce", "Participants")
    doctor.check()


def coordinator_has_the_follow_up(nurse: Visitor) -> None:
    """What the meeting asked is on the desk as tasks, and on the page of follow-up."""
    nurse.go("/")
    nurse.page.get_by_role("navigation").get_by_role("link", name="Tâches").first.click()
    nurse.link("Voir les tâches à prendre").click()
    nurse.sees("Consultation d’annonce", "Remise du PPS au patient")
    nurse.check()
    nurse.go("/rcp/suites/")
    nurse.sees("Consultation d’annonce", "Remise du PPS au patient")
    nurse.check()


def gp_reads_the_letter(gp: Visitor, hospital: Hospital, address: str) -> None:
    """The link asks for the birth date: a wrong one opens nothing."""
    gp.go(address)
    gp.sees_nowhere(hospital.patient.birth_name, PROPOSAL)
    gp.check()
    box = gp.main.get_by_label("Date de naissance du patient")
    box.fill("12/04/1954")
    gp.button("Lire l’avis").click()
    expect(gp.main.get_by_role("alert")).to_be_visible()
    gp.sees_nowhere(hospital.patient.birth_name, PROPOSAL)
    gp.check(status=422)
    box.fill(hospital.patient.born)
    gp.button("Lire l’avis").click()
    gp.sees(hospital.patient.birth_name, QUESTION, PROPOSAL)
    gp.check()
