"""Reads of the desk."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from directory.models import Role
from pathways.querysets import visible_pathways

if TYPE_CHECKING:
    from directory.models import User


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def open(self) -> Self:
        return self.filter(status="open")

    def due(self, day: date) -> Self:
        """Open and to be done on ``day`` or before."""
        return self.open().filter(due_on__lte=day)

    def pool(self) -> Self:
        """Open and owned by nobody yet."""
        return self.open().filter(owner__isnull=True)

    def with_list_data(self) -> Self:
        return self.select_related("pathway__patient", "pathway__version__target", "owner__professional", "team")


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))


class SlotSeriesQuerySet(models.QuerySet["SlotSeries"]):
    def running(self, day: date) -> Self:
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day))


class SlotQuerySet(models.QuerySet["Slot"]):
    def visible_to(self, user: User) -> Self:
        """Slots of the user's platform, and those serving the target pathways of the teams they coordinate."""
        return self.filter(
            Q(platform__in=user.teams_as(Role.PLATFORM))
            | Q(series__targets__team__in=user.teams_as(Role.COORDINATOR, Role.SECRETARY))
        ).distinct()

    def free(self, at: datetime) -> Self:
        """Still protected, in the future, with at least one place left."""
        return self.filter(status="protected", starts_at__gt=at, booked__lt=F("capacity"))

    def to_release(self, at: datetime) -> Self:
        """Still protected, at or past their release instant, with at least one place left."""
        return self.filter(status="protected", release_at__lte=at, starts_at__gt=at, booked__lt=F("capacity"))


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, user: User) -> Self:
        """Bookings of pathways the user reads, or made on the user's own platform."""
        return self.filter(visible_pathways(user, "pathway__") | Q(slot__platform__in=user.teams_as(Role.PLATFORM)))

    def standing(self) -> Self:
        """Not cancelled."""
        return self.exclude(status="cancelled")

    def with_list_data(self) -> Self:
        return self.select_related("slot__exam_type", "slot__platform__establishment", "patient", "pathway")
