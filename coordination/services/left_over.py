"""What an exam recorded in the file leaves without purpose: who waited for it, what was booked or asked for it besides.

An exam is often done elsewhere, or in another way that its step allows. The wait ends by that evidence; a place taken
at a platform does not: a person looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from django.db.models import Q
from django.utils import timezone

from coordination.models import Booking, ExamRequest, Task, WaitingPlace, WaitingStatus
from coordination.services.appointments import said
from coordination.services.new_tasks import create_task
from coordination.services.tasks import set_aside, settle
from coordination.services.waiting import leave_all, put_back
from directory.models import User
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind

DONE = "Examen réalisé"
ASKED = (MilestoneKind.EXAM_REQUESTED, MilestoneKind.APPOINTMENT_OFFERED)
"""What a booking records by itself: no exam took place."""


@dataclass(frozen=True)
class LeftOver:
    """Appointments to come and requests running for steps that are done."""

    bookings: list[Booking]
    requests: list[ExamRequest]

    def __bool__(self) -> bool:
        return bool(self.bookings or self.requests)

    @property
    def lines(self) -> list[str]:
        asked = [f"{each.exam_type}, demandé à {each.addressed_to.name}" for each in self.requests]
        return [*(said(each.slot) for each in self.bookings), *asked]


def end_what_waits(*, milestone: Milestone, pathway: Pathway) -> None:
    """The exam took place: nobody waits for it any more, and one task names the appointments and requests that are
    left for the same step. The offers made to who waited are set aside with their tasks."""
    if milestone.kind in ASKED:
        return
    keys = _steps_done_by(milestone, pathway)
    if not keys and not milestone.detail:
        return
    outside = Q(step_key="", exam_type__code=milestone.detail, asked_at__lte=milestone.occurred_at)
    places = WaitingPlace.objects.waiting().filter(pathway=pathway, exam_type__done_as=milestone.kind)
    leave_all(places.filter(Q(step_key__in=keys) | outside), reason=DONE, at=milestone.recorded_at)
    found = _left(milestone, pathway, keys)
    if not found:
        return
    many = len(found.lines) > 1
    create_task(
        pathway=pathway,
        title=(
            f"Examen déjà réalisé : annuler ou garder ce qui reste prévu ({len(found.lines)})"
            if many
            else f"Examen déjà réalisé : annuler ou garder {found.lines[0]}"
        )[:200],
        note="\n".join(f"- {line}" for line in found.lines),
        due_at=timezone.now(),
        origin=_origin(milestone),
    )


def wait_again_without_evidence(*, milestone: Milestone, pathway: Pathway) -> None:
    """The exam did not take place after all, or is being corrected: whoever waited for it waits again from when they
    first asked, unless booked or inscribed meanwhile, closed or dead; the task is not asked any more."""
    set_aside(Task.objects.filter(origin=_origin(milestone)), user=None, reason="L’examen n’est plus noté réalisé")
    ended = WaitingPlace.objects.filter(
        pathway=pathway, status=WaitingStatus.WITHDRAWN, ended_at=milestone.recorded_at, end_reason=DONE
    )
    for place in ended.select_for_update(of=("self",)).order_by("pk"):
        put_back(place, pathway)


def settle_left_over(*, pathway: Pathway, user: User | None) -> None:
    """Closes the task of `end_what_waits` once nothing of it is left."""
    facts = {_origin(each): each for each in Milestone.objects.filter(pathway=pathway)}
    for task in Task.objects.open().filter(pathway=pathway, origin__in=facts):
        assert task.origin is not None  # it was found by it
        fact = facts[task.origin]
        if not _left(fact, pathway, _steps_done_by(fact, pathway)):
            settle(Task.objects.filter(pk=task.pk), user=None, outcome="Plus rien de prévu pour cet examen")


def _steps_done_by(milestone: Milestone, pathway: Pathway) -> list[str]:
    """Keys of the steps with an exam that this fact did."""
    done = pathway.steps.filter(state="done", done_at=milestone.occurred_at).exclude(exam_type="")
    return list(done.values_list("key", flat=True))


def _left(milestone: Milestone, pathway: Pathway, keys: list[str]) -> LeftOver:
    if not keys:
        return LeftOver([], [])
    about = {"pathway": pathway, "step_key__in": keys, "exam_type__done_as": milestone.kind}
    bookings = Booking.objects.expected(timezone.now()).filter(**about).with_list_data()
    requests = ExamRequest.objects.running().filter(**about).with_list_data()
    return LeftOver(list(bookings.order_by("slot__starts_at", "pk")), list(requests.order_by("pk")))


def _origin(milestone: Milestone) -> UUID:
    return uuid5(milestone.uuid, "left-over")
