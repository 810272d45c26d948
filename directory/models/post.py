"""Outgoing post: written in the transaction of the fact that causes it, sent later by a worker."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from directory.models.people import Professional
from directory.models.places import Establishment
from directory.querysets import OutboxQuerySet

CALLED_OFF = "called_off"
"""In `last_error`: it would be wrong by now, and does not leave."""


class OutboxMessage(models.Model):
    """One message to one mailbox. ``dedup_key`` makes the same fact send it once only.

    Neither subject nor body may carry a patient's identity or clinical content: a reference and a secure link.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField("type", max_length=40)
    dedup_key = models.CharField(max_length=120, unique=True)
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+")
    recipient = models.EmailField("destinataire")
    professional = models.ForeignKey(Professional, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    subject = models.CharField("objet", max_length=160)
    body = models.TextField("texte")
    about = models.UUIDField("objet concerné", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="outbox_to_send",
            ),
            models.Index(fields=["about", "-created_at"], name="outbox_about"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"

    @property
    def to_patient(self) -> bool:
        """A patient's own address is not shown with the post of the establishment."""
        return self.kind.startswith("patient_")

    @property
    def state(self) -> str:
        """`sent`, `called_off`, `failed`, `retrying` or `waiting`."""
        if self.sent_at:
            return "sent"
        if self.given_up_at:
            return "called_off" if self.last_error == CALLED_OFF else "failed"
        return "retrying" if self.attempts else "waiting"
