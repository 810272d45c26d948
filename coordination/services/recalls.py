"""Tasks that ask to call a patient about a slot: made once, closed when there is nothing to say any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid5

from coordination.models import Booking, Contact, ContactOutcome, DisturbedSlot, Slot, Task, UntoldSetup
from coordination.rules.telling import recall_origin
from coordination.services.appointments import when
from coordination.services.new_tasks import create_task
from coordination.services.tasks import set_aside
from directory.models import User
from directory.typography import sentence

if TYPE_CHECKING:  # seats, which these come from, drops recalls
    from coordination.services.series_drafts import Call, News

SPOKEN = (ContactOutcome.REACHED, ContactOutcome.MESSAGE)
LEFT = "Ce rendez-vous ne tient plus à cette heure."


def ask_to_call(calls: Iterable[Call], at: datetime, by: User | None) -> None:
    """One task for each patient, unless the slot waits for a decision already, or somebody chose to keep it and nothing
    more takes it since."""
    calls = list(calls)
    known = {each.slot_id: each for each in DisturbedSlot.objects.filter(slot__in=[c.booking.slot_id for c in calls])}
    theirs: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        former = known.get(call.booking.slot_id)
        if former and former.settled_at is None and not (former.kept_by_id and call.pressing):
            continue
        theirs[call.booking.pathway_id].append(call)
    for each in theirs.values():
        first = each[0].booking
        what = ", ".join(f"{call.booking.slot.exam_type} du {when(call.booking.slot)}" for call in each)
        create_task(
            pathway=first.pathway,
            title=f"Rappeler le patient : {what}. {each[0].reason}"[:200],
            note="\n".join(_note(call) for call in each),
            due_at=at,
            origin=recall_origin(first.uuid, at),
            author=by,
        )
        for call in each:
            DisturbedSlot.objects.update_or_create(
                slot=call.booking.slot,
                defaults={"reason": call.reason[:200], "since": at, "settled_at": None, "kept_by": None},
            )


def _note(call: Call) -> str:
    said = sentence(f"Le créneau du {when(call.booking.slot)} n’est plus assuré : {call.reason}")
    if call.next_free is None:
        return f"{said} Aucun créneau libre : voir la liste d’attente ou une demande prioritaire."
    return f"{said} Prochain créneau libre : {when(call.next_free)}, {call.next_free.platform}."


def tell_news(news: Iterable[News], at: datetime, by: User | None) -> None:
    """One task for each appointment that stands at its hour, elsewhere or with others. What was not told yet is told
    with it, and nothing is when all is again as the patient knows it."""
    news = list(news)
    rows = UntoldSetup.objects.filter(booking__in=[each.booking.pk for each in news]).select_related("task")
    untold = {row.booking_id: row for row in rows}
    for each in news:
        row, known = untold.get(each.booking.pk), each.known
        same = Task.objects.filter(pk=row.task_id) if row else Task.objects.none()
        if row and set_aside(same, reason="Le créneau a encore changé.", user=by):
            known_told = (row.room, frozenset(row.people))
        else:
            known_told = known.told
        if row and known_told == each.held.told:
            row.delete()
            continue
        task = create_task(
            pathway=each.booking.pathway,
            title=f"Rappeler le patient : {each.booking.slot.exam_type} du {when(each.booking.slot)}, {each.now}"[:200],
            note=f"Même jour, même heure : {each.now}. Réimprimez la feuille de rendez-vous.",
            due_at=at,
            origin=uuid5(each.booking.uuid, f"changed:{at.isoformat()}"),
            author=by,
        )
        UntoldSetup.objects.update_or_create(
            booking=each.booking,
            defaults={"room": known_told[0], "people": sorted(known_told[1]), "task": task},
        )


def stop_asking(row: DisturbedSlot, reason: str, by: User | None) -> None:
    """Nobody has to call the patients of a slot that stands after all, nor those who have left it."""
    for pathway in set(Booking.objects.filter(slot=row.slot_id).values_list("pathway", flat=True)):
        _stop(pathway, row.since, row.slot, reason, by)


def say_it_stands(row: DisturbedSlot, at: datetime, by: User | None) -> None:
    """The slot is held after all. Who was called since it was in doubt may have been told not to come: a task each."""
    for booking in Booking.objects.expected(at).filter(slot=row.slot_id).with_list_data().order_by("pk"):
        called = Contact.objects.standing().filter(pathway=booking.pathway_id, at__gte=row.since, outcome__in=SPOKEN)
        if not called.exists():
            continue
        create_task(
            pathway=booking.pathway,
            title=f"Prévenir le patient : {booking.slot.exam_type} du {when(booking.slot)} a bien lieu"[:200],
            note="Appelé depuis que ce créneau n’était plus assuré, il peut croire que l’examen n’a pas lieu.",
            due_at=at,
            origin=uuid5(booking.uuid, f"stands:{at.isoformat()}"),
            author=by,
        )


def drop_recalls(booking: Booking, by: User | None) -> None:
    """The appointment was cancelled or moved: what asked to call its patient about it is over."""
    untold = UntoldSetup.objects.filter(booking=booking).values("task")
    set_aside(Task.objects.filter(pk__in=untold), reason=LEFT, user=by)
    row = DisturbedSlot.objects.filter(slot=booking.slot_id).first()
    if row:
        _stop(booking.pathway_id, row.since, booking.slot, LEFT, by)


def _stop(pathway: int, since: datetime, slot: Slot, reason: str, by: User | None) -> None:
    """Closes the task made for a patient at ``since``, or says in it that ``slot`` asks for nothing any more when the
    other slots it names still do."""
    about = Booking.objects.filter(pathway=pathway, slot__disturbed__since=since)
    made = list(about.select_related("slot__disturbed"))
    asked = Task.objects.open().filter(origin__in=[recall_origin(each.uuid, since) for each in made])
    if not any(_still_asked(each) and each.slot_id != slot.pk for each in made):
        set_aside(asked, reason=reason, user=by)
        return
    task = asked.select_for_update(of=("self",)).first()
    if task is None:
        return
    said = f"Plus rien à dire pour le {when(slot)} : {reason}"
    if said not in task.note:
        task.note = f"{task.note}\n{said}"
        task.save(update_fields=["note"])


def _still_asked(booking: Booking) -> bool:
    row = booking.slot.disturbed
    return booking.status == "booked" and row.settled_at is None and row.kept_by_id is None
