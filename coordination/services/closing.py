"""What is left on the desk when a patient dies, or turns out to be alive."""

from __future__ import annotations

from collections import defaultdict
from uuid import uuid5

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, ContactState, Task
from coordination.services.appointments import said
from coordination.services.booking import cancel_booking
from coordination.services.cancel_codes import DEATH
from coordination.services.holds import drop_holds
from coordination.services.new_tasks import create_task
from coordination.services.promises import sync_promises
from coordination.services.recurrence import stop_coming_back
from coordination.services.requests import stop_requests
from coordination.services.seats import lock_slots
from coordination.services.tasks import cancel_task
from coordination.services.waiting import stop_waiting
from pathways.models import Milestone, Pathway, Patient

DEAD = "Décès du patient"


@transaction.atomic
def stop_expecting(*, patient: Patient) -> None:
    """After a death: the places booked go back, open tasks (what comes back too) and promised calls stop, nobody waits
    nor is asked for any more. Nobody calls a dead patient.

    The ledger has locked all the pathways of the patient, then the patient, as every booking does.
    """
    now = timezone.now()
    expected = list(Booking.objects.expected(now).filter(patient=patient).order_by("pk"))
    lock_slots(booking.slot_id for booking in expected)  # one after the other, a visit being booked would wait for us
    for booking in expected:
        cancel_booking(booking=booking, code=DEATH, user=None)
    for pathway in Pathway.objects.filter(patient=patient).order_by("pk"):
        drop_holds(pathway=pathway)
        stop_waiting(pathway=pathway, reason=DEAD)
        stop_requests(pathway=pathway, reason=DEAD)
        if pathway.task_series.exists():
            stop_coming_back(pathway=pathway, reason=DEAD)
    sync_promises(pathways_of=list(Pathway.objects.filter(patient=patient).values_list("pk", flat=True)))
    for task in Task.objects.open().filter(pathway__patient=patient).order_by("pk"):
        cancel_task(task=task, user=None, reason=DEAD)
    ContactState.objects.filter(pathway__patient=patient).update(call_back_on=None)


@transaction.atomic
def tell_what_was_given_away(*, milestone: Milestone, patient: Patient) -> list[Task]:
    """A death was taken back: the desk is told which places were given away, and books again what must be.

    Nothing is booked by itself: the places may be another patient's by now. One task for each pathway.
    """
    if patient.deceased_on:
        return []
    lost: dict[int, list[Booking]] = defaultdict(list)
    given = Booking.objects.filter(
        patient=patient,
        cancel_code__code=DEATH,
        cancelled_at__gte=milestone.recorded_at,
        slot__starts_at__gt=timezone.now(),
    )
    for booking in given.with_list_data().order_by("period", "pk"):
        lost[booking.pathway_id].append(booking)
    return [
        create_task(
            pathway=bookings[0].pathway,
            title="Décès retiré : des rendez-vous avaient été annulés, voir lesquels reprendre",
            note="\n".join(f"- {said(each.slot)}" for each in bookings),
            due_on=timezone.localdate(),
            origin=uuid5(milestone.uuid, f"given-away:{pathway_id}"),
        )
        for pathway_id, bookings in sorted(lost.items())
    ]
