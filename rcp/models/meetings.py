"""The meeting: a weekly series, its dated sessions, who was there."""

from __future__ import annotations

from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from coordination.models.series import Weekday
from directory.history import tracked
from directory.models import Professional, Team, User
from pathways.models import TargetPathway
from rcp.querysets import RcpSeriesQuerySet, RcpSessionQuerySet
from rcp.rules.presets import STANDARD_PRESETS, PresetError, read_presets
from rcp.rules.quorum import RuleError, read_required


class RcpKind(models.TextChoices):
    """french-standards 1.3."""

    STANDARD = "standard", "Standard"
    RECOURSE = "recourse", "De recours"
    RARE = "rare", "Cancers rares"
    PAEDIATRIC = "paediatric", "Pédiatrique"


def standard_presets() -> list[dict[str, object]]:
    """The usual follow-up actions, as data each series may change."""
    return [dict(preset) for preset in STANDARD_PRESETS]


@tracked()
class RcpSeries(models.Model):
    """A recurring meeting (réunion de concertation pluridisciplinaire).

    Quorum is data (french-standards 1.2): ``min_specialties`` distinct medical specialties present, and one present
    participant for each group of ``required_specialties`` (a list of lists of specialty codes, e.g.
    ``[["SM14"], ["SM36"], ["SM37", "SM45"]]``). ``action_presets`` are the follow-up actions offered with a decision
    (`rcp.rules.presets`). ``starts_at`` is local time of the team's establishment.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField("nom", max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="rcp_series")
    kind = models.CharField("type", max_length=12, choices=RcpKind, default=RcpKind.STANDARD)
    targets = models.ManyToManyField(TargetPathway, related_name="rcp_series", blank=True)
    members = models.ManyToManyField(Professional, related_name="rcp_series", blank=True)
    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    starts_at = models.TimeField("heure")
    duration_minutes = models.PositiveSmallIntegerField("durée (minutes)", default=120)
    place = models.CharField("lieu", max_length=120, blank=True)
    video_url = models.URLField("visioconférence", blank=True)
    min_specialties = models.PositiveSmallIntegerField("spécialités présentes au moins", default=3)
    required_specialties = models.JSONField("spécialités exigées", default=list, blank=True)
    closes_hours_before = models.PositiveSmallIntegerField("inscription close avant (heures)", default=24)
    sends_within_days = models.PositiveSmallIntegerField("avis envoyé sous (jours ouvrés)", default=3)
    framework = models.CharField("référentiel habituel", max_length=160, blank=True)
    action_presets = models.JSONField("suites proposées", default=standard_presets, blank=True)
    valid_from = models.DateField("à partir du")
    valid_until = models.DateField("jusqu’au", null=True, blank=True)

    objects = RcpSeriesQuerySet.as_manager()

    class Meta:
        verbose_name = "RCP"
        verbose_name_plural = "RCP"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=5),
                name="rcp_series_lasts",
                violation_error_message="Une RCP dure au moins cinq minutes.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="rcp_series_dates_ordered",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuses a quorum or presets the rules could not read (the administration edits them as JSON)."""
        try:
            read_required(self.required_specialties)
        except RuleError as error:
            raise ValidationError({"required_specialties": str(error)}) from error
        try:
            read_presets(self.action_presets)
        except PresetError as error:
            raise ValidationError({"action_presets": str(error)}) from error


class SessionStatus(models.TextChoices):
    PLANNED = "planned", "Prévue"
    RUNNING = "running", "En cours"
    CLOSED = "closed", "Close"
    CANCELLED = "cancelled", "Annulée"


@tracked()
class RcpSession(models.Model):
    """One dated meeting of a series. ``running`` from the first attendance or decision to the closing."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    series = models.ForeignKey(RcpSeries, on_delete=models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    registration_closes_at = models.DateTimeField("clôture des inscriptions")
    status = models.CharField("état", max_length=10, choices=SessionStatus, default=SessionStatus.PLANNED)
    cancel_reason = models.CharField("motif d’annulation", max_length=200, blank=True)
    closed_at = models.DateTimeField("close le", null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = RcpSessionQuerySet.as_manager()

    class Meta:
        verbose_name = "séance de RCP"
        verbose_name_plural = "séances de RCP"
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["starts_at"], name="rcp_session_starts")]
        constraints = [
            models.UniqueConstraint(fields=["series", "starts_at"], name="rcp_session_unique"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="rcp_session_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(cancel_reason=""),
                name="rcp_session_cancelled_with_reason",
                violation_error_message="Indiquez pourquoi la séance est annulée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.starts_at:%d/%m/%Y}"


class AttendanceMode(models.TextChoices):
    ROOM = "room", "Sur place"
    VIDEO = "video", "À distance"


@tracked()
class Attendance(models.Model):
    """A professional present at a session, with the specialty held that day."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    session = models.ForeignKey(RcpSession, on_delete=models.CASCADE, related_name="attendances")
    professional = models.ForeignKey(Professional, on_delete=models.PROTECT, related_name="attendances")
    specialty_code = models.CharField("spécialité", max_length=8, blank=True)
    specialty_label = models.CharField(max_length=80, blank=True)
    is_physician = models.BooleanField(default=True)
    mode = models.CharField("présence", max_length=8, choices=AttendanceMode, default=AttendanceMode.ROOM)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "présence"
        ordering = ["professional", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "professional"],
                name="attendance_once",
                violation_error_message="Ce professionnel est déjà présent.",
            )
        ]

    def __str__(self) -> str:
        return str(self.professional)
