"""The front door: requests from town or from the phone, their papers and everything that happened to them."""

from __future__ import annotations

from uuid import uuid4

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from directory.history import tracked
from directory.models import Establishment, Profession, Professional, Team, User
from pathways.models import Pathway, Sex, TargetPathway
from referrals.querysets import ReferralQuerySet


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


@tracked()
class Referral(models.Model):
    """One request. What the requester typed stays here as typed; the patient's file is written at acceptance."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    receipt = models.CharField("numéro de reçu", max_length=16, unique=True)
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="referrals")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="referrals")
    target = models.ForeignKey(TargetPathway, on_delete=models.PROTECT, related_name="referrals")
    channel = models.CharField("canal", max_length=12, choices=Channel, default=Channel.FORM)
    status = models.CharField("état", max_length=12, choices=ReferralStatus, default=ReferralStatus.RECEIVED)
    received_at = models.DateTimeField("reçue le")
    answer_due_at = models.DateTimeField("réponse promise avant", null=True, blank=True)
    answered_at = models.DateTimeField("première réponse", null=True, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    requester_name = models.CharField("nom du demandeur", max_length=120)
    requester_profession = models.CharField("profession", max_length=16, choices=Profession)
    requester_specialty = models.CharField("spécialité", max_length=80, blank=True)
    requester_rpps = models.CharField("numéro RPPS", max_length=11, blank=True)
    requester_phone = models.CharField("téléphone", max_length=20)
    requester_email = models.EmailField("courriel")
    requester = models.ForeignKey(Professional, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    requester_is_gp = models.BooleanField("médecin traitant du patient", default=False)
    gp_name = models.CharField("médecin traitant", max_length=120, blank=True)
    has_no_gp = models.BooleanField("sans médecin traitant", default=False)

    birth_name = models.CharField("nom de naissance", max_length=100)
    used_name = models.CharField("nom utilisé", max_length=100, blank=True)
    first_name = models.CharField("premier prénom", max_length=100)
    birth_date = models.DateField("date de naissance")
    sex = models.CharField("sexe", max_length=1, choices=Sex)
    patient_phone = models.CharField("téléphone du patient", max_length=20, blank=True)
    patient_city = models.CharField("commune", max_length=80, blank=True)
    patient_knows = models.BooleanField("le patient est informé de la demande", default=False)

    reason = models.TextField("motif de la demande")
    first_symptoms_on = models.DateField("premiers symptômes", null=True, blank=True)
    imaging_on = models.DateField("date de l’imagerie suspecte", null=True, blank=True)
    exams_done = models.TextField("examens déjà réalisés", blank=True)
    history = models.TextField("antécédents et traitements", blank=True)
    urgency_signs = ArrayField(models.CharField(max_length=12, choices=UrgencySign), default=list, blank=True)

    urgency = models.PositiveSmallIntegerField("urgence", choices=Urgency, null=True, blank=True)
    triaged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pathway = models.OneToOneField(
        Pathway, on_delete=models.PROTECT, null=True, blank=True, related_name="referral"
    )
    redirected_to = models.CharField("réorientée vers", max_length=160, blank=True)
    form_key = models.UUIDField(default=uuid4, unique=True, editable=False)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = "demande"
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(
                fields=["team", "answer_due_at"],
                condition=Q(status__in=["received", "incomplete"]),
                name="referral_to_triage",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="accepted") | Q(pathway__isnull=False),
                name="referral_accepted_has_pathway",
                violation_error_message="Une demande acceptée ouvre un parcours.",
            ),
            models.CheckConstraint(
                condition=~Q(status="redirected") | ~Q(redirected_to=""),
                name="referral_redirected_names_place",
                violation_error_message="Indiquez vers qui la demande est réorientée.",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt


def _private_path(document: ReferralDocument, _filename: str) -> str:
    return f"referrals/{document.uuid.hex[:2]}/{document.uuid.hex}"


class ReferralDocument(models.Model):
    """A paper joined to a request; private file, checked type and size."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="documents")
    name = models.CharField("nom", max_length=120)
    file = models.FileField(upload_to=_private_path, max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField("taille (octets)")
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField("ajouté le")

    class Meta:
        verbose_name = "pièce jointe"
        verbose_name_plural = "pièces jointes"
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "sha256"],
                name="referral_document_once",
                violation_error_message="Ce document est déjà joint.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReferralEvent(models.Model):
    """Everything that happened to a request, in the words the requester reads. Append-only."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField("le")
    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12, choices=ReferralStatus)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    message = models.TextField("message au demandeur", blank=True)
    from_requester = models.BooleanField("écrit par le demandeur", default=False)

    class Meta:
        verbose_name = "mouvement de demande"
        ordering = ["at", "id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.to_status
