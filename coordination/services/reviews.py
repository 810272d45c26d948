"""Appointments that outlive their pathway: a person keeps or cancels them."""

from __future__ import annotations

from uuid import UUID, uuid5

from django.db.models import Exists, OuterRef
from django.utils import timezone

from coordination.models import Booking, ExamRequest, SlotPolicy, Task, WaitingPlace
from coordination.services.left_over import LeftOver, settle_left_over
from coordination.services.new_tasks import create_task
from coordination.services.tasks import settle
from directory.models import User
from pathways.models import ClosingReason, Pathway


def ask_review(*, pathway: Pathway) -> Task | None:
    """A task for the desk when a pathway closes with appointments to come; none after a death."""
    coming = Booking.objects.expected(timezone.now()).filter(pathway=pathway).count()
    if not coming or pathway.closing_reason == ClosingReason.DIED:
        return None
    what = "le rendez-vous réservé" if coming == 1 else f"les {coming} rendez-vous réservés"
    return create_task(
        pathway=pathway,
        title=f"Parcours clos : annuler ou confirmer {what}",
        due_at=timezone.now(),
        origin=_origin(pathway),
    )


def ask_switch_review(*, pathway: Pathway) -> Task | None:
    """A task for the new desk of a patient who follows another target: appointments to come in slots kept for the old
    one, and exams asked of platforms that have agreed to nothing for the new one, are kept, moved or cancelled by a
    person; who waits for a place there is looked at too. Each is named in the note."""
    now = timezone.now()
    kept = (
        Booking.objects.expected(now).filter(pathway=pathway).exclude(slot__series__targets=pathway.version.target_id)
    )
    agreed = SlotPolicy.objects.in_force(timezone.localdate(now)).filter(
        target=pathway.version.target_id, exam_type=OuterRef("exam_type"), platform=OuterRef("addressed_to")
    )
    asked = ExamRequest.objects.running().filter(~Exists(agreed), pathway=pathway)
    found = LeftOver(
        list(kept.with_list_data().order_by("slot__starts_at", "pk")), list(asked.with_list_data().order_by("pk"))
    )
    waiting = list(WaitingPlace.objects.waiting().filter(pathway=pathway).select_related("exam_type").order_by("pk"))
    if not found and not waiting:
        return None
    what = [
        _several(len(found.bookings), "rendez-vous", "rendez-vous"),
        _several(len(found.requests), "demande d’examen", "demandes d’examen"),
        _several(len(waiting), "attente", "attentes"),
    ]
    lines = [*found.lines, *(f"{each.exam_type}, en attente d’une place" for each in waiting)]
    return create_task(
        pathway=pathway,
        title=f"Changement de parcours : revoir {', '.join(filter(None, what))} de l’ancien",
        note="\n".join(f"- {line}" for line in lines),
        due_at=timezone.now(),
        origin=uuid5(pathway.uuid, f"switched:{pathway.version_id}:{now:%Y%m%d%H%M%S}"),
    )


def _several(count: int, one: str, many: str) -> str:
    """« 1 attente », « 2 attentes »; empty for none."""
    return f"{count} {one if count == 1 else many}" if count else ""


def settle_review(*, pathway: Pathway, user: User | None) -> None:
    """Closes that task once no appointment of the closed pathway waits any more; so does the one about an exam done
    otherwise."""
    settle_left_over(pathway=pathway, user=user)
    if pathway.is_active or Booking.objects.unmarked().filter(pathway=pathway).exists():
        return
    settle(Task.objects.filter(origin=_origin(pathway)), user=user, outcome="Plus aucun rendez-vous à venir")


def _origin(pathway: Pathway) -> UUID:
    """One review for each time the pathway closes."""
    return uuid5(pathway.uuid, f"closed:{pathway.closed_at:%Y%m%d%H%M%S}")
