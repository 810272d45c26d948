"""Machines and rooms of a platform."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination.models import Resource, SlotSeries
from directory.errors import DomainError
from directory.models import Team
from pathways.services import calendar_of


def add_resource(*, platform: Team, name: str, kind: str) -> Resource:
    """Adds one; the same name again puts it back into service. Raises DomainError without a name, or for a name taken
    by one of another kind."""
    if not name.strip():
        raise DomainError("Donnez un nom.", field="name")
    try:
        with transaction.atomic():
            found, _ = Resource.objects.get_or_create(team=platform, name=name.strip(), defaults={"kind": kind})
    except IntegrityError as error:
        raise DomainError("Ce nom vient d’être pris.", field="name") from error
    if found.kind != kind:
        raise DomainError("Ce plateau a déjà un appareil ou une salle de ce nom.", field="name")
    if not found.is_active:
        found.is_active = True
        found.save(update_fields=["is_active"])
    return found


@transaction.atomic
def retire_resource(*, resource: Resource) -> Resource:
    """Offers it to new series no more. Raises DomainError while a series runs on it."""
    today = calendar_of(resource.team.establishment).local_date(timezone.now())
    if running := SlotSeries.objects.running(today).filter(resource=resource).first():
        raise DomainError(f"La série « {running} » l’utilise encore : changez-la ou arrêtez-la d’abord.")
    resource.is_active = False
    resource.save(update_fields=["is_active"])
    return resource
