"""Protected slots: the database alone guarantees that no place is sold twice."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from coordination.querysets import BookingQuerySet, SlotQuerySet, SlotSeriesQuerySet
from directory.history import tracked
from directory.models import Team, User
from pathways.models import Pathway, Patient, TargetPathway
from pathways.models.ledger import KIND_CHOICES
from pathways.rules.milestones import MilestoneKind


class Sampling(models.TextChoices):
    """Whether the exam takes a sample for the laboratory."""

    NEVER = "never", "Jamais"
    POSSIBLE = "possible", "Selon l’examen"
    ALWAYS = "always", "Toujours"


@tracked()
class ExamType(models.Model):
    """A kind of exam or consultation that can be booked (SLT-09). ``code`` is what milestones carry as detail.

    ``booked_as`` is the milestone that a booking records (the request of an exam, the offer of a first
    consultation), ``done_as`` the one recorded when it took place; an exam that takes a sample adds `biopsy_taken`.
    """

    code = models.SlugField("code", max_length=40, unique=True)
    label = models.CharField("nom", max_length=120)
    modality = models.CharField("plateau", max_length=40)
    preparation = models.TextField("préparation du patient", blank=True, help_text="Une consigne par ligne.")
    booked_as = models.CharField(
        "jalon à la réservation", max_length=32, choices=KIND_CHOICES, default=MilestoneKind.EXAM_REQUESTED.value
    )
    done_as = models.CharField(
        "jalon à la réalisation", max_length=32, choices=KIND_CHOICES, default=MilestoneKind.EXAM_DONE.value
    )
    sampling = models.CharField("prélèvement", max_length=8, choices=Sampling, default=Sampling.NEVER)

    class Meta:
        verbose_name = "type d’examen"
        verbose_name_plural = "types d’examen"
        ordering = ["label", "id"]

    def __str__(self) -> str:
        return self.label

    @property
    def instructions(self) -> list[str]:
        """The preparation as a checklist, one line each."""
        return [line.strip() for line in self.preparation.splitlines() if line.strip()]


class Weekday(models.IntegerChoices):
    MONDAY = 0, "lundi"
    TUESDAY = 1, "mardi"
    WEDNESDAY = 2, "mercredi"
    THURSDAY = 3, "jeudi"
    FRIDAY = 4, "vendredi"
    SATURDAY = 5, "samedi"
    SUNDAY = 6, "dimanche"


@tracked()
class SlotSeries(models.Model):
    """A weekly promise of a platform: so many places, at that hour, kept for target pathways (SLT-01..05).

    ``starts_at`` is local time of the platform's establishment. Unused slots go back to the platform
    ``release_notice_hours`` (clock hours) before they begin.
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
    room = models.CharField("salle", max_length=60, blank=True)
    valid_from = models.DateField("à partir du")
    valid_until = models.DateField("jusqu’au", null=True, blank=True)

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
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="slot_series_dates_ordered",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam_type}, {self.get_weekday_display()} {self.starts_at:%H:%M}"


class SlotStatus(models.TextChoices):
    PROTECTED = "protected", "Sanctuarisé"
    RELEASED = "released", "Libéré"
    CANCELLED = "cancelled", "Annulé"


@tracked()
class Slot(models.Model):
    """One dated slot of a series. ``booked`` counts the places taken and can never exceed ``capacity``."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    series = models.ForeignKey(SlotSeries, on_delete=models.PROTECT, related_name="slots")
    exam_type = models.ForeignKey(ExamType, on_delete=models.PROTECT, related_name="slots")
    platform = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="slots")
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    release_at = models.DateTimeField("libération prévue")
    capacity = models.PositiveSmallIntegerField("places")
    booked = models.PositiveSmallIntegerField("places prises", default=0)
    status = models.CharField("état", max_length=10, choices=SlotStatus, default=SlotStatus.PROTECTED)
    released_at = models.DateTimeField("libéré le", null=True, blank=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = "créneau"
        verbose_name_plural = "créneaux"
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(
                fields=["exam_type", "starts_at"],
                condition=Q(status="protected", booked__lt=F("capacity")),
                name="slot_free",
            ),
            models.Index(fields=["release_at"], condition=Q(status="protected"), name="slot_to_release"),
            models.Index(fields=["platform", "starts_at"], name="slot_platform_day"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["series", "starts_at"], name="slot_unique_in_series"),
            models.CheckConstraint(
                condition=Q(booked__lte=F("capacity")),
                name="slot_never_overbooked",
                violation_error_message="Ce créneau est complet.",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.exam_type} {self.starts_at:%d/%m/%Y %H:%M}"

    @property
    def free(self) -> int:
        """Places left."""
        return self.capacity - self.booked


class BookingStatus(models.TextChoices):
    BOOKED = "booked", "Réservé"
    DONE = "done", "Réalisé"
    MISSED = "missed", "Manqué"
    CANCELLED = "cancelled", "Annulé"


@tracked()
class Booking(models.Model):
    """One patient in one place of one slot.

    ``seat`` (1..capacity) with the partial unique constraint is the second lock on the door; ``period`` with the
    exclusion constraint keeps a patient from being expected in two rooms at once. ``request_key`` makes a repeated
    form post book once.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="bookings")
    seat = models.PositiveSmallIntegerField()
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="bookings")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="bookings")
    step_key = models.CharField(max_length=60, blank=True)
    period = DateTimeRangeField()
    status = models.CharField("état", max_length=10, choices=BookingStatus, default=BookingStatus.BOOKED)
    request_key = models.UUIDField(unique=True, default=uuid4)
    booked_at = models.DateTimeField("réservé le")
    booked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    marked_at = models.DateTimeField("réalisé ou manqué, noté le", null=True, blank=True)
    marked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField("motif d’annulation", max_length=200, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = "réservation"
        ordering = ["period", "id"]
        indexes = [models.Index(fields=["pathway", "status"], name="booking_pathway")]
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "seat"],
                condition=~Q(status="cancelled"),
                name="booking_seat_taken_once",
                violation_error_message="Cette place vient d’être prise.",
            ),
            ExclusionConstraint(
                name="booking_patient_in_one_place",
                expressions=[("patient", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=~Q(status="cancelled"),
                violation_error_message="Le patient a déjà un rendez-vous à cette heure.",
            ),
            models.CheckConstraint(condition=Q(seat__gte=1), name="booking_seat_from_one"),
            models.CheckConstraint(
                condition=Q(status__in=["done", "missed"], marked_at__isnull=False)
                | Q(status__in=["booked", "cancelled"], marked_at__isnull=True),
                name="booking_mark_coherent",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(cancel_reason=""),
                name="booking_cancelled_with_reason",
                violation_error_message="Indiquez pourquoi le rendez-vous est annulé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot} place {self.seat}"


class SlotChange(models.Model):
    """Log of the life of a slot: what, when, who, why."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    what = models.CharField(max_length=20)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "mouvement de créneau"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.what
