"""Reads of the front door."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Q

from directory.models import Role

if TYPE_CHECKING:
    from directory.models import User


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: User) -> Self:
        """Requests addressed to a team the user coordinates, keeps the desk of, or practises in."""
        return self.filter(team__in=user.teams_as(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN))

    def to_triage(self) -> Self:
        """Neither accepted, refused nor redirected yet; soonest promise first."""
        return self.filter(status__in=["received", "incomplete"]).order_by("answer_due_at", "id")

    def promise_broken(self, at: datetime) -> Self:
        """No first answer given, and the published promise has passed (ENT-06)."""
        return self.filter(status__in=["received", "incomplete"], answered_at__isnull=True, answer_due_at__lt=at)

    def with_list_data(self) -> Self:
        return self.select_related("target", "team", "pathway").annotate(document_count=Count("documents"))

    def counters(self, at: datetime) -> dict[str, int]:
        return self.aggregate(
            to_triage=Count("pk", filter=Q(status="received")),
            incomplete=Count("pk", filter=Q(status="incomplete")),
            promise_broken=Count(
                "pk",
                filter=Q(status__in=["received", "incomplete"], answered_at__isnull=True, answer_due_at__lt=at),
            ),
        )
