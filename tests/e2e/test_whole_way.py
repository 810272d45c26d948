"""One patient goes the whole way, for real: browser, application, worker, and each person in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Arrival
from tests.e2e.way import desk, door, meeting, paper
from tests.e2e.way.hospital import Hospital
from tests.e2e.worker import Worker


@pytest.mark.django_db(transaction=True)
def test_one_patient_goes_the_whole_way(visit: Arrival, worker: Worker, folder: Path) -> None:
    hospital = Hospital()

    with hospital.at(hospital.request_day, 10):
        gp = visit(phone=True)
        door.gp_sends_the_form(gp, hospital)
        follow_up = door.link_in(door.mail_to_gp(worker, folder, hospital, "referral_received"), "/suivi/")
        door.gp_follows(gp, hospital, follow_up, "Demande reçue, réponse en cours", "Réponse promise")

    with hospital.at(hospital.answer_day, 9):
        nurse = visit()
        desk.coordinator_logs_in(nurse, hospital)
        desk.coordinator_accepts(nurse, hospital)
        door.gp_follows(gp, hospital, follow_up, "Demande acceptée", str(hospital.coordinator))
        assert hospital.referral.receipt in door.mail_to_gp(worker, folder, hospital, "referral_accepted")
        desk.coordinator_books(nurse, hospital)
        door.gp_follows(gp, hospital, follow_up, "À venir", "Scanner", "Rendez-vous proposé au patient")
        nurse.leave()

    with hospital.at(hospital.exam_day, 17):
        desk.platform_marks_done(visit(hospital.technician), hospital)
        door.gp_follows(gp, hospital, follow_up, "Patient accueilli", "Examen réalisé")

    desk.laboratory_answers(hospital)
    with hospital.at(hospital.day(6), 14):
        meeting.coordinator_registers(visit(hospital.coordinator), hospital)
        door.gp_follows(gp, hospital, follow_up, "Dossier inscrit en réunion de concertation (RCP)")

    with hospital.at(hospital.meeting_day, 14.5):
        meeting.physician_decides(visit(hospital.physician), hospital)
        letter = door.link_in(door.mail_to_gp(worker, folder, hospital, "rcp_decision"), "/rcp/avis/")
        meeting.gp_reads_the_letter(gp, hospital, letter)
        door.gp_follows(gp, hospital, follow_up, "Dossier discuté en réunion de concertation (RCP)")

    nurse = visit(hospital.coordinator)
    meeting.coordinator_has_the_follow_up(nurse)
    first = paper.coordinator_gets_the_plan(nurse, hospital, worker, 1)
    paper.plan_before_the_announcement(first, hospital)
    paper.late_step_alerts(nurse, hospital, worker)
    paper.coordinator_records_the_announcement(nurse, hospital)
    second = paper.coordinator_gets_the_plan(nurse, hospital, worker, 2)
    paper.plan_after_the_announcement(second)
    door.gp_follows(gp, hospital, follow_up, "Demande acceptée")
