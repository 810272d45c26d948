"""The laboratory: request forms, requests, the sample and its split, what each laboratory says (LAB-01..10)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from coordination.querysets.lab import LabRequestQuerySet, SampleShareQuerySet
from coordination.rules.lab import Sheet, read_sheet
from directory.history import tracked
from directory.models import Team, User
from pathways.models import Document, Pathway
from pathways.rules.durations import Duration

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class LabForm(models.Model):
    """One version of one request form, as shipped (`data/lab_forms.yaml`): requests keep the version they were filled
    on. « Adapté, à valider »."""

    key = models.SlugField("code", max_length=40)
    version = models.PositiveSmallIntegerField("version")
    label = models.CharField("libellé", max_length=120)
    source = models.CharField("source", max_length=300)
    targets = models.JSONField("parcours cibles", default=list)
    exams = models.JSONField("examens")
    fields = models.JSONField("questions")

    class Meta:
        verbose_name = "bon de demande au laboratoire"
        verbose_name_plural = "bons de demande au laboratoire"
        ordering = ["key", "-version"]
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="lab_form_version_unique")]
        triggers = [pgtrigger.Protect(name="frozen", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.label}, v{self.version}"

    @property
    def sheet(self) -> Sheet:
        row = {name: getattr(self, name) for name in ("key", "version", "label", "source", "targets", "exams")}
        return read_sheet({**row, "fields": self.fields})


def _readable_duration(text: str) -> None:
    try:
        Duration.parse(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


@tracked()
class LabAgreement(models.Model):
    """A team is a laboratory for one exam, and answers ``within`` this delay from the request, counted on its own
    calendar (LAB-10); without delay, nothing is promised."""

    laboratory = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="lab_agreements")
    exam = models.SlugField("examen (code)", max_length=40)
    within = models.CharField(
        "délai convenu", max_length=24, blank=True, validators=[_readable_duration], help_text="Par exemple 10 days."
    )
    source = models.CharField("source", max_length=200, blank=True)
    is_active = models.BooleanField("en vigueur", default=True)

    class Meta:
        verbose_name = "engagement d’un laboratoire"
        verbose_name_plural = "engagements des laboratoires"
        ordering = ["laboratory", "exam"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "exam"],
                name="lab_agreement_unique",
                violation_error_message="Ce laboratoire a déjà un engagement pour cet examen.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.laboratory}, {self.exam}"


@tracked()
class LabRequest(models.Model):
    """One enriched request for one sample; ``follows`` is the request whose sample could not be read."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="lab_requests")
    form = models.ForeignKey(LabForm, on_delete=models.PROTECT, related_name="requests")
    answers = models.JSONField("réponses", default=dict)
    suspected = models.CharField("pathologie suspectée", max_length=200)
    report = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reply_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    reply_email = models.EmailField("adresse de réponse")
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by")
    requested_at = models.DateTimeField("demandé le")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancel_reason = models.CharField("motif", max_length=200, blank=True)
    request_key = models.UUIDField(unique=True, default=uuid4)

    objects = LabRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande au laboratoire"
        verbose_name_plural = "demandes au laboratoire"
        ordering = ["-requested_at", "-id"]
        indexes = [models.Index(fields=["pathway", "-requested_at"], name="lab_request_pathway")]
        constraints = [
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | ~Q(cancel_reason=""),
                name="lab_request_cancelled_with_reason",
                violation_error_message="Indiquez pourquoi la demande est annulée.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.form.label}, {self.pathway}"

    @property
    def told(self) -> list[tuple[str, str]]:
        """(question, answer) in the words of the form."""
        return [
            (each.label, each.told(self.answers[each.key]))
            for each in self.form.sheet.fields
            if each.key in self.answers
        ]


class SampleNature(models.TextChoices):
    BIOPSY = "biopsy", "Biopsie"
    NODE = "node", "Exérèse d’un ganglion"
    CYTOLOGY = "cytology", "Cytoponction"
    FLUID = "fluid", "Liquide"
    PIECE = "piece", "Pièce opératoire"


@tracked()
class Sample(models.Model):
    """What was taken, received once by ``reception`` (LAB-03), then split between the laboratories of its shares."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    request = models.OneToOneField(LabRequest, on_delete=models.PROTECT, related_name="sample")
    taken_at = models.DateTimeField("prélevé le")
    site = models.CharField("site prélevé", max_length=120)
    nature = models.CharField("nature", max_length=10, choices=SampleNature)
    pots = models.PositiveSmallIntegerField(
        "nombre de flacons", default=1, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    reception = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "prélèvement"
        ordering = ["-taken_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(sent_at__gte=F("taken_at")),
                name="sample_sent_after_taken",
                violation_error_message="Un prélèvement ne part pas avant d’être pris.",
            ),
            models.CheckConstraint(condition=Q(pots__gte=1, pots__lte=50), name="sample_pots"),
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()}, {self.site}"


@tracked()
class SampleShare(models.Model):
    """The part of a sample that one laboratory reads. ``link_number`` is in the signed link: raising it kills those
    made before."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="shares")
    laboratory = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sample_shares")
    sent_at = models.DateTimeField("transmis le", null=True, blank=True)
    received_at = models.DateTimeField("reçu le", null=True, blank=True)
    link_number = models.PositiveSmallIntegerField(default=1)
    link_revoked_at = models.DateTimeField(null=True, blank=True)

    objects = SampleShareQuerySet.as_manager()

    class Meta:
        verbose_name = "part d’un prélèvement"
        verbose_name_plural = "parts d’un prélèvement"
        ordering = ["sample", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "laboratory"],
                name="sample_share_unique",
                violation_error_message="Ce laboratoire a déjà sa part du prélèvement.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.laboratory}"

    @property
    def is_reception(self) -> bool:
        return self.laboratory_id == self.sample.reception_id


class AskedExam(models.Model):
    """One exam asked of one laboratory; ``promised_at`` is what its agreement promised when it was asked."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    share = models.ForeignKey(SampleShare, on_delete=models.PROTECT, related_name="exams")
    exam = models.SlugField("examen (code)", max_length=40)
    label = models.CharField("examen", max_length=120)
    promised_at = models.DateTimeField("promis avant", null=True, blank=True)

    class Meta:
        verbose_name = "examen demandé au laboratoire"
        verbose_name_plural = "examens demandés au laboratoire"
        ordering = ["share", "id"]
        constraints = [models.UniqueConstraint(fields=["share", "exam"], name="asked_exam_unique")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return self.label


class LabAnswerKind(models.TextChoices):
    NONCONTRIBUTIVE = "noncontributive", "Non contributif"
    INTERMEDIATE = "intermediate", "Résultat intermédiaire"
    FINAL = "final", "Résultat définitif"


class AnswerWay(models.TextChoices):
    INBOX = "inbox", "Depuis un compte"
    LINK = "link", "Par le lien du bon"


class LabAnswer(models.Model):
    """What a laboratory said of one exam, once. Append-only: a correction (`LabCorrection`) takes it back, and begins
    the next ``turn`` of that exam. Answers given together carry the same ``act``."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    asked = models.ForeignKey(AskedExam, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField("réponse", max_length=16, choices=LabAnswerKind)
    turn = models.PositiveSmallIntegerField(default=0)
    act = models.UUIDField()
    said_at = models.DateTimeField("dit le")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    said_by = models.CharField("par", max_length=120)
    via = models.CharField("voie", max_length=8, choices=AnswerWay)
    words = models.CharField("précision", max_length=300, blank=True)

    class Meta:
        verbose_name = "réponse d’un laboratoire"
        verbose_name_plural = "réponses des laboratoires"
        ordering = ["said_at", "id"]
        indexes = [models.Index(fields=["act"], name="lab_answer_act")]
        constraints = [
            models.UniqueConstraint(
                fields=["asked", "kind", "turn"],
                name="lab_answer_once",
                violation_error_message="Cette réponse est déjà donnée.",
            ),
            models.UniqueConstraint(
                fields=["asked", "turn"],
                condition=Q(kind__in=["noncontributive", "final"]),
                name="lab_answer_one_end",
                violation_error_message="Une réponse qui clôt l’examen est déjà donnée.",
            ),
            models.CheckConstraint(
                condition=Q(via="inbox", user__isnull=False) | Q(via="link", user__isnull=True),
                name="lab_answer_way_coherent",
            ),
            models.CheckConstraint(
                condition=~Q(said_by=""),
                name="lab_answer_has_name",
                violation_error_message="Indiquez qui répond.",
            ),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.asked} : {self.get_kind_display()}"

    @property
    def in_force(self) -> bool:
        return getattr(self, "correction", None) is None


class LabCorrection(models.Model):
    """An answer taken back, by whom and why. Append-only."""

    answer = models.OneToOneField(LabAnswer, on_delete=models.PROTECT, related_name="correction")
    at = models.DateTimeField("retirée le")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    said_by = models.CharField("par", max_length=120)
    reason = models.CharField("motif", max_length=200)

    class Meta:
        verbose_name = "correction d’une réponse"
        verbose_name_plural = "corrections de réponses"
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="lab_correction_has_reason",
                violation_error_message="Indiquez pourquoi la réponse est retirée.",
            )
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return self.reason


class LabLinkReading(models.Model):
    """One use of the signed link of a share. The database refuses to change or erase it."""

    class Outcome(models.TextChoices):
        SHOWN = "shown", "Demande affichée"
        REFUSED = "refused", "Date de naissance refusée"
        ANSWERED = "answered", "Réponse donnée"

    at = models.DateTimeField(auto_now_add=True)
    share = models.ForeignKey(SampleShare, on_delete=models.PROTECT, related_name="readings")
    outcome = models.CharField("résultat", max_length=8, choices=Outcome)
    ip_address = models.GenericIPAddressField("adresse", null=True)

    class Meta:
        verbose_name = "lecture d’une demande au laboratoire"
        verbose_name_plural = "lectures de demandes au laboratoire"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["share", "at"], name="lab_link_reading_share")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.outcome}"


def last_forms() -> dict[str, LabForm]:
    """The newest version of each form, by key."""
    found: dict[str, Any] = {}
    for form in LabForm.objects.order_by("key", "version"):
        found[form.key] = form
    return found
