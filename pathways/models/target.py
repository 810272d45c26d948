"""Target pathways: versioned data. A patient's pathway keeps the version it was started on."""

from __future__ import annotations

from functools import cached_property

import pgtrigger
from django.db import models

from directory.history import tracked
from directory.models import Establishment, Team, User
from pathways.querysets import TargetPathwayQuerySet
from pathways.rules.target import Target, from_dict


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
