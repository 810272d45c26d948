"""One patient's file at one session."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from directory.history import tracked
from directory.models import Professional, User
from pathways.models import Milestone, Pathway
from rcp.models.meetings import Attendance, RcpSession
from rcp.querysets import RcpCaseQuerySet


class CaseStatus(models.TextChoices):
    REGISTERED = "registered", "Inscrit"
    DECIDED = "decided", "Avis rendu"
    TO_REPRESENT = "to_represent", "À représenter"
    POSTPONED = "postponed", "Reporté"
    WITHDRAWN = "withdrawn", "Retiré"


class CaseStream(models.TextChoices):
    """ORG-134 discussed, ORG-128 recorded as standard (french-standards 1.3)."""

    DISCUSSED = "discussed", "À discuter"
    RECORDED = "recorded", "Dossier standard (enregistrement)"


@tracked()
class RcpCase(models.Model):
    """One patient's file at one session: the question, what the meeting must know, and where it stands.

    ``registration`` is the milestone that registering wrote; a file carried over to a later session (``previous``)
    keeps the first one, because the patient has waited since. ``complete`` is what the readiness rule said when the
    opinion was given. ``histology`` holds the proof, or says in words that there is none.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    session = models.ForeignKey(RcpSession, on_delete=models.PROTECT, related_name="cases")
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="rcp_cases")
    position = models.PositiveSmallIntegerField("ordre", default=0)
    stream = models.CharField("circuit", max_length=10, choices=CaseStream, default=CaseStream.DISCUSSED)
    status = models.CharField("état", max_length=12, choices=CaseStatus, default=CaseStatus.REGISTERED)
    question = models.TextField("question posée à la RCP")
    summary = models.TextField("synthèse", blank=True)
    antecedents = models.TextField("antécédents et traitements en cours", blank=True)
    diagnosed_on = models.DateField("date du diagnostic", null=True, blank=True)
    site_label = models.CharField("siège", max_length=120, blank=True)
    histology = models.CharField("histologie ou absence de preuve", max_length=200, blank=True)
    stage = models.CharField("stade", max_length=60, blank=True)
    who_status = models.PositiveSmallIntegerField("état général (OMS)", null=True, blank=True)
    g8_score = models.DecimalField("score G8", max_digits=3, decimal_places=1, null=True, blank=True)
    imaging = models.CharField("imagerie à projeter", max_length=200, blank=True)
    team_note = models.TextField("mot de la coordination ou du médecin traitant", blank=True)
    no_gp = models.BooleanField("sans médecin traitant", default=False)
    presenter = models.ForeignKey(
        Professional, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="présentateur"
    )
    absent = models.ManyToManyField(Attendance, related_name="+", blank=True, verbose_name="absents pour ce dossier")
    after_treatment = models.BooleanField("présenté après le début du traitement", default=False)
    complete = models.BooleanField("dossier complet", null=True, blank=True)
    postponed_reason = models.CharField("motif", max_length=200, blank=True)
    late_reason = models.CharField("motif d’inscription tardive", max_length=200, blank=True)
    previous = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="following")
    registration = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    registered_at = models.DateTimeField("inscrit le")
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RcpCaseQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier de RCP"
        verbose_name_plural = "dossiers de RCP"
        ordering = ["session", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "pathway"],
                name="rcp_case_once_per_session",
                violation_error_message="Ce patient est déjà inscrit à cette séance.",
            ),
            models.CheckConstraint(
                condition=~Q(question=""),
                name="rcp_case_has_question",
                violation_error_message="Indiquez la question posée à la RCP.",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["postponed", "withdrawn"]) | ~Q(postponed_reason=""),
                name="rcp_case_postponed_with_reason",
                violation_error_message="Indiquez pourquoi le dossier est reporté ou retiré.",
            ),
            models.CheckConstraint(
                condition=Q(who_status__isnull=True) | Q(who_status__lte=4),
                name="rcp_case_who_status_range",
                violation_error_message="L’état général OMS va de 0 à 4.",
            ),
            models.CheckConstraint(
                condition=Q(g8_score__isnull=True) | Q(g8_score__gte=0, g8_score__lte=17),
                name="rcp_case_g8_range",
                violation_error_message="Le score G8 va de 0 à 17.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session} {self.pathway}"
