"""The weekly review of a team: who was there, each patient seen, what was decided."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from coordination.models.desk import Task
from coordination.querysets.meetings import ReviewItemQuerySet, ReviewMeetingQuerySet
from directory.history import tracked
from directory.models import Team, User
from pathways.models import Pathway


@tracked(exclude=["position"])
class ReviewMeeting(models.Model):
    """One review, over the pathways a worklist held when it began. ``position`` is the patient being looked at."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="review_meetings")
    listed = models.CharField("liste", max_length=24)
    mine = models.BooleanField("mes patients seulement", default=False)
    target = models.CharField("parcours cible", max_length=60, blank=True)
    summary = models.CharField("liste passée en revue", max_length=160)
    started_at = models.DateTimeField("début")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    others = models.CharField("autres personnes présentes", max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=1)
    closed_at = models.DateTimeField("fin", null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ReviewMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = "revue d’équipe"
        verbose_name_plural = "revues d’équipe"
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["team", "-started_at"], name="review_team")]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False, closed_at__gte=F("started_at")),
                name="review_closing_coherent",
                violation_error_message="Une revue close porte une date et un auteur.",
            ),
            models.UniqueConstraint(
                fields=["team"],
                condition=Q(closed_at__isnull=True),
                name="review_one_open_per_team",
                violation_error_message="Une revue de cette équipe est déjà en cours.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.summary}, {self.started_at:%d/%m/%Y}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@tracked()
class ReviewAttendance(models.Model):
    """Someone of the team who was there."""

    meeting = models.ForeignKey(ReviewMeeting, on_delete=models.CASCADE, related_name="attendances")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "présence à une revue"
        verbose_name_plural = "présences à une revue"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "user"],
                name="review_attendance_unique",
                violation_error_message="Cette personne est déjà présente.",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)


class ReviewOutcome(models.TextChoices):
    WAITING = "waiting", "Pas encore vu"
    NOTHING = "nothing", "Vu, rien à faire"
    ACTION = "action", "Action décidée"


@tracked()
class ReviewItem(models.Model):
    """One patient of a review, at a place of its list."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    meeting = models.ForeignKey(ReviewMeeting, on_delete=models.CASCADE, related_name="items")
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="review_items")
    position = models.PositiveSmallIntegerField("place")
    outcome = models.CharField("résultat", max_length=8, choices=ReviewOutcome, default=ReviewOutcome.WAITING)
    seen_at = models.DateTimeField("vu le", null=True, blank=True)
    seen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        verbose_name = "patient passé en revue"
        verbose_name_plural = "patients passés en revue"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "position"], name="review_item_place"),
            models.UniqueConstraint(
                fields=["meeting", "pathway"],
                name="review_item_pathway",
                violation_error_message="Ce patient est déjà dans la revue.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="waiting", seen_at__isnull=True, seen_by__isnull=True)
                | (~Q(outcome="waiting") & Q(seen_at__isnull=False, seen_by__isnull=False)),
                name="review_item_seen_coherent",
                violation_error_message="Un patient vu porte une date et un auteur.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}"


class ReviewAction(models.Model):
    """A task decided about a patient during a review."""

    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="actions")
    task = models.OneToOneField(Task, on_delete=models.PROTECT, related_name="review_action")

    class Meta:
        verbose_name = "action d’une revue"
        verbose_name_plural = "actions d’une revue"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.task)
