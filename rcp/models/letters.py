"""Who opened the opinion through its secure link, without an account."""

from __future__ import annotations

import pgtrigger
from django.db import models

from directory.models import Professional
from rcp.models.decisions import Decision


class LetterAccess(models.Model):
    """One try on the secure link of an opinion. The database refuses to change or erase it."""

    class Outcome(models.TextChoices):
        SHOWN = "shown", "Avis affiché"
        REFUSED = "refused", "Date de naissance refusée"

    at = models.DateTimeField(auto_now_add=True)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="letter_accesses")
    professional = models.ForeignKey(Professional, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField("résultat", max_length=8, choices=Outcome)
    ip_address = models.GenericIPAddressField("adresse", null=True)

    class Meta:
        verbose_name = "lecture d’un avis"
        verbose_name_plural = "lectures d’avis"
        ordering = ["-at", "-id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.outcome}"
