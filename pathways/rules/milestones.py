"""The closed vocabulary of milestones (jalons): the dated facts of a patient's pathway.

Source: the event model of the founding documents (section 3.4). The value of a member is what the database
stores and what a target pathway's YAML writes; it never changes once released. The order is the usual order
of a pathway and serves to sort lists; no rule depends on it.
"""

from __future__ import annotations

from enum import StrEnum


class MilestoneKind(StrEnum):
    """What happened. `kind.label` is its French name as shown on screen."""

    FIRST_SYMPTOMS = "first_symptoms"
    IMAGING_UPSTREAM = "imaging_upstream"
    REFERRAL_RECEIVED = "referral_received"
    REFERRAL_COMPLETE = "referral_complete"
    APPOINTMENT_OFFERED = "appointment_offered"
    FIRST_CARE = "first_care"
    ADMISSION = "admission"
    EXAM_REQUESTED = "exam_requested"
    EXAM_DONE = "exam_done"
    BIOPSY_TAKEN = "biopsy_taken"
    LAB_REQUESTED = "lab_requested"
    SAMPLE_SENT = "sample_sent"
    LAB_INTERMEDIATE = "lab_intermediate"
    LAB_NONCONTRIBUTIVE = "lab_noncontributive"
    LAB_FINAL = "lab_final"
    GP_INFORMED = "gp_informed"
    RCP_REGISTERED = "rcp_registered"
    RCP_HELD = "rcp_held"
    RCP_DECISION_SENT = "rcp_decision_sent"
    ANNOUNCEMENT = "announcement"
    PPS_GIVEN = "pps_given"
    SUPPORT_SCREENING = "support_screening"
    PALLIATIVE_ENTRY = "palliative_entry"
    TREATMENT_STARTED = "treatment_started"
    TREATMENT_ENDED = "treatment_ended"
    LAST_CHEMO = "last_chemo"
    DISCHARGE = "discharge"
    FOLLOWUP_CONTACT = "followup_contact"
    EMERGENCY_VISIT = "emergency_visit"
    READMISSION = "readmission"
    TRANSFER = "transfer"
    DELEGATION_CONSENT = "delegation_consent"
    TOWN_SHEET_DUE = "town_sheet_due"
    TOWN_SHEET_RETURNED = "town_sheet_returned"
    PPAC_GIVEN = "ppac_given"
    NO_CANCER = "no_cancer"
    DEATH = "death"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _LABELS[self]

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """`(value, French label)` pairs, in the usual order of a pathway, for a model field or a form."""
        return [(kind.value, kind.label) for kind in cls]


_LABELS: dict[MilestoneKind, str] = {
    MilestoneKind.FIRST_SYMPTOMS: "Premiers symptômes",
    MilestoneKind.IMAGING_UPSTREAM: "Imagerie réalisée en ville",
    MilestoneKind.REFERRAL_RECEIVED: "Demande reçue",
    MilestoneKind.REFERRAL_COMPLETE: "Demande complète",
    MilestoneKind.APPOINTMENT_OFFERED: "Rendez-vous proposé",
    MilestoneKind.FIRST_CARE: "Premier accueil",
    MilestoneKind.ADMISSION: "Admission",
    MilestoneKind.EXAM_REQUESTED: "Examen demandé",
    MilestoneKind.EXAM_DONE: "Examen réalisé",
    MilestoneKind.BIOPSY_TAKEN: "Prélèvement réalisé",
    MilestoneKind.LAB_REQUESTED: "Analyse anatomopathologique demandée",
    MilestoneKind.SAMPLE_SENT: "Prélèvement envoyé au laboratoire",
    MilestoneKind.LAB_INTERMEDIATE: "Résultat intermédiaire du laboratoire",
    MilestoneKind.LAB_NONCONTRIBUTIVE: "Prélèvement non contributif",
    MilestoneKind.LAB_FINAL: "Résultat définitif du laboratoire",
    MilestoneKind.GP_INFORMED: "Médecin traitant informé",
    MilestoneKind.RCP_REGISTERED: "Dossier inscrit en RCP",
    MilestoneKind.RCP_HELD: "Dossier discuté en RCP",
    MilestoneKind.RCP_DECISION_SENT: "Décision de RCP transmise",
    MilestoneKind.ANNOUNCEMENT: "Consultation d’annonce",
    MilestoneKind.PPS_GIVEN: "PPS remis au patient",
    MilestoneKind.SUPPORT_SCREENING: "Besoins en soins de support évalués",
    MilestoneKind.PALLIATIVE_ENTRY: "Entrée dans un circuit palliatif",
    MilestoneKind.TREATMENT_STARTED: "Début du traitement",
    MilestoneKind.TREATMENT_ENDED: "Fin du traitement",
    MilestoneKind.LAST_CHEMO: "Dernière chimiothérapie",
    MilestoneKind.DISCHARGE: "Sortie d’hospitalisation",
    MilestoneKind.FOLLOWUP_CONTACT: "Contact de suivi",
    MilestoneKind.EMERGENCY_VISIT: "Passage aux urgences",
    MilestoneKind.READMISSION: "Réhospitalisation",
    MilestoneKind.TRANSFER: "Transfert vers un autre établissement",
    MilestoneKind.DELEGATION_CONSENT: "Accord pour le suivi délégué en ville",
    MilestoneKind.TOWN_SHEET_DUE: "Fiche de suivi attendue de la ville",
    MilestoneKind.TOWN_SHEET_RETURNED: "Fiche de suivi reçue de la ville",
    MilestoneKind.PPAC_GIVEN: "PPAC remis au patient",
    MilestoneKind.NO_CANCER: "Cancer écarté",
    MilestoneKind.DEATH: "Décès",
}
