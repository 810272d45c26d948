"""Protected slots: the database alone guarantees that no place is sold twice."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils import timezone

from coordination.models.exam_types import ExamType
from coordination.models.series import Resource, SlotSeries
from coordination.querysets import SlotQuerySet
from coordination.rules.slots import TAKEN_EARLY
from directory.history import tracked
from directory.models import Professional, Team, User

SPAN = Func(F("starts_at"), F("ends_at"), RangeBoundary(), function="TSTZRANGE", output_field=DateTimeRangeField())
"""From the beginning of a slot to its end, the end left out."""


def proof(slots: str) -> str:
    """The body of a trigger run at commit on ``slots`` (SQL: keys, nulls left out): what a slot counts stands in
    it, no seat is beyond its places, and whoever stands there is expected at its hours.

    One statement, so that the counter and the rows are of one instant: a mark is set without the slot's lock, beside
    bookings that others commit.
    """
    return f"""
    SELECT slot.id, slot.booked, slot.capacity + slot.extra AS places, counted.* INTO place
        FROM coordination_slot slot CROSS JOIN LATERAL (
            SELECT COUNT(*)::integer AS taken, COALESCE(MAX(booking.seat), 0) AS highest,
                COUNT(*) FILTER (WHERE booking.period <> TSTZRANGE(slot.starts_at, slot.ends_at)) AS elsewhere
                FROM coordination_booking booking WHERE booking.slot_id = slot.id AND booking.status <> 'cancelled'
        ) counted
        WHERE slot.id IN ({slots})
            AND (counted.taken <> slot.booked OR counted.highest > slot.capacity + slot.extra OR counted.elsewhere > 0)
        LIMIT 1;
    IF FOUND AND place.taken = place.booked AND place.highest <= place.places THEN
        RAISE EXCEPTION 'slot %: % bookings at another hour', place.id, place.elsewhere
            USING ERRCODE = 'check_violation', CONSTRAINT = 'booking_at_the_hour_of_its_slot';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'slot %: % bookings, % counted, seat % of %',
            place.id, place.taken, place.booked, place.highest, place.places
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_counts_its_bookings';
    END IF;
    RETURN NULL;
"""  # noqa: S608 - no value comes from outside


class SlotStatus(models.TextChoices):
    PROTECTED = "protected", "Sanctuarisé"
    RELEASED = "released", "Libéré"
    CANCELLED = "cancelled", "Annulé"


@tracked()
class Slot(models.Model):
    """One dated slot of a series.

    ``booked`` counts the places taken; it never exceeds ``capacity`` and the ``extra`` places that named physicians
    agreed to. ``week`` is the Monday of the week it is promised for: a series makes one slot a week, at ``made_at``,
    moved in place and never made twice. ``sequence`` grows with each change a calendar must hear of (RFC 5545,
    3.8.7.4). At commit the database holds each changed slot against its bookings (`proof`).
    """

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
    extra = models.PositiveSmallIntegerField("places en plus", default=0, db_default=0)
    week = models.DateField("semaine", null=True, blank=True)
    room = models.CharField("salle", max_length=60, blank=True, db_default="")
    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="slots",
        verbose_name="appareil ou salle",
    )
    made_at = models.DateTimeField("créé le", default=timezone.now, db_default=Now(), editable=False)
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    cancel_reason = models.CharField("motif d’annulation", max_length=200, blank=True, db_default="")
    sequence = models.PositiveIntegerField(default=0, db_default=0)

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
            models.UniqueConstraint(fields=["series", "week"], name="slot_once_a_week"),
            ExclusionConstraint(
                name="slot_resource_once",
                expressions=[("resource", RangeOperators.EQUAL), (SPAN, RangeOperators.OVERLAPS)],
                condition=~Q(status="cancelled") & Q(resource__isnull=False),
                violation_error_message="Cet appareil ou cette salle est déjà pris à cette heure.",
            ),
            models.CheckConstraint(
                condition=Q(booked__lte=F("capacity") + F("extra")),
                name="slot_never_overbooked",
                violation_error_message="Ce créneau est complet.",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | (Q(cancelled_at__isnull=False) & ~Q(cancel_reason="")),
                name="slot_cancelled_with_reason",
                violation_error_message="Indiquez pourquoi ce créneau est annulé.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="slot_stands_by_its_bookings",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("booked", "capacity", "extra", "starts_at", "ends_at"),
                declare=[("place", "RECORD")],
                func=proof("NEW.id"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.exam_type} {self.starts_at:%d/%m/%Y %H:%M}"

    @property
    def marked_from(self) -> datetime:
        """From when a patient may be said to have come."""
        return self.starts_at - TAKEN_EARLY

    @property
    def free(self) -> int:
        """Places left; one that is given back goes to whoever was added beyond the capacity."""
        return max(self.capacity - self.booked, 0)


class SlotEvent(models.TextChoices):
    """What happens to a slot in its life.

    ``MADE`` is never a row of `SlotChange`: twelve weeks of slots are made at once, and the history of each, written by
    the database itself in the same statement, already says when and by whom. `readings.slot_life` reads it there, and
    is the one place that lists a life.
    """

    MADE = "made", "Créé"
    HELD = "held", "Retenu"
    LET_GO = "let_go", "Relâché"
    BOOKED = "booked", "Réservé"
    OVERBOOKED = "overbooked", "Ajouté en plus"
    FREED = "freed", "Place rendue"
    OFFERED = "offered", "Proposé à la liste d’attente"
    RELEASED = "released", "Libéré au plateau"
    MOVED = "moved", "Déplacé"
    CHANGED = "changed", "Modifié"
    CANCELLED = "cancelled", "Annulé"
    REOPENED = "reopened", "Rétabli"
    DONE = "done", "Réalisé"
    MISSED = "missed", "Manqué"
    NOT_DONE = "not_done", "Non réalisé"
    UNMARKED = "unmarked", "Marque retirée"
    RESULT_READY = "result_ready", "Résultat prêt"


class SlotChange(models.Model):
    """Log of the life of a slot: what, when, who (nobody: by itself), why. Never changed, never erased."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="changes")
    booking = models.ForeignKey(
        "coordination.Booking", on_delete=models.PROTECT, null=True, blank=True, related_name="changes"
    )
    at = models.DateTimeField()
    what = models.CharField(max_length=20, choices=SlotEvent)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "mouvement de créneau"
        ordering = ["-at", "-id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.get_what_display()


@tracked()
class SlotPractitioner(models.Model):
    """A practitioner needed for a slot. While it ``stands`` (the slot is neither cancelled nor given back empty), the
    database refuses to expect them elsewhere at the same time, at another site included (NET-10)."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="practitioners")
    professional = models.ForeignKey(Professional, on_delete=models.PROTECT, related_name="slots")
    period = DateTimeRangeField()
    stands = models.BooleanField(default=True)

    class Meta:
        verbose_name = "praticien d’un créneau"
        ordering = ["slot", "id"]
        constraints = [
            models.UniqueConstraint(fields=["slot", "professional"], name="slot_practitioner_once"),
            ExclusionConstraint(
                name="practitioner_in_one_place",
                expressions=[("professional", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(stands=True),
                violation_error_message="Ce praticien est déjà attendu ailleurs à cette heure.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.professional}, {self.slot}"
