"""Documents of a pathway: made by Jalon (PPS, letters) or received."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from directory.history import tracked
from directory.models import User
from pathways.models.pathway import Pathway
from pathways.querysets import DocumentQuerySet


class DocumentKind(models.TextChoices):
    PPS = "pps", "Programme personnalisé de soins"
    RECEIVED = "received", "Document reçu"
    LETTER = "letter", "Courrier"


class DocumentStatus(models.TextChoices):
    PENDING = "pending", "En attente"
    RUNNING = "running", "En préparation"
    READY = "ready", "Prêt"
    FAILED = "failed", "En erreur"


def _private_path(document: Document, _filename: str) -> str:
    """A name that tells nothing: the random id of the row."""
    return f"documents/{document.uuid.hex[:2]}/{document.uuid.hex}"


@tracked(exclude=["progress", "enqueued_at"])
class Document(models.Model):
    """One version of one document. The file is private: a view checks access and logs the read.

    ``progress`` is a percentage shown while the task runs. ``facts_sha256`` fingerprints the data a made document
    was drawn from: when the pathway's own fingerprint differs, the document is stale. ``enqueued_at`` is when a
    worker was last asked for it, ``attempts`` how many times one began since it was requested.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField("type", max_length=10, choices=DocumentKind)
    title = models.CharField("titre", max_length=160)
    version = models.PositiveIntegerField("version", default=1)
    status = models.CharField("état", max_length=8, choices=DocumentStatus, default=DocumentStatus.PENDING)
    progress = models.PositiveSmallIntegerField(default=0)
    error = models.CharField("erreur", max_length=300, blank=True)
    file = models.FileField(upload_to=_private_path, blank=True, max_length=200)
    content_type = models.CharField(max_length=60, default="application/pdf")
    size = models.PositiveIntegerField("taille (octets)", default=0)
    pages = models.PositiveSmallIntegerField("pages", default=0)
    sha256 = models.CharField("empreinte", max_length=64, blank=True)
    facts_sha256 = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField("demandé le")
    enqueued_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField("prêt le", null=True, blank=True)
    given_at = models.DateTimeField("remis le", null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "document"
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(
                fields=["requested_at"], condition=Q(status__in=["pending", "running"]), name="document_unfinished"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["pathway", "kind", "version"],
                condition=Q(kind="pps"),
                name="document_version_unique",
            ),
            models.UniqueConstraint(
                fields=["pathway"],
                condition=Q(kind="pps", status__in=["pending", "running"]),
                name="document_one_pps_in_hand",
                violation_error_message="Un programme personnalisé de soins est déjà en préparation.",
            ),
            models.CheckConstraint(
                condition=~Q(status="ready") | (~Q(file="") & ~Q(sha256="")),
                name="document_ready_has_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"
