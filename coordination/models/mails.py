"""Mails to patients: who agreed to be written to, and of which hours they were reminded."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from coordination.models.bookings import Booking
from directory.history import tracked
from directory.models import OutboxMessage, User
from pathways.models import Patient


@tracked()
class MailAgreement(models.Model):
    """A patient agreed to be written to at one address: recorded by whom and when, taken back at any time.

    It covers ``email`` alone: another address in the file is another agreement.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="mail_agreements")
    email = models.EmailField("courriel")
    agreed_at = models.DateTimeField("accord noté le")
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField("accord retiré le", null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "accord pour des courriels"
        verbose_name_plural = "accords pour des courriels"
        ordering = ["-agreed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(ended_at__isnull=True),
                name="mail_agreement_one_standing",
                violation_error_message="L’accord de ce patient est déjà noté.",
            ),
        ]

    def __str__(self) -> str:
        return f"Accord du {self.agreed_at:%d/%m/%Y}"


class Reminder(models.Model):
    """The patient was reminded of one appointment at one hour, by ``message``; called off before it left, both go."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="reminders")
    starts_at = models.DateTimeField("heure rappelée")
    message = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "rappel de rendez-vous"
        verbose_name_plural = "rappels de rendez-vous"
        constraints = [
            models.UniqueConstraint(fields=["booking", "starts_at"], name="reminder_once_per_booking_and_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.starts_at:%d/%m/%Y %H:%M}"
