"""Target pathways: versioned data, and the next version while it is written. A patient's pathway keeps the version it
was started on."""

from __future__ import annotations

from functools import cached_property
from uuid import uuid4

import pgtrigger
from django.db import models

from directory.history import tracked
from directory.models import Establishment, Team, User
from pathways.querysets import TargetPathwayQuerySet
from pathways.rules.target import Target, from_dict, from_draft


@tracked()
class TargetPathway(models.Model):
    """A target pathway of one establishment; a name is not unique in France, so site and key are (trap 11)."""

    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="target_pathways")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="target_pathways")
    key = models.SlugField("clé", max_length=60)
    name = models.CharField("nom", max_length=120)
    pathology = models.CharField("pathologie", max_length=120)
    is_open = models.BooleanField("ouvert aux demandes", default=True)

    objects = TargetPathwayQuerySet.as_manager()

    class Meta:
        verbose_name = "parcours cible"
        verbose_name_plural = "parcours cibles"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "key"],
                name="target_key_unique",
                violation_error_message="Ce parcours cible existe déjà dans cet établissement.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def current_version(self) -> TargetPathwayVersion:
        """The newest version; raises `TargetPathwayVersion.DoesNotExist` when none was loaded."""
        return self.versions.latest("number")


class TargetPathwayVersion(models.Model):
    """One published version; its content never changes."""

    target = models.ForeignKey(TargetPathway, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("version")
    definition = models.JSONField("définition")
    sha256 = models.CharField(max_length=64)
    reason = models.CharField("motif", max_length=200)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField("publiée le")

    class Meta:
        verbose_name = "version de parcours cible"
        ordering = ["target", "-number"]
        constraints = [models.UniqueConstraint(fields=["target", "number"], name="target_version_unique")]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.target} v{self.number}"

    @cached_property
    def content(self) -> Target:
        """The definition as the rules read it: checked once per process, since its fingerprint never changes."""
        known = _READ.get(self.sha256)
        if known is None:
            known = _READ[self.sha256] = from_dict(self.definition)
        return known


_READ: dict[str, Target] = {}
"""Definitions already read, by SHA-256. A `Target` is frozen: sharing one is safe."""


@tracked()
class TargetDraft(models.Model):
    """The next version of a target pathway while it is being written; at most one per target.

    ``revision`` grows with each change: a change is only taken by whoever has read the revision before it. What each
    revision said stays in the history. ``base`` is the published version it starts from, none for a pathway that has
    none yet. Its content is well formed, and may be at fault (`pathways.rules.target.check`).
    """

    target = models.OneToOneField(TargetPathway, on_delete=models.CASCADE, related_name="draft")
    base = models.ForeignKey(TargetPathwayVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    definition = models.JSONField("définition")
    revision = models.PositiveIntegerField("révision", default=1)
    edited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="modifié par")
    edited_at = models.DateTimeField("modifié le")

    class Meta:
        verbose_name = "brouillon de parcours cible"
        verbose_name_plural = "brouillons de parcours cibles"
        ordering = ["target"]

    def __str__(self) -> str:
        return f"{self.target}, brouillon"

    @cached_property
    def content(self) -> Target:
        """The definition as the rules read it."""
        return from_draft(self.definition)


class RehearsalStatus(models.TextChoices):
    PENDING = "pending", "En attente"
    RUNNING = "running", "En cours"
    READY = "ready", "Terminée"
    FAILED = "failed", "Interrompue"


class TargetRehearsal(models.Model):
    """What one revision of a draft would make of the pathways running now; nothing of theirs is written.

    ``rows`` names those late before or after, by pathway: ``[id, late now, late then, keys of the late steps then]``.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    draft = models.ForeignKey(TargetDraft, on_delete=models.CASCADE, related_name="rehearsals")
    revision = models.PositiveIntegerField("révision")
    definition = models.JSONField("définition")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="demandée par")
    asked_at = models.DateTimeField("demandée le")
    status = models.CharField("état", max_length=8, choices=RehearsalStatus, default=RehearsalStatus.PENDING)
    moved_at = models.DateTimeField("dernier signe de vie")
    total = models.PositiveIntegerField("parcours à revoir", default=0)
    done = models.PositiveIntegerField("parcours revus", default=0)
    late_before = models.PositiveIntegerField("en retard aujourd’hui", default=0)
    late_after = models.PositiveIntegerField("en retard avec le brouillon", default=0)
    newly_late = models.PositiveIntegerField("nouveaux retards", default=0)
    no_longer_late = models.PositiveIntegerField("retards levés", default=0)
    rows = models.JSONField(default=list)

    class Meta:
        verbose_name = "répétition de parcours cible"
        verbose_name_plural = "répétitions de parcours cibles"
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"{self.draft} r{self.revision}"
