"""Who read which patient's file, emergency access, and the pulse of the background jobs."""

from __future__ import annotations

from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import F, Q

from directory.history import tracked
from directory.models.people import User
from directory.querysets import AccessLogQuerySet, BreakGlassQuerySet


class AccessLog(models.Model):
    """One read of a patient's file: who, what, when, from where, why. The database refuses to change or erase it."""

    class Why(models.TextChoices):
        TEAM = "team", "Équipe de soins"
        CIRCLE = "circle", "Cercle de soins"
        BREAK_GLASS = "break_glass", "Bris de glace"

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    patient_uuid = models.UUIDField("patient")
    what = models.CharField("page ou document", max_length=60)
    ip_address = models.GenericIPAddressField("adresse", null=True)
    why = models.CharField("motif", max_length=16, choices=Why)
    request_id = models.CharField(max_length=36, blank=True)

    objects = AccessLogQuerySet.as_manager()

    class Meta:
        verbose_name = "accès à un dossier"
        verbose_name_plural = "accès aux dossiers"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["patient_uuid", "-at"], name="access_log_patient")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.what}"


@tracked()
class BreakGlass(models.Model):
    """Emergency access to one patient's file: opened with a reason, closed by itself, reviewed by someone else."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="emergency_accesses")
    patient_uuid = models.UUIDField("patient")
    reason = models.TextField("motif")
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    review = models.TextField("avis", blank=True)

    objects = BreakGlassQuerySet.as_manager()

    class Meta:
        verbose_name = "bris de glace"
        verbose_name_plural = "bris de glace"
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["user", "patient_uuid"], name="break_glass_user_patient")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="break_glass_has_reason",
                violation_error_message="Indiquez pourquoi vous avez besoin de ce dossier.",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("user")),
                name="break_glass_reviewed_by_another",
                violation_error_message="Un accès d’urgence est relu par une autre personne.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%d/%m/%Y %H:%M}"


class Heartbeat(models.Model):
    """The last time a background process gave a sign of life; /readyz reads it."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
