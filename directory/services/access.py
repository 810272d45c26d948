"""Reads of a patient's file are logged; emergency access is opened with a reason and reviewed by another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.models import AccessLog, BreakGlass, User
from directory.readonly import writes_allowed

EMERGENCY_LASTS = timedelta(hours=4)
SHORTEST_REASON = 10


def record_access(
    *, user: User, patient_uuid: UUID, what: str, why: str, ip_address: str | None = None, request_id: str = ""
) -> AccessLog:
    """Writes that ``user`` read ``what`` of the patient's file. Allowed during a GET."""
    with writes_allowed():
        return AccessLog.objects.create(
            user=user, patient_uuid=patient_uuid, what=what, why=why, ip_address=ip_address, request_id=request_id
        )


def record_accesses(
    *, user: User, read: Iterable[tuple[UUID, str]], what: str, ip_address: str | None = None, request_id: str = ""
) -> int:
    """The same for a page that opens many files, in one query: ``read`` gives each patient and the ground (``why``).

    Returns how many were written. Allowed during a GET.
    """
    rows = [
        AccessLog(user=user, patient_uuid=patient, what=what, why=why, ip_address=ip_address, request_id=request_id)
        for patient, why in read
    ]
    with writes_allowed():
        AccessLog.objects.bulk_create(rows)
    return len(rows)


@transaction.atomic
def open_break_glass(*, user: User, patient_uuid: UUID, reason: str) -> BreakGlass:
    """Lets ``user`` read one patient's file for four hours. Raises DomainError without a real reason."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise DomainError("Expliquez en une phrase pourquoi vous avez besoin de ce dossier.", field="reason")
    now = timezone.now()
    running = BreakGlass.objects.open_for(user, now).filter(patient_uuid=patient_uuid).first()
    if running:
        return running
    return BreakGlass.objects.create(
        user=user, patient_uuid=patient_uuid, reason=reason.strip(), opened_at=now, expires_at=now + EMERGENCY_LASTS
    )


@transaction.atomic
def review_break_glass(*, access: BreakGlass, reviewer: User, review: str) -> BreakGlass:
    """Closes the review of an emergency access. Raises DomainError for one's own, or without a word of review."""
    if not review.strip():
        raise DomainError("Écrivez votre avis sur cet accès.", field="review")
    locked = BreakGlass.objects.select_for_update(of=("self",)).get(pk=access.pk)
    if locked.user_id == reviewer.pk:
        raise DomainError("Un accès d’urgence est relu par une autre personne.")
    if locked.reviewed_at:
        raise DomainError("Cet accès a déjà été relu.")
    locked.reviewed_at, locked.reviewed_by, locked.review = timezone.now(), reviewer, review.strip()
    locked.save(update_fields=["reviewed_at", "reviewed_by", "review"])
    return locked
