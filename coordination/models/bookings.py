"""A patient in a place: holds of a few minutes, bookings, and several of them as one visit."""

from __future__ import annotations

from uuid import uuid4

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from coordination.models.desk import Channel
from coordination.models.exam_types import ExamType
from coordination.models.slots import Slot, proof
from coordination.querysets import BookingQuerySet, HoldQuerySet
from directory.history import tracked
from directory.models import Professional, User
from directory.ties import Tie
from pathways.models import Pathway, Patient


class CancelSide(models.TextChoices):
    """Who gives up an appointment."""

    PATIENT = "patient", "Le patient"
    PLATFORM = "platform", "Le plateau"
    CARE = "care", "Raison médicale"
    DESK = "desk", "La coordination"


@tracked()
class CancelCode(models.Model):
    """Why an appointment is cancelled: a word of a closed list, retired and never deleted."""

    code = models.SlugField("code", max_length=24, unique=True)
    label = models.CharField("libellé", max_length=80)
    side = models.CharField("du fait de", max_length=10, choices=CancelSide)
    needs_comment = models.BooleanField("commentaire obligatoire", default=False)
    order = models.PositiveSmallIntegerField("rang", default=50)
    is_active = models.BooleanField("proposé", default=True)

    class Meta:
        verbose_name = "cause d’annulation"
        verbose_name_plural = "causes d’annulation"
        ordering = ["order", "label"]

    def __str__(self) -> str:
        return self.label


class BundleKind(models.TextChoices):
    DAY = "day", "Une journée"
    SEQUENCE = "sequence", "Plusieurs jours"
    STAY = "stay", "Séjour en hôpital de jour"


@tracked()
class Bundle(models.Model):
    """Several exams of one patient booked together, all or none (PTH-07, SLT-15)."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="bundles")
    kind = models.CharField("nature", max_length=10, choices=BundleKind)
    label = models.CharField("intitulé", max_length=120)
    request_key = models.UUIDField(unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "venue groupée"
        verbose_name_plural = "venues groupées"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.label


class Hold(models.Model):
    """A place kept for whoever has the form open, until ``until``: it ends by itself, no job needs to run.

    It takes no seat. Whoever books counts the holds of others that have not ended, the slot's row being locked.
    Holds of one ``group`` are taken together (a bundle).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="holds")
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="holds")
    step_key = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    group = models.UUIDField(default=uuid4)
    held_at = models.DateTimeField()
    until = models.DateTimeField()

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = "place retenue"
        verbose_name_plural = "places retenues"
        ordering = ["until", "id"]
        indexes = [models.Index(fields=["slot", "until"], name="hold_of_slot")]
        constraints = [
            models.UniqueConstraint(fields=["slot", "pathway"], name="hold_once"),
            models.CheckConstraint(condition=Q(until__gt=models.F("held_at")), name="hold_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.slot} jusqu’à {self.until:%H:%M:%S}"


class BookingStatus(models.TextChoices):
    BOOKED = "booked", "Réservé"
    DONE = "done", "Réalisé"
    MISSED = "missed", "Manqué"
    NOT_DONE = "not_done", "Venu, non réalisé"
    CANCELLED = "cancelled", "Annulé"


@tracked()
class Booking(models.Model):
    """One patient in one place of one slot.

    ``seat`` (1..capacity, then the extra places) with the partial unique constraint is the second lock on the door;
    ``period`` with the exclusion constraint keeps a patient from being expected in two rooms at once. ``request_key``
    makes a repeated form post book once. ``moved_from`` is the booking it takes the place of; ``bundle`` the visit it
    is part of. ``told_at`` says when the patient was told of a cancellation (PAIN-20), ``overbooked_for`` which
    physician asked for a place beyond the capacity. At commit the database counts the places again and reads the hours
    (`slots.proof`); the patient is the pathway's, always.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="bookings")
    seat = models.PositiveSmallIntegerField()
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="bookings")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="bookings")
    exam_type = models.ForeignKey(ExamType, on_delete=models.PROTECT, null=True, related_name="bookings")
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
    cancel_code = models.ForeignKey(
        CancelCode,
        to_field="code",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="cause de l’annulation",
    )
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    told_at = models.DateTimeField("patient prévenu le", null=True, blank=True)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    told_how = models.CharField("comment", max_length=12, choices=Channel, blank=True, db_default="")
    moved_from = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="moved_to")
    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, null=True, blank=True, related_name="bookings")
    overbooked_for = models.ForeignKey(
        Professional,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="en plus, à la demande de",
    )
    overbook_reason = models.CharField("pourquoi en plus", max_length=200, blank=True, db_default="")
    result_ready_at = models.DateTimeField("résultat prêt le", null=True, blank=True)
    result_ready_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

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
            models.UniqueConstraint(
                fields=["pathway", "exam_type", "step_key"],
                condition=Q(status="booked") & ~Q(step_key=""),
                name="booking_one_per_need",
                violation_error_message="Cet examen est déjà réservé pour cette étape.",
            ),
            Tie(
                fields=["pathway", "patient"],
                to="pathways.Pathway",
                to_fields=["id", "patient"],
                name="booking_patient_of_pathway",
                violation_error_message="Ce patient n’est pas celui du parcours.",
            ),
            models.CheckConstraint(condition=Q(seat__gte=1), name="booking_seat_from_one"),
            models.CheckConstraint(
                condition=Q(overbooked_for__isnull=True, overbook_reason="")
                | (Q(overbooked_for__isnull=False) & ~Q(overbook_reason="")),
                name="booking_extra_has_physician_and_reason",
                violation_error_message="Une place en plus se note avec le nom du médecin et la raison.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["done", "missed", "not_done"], marked_at__isnull=False)
                | Q(status__in=["booked", "cancelled"], marked_at__isnull=True),
                name="booking_mark_coherent",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(cancel_reason=""),
                name="booking_cancelled_with_reason",
                violation_error_message="Indiquez pourquoi le rendez-vous est annulé.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="slot_counts_its_bookings",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("place", "RECORD")],
                func=proof("NEW.slot_id, OLD.slot_id"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.slot} place {self.seat}"

    @property
    def mark(self) -> str:
        """The last thing said of it, which « Corriger » takes back: ``result``, or the status."""
        return "result" if self.result_ready_at else self.status

    @property
    def version(self) -> str:
        """« status|hour »: a call that was about another one told the patient something else."""
        return f"{self.status}|{self.slot.starts_at.isoformat()}"
