"""What a page reached by a link may tell of a pathway: that steps took place, never what they found.

A closed list: results, diagnosis, announcement, treatments, palliative care and death are not in it, so a milestone
kind added later stays hidden until someone decides otherwise.
"""

from __future__ import annotations

from pathways.rules.milestones import MilestoneKind

PUBLIC_MILESTONES: dict[MilestoneKind, str] = {
    MilestoneKind.APPOINTMENT_OFFERED: "Rendez-vous proposé au patient",
    MilestoneKind.FIRST_CARE: "Patient accueilli",
    MilestoneKind.EXAM_DONE: "Examen réalisé",
    MilestoneKind.RCP_REGISTERED: "Dossier inscrit en réunion de concertation (RCP)",
    MilestoneKind.RCP_HELD: "Dossier discuté en réunion de concertation (RCP)",
    MilestoneKind.RCP_DECISION_SENT: "Décision de la RCP envoyée",
}
