"""What is left on the desk when a patient dies, or turns out to be alive."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import uuid5

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, ContactState, ExamRequest, RequestStatus, Task, WaitingPlace
from coordination.services.appointments import said
from coordination.services.asked import said_date
from coordination.services.booking import cancel_booking
from coordination.services.cancel_codes import DEATH
from coordination.services.contacts import keep_state
from coordination.services.holds import drop_holds
from coordination.services.new_tasks import create_task
from coordination.services.promises import sync_promises
from coordination.services.recurrence import come_back_again, stop_coming_back
from coordination.services.request_ends import stop_requests
from coordination.services.seats import lock_slots
from coordination.services.tasks import reopen_set_aside, set_aside
from coordination.services.waiting import stop_waiting, wait_on
from directory.typography import short_day
from pathways.models import Milestone, Pathway, Patient
from pathways.rules.milestones import MilestoneKind

DEAD = "Décès du patient"
TAKEN_BY_US = (DEAD, "Parcours clos")
"""Why the software takes away waiting places and requests by itself."""


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
    set_aside(Task.objects.filter(pathway__patient=patient), user=None, reason=DEAD)
    ContactState.objects.filter(pathway__patient=patient).update(call_back_on=None)


@transaction.atomic
def tell_what_was_given_away(*, milestone: Milestone, patient: Patient) -> list[Task]:
    """A death was taken back: who waited for a place waits again with their rank, and the desk is told of that, of the
    appointments given away and of the exams no longer asked, to take up again what must be.

    Nothing is booked nor asked by itself: the places may be another patient's by now. On a closed pathway nobody waits:
    it is told too, and given back when the pathway is reopened. One task for each pathway.
    """
    if patient.deceased_on:
        return []
    since, now, made = milestone.recorded_at, timezone.now(), []
    given = Booking.objects.filter(
        patient=patient, cancel_code__code=DEATH, cancelled_at__gte=since, slot__starts_at__gt=now
    )
    lost: dict[int, list[str]] = defaultdict(list)
    for booking in given.with_list_data().order_by("period", "pk"):
        lost[booking.pathway_id].append(said(booking.slot))
    for pathway in Pathway.objects.filter(patient=patient).select_related("patient", "team").order_by("pk"):
        lines = [
            *lost[pathway.pk], *_back(pathway, since), *_not_asked(pathway, since), *_asked_again(pathway, since)
        ]  # fmt: skip
        if not lines:
            continue
        made.append(
            create_task(
                pathway=pathway,
                title="Décès retiré : des rendez-vous et des demandes avaient été annulés, voir lesquels reprendre"
                if lost[pathway.pk]
                else "Décès retiré : des attentes, demandes ou tâches avaient été retirées, voir lesquelles reprendre",
                note="\n".join(f"- {each}" for each in lines),
                due_at=timezone.now(),
                origin=uuid5(milestone.uuid, f"given-away:{pathway.pk}"),
            )
        )
    return made


@transaction.atomic
def tell_what_was_stopped(*, pathway: Pathway, closed_at: datetime) -> Task | None:
    """A pathway closed by error runs again: who waited for a place waits again with their rank, and the desk is told of
    that and of the exams no longer asked, to ask again those that must be."""
    since = _stopped_since(pathway, closed_at)
    lines = [*_back(pathway, since), *_not_asked(pathway, since), *_asked_again(pathway, since)]
    if not lines:
        return None
    return create_task(
        pathway=pathway,
        title="Parcours rouvert : des attentes, demandes ou tâches avaient été retirées, voir ce qui est à reprendre",
        note="\n".join(f"- {each}" for each in lines),
        due_at=timezone.now(),
        origin=uuid5(pathway.uuid, f"reopened:{timezone.now():%Y%m%d%H%M%S%f}"),
    )


def _stopped_since(pathway: Pathway, closed_at: datetime) -> datetime:
    """What a death took just before it closed the pathway is given back with the rest; a closing may be dated the day
    before, never what was taken by an earlier one that was reopened already."""
    deaths = Milestone.objects.filter(pathway__patient=pathway.patient_id, kind=MilestoneKind.DEATH)
    first = deaths.order_by("recorded_at").values_list("recorded_at", flat=True).first()
    return min(closed_at, first) if first else closed_at


def _back(pathway: Pathway, since: datetime) -> list[str]:
    """Waiting places given back, in words; those that cannot be yet, on a closed pathway, are told as lost."""
    if not pathway.is_active:
        ended = WaitingPlace.objects.filter(
            pathway=pathway, end_reason__in=TAKEN_BY_US, ended_by=None, ended_at__gte=since, status="withdrawn"
        )
        return [f"{place.exam_type} : n’attend plus de place (parcours clos)" for place in ended.with_list_data()]
    places = wait_on(pathway=pathway, reasons=TAKEN_BY_US, since=since)
    return [f"{place.exam_type} : de nouveau sur la liste d’attente, à son rang" for place in places]


def _asked_again(pathway: Pathway, since: datetime) -> list[str]:
    """Tasks and promised calls that were stopped and stand again, in words; on a closed pathway they wait for its
    reopening."""
    if not pathway.is_active or pathway.patient.deceased_on:
        return []
    tasks = reopen_set_aside(pathway=pathway, outcome=DEAD, since=since, why="Décès retiré")
    comes_back = come_back_again(pathway=pathway, reasons=TAKEN_BY_US, why="Décès ou clôture retirés")
    keep_state(pathway)
    call = ContactState.objects.filter(pathway=pathway).values_list("call_back_on", flat=True).first()
    return [
        *(f"{task.title} : tâche de nouveau ouverte" for task in tasks if task.series_id is None),
        *(f"{series.title} : revient de nouveau" for series in comes_back),
        *([f"Rappel promis le {short_day(call, timezone.localdate())}"] if call and (tasks or comes_back) else []),
    ]


def _not_asked(pathway: Pathway, since: datetime) -> list[str]:
    """Exams asked of platforms that were stopped and are not asked nor booked since, in words."""
    rows = ExamRequest.objects.filter(
        pathway=pathway, status=RequestStatus.CANCELLED, reason__in=TAKEN_BY_US, answered_by=None,
        answered_at__gte=since,
    )  # fmt: skip
    found = []
    for each in rows.with_list_data().order_by("asked_at", "pk"):
        same = {"pathway": pathway, "exam_type": each.exam_type_id, "step_key": each.step_key}
        running = ExamRequest.objects.running().filter(**same).exists()
        if not running and not Booking.objects.unmarked().filter(**same).exists():
            dated = f", qui proposait {said_date(each)}" if each.proposed_at else ""
            found.append(f"{each.exam_type} : n’est plus demandé à {each.addressed_to.name}{dated}")
    return found
