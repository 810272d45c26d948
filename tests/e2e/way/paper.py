"""The care plan as a PDF, before and after the announcement, and the step that is late in between."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from playwright.sync_api import expect
from pypdf import PdfReader

from pathways.models import Alert, Document, Milestone
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.tasks import scan_delays
from rcp.tasks import note_sent_decisions
from tests.e2e.people import Visitor
from tests.e2e.way.hospital import DIAGNOSIS, Hospital
from tests.e2e.way.meeting import PROPOSAL
from tests.e2e.worker import Worker

ANNOUNCEMENT = "Consultation d’annonce"


def coordinator_gets_the_plan(nurse: Visitor, hospital: Hospital, worker: Worker, version: int) -> str:
    """Asked on the patient's page, made by the worker while the page shows it, downloaded. Returns its text."""
    nurse.go(f"/parcours/{hospital.pathway.uuid}/")
    nurse.button("Préparer").click()
    link = nurse.main.get_by_role("link", name=f"Version {version} du PPS")
    documents = Document.objects.filter(pathway=hospital.pathway, version=version, status="ready")
    worker.until(documents.exists, f"PPS version {version} ready")
    expect(link).to_be_visible()
    nurse.check()
    answer = nurse.page.context.request.get(f"{nurse.url}{link.get_attribute('href')}")
    assert answer.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.body())).pages
    assert 2 <= len(pages) <= 6
    texts = [page.extract_text() for page in pages]
    assert all(hospital.patient.birth_name in text for text in texts), "the patient's name on each page"
    return re.sub(r"\s+", " ", " ".join(texts))


def plan_before_the_announcement(text: str, hospital: Hospital) -> None:
    """Identity, steps and whom to call; nothing of the results."""
    patient = hospital.patient
    for said in (
        patient.birth_name, patient.first_name, patient.born, hospital.place.name, "01 99 00 10 10", "15",
        "Scanner", "Coordonnière", "ESSAIMARTIN", "après votre consultation d’annonce",
    ):  # fmt: skip
        assert said.casefold() in text.casefold(), f"{said!r} not in {text}"
    for secret in (DIAGNOSIS, PROPOSAL, "pancréatectomie", patient.reason):
        assert secret.casefold() not in text.casefold(), secret


def plan_after_the_announcement(text: str) -> None:
    """The same paper, now with what was found and what is proposed."""
    for said in (DIAGNOSIS, PROPOSAL, "Chirurgie"):
        assert said in text, f"{said!r} not in {text}"


def late_step_alerts(nurse: Visitor, hospital: Hospital, worker: Worker) -> None:
    """The worker's scan raises the alert; counter, list, patient's page and alerts say the same."""
    note_sent_decisions.delay()
    worker.until(_letter_noted(hospital), "letter noted as sent")
    scan_delays.delay()
    alerts = Alert.objects.open().filter(pathway=hospital.pathway, step__label=ANNOUNCEMENT, kind="late")
    worker.until(alerts.exists, "alert raised")
    due_at = alerts.get().step.due_at
    margin = f"−{(hospital.today - hospital.calendar.local_date(due_at)).days} j"
    name = hospital.patient.birth_name
    nurse.go("/journee/")
    expect(nurse.main.get_by_role("link", name="1 En retard")).to_be_visible()
    row = nurse.main.get_by_role("row").filter(has_text=name)
    for said in (ANNOUNCEMENT, margin, "échéance dépassée"):
        expect(row).to_contain_text(said)
    nurse.check()
    nurse.go(f"/parcours/{hospital.pathway.uuid}/")
    for region in ("Prochaine étape", "Alertes"):
        expect(nurse.main.get_by_role("region", name=region)).to_contain_text(ANNOUNCEMENT)
    expect(nurse.main.get_by_role("region", name="Prochaine étape")).to_contain_text(margin)
    nurse.check()
    nurse.go("/alertes/")
    row = nurse.main.get_by_role("row").filter(has_text=name)
    expect(row).to_have_count(1)
    for said in (ANNOUNCEMENT, margin):
        expect(row).to_contain_text(said)
    nurse.check()


def _letter_noted(hospital: Hospital) -> Callable[[], bool]:
    sent = Milestone.objects.in_force().filter(pathway=hospital.pathway, kind=Kind.RCP_DECISION_SENT)
    return sent.exists


def coordinator_records_the_announcement(nurse: Visitor, hospital: Hospital) -> None:
    """The fact closes the alert: nobody clicks it away."""
    nurse.go(f"/parcours/{hospital.pathway.uuid}/")
    nurse.link("C’est fait").click()
    dialog = nurse.page.get_by_role("dialog")
    expect(dialog).to_contain_text(ANNOUNCEMENT)
    nurse.check()
    dialog.get_by_role("button", name="Enregistrer").click()
    expect(dialog).to_be_hidden()
    nurse.sees("Données modifiées depuis")
    expect(nurse.main.get_by_role("region", name="Alertes")).to_have_count(0)
    nurse.go("/alertes/")
    expect(nurse.main.get_by_role("row").filter(has_text=hospital.patient.birth_name)).to_have_count(0)
