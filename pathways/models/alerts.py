"""Alerts, what is watched beyond the steps, and how each person wants to be told."""

from __future__ import annotations

from datetime import time
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from directory.history import tracked
from directory.models import Team, User
from pathways.models.ledger import Milestone
from pathways.models.pathway import Pathway
from pathways.models.plan import Step
from pathways.querysets import AlertQuerySet
from pathways.rules.levels import Ladder, Level


class AlertKind(models.TextChoices):
    """What is wrong. `promise` and `rcp_unexecuted` come from the rooms above, through `pathways.services.watch`."""

    WARNING = "warning", "Échéance proche"
    LATE = "late", "Échéance dépassée"
    NO_NEXT_STEP = "no_next_step", "Pas de prochaine étape"
    NO_OWNER = "no_owner", "Pas de responsable"
    NO_CONTACT = "no_contact", "Sans contact"
    RESULT_AWAITED = "result_awaited", "Résultat attendu"
    NONCONTRIBUTIVE = "noncontributive", "Prélèvement non contributif"
    PROMISE = "promise", "Réponse promise"
    RCP_UNEXECUTED = "rcp_unexecuted", "Décision de RCP non exécutée"
    PPS_NOT_GIVEN = "pps_not_given", "PPS non remis"


OF_A_STEP = (AlertKind.WARNING, AlertKind.LATE)


class Watched(models.Model):
    """What an alert and a watch both tell: what it is about, and when it goes up.

    ``subject`` is the uuid of the step, the pathway or the upper room's object; ``label`` names it without identity.
    A request that is not a patient's yet has a ``team`` and no ``pathway``.
    """

    kind = models.CharField("alerte", max_length=16, choices=AlertKind)
    subject = models.UUIDField()
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)ss")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    label = models.CharField("objet", max_length=200, blank=True)
    team_at = models.DateTimeField(null=True, blank=True)
    head_at = models.DateTimeField(null=True, blank=True)
    harm_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def ladder(self) -> Ladder:
        return Ladder(self.team_at, self.head_at, self.harm_at)


class Watch(Watched):
    """Something awaited beyond the steps: its alert is raised at ``due_at`` unless it is met, and erased, before.

    ``next_alert_at`` is empty once the alert is raised.
    """

    due_at = models.DateTimeField("échéance")
    next_alert_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "veille"
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(
                fields=["next_alert_at", "id"], condition=Q(next_alert_at__isnull=False), name="watch_next_alert"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["subject", "kind"], name="watch_once_per_subject_and_kind"),
            models.CheckConstraint(
                condition=Q(pathway__isnull=False, team__isnull=True) | Q(pathway__isnull=True, team__isnull=False),
                name="watch_of_a_pathway_or_a_team",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


@tracked(exclude=["next_level_at", "told_at"])
class Alert(Watched):
    """One row per (subject, kind, level): the levels follow one another, and one at most is open.

    ``since`` is the theoretical instant the level was reached, not the scan's. It closes on evidence, or when the next
    level takes over; acknowledging it, maybe until a date (``snoozed_until``), only says who has seen it and why it
    waits. ``next_level_at`` is when the scan must look again, ``told_at`` when the post was asked whether to mail it.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    step = models.ForeignKey(Step, on_delete=models.CASCADE, null=True, blank=True, related_name="alerts")
    level = models.PositiveSmallIntegerField(
        "niveau", choices=[(level.rank, level.label) for level in Level], default=Level.OWNER.rank
    )
    since = models.DateTimeField("depuis")
    raised_at = models.DateTimeField("levée le")
    closed_at = models.DateTimeField("close le", null=True, blank=True)
    closed_by = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField("vue le", null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledge_reason = models.CharField("motif", max_length=200, blank=True)
    snoozed_until = models.DateTimeField("en attente jusqu’au", null=True, blank=True)
    next_level_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = "alerte de délai"
        verbose_name_plural = "alertes de délai"
        ordering = ["since", "id"]
        indexes = [
            models.Index(fields=["pathway", "since"], condition=Q(closed_at__isnull=True), name="alert_open_pathway"),
            models.Index(
                fields=["next_level_at", "id"],
                condition=Q(closed_at__isnull=True, next_level_at__isnull=False),
                name="alert_next_level",
            ),
            models.Index(
                fields=["id"], condition=Q(closed_at__isnull=True, told_at__isnull=True), name="alert_to_tell"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["subject", "kind", "level"], name="alert_one_per_subject_kind_level"),
            models.CheckConstraint(
                condition=Q(step__isnull=False, kind__in=OF_A_STEP) | (Q(step__isnull=True) & ~Q(kind__in=OF_A_STEP)),
                name="alert_kind_matches_step",
            ),
            models.CheckConstraint(
                condition=Q(pathway__isnull=False, team__isnull=True) | Q(pathway__isnull=True, team__isnull=False),
                name="alert_of_a_pathway_or_a_team",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | ~Q(acknowledge_reason=""),
                name="alert_acknowledged_with_reason",
                violation_error_message="Indiquez pourquoi cette alerte peut attendre.",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until__isnull=True) | Q(acknowledged_at__isnull=False),
                name="alert_snoozed_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def reference(self) -> str:
        """The number to tell outside the application: the pathway's, or what the label names."""
        return self.pathway.reference if self.pathway else self.label


@tracked()
class AlertPreference(models.Model):
    """How a person wants to be told of alerts by e-mail. Without a row, the defaults: everything, in working hours."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="alert_preference")
    digest = models.BooleanField("résumé de chaque jour ouvré", default=True)
    immediate = models.BooleanField("alertes graves, tout de suite", default=True)
    mail_from = models.TimeField("pas de courriel avant", default=time(7, 30))
    mail_until = models.TimeField("ni après", default=time(19))

    class Meta:
        verbose_name = "réglage des alertes"
        verbose_name_plural = "réglages des alertes"
        constraints = [
            models.CheckConstraint(
                condition=Q(mail_from__lt=F("mail_until")),
                name="alert_preference_hours_ordered",
                violation_error_message="L’heure de fin suit l’heure de début.",
            )
        ]

    def __str__(self) -> str:
        return f"Alertes de {self.user}"
