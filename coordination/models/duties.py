"""The morning split of a desk: who takes the mail, the phone, the consultations (COO-08)."""

from __future__ import annotations

from django.db import models

from coordination.models.series import Weekday
from directory.history import tracked
from directory.models import Team, User


class Post(models.TextChoices):
    MAIL = "mail", "Courrier et demandes"
    PHONE = "phone", "Téléphone"
    CONSULTATIONS = "consultations", "Consultations"


@tracked()
class DutyPattern(models.Model):
    """The usual week: this person holds this post on that weekday, one a day."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="duty_patterns")
    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    post = models.CharField("poste", max_length=16, choices=Post)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "poste de la semaine"
        verbose_name_plural = "postes de la semaine"
        ordering = ["weekday", "post", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "weekday", "user"],
                name="duty_pattern_one_a_day",
                violation_error_message="Cette personne tient déjà un poste ce jour-là.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} : {self.get_post_display()}"


@tracked()
class DutyDay(models.Model):
    """One day split otherwise than usual: its holders alone count, even when there are none."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="duty_days")
    day = models.DateField("jour")
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "répartition d’un jour"
        verbose_name_plural = "répartitions d’un jour"
        ordering = ["-day", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "day"], name="duty_day_unique", violation_error_message="Ce jour est déjà réparti."
            )
        ]

    def __str__(self) -> str:
        return f"{self.team}, {self.day:%d/%m/%Y}"


@tracked()
class DutyHolder(models.Model):
    """This person holds this post that day."""

    duty_day = models.ForeignKey(DutyDay, on_delete=models.CASCADE, related_name="holders")
    post = models.CharField("poste", max_length=16, choices=Post)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "poste d’un jour"
        verbose_name_plural = "postes d’un jour"
        ordering = ["post", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["duty_day", "post", "user"],
                name="duty_holder_unique",
                violation_error_message="Cette personne tient déjà ce poste ce jour-là.",
            )
        ]

    def __str__(self) -> str:
        return self.get_post_display()
