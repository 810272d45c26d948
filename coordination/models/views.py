"""Views of the worklist that someone named: whose pathways, which counter, which target pathway."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from coordination.querysets.views import SavedViewQuerySet
from directory.history import tracked
from directory.models import Team, User


@tracked()
class SavedView(models.Model):
    """A worklist with its filters, for its author alone or, with ``team``, for everyone at that desk.

    Never what was searched: a saved view holds no identity. « Mine » means the reader's own patients, so that one
    shared view serves the whole team.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_views")
    name = models.CharField("nom", max_length=60)
    listed = models.CharField("liste", max_length=24)
    mine = models.BooleanField("mes patients seulement", default=False)
    target = models.CharField("parcours cible", max_length=60, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = "vue enregistrée"
        verbose_name_plural = "vues enregistrées"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_view_name_unique",
                violation_error_message="Vous avez déjà une vue de ce nom.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="saved_view_has_name", violation_error_message="Donnez un nom à cette vue."
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view a person finds on opening « Ma journée »: one of theirs, or one shared with them."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="default_view")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="defaults")

    class Meta:
        verbose_name = "vue d’arrivée"
        verbose_name_plural = "vues d’arrivée"

    def __str__(self) -> str:
        return str(self.view)
