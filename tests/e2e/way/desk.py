"""The coordinator's desk and the platform: login, triage, booking, exam done."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from playwright.sync_api import expect

from directory.typography import hour, short_day
from pathways import services as pathways
from pathways.rules.milestones import MilestoneKind as Kind
from tests.e2e.people import Visitor
from tests.e2e.way.hospital import DIAGNOSIS, PASSWORD, Hospital

TOTP_PERIOD = 30


def coordinator_logs_in(nurse: Visitor, hospital: Hospital) -> None:
    """By the real page: password, then the code of the application on the phone."""
    secret = generate_totp_secret()
    TOTP.activate(hospital.coordinator, secret)
    nurse.go("/compte/login/")
    nurse.check()
    nurse.fill(Courriel=hospital.coordinator.email)
    nurse.main.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    nurse.button("Se connecter").click()
    expect(nurse.page.get_by_role("heading", name="Double authentification")).to_be_visible()
    nurse.check()
    code = format_hotp_value(hotp_value(secret, int(time.time()) // TOTP_PERIOD))
    nurse.main.get_by_role("textbox").fill(code)
    nurse.button("Continuer").click()
    expect(nurse.page.get_by_role("heading", name="Ma journée", level=1)).to_be_visible()
    nurse.sees("Aucun parcours en cours")
    nurse.check()


def coordinator_accepts(nurse: Visitor, hospital: Hospital) -> None:
    """From the inbox: the request, its report, the answer; the pathway opens and is on the list of the day."""
    who = hospital.patient.birth_name
    nurse.page.get_by_role("navigation").get_by_role("link", name="Demandes").first.click()
    nurse.sees("Dr Claire ESSAIMARTIN", who)
    nurse.check()
    nurse.main.get_by_role("link", name=who).click()
    nurse.sees(hospital.patient.reason, "compte-rendu.pdf")
    nurse.check()
    report = nurse.main.get_by_role("link", name="compte-rendu.pdf").first.get_attribute("href")
    answer = nurse.page.context.request.get(f"{nurse.url}{report}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF")

    expect(nurse.main.get_by_label("Créer un nouveau dossier")).to_be_checked()
    nurse.button("Accepter et ouvrir le parcours").click()
    nurse.sees("Acceptée par")
    nurse.link("Ouvrir le parcours").click()
    nurse.sees("Prochaine étape", "J1", who)
    nurse.check()
    nurse.page.get_by_role("navigation").get_by_role("link", name="Ma journée").first.click()
    nurse.sees(who)


def coordinator_books(nurse: Visitor, hospital: Hospital) -> None:
    """From the patient's step on the list: the consultation in one click, then the CT of the same day."""
    day = hospital.exam_day
    nurse.go("/journee/")
    nurse.main.get_by_role("link", name="Réserver un créneau pour").click()
    nurse.sees("Consultation pluridisciplinaire", "2 places libres sur 2")
    nurse.check()
    _book(nurse, "Consultation pluridisciplinaire", hospital.instant(day, 9), hospital)
    nurse.main.get_by_role("link", name="Scanner").click()
    _book(nurse, "Scanner", hospital.instant(day, 14), hospital)
    nurse.sees("1 venue prévue")
    nurse.check()


def _book(nurse: Visitor, exam: str, when: object, hospital: Hospital) -> None:
    today = hospital.answer_day
    name = f"Réserver {exam} le {short_day(when, today)} à {hour(when)}"  # type: ignore[arg-type]
    nurse.button(name).click()
    nurse.sees(f"{exam} réservé")


def platform_marks_done(technician: Visitor, hospital: Hospital) -> None:
    """The day's list shows who comes and for what, not why; one click each."""
    technician.go("/")
    technician.sees(hospital.patient.birth_name, "Scanner", "Consultation pluridisciplinaire")
    technician.sees_nowhere(hospital.patient.reason)
    technician.check()
    rows = technician.main.get_by_role("row").filter(has_text=hospital.patient.birth_name)
    for exam in ("Consultation pluridisciplinaire", "Scanner"):
        row = rows.filter(has_text=exam)
        row.get_by_role("button", name="Réalisé").click()
        expect(row.get_by_role("button", name="Corriger")).to_be_visible()
        expect(row).to_contain_text("Réalisé")
    technician.check()


def laboratory_answers(hospital: Hospital) -> None:
    """What other teams record in the following days, so that one step only will be late at the end."""
    facts = (
        (Kind.EXAM_DONE, "irm", 7, 15.5), (Kind.GP_INFORMED, "", 6, 9), (Kind.BIOPSY_TAKEN, "", 6, 10),
        (Kind.LAB_REQUESTED, "", 6, 11), (Kind.SAMPLE_SENT, "", 6, 12), (Kind.LAB_FINAL, "", 5, 16),
    )  # fmt: skip
    for kind, detail, back, at in facts:
        instant = hospital.instant(hospital.day(back), at)
        pathways.record_milestone(
            pathway=hospital.pathway, kind=kind, detail=detail, occurred_at=instant, author=hospital.physician
        )
    pathways.write_summary(pathway=hospital.pathway, diagnosis=DIAGNOSIS)
