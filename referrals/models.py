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
from referrals.querysets import DraftDocumentQuerySet, ReferralQuerySet
from referrals.vocabulary import Channel, EventKind, KnownExam, MissingPiece, ReferralStatus, Urgency, UrgencySign

__all__ = [
    "Channel",
    "EventKind",
    "KnownExam",
    "MissingPiece",
    "Referral",
    "ReferralDocument",
    "ReferralDraftDocument",
    "ReferralEvent",
    "ReferralStatus",
    "Urgency",
    "UrgencySign",
]


@tracked()
class Referral(models.Model):
    """One request. What the requester typed stays here as typed; the patient's file is written at acceptance.

    ``answer_due_at`` and ``answer_warn_at`` (UTC) are the promise now running: from the reception, then again from
    each complement. While a complement is awaited (`incomplete`) the promise does not run. ``answered_at`` is the
    first answer of all. ``has_news`` is true from the moment the requester writes until a coordinator has read it.
    Several requests may lead to one pathway: the GP and the radiologist both refer the same patient.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    receipt = models.CharField("numéro de reçu", max_length=16, unique=True)
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="referrals")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="referrals")
    target = models.ForeignKey(TargetPathway, on_delete=models.PROTECT, related_name="referrals")
    channel = models.CharField("canal", max_length=12, choices=Channel, default=Channel.FORM)
    status = models.CharField("état", max_length=12, choices=ReferralStatus, default=ReferralStatus.RECEIVED)
    received_at = models.DateTimeField("reçue le")
    answer_due_at = models.DateTimeField("réponse promise avant", null=True, blank=True)
    answer_warn_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField("première réponse", null=True, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    requester_name = models.CharField("nom du demandeur", max_length=120)
    requester_profession = models.CharField("profession", max_length=16, choices=Profession)
    requester_specialty = models.CharField("spécialité", max_length=80, blank=True)
    requester_rpps = models.CharField("numéro RPPS", max_length=11, blank=True)
    requester_phone = models.CharField("téléphone", max_length=20)
    requester_email = models.EmailField("courriel", blank=True)
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
    first_symptoms_month_only = models.BooleanField("jour inconnu", default=False)
    imaging_on = models.DateField("date de l’imagerie suspecte", null=True, blank=True)
    exams = ArrayField(models.CharField(max_length=12, choices=KnownExam), default=list, blank=True)
    exams_done = models.TextField("précisions sur les examens", blank=True)
    history = models.TextField("antécédents et traitements", blank=True)
    urgency_signs = ArrayField(models.CharField(max_length=12, choices=UrgencySign), default=list, blank=True)

    missing = ArrayField(models.CharField(max_length=16, choices=MissingPiece), default=list, blank=True)
    has_news = models.BooleanField("écrit du demandeur non lu", default=False)
    urgency = models.PositiveSmallIntegerField("urgence", choices=Urgency, null=True, blank=True)
    triaged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, null=True, blank=True, related_name="referrals")
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
            models.Index(fields=["team", "-received_at"], name="referral_team_received"),
            models.Index(fields=["birth_date"], name="referral_birth_date"),
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
            models.CheckConstraint(
                condition=~Q(status__in=["accepted", "refused", "redirected"]) | Q(answered_at__isnull=False),
                name="referral_answer_is_dated",
                violation_error_message="Une réponse porte une date.",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt


def _private_path(document: ReferralDocument | ReferralDraftDocument, _filename: str) -> str:
    """A name that tells nothing: the random id of the row."""
    return f"referrals/{document.uuid.hex[:2]}/{document.uuid.hex}"


class StoredFile(models.Model):
    """A private file whose real type and size were checked. Served by a view, never by its path."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField("nom", max_length=120)
    file = models.FileField(upload_to=_private_path, max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField("taille (octets)")
    sha256 = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class ReferralDocument(StoredFile):
    """A paper joined to a request."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="documents")
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


class ReferralDraftDocument(StoredFile):
    """A file accepted before its form was: kept under the form's key, so that a mistake elsewhere in the form does not
    lose it. It becomes a `ReferralDocument` when the form is accepted, else a beat job erases it at ``expires_at``."""

    form_key = models.UUIDField()
    expires_at = models.DateTimeField(db_index=True)

    objects = DraftDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "pièce en attente"
        verbose_name_plural = "pièces en attente"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["form_key", "sha256"], name="referral_draft_once"),
        ]


class ReferralEvent(models.Model):
    """Everything that happened to a request, in the words the requester reads. Append-only.

    ``pieces`` are the `MissingPiece` asked for by this event; ``document_count`` the papers that came with it.
    ``form_key`` makes the same sending by the requester count once.
    """

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField("mouvement", max_length=10, choices=EventKind)
    at = models.DateTimeField("le")
    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12, choices=ReferralStatus)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    message = models.TextField("message", blank=True)
    pieces = ArrayField(models.CharField(max_length=16, choices=MissingPiece), default=list, blank=True)
    document_count = models.PositiveSmallIntegerField("pièces jointes", default=0)
    from_requester = models.BooleanField("écrit par le demandeur", default=False)
    form_key = models.UUIDField(null=True, blank=True, unique=True)

    class Meta:
        verbose_name = "mouvement de demande"
        verbose_name_plural = "mouvements de demande"
        ordering = ["at", "id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.get_kind_display()
