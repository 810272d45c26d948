"""What a platform promises every week, with what and whom."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from coordination.models.exam_types import ExamType
from coordination.querysets import SlotSeriesQuerySet
from directory.history import tracked
from directory.models import Professional, Team
from directory.typography import hour
from pathways.models import TargetPathway


class Weekday(models.IntegerChoices):
    MONDAY = 0, "lundi"
    TUESDAY = 1, "mardi"
    WEDNESDAY = 2, "mercredi"
    THURSDAY = 3, "jeudi"
    FRIDAY = 4, "vendredi"
    SATURDAY = 5, "samedi"
    SUNDAY = 6, "dimanche"


class ReleaseUnit(models.TextChoices):
    """How the notice of a release is counted: 48 hours before a Monday morning is a Saturday."""

    HOURS = "hours", "heures"
    WORKING_HOURS = "working_hours", "heures ouvrées"


class ResourceKind(models.TextChoices):
    MACHINE = "machine", "Appareil"
    ROOM = "room", "Salle"


@tracked()
class Resource(models.Model):
    """A machine or a room that holds one slot at a time: the database refuses two."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="resources", verbose_name="plateau")
    name = models.CharField("nom", max_length=60)
    kind = models.CharField("nature", max_length=8, choices=ResourceKind, default=ResourceKind.ROOM)
    is_active = models.BooleanField("en service", default=True)

    class Meta:
        verbose_name = "appareil ou salle"
        verbose_name_plural = "appareils et salles"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"],
                name="resource_name_unique",
                violation_error_message="Ce plateau a déjà un appareil ou une salle de ce nom.",
            )
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class SlotSeries(models.Model):
    """A weekly promise of a platform: so many places, at that hour, kept for target pathways (SLT-01..05).

    ``starts_at`` is local time of the platform's establishment. Unused slots go back to the platform
    ``release_notice_hours`` before they begin, in hours of the clock or in working hours. ``resource`` and
    ``practitioners`` are needed for each of its slots, all at once (a joint consultation). ``follows`` is the series
    that this one takes up: « this week and following » made two of it.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    exam_type = models.ForeignKey(ExamType, on_delete=models.PROTECT, related_name="series")
    platform = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="slot_series", verbose_name="plateau")
    targets = models.ManyToManyField(TargetPathway, related_name="slot_series", verbose_name="parcours servis")
    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    starts_at = models.TimeField("heure")
    duration_minutes = models.PositiveSmallIntegerField("durée (minutes)", default=30)
    capacity = models.PositiveSmallIntegerField(
        "places", default=1, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    release_notice_hours = models.PositiveSmallIntegerField("libération avant (heures)", default=48)
    release_unit = models.CharField(
        "comptées en", max_length=14, choices=ReleaseUnit, default=ReleaseUnit.HOURS, db_default=ReleaseUnit.HOURS.value
    )
    room = models.CharField("salle", max_length=60, blank=True)
    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="series",
        verbose_name="appareil ou salle",
    )
    practitioners = models.ManyToManyField(
        Professional, blank=True, related_name="slot_series", verbose_name="praticiens présents ensemble"
    )
    valid_from = models.DateField("à partir du")
    valid_until = models.DateField("jusqu’au", null=True, blank=True)
    follows = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="followed_by",
        verbose_name="à la suite de",
    )

    objects = SlotSeriesQuerySet.as_manager()

    class Meta:
        verbose_name = "série de créneaux sanctuarisés"
        verbose_name_plural = "séries de créneaux sanctuarisés"
        ordering = ["exam_type", "weekday", "starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity__gte=1, duration_minutes__gte=5),
                name="slot_series_has_room",
                violation_error_message="Une série compte au moins une place et cinq minutes.",
            ),
            models.CheckConstraint(
                condition=Q(release_notice_hours__gte=1, release_notice_hours__lte=24 * 60),
                name="slot_series_gives_back",
                violation_error_message="Les places non prises sont rendues entre une heure et soixante jours avant.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="slot_series_dates_ordered",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam_type}, {self.get_weekday_display()} {hour(self.starts_at)}"


def _members(name: str) -> Callable[[type[models.Model]], type[models.Model]]:
    """Keeps who joined or left a series, in `<name>History`: those tables are rewritten, never updated."""
    events = (pghistory.InsertEvent("joined"), pghistory.DeleteEvent("left"))
    return pghistory.track(*events, model_name=f"{name}History", obj_field=None)  # type: ignore[no-any-return]


@_members("SeriesTarget")
class SeriesTarget(SlotSeries.targets.through):  # type: ignore[name-defined]
    """A target pathway that a series serves."""

    class Meta:
        proxy = True


@_members("SeriesPractitioner")
class SeriesPractitioner(SlotSeries.practitioners.through):  # type: ignore[name-defined]
    """A practitioner expected at a series."""

    class Meta:
        proxy = True
