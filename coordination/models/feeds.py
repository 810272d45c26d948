"""Calendar feeds: a link that shows slots, never a patient, in the agenda of a platform or a practitioner."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from coordination.models.series import SlotSeries
from coordination.models.slots import Slot
from directory.models import Professional, Team, User


class CalendarFeed(models.Model):
    """A link to the slots of one platform, one series or one practitioner (SLT-08, S12).

    The link itself is kept nowhere: only its hash. It works while it is not revoked and while its maker may see what it
    shows. ``request_key`` is that of the form: sent twice, it makes one link.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    platform = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="calendar_feeds")
    series = models.ForeignKey(
        SlotSeries, on_delete=models.PROTECT, null=True, blank=True, related_name="calendar_feeds"
    )
    professional = models.ForeignKey(
        Professional, on_delete=models.PROTECT, null=True, blank=True, related_name="calendar_feeds"
    )
    label = models.CharField("pour quel agenda", max_length=80)
    token_sha256 = models.CharField(max_length=64, unique=True)
    request_key = models.UUIDField(unique=True)
    created_at = models.DateTimeField("créé le")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="calendar_feeds")
    revoked_at = models.DateTimeField("révoqué le", null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    last_read_at = models.DateTimeField("lu le", null=True, blank=True)

    class Meta:
        verbose_name = "lien d’agenda"
        verbose_name_plural = "liens d’agenda"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(platform__isnull=False, series__isnull=True, professional__isnull=True)
                | Q(platform__isnull=True, series__isnull=False, professional__isnull=True)
                | Q(platform__isnull=True, series__isnull=True, professional__isnull=False),
                name="calendar_feed_of_one_thing",
                violation_error_message="Un lien montre un plateau, une série ou un praticien.",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="calendar_feed_revoked_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def shown(self) -> Team | SlotSeries | Professional:
        """What it shows."""
        found = self.platform or self.series or self.professional
        assert found is not None, "calendar_feed_of_one_thing"
        return found


class FeedDeparture(models.Model):
    """A slot that the feed of a series or of a practitioner showed and shows no more: it went to another series, or
    somebody else is expected at it. The feed says CANCELLED, so that agendas take it away. Coming back erases it."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="departures")
    series = models.ForeignKey(SlotSeries, on_delete=models.CASCADE, null=True, blank=True, related_name="departures")
    professional = models.ForeignKey(
        Professional, on_delete=models.CASCADE, null=True, blank=True, related_name="slot_departures"
    )
    at = models.DateTimeField("le")

    class Meta:
        verbose_name = "départ d’un agenda"
        verbose_name_plural = "départs d’agendas"
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "slot"], condition=Q(series__isnull=False), name="slot_left_series_once"
            ),
            models.UniqueConstraint(
                fields=["professional", "slot"],
                condition=Q(professional__isnull=False),
                name="slot_left_practitioner_once",
            ),
            models.CheckConstraint(
                condition=Q(series__isnull=False, professional__isnull=True)
                | Q(series__isnull=True, professional__isnull=False),
                name="slot_left_one_feed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot} : {self.series or self.professional}"
