"""The closed words of a target pathway's YAML, and the French names they are shown by."""

from __future__ import annotations

from enum import StrEnum


class Actor(StrEnum):
    """Who does a step: a function, never a person."""

    COORDINATOR = "coordinator"
    SECRETARY = "secretary"
    PHYSICIAN = "physician"
    RCP = "rcp"
    NURSE = "nurse"
    PLATFORM = "platform"
    LABORATORY = "laboratory"
    SUPPORT_CARE = "support_care"
    GP = "gp"
    TOWN_PROFESSIONAL = "town_professional"
    PATIENT = "patient"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _ACTOR_LABELS[self]


_ACTOR_LABELS: dict[Actor, str] = {
    Actor.COORDINATOR: "Coordination",
    Actor.SECRETARY: "Secrétariat",
    Actor.PHYSICIAN: "Médecin hospitalier",
    Actor.RCP: "Réunion de concertation",
    Actor.NURSE: "Soins infirmiers",
    Actor.PLATFORM: "Plateau technique",
    Actor.LABORATORY: "Laboratoire",
    Actor.SUPPORT_CARE: "Soins de support",
    Actor.GP: "Médecin traitant",
    Actor.TOWN_PROFESSIONAL: "Professionnel de ville",
    Actor.PATIENT: "Patient",
}


class Phase(StrEnum):
    """The segment of the pathway a step belongs to, in order: delays are split along them."""

    REFERRAL = "referral"
    FIRST_CARE = "first_care"
    EXAMS = "exams"
    PATHOLOGY = "pathology"
    RCP = "rcp"
    ANNOUNCEMENT = "announcement"
    TREATMENT = "treatment"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _PHASE_LABELS[self]


_PHASE_LABELS: dict[Phase, str] = {
    Phase.REFERRAL: "Adressage",
    Phase.FIRST_CARE: "Premier accueil",
    Phase.EXAMS: "Examens",
    Phase.PATHOLOGY: "Anatomopathologie",
    Phase.RCP: "RCP",
    Phase.ANNOUNCEMENT: "Annonce",
    Phase.TREATMENT: "Traitement",
}


class EntryChannel(StrEnum):
    """By which door a request may come in [004 F1 l.312-325] (ENT-03)."""

    FORM = "form"
    PHONE = "phone"
    MAIL = "mail"
    MSSANTE = "mssante"
    DOCTOR = "doctor"
    RCP = "rcp"
    TELEEXPERTISE = "teleexpertise"
    LETTER = "letter"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _CHANNEL_LABELS[self]


_CHANNEL_LABELS: dict[EntryChannel, str] = {
    EntryChannel.FORM: "Formulaire en ligne",
    EntryChannel.PHONE: "Téléphone",
    EntryChannel.MAIL: "Courriel",
    EntryChannel.MSSANTE: "Messagerie sécurisée de santé",
    EntryChannel.DOCTOR: "De médecin à médecin",
    EntryChannel.RCP: "RCP",
    EntryChannel.TELEEXPERTISE: "Téléexpertise",
    EntryChannel.LETTER: "Courrier postal",
}


class Pick(StrEnum):
    """Which occurrence of a milestone starts the delay when it happened several times."""

    FIRST = "first"
    LAST = "last"


class Period(StrEnum):
    """Half a day of a slot type."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    DAY = "day"


class NoticeMode(StrEnum):
    """How a notice to the GP leaves: by itself, once someone has read it, or not at all (GPN-01, GPN-02)."""

    AUTOMATIC = "automatic"
    PROPOSED = "proposed"
    NEVER = "never"


class SlotMode(StrEnum):
    """How an exam is obtained in time: a slot of one's own, a place before others, or a partner's (SLT-05 to 07)."""

    DEDICATED = "dedicated"
    PRIORITY = "priority"
    PARTNER = "partner"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _MODE_LABELS[self]


_MODE_LABELS: dict[SlotMode, str] = {
    SlotMode.DEDICATED: "Créneau sanctuarisé",
    SlotMode.PRIORITY: "Demande prioritaire",
    SlotMode.PARTNER: "Établissement partenaire",
}
