"""Reads of the directory."""

# Models import this module, which names them only to type itself: mypy does not untie a base class from the cycle.
# mypy: disable-error-code="name-defined"

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from directory.models import User


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self, at: datetime | None = None) -> Self:
        """Memberships in force at ``at`` (now by default)."""
        day = timezone.localdate(at)
        return self.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=day), Q(ends_on__isnull=True) | Q(ends_on__gte=day)
        )


class ProfessionalQuerySet(models.QuerySet["Professional"]):
    def search(self, words: str) -> Self:
        """Those whose name contains every word, accents ignored; by RPPS when ``words`` is a number."""
        if words.isdigit():
            return self.filter(rpps__startswith=words)
        found = self
        for word in words.split():
            found = found.filter(Q(last_name__unaccent__icontains=word) | Q(first_name__unaccent__icontains=word))
        return found


class BreakGlassQuerySet(models.QuerySet["BreakGlass"]):
    def open_for(self, user: User, at: datetime | None = None) -> Self:
        """Emergency accesses of ``user`` still running."""
        return self.filter(user=user, expires_at__gt=at or timezone.now())

    def visible_to(self, user: User) -> Self:
        """Emergency accesses by people of the user's establishments, the user's own left out."""
        return (
            self.filter(user__memberships__team__establishment__in=user.establishment_ids).exclude(user=user).distinct()
        )

    def to_review(self) -> Self:
        return self.filter(reviewed_at__isnull=True)

    def reviewed(self) -> Self:
        return self.filter(reviewed_at__isnull=False)


class AccessLogQuerySet(models.QuerySet["AccessLog"]):
    def of_patient(self, patient_uuid: object) -> Self:
        return self.filter(patient_uuid=patient_uuid).select_related("user")


PERSONAL = "alerts_"
"""How the kinds of the messages begin that only concern the account they are sent to."""


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def to_send(self, at: datetime) -> Self:
        """Messages due and neither sent, given up, nor held by a living worker."""
        return self.filter(
            Q(claimed_until__isnull=True) | Q(claimed_until__lte=at),
            sent_at__isnull=True,
            given_up_at__isnull=True,
            due_at__lte=at,
        ).order_by("due_at", "id")

    def visible_to(self, user: User) -> Self:
        """Post of the user's establishments, but for what tells a colleague of their own work; administrators of the
        platform see none of it."""
        of_others = Q(kind__startswith=PERSONAL) & ~Q(recipient=user.email)
        return self.filter(establishment__in=user.establishment_ids).exclude(of_others)
