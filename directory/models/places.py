"""Where care happens: establishments, their closing days and their teams."""

from __future__ import annotations

import zoneinfo
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import models

from directory.history import tracked


class EstablishmentKind(models.TextChoices):
    """Types of places named in the founding documents (NET-01)."""

    CLCC = "clcc", "Centre de lutte contre le cancer"
    CHU = "chu", "Centre hospitalier universitaire"
    CH = "ch", "Centre hospitalier"
    CLINIC = "clinic", "Clinique"
    ESPIC = "espic", "Établissement privé d’intérêt collectif"
    IMAGING = "imaging", "Centre d’imagerie"
    LABORATORY = "laboratory", "Laboratoire"
    PRACTICE = "practice", "Cabinet de ville"
    OTHER = "other", "Autre"


class HolidayZone(models.TextChoices):
    """Which public holidays apply; values are those of `pathways.rules.clock.Calendar.holiday_zone`."""

    FR = "FR", "France métropolitaine"
    ALSACE_MOSELLE = "FR-57", "Alsace-Moselle"
    GUADELOUPE = "FR-971", "Guadeloupe"
    MARTINIQUE = "FR-972", "Martinique"
    GUYANE = "FR-973", "Guyane"
    REUNION = "FR-974", "La Réunion"
    SAINT_PIERRE_ET_MIQUELON = "FR-975", "Saint-Pierre-et-Miquelon"
    MAYOTTE = "FR-976", "Mayotte"
    SAINT_BARTHELEMY = "FR-977", "Saint-Barthélemy"
    SAINT_MARTIN = "FR-978", "Saint-Martin"
    WALLIS_ET_FUTUNA = "FR-986", "Wallis-et-Futuna"
    POLYNESIE_FRANCAISE = "FR-987", "Polynésie française"
    NOUVELLE_CALEDONIE = "FR-988", "Nouvelle-Calédonie"


def _known_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError("Ce fuseau horaire n’existe pas.")


@tracked()
class Establishment(models.Model):
    """A hospital, clinic, laboratory or practice. Its time zone and holidays rule its clocks."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField("nom", max_length=160)
    short_name = models.CharField("nom court", max_length=40, blank=True)
    kind = models.CharField("type", max_length=16, choices=EstablishmentKind)
    finess = models.CharField("numéro FINESS", max_length=9, blank=True)
    time_zone = models.CharField("fuseau horaire", max_length=40, default="Europe/Paris", validators=[_known_time_zone])
    holiday_zone = models.CharField("jours fériés", max_length=8, choices=HolidayZone, default=HolidayZone.FR)
    good_friday = models.BooleanField("Vendredi saint férié (Alsace-Moselle)", default=True)
    address = models.CharField("adresse", max_length=200, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("ville", max_length=80, blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    accepts_referrals = models.BooleanField("reçoit des demandes", default=False)

    class Meta:
        verbose_name = "établissement"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finess"],
                condition=~models.Q(finess=""),
                name="establishment_finess_unique",
                violation_error_message="Un établissement porte déjà ce numéro FINESS.",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name

    @property
    def postal_address(self) -> str:
        """« 14 rue des Lilas, 21000 Dijon »; empty when nothing of it is known."""
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        return ", ".join(part for part in (self.address, town) if part)


@tracked()
class ClosingDay(models.Model):
    """A day an establishment is closed beyond weekends and public holidays."""

    establishment = models.ForeignKey(Establishment, on_delete=models.CASCADE, related_name="closing_days")
    date = models.DateField("date")
    label = models.CharField("motif", max_length=120)

    class Meta:
        verbose_name = "jour de fermeture"
        verbose_name_plural = "jours de fermeture"
        ordering = ["date", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "date"],
                name="closing_day_unique",
                violation_error_message="Ce jour de fermeture est déjà enregistré.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date:%d/%m/%Y} {self.label}"


class TeamKind(models.TextChoices):
    COORDINATION = "coordination", "Coordination"
    MEDICAL = "medical", "Service médical"
    PLATFORM = "platform", "Plateau technique"
    QUALITY = "quality", "Qualité (3C)"


@tracked()
class Team(models.Model):
    """A group of people of one establishment who share work and access."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField("nom", max_length=120)
    kind = models.CharField("type", max_length=16, choices=TeamKind)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)

    class Meta:
        verbose_name = "équipe"
        ordering = ["establishment", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "name"],
                name="team_name_unique",
                violation_error_message="Une équipe de cet établissement porte déjà ce nom.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
