"""What is left on the desk when a pathway closes or a patient dies."""

from __future__ import annotations

from uuid import uuid5

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, ContactState, Task
from coordination.services.booking import cancel_booking
from coordination.services.tasks import cancel_task, create_task
from pathways.models import ClosingReason, Pathway, Patient


@transaction.atomic
def stop_expecting(*, patient: Patient) -> None:
    """After a death: the places booked go back, open tasks and promised calls stop. Nobody calls a dead patient."""
    now = timezone.now()
    for booking in Booking.objects.expected(now).filter(patient=patient).order_by("pk"):
        cancel_booking(booking=booking, reason="Décès du patient", user=None, patient_knows=True)
    for task in Task.objects.open().filter(pathway__patient=patient).order_by("pk"):
        cancel_task(task=task, user=None, reason="Décès du patient")
    ContactState.objects.filter(pathway__patient=patient).update(call_back_on=None)


@transaction.atomic
def review_bookings_of_closed(*, pathway: Pathway) -> Task | None:
    """Asks the desk to keep or cancel the appointments to come of a pathway that closes; None when there is none."""
    now = timezone.now()
    coming = Booking.objects.expected(now).filter(pathway=pathway).count()
    if not coming or pathway.closing_reason == ClosingReason.DIED:
        return None
    what = "le rendez-vous réservé" if coming == 1 else f"les {coming} rendez-vous réservés"
    return create_task(
        pathway=pathway,
        title=f"Parcours clos : annuler ou confirmer {what}",
        due_on=timezone.localdate(),
        origin=uuid5(pathway.uuid, f"closed:{pathway.closed_at:%Y%m%d%H%M%S}"),
    )
