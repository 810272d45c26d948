"""Papers of the desk: the day's list for when the network is down, the minutes of a review. Made by a worker."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from coordination.models.meetings import ReviewMeeting
from coordination.querysets.papers import DeskPaperQuerySet
from directory.history import tracked
from directory.models import Team, User


class PaperKind(models.TextChoices):
    DAILY = "daily", "Liste du jour"
    MINUTES = "minutes", "Compte rendu de revue"


class PaperStatus(models.TextChoices):
    PENDING = "pending", "En attente"
    RUNNING = "running", "En préparation"
    READY = "ready", "Prêt"
    FAILED = "failed", "En erreur"
    EXPIRED = "expired", "Effacé"


def _private_path(paper: DeskPaper, _filename: str) -> str:
    """A name that tells nothing: the random id of the row."""
    return f"desk/{paper.uuid.hex[:2]}/{paper.uuid.hex}"


@tracked(exclude=["enqueued_at"])
class DeskPaper(models.Model):
    """One version of one paper. The file is private: a view checks access and logs the read of each patient in it.

    A daily list is its author's, minutes are the ``team``'s. ``listed``, ``mine`` and ``target`` are the filters of a
    daily list, read when it is made. ``patients`` are the public ids of those in the file.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField("type", max_length=8, choices=PaperKind)
    title = models.CharField("titre", max_length=160)
    version = models.PositiveIntegerField("version", default=1)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    meeting = models.ForeignKey(ReviewMeeting, on_delete=models.PROTECT, null=True, blank=True, related_name="papers")
    listed = models.CharField("liste", max_length=24, blank=True)
    mine = models.BooleanField(default=False)
    target = models.CharField(max_length=60, blank=True)
    patients = ArrayField(models.UUIDField(), default=list, blank=True)
    status = models.CharField("état", max_length=8, choices=PaperStatus, default=PaperStatus.PENDING)
    error = models.CharField("erreur", max_length=300, blank=True)
    file = models.FileField(upload_to=_private_path, blank=True, max_length=200)
    size = models.PositiveIntegerField("taille (octets)", default=0)
    pages = models.PositiveSmallIntegerField("pages", default=0)
    sha256 = models.CharField("empreinte", max_length=64, blank=True)
    requested_at = models.DateTimeField("demandé le")
    enqueued_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ready_at = models.DateTimeField("prêt le", null=True, blank=True)

    objects = DeskPaperQuerySet.as_manager()

    class Meta:
        verbose_name = "papier de la coordination"
        verbose_name_plural = "papiers de la coordination"
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(
                fields=["requested_at"], condition=Q(status__in=["pending", "running"]), name="paper_unfinished"
            ),
            models.Index(fields=["requested_by", "-requested_at"], name="paper_author"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "version"], condition=Q(kind="minutes"), name="paper_minutes_version_unique"
            ),
            models.CheckConstraint(
                condition=Q(kind="daily", meeting__isnull=True)
                | Q(kind="minutes", meeting__isnull=False, team__isnull=False),
                name="paper_kind_coherent",
            ),
            models.CheckConstraint(
                condition=~Q(status="ready") | (~Q(file="") & ~Q(sha256="")), name="paper_ready_has_file"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"
