"""Appointments that outlive their pathway: a person keeps or cancels them."""

from __future__ import annotations

from uuid import UUID, uuid5

from django.utils import timezone

from coordination.models import Booking, Task, WaitingPlace
from coordination.services.left_over import settle_left_over
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
        due_on=timezone.localdate(),
        origin=_origin(pathway),
    )


def ask_switch_review(*, pathway: Pathway) -> Task | None:
    """A task for the new desk of a patient who follows another target: appointments to come in slots kept for the old
    one are kept, moved or cancelled by a person; who waits for a place there is looked at too."""
    kept = Booking.objects.expected(timezone.now()).filter(pathway=pathway)
    kept = kept.exclude(slot__series__targets=pathway.version.target_id)
    waiting = WaitingPlace.objects.waiting().filter(pathway=pathway).count()
    booked = kept.count()
    if not booked and not waiting:
        return None
    what = [f"{booked} rendez-vous"] * bool(booked) + [f"{waiting} attente{'s' if waiting > 1 else ''}"] * bool(waiting)
    return create_task(
        pathway=pathway,
        title=f"Changement de parcours : revoir {' et '.join(what)} pris pour l’ancien",
        due_on=timezone.localdate(),
        origin=uuid5(pathway.uuid, f"switched:{pathway.version_id}:{timezone.now():%Y%m%d%H%M%S}"),
    )


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
