"""What the GP is told (GPN-01, DOC-05): a mail that says nothing, and a letter behind a signed link."""

from __future__ import annotations

from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import Q

from coordination.querysets import NoticeQuerySet
from directory.history import tracked
from directory.models import OutboxMessage, Professional, User
from pathways.models import Milestone, Pathway


class NoticeStatus(models.TextChoices):
    PROPOSED = "proposed", "À valider"
    ACCEPTED = "accepted", "Validée"
    DROPPED = "dropped", "Écartée"
    REVOKED = "revoked", "Annulée"


@tracked()
class Notice(models.Model):
    """One thing the GP is told, and where it stands.

    ``key`` names the fact (a milestone, a day of appointments), so that it is told once. ``words`` are read behind the
    link only: the mail says neither name nor anything clinical, whoever wrote them. ``template`` is the mail template
    of the target it comes from, "" for the usual words. Accepted and without ``message``, it waits for an address.
    ``noted_at``: its leaving is known to the pathway (`gp_informed`).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField("à propos de", max_length=32)
    key = models.CharField(max_length=80, unique=True)
    milestone = models.OneToOneField(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="notice")
    message = models.OneToOneField(
        OutboxMessage, on_delete=models.PROTECT, null=True, blank=True, related_name="notice"
    )
    status = models.CharField(
        "état", max_length=8, choices=NoticeStatus, default=NoticeStatus.ACCEPTED, db_default="accepted"
    )
    template = models.CharField("modèle", max_length=40, blank=True, default="", db_default="")
    subject = models.CharField("objet", max_length=120, blank=True, default="", db_default="")
    words = models.TextField("texte", blank=True, default="", db_default="")
    happened_at = models.DateTimeField("le", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField("décidé le", null=True, blank=True)
    reason = models.CharField("motif", max_length=200, blank=True, default="", db_default="")
    noted_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "information au médecin traitant"
        verbose_name_plural = "informations au médecin traitant"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["pathway", "-created_at"], name="notice_pathway"),
            models.Index(fields=["created_at"], condition=Q(status="proposed"), name="notice_proposed"),
            models.Index(
                fields=["id"],
                condition=Q(noted_at__isnull=True, message__isnull=False) & ~Q(template=""),
                name="notice_to_note",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="dropped") | ~Q(reason=""),
                name="notice_dropped_with_reason",
                violation_error_message="Indiquez pourquoi cette information n’est pas envoyée.",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["proposed", "dropped"]) | Q(message__isnull=True),
                name="notice_unsent_until_accepted",
                violation_error_message="Une information à valider n’est pas encore partie.",
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def state(self) -> str:
        """`proposed`, `dropped`, `revoked`, `no_address`, or that of the message: `waiting`, `retrying`, `sent`,
        `failed`."""
        if self.status != NoticeStatus.ACCEPTED:
            return self.status
        return self.message.state if self.message else "no_address"


class NoticeReading(models.Model):
    """One try on the secure link of a notice. The database refuses to change or erase it."""

    class Outcome(models.TextChoices):
        SHOWN = "shown", "Information affichée"
        REFUSED = "refused", "Date de naissance refusée"

    at = models.DateTimeField(auto_now_add=True)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="readings")
    professional = models.ForeignKey(Professional, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField("résultat", max_length=8, choices=Outcome)
    ip_address = models.GenericIPAddressField("adresse", null=True)

    class Meta:
        verbose_name = "lecture d’une information"
        verbose_name_plural = "lectures d’informations"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["notice", "at"], name="notice_reading_notice")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.outcome}"
