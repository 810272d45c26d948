"""What is left on the desk when a patient dies."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, ContactState, Task
from coordination.services.booking import cancel_booking
from coordination.services.recurrence import stop_coming_back
from coordination.services.tasks import cancel_task
from pathways.models import Pathway, Patient


@transaction.atomic
def stop_expecting(*, patient: Patient) -> None:
    """After a death: the places booked go back, open tasks (what comes back too) and promised calls stop. Nobody calls
    a dead patient."""
    now = timezone.now()
    for booking in Booking.objects.expected(now).filter(patient=patient).order_by("pk"):
        cancel_booking(booking=booking, reason="Décès du patient", user=None, patient_knows=True)
    for pathway in Pathway.objects.filter(patient=patient, task_series__isnull=False).distinct().order_by("pk"):
        stop_coming_back(pathway=pathway, reason="Décès du patient")
    for task in Task.objects.open().filter(pathway__patient=patient).order_by("pk"):
        cancel_task(task=task, user=None, reason="Décès du patient")
    ContactState.objects.filter(pathway__patient=patient).update(call_back_on=None)
