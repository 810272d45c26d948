"""The closed vocabularies of the front door, with their French names. Values are stored: they never change."""

from __future__ import annotations

from django.db import models


class Channel(models.TextChoices):
    """How the request arrived (ENT-03, ENT-04)."""

    FORM = "form", "Formulaire"
    PHONE = "phone", "Téléphone"
    MAIL = "mail", "Courriel"
    SECURE_MAIL = "secure_mail", "Messagerie sécurisée"
    DOCTOR = "doctor", "De médecin à médecin"
    LETTER = "letter", "Courrier"


class ReferralStatus(models.TextChoices):
    RECEIVED = "received", "Reçue"
    INCOMPLETE = "incomplete", "Complément demandé"
    ACCEPTED = "accepted", "Acceptée"
    REFUSED = "refused", "Non retenue"
    REDIRECTED = "redirected", "Réorientée"


class EventKind(models.TextChoices):
    """What happened to a request."""

    RECEIVED = "received", "Demande reçue"
    ASKED = "asked", "Complément demandé"
    COMPLETED = "completed", "Complément reçu"
    NOTE = "note", "Information ajoutée par le demandeur"
    ACCEPTED = "accepted", "Demande acceptée"
    REFUSED = "refused", "Demande non retenue"
    REDIRECTED = "redirected", "Demande réorientée"


class UrgencySign(models.TextChoices):
    """Signs that cannot wait for the ordinary triage; list proposed by Jalon, to be validated by the site."""

    JAUNDICE = "jaundice", "Ictère"
    FEVER = "fever", "Fièvre ou frissons"
    PAIN = "pain", "Douleur non soulagée"
    VOMITING = "vomiting", "Vomissements ou occlusion"
    BLEEDING = "bleeding", "Saignement"
    BREATHLESS = "breathless", "Gêne respiratoire"
    NEURO = "neuro", "Signe neurologique"
    WEIGHT = "weight", "Amaigrissement rapide"


class Urgency(models.IntegerChoices):
    """Level set at triage (ENT-08)."""

    IMMEDIATE = 1, "Immédiate"
    FAST = 2, "Rapide"
    STANDARD = 3, "Standard"


class KnownExam(models.TextChoices):
    """Exams already done, ticked rather than written (ENT-01: « examens déjà réalisés »)."""

    BIOLOGY = "biology", "Biologie"
    ULTRASOUND = "ultrasound", "Échographie"
    CT = "ct", "Scanner"
    MRI = "mri", "IRM"
    PET = "pet", "TEP"
    ENDOSCOPY = "endoscopy", "Endoscopie"
    BIOPSY = "biopsy", "Biopsie"


class MissingPiece(models.TextChoices):
    """What is usually missing from a request (ENT-07); the coordinator ticks, the requester reads."""

    LETTER = "letter", "Courrier d’adressage"
    IMAGING_REPORT = "imaging_report", "Compte rendu d’imagerie"
    IMAGES = "images", "Accès aux images (lien de partage ou CD)"
    BIOLOGY = "biology", "Résultats de biologie"
    PATHOLOGY = "pathology", "Compte rendu d’anatomopathologie"
    HISTORY = "history", "Antécédents et traitements en cours"
    FIRST_SYMPTOMS = "first_symptoms", "Date des premiers symptômes"
    PATIENT_PHONE = "patient_phone", "Téléphone du patient"
    GP = "gp", "Nom du médecin traitant"
