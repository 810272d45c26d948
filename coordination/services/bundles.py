"""Several exams of one patient as one visit: held and booked together, all or none (PTH-07, SLT-15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination.models import Booking, BookingStatus, Bundle, BundleKind, Hold
from coordination.services.cancel_codes import OTHER
from coordination.services.giving_back import give_back, undo_offer
from coordination.services.holds import MINUTES, keep_places
from coordination.services.notices import tell_gp_of_appointments
from coordination.services.patient_post import tell_patient_booked, tell_patient_cancelled
from coordination.services.platform_post import tell_platforms_of_bundle, tell_platforms_of_cancelled
from coordination.services.reviews import settle_review
from coordination.services.seats import Wish, lock_file, lock_slots, take_seats
from coordination.services.telling import ask_to_tell, cause_of, drop_telling, known_slot, note_told
from directory.errors import DomainError
from directory.models import User
from pathways.models import Pathway

MOST = 8
"""Exams of one visit: the longest of the shipped pathways has six."""


@transaction.atomic
def hold_bundle(
    *,
    wishes: Sequence[Wish],
    pathway: Pathway,
    user: User,
    minutes: int = MINUTES,
    at: datetime | None = None,
) -> list[Hold]:
    """Keeps one place of each slot for a few minutes, all or none, as one group."""
    _refuse_wrong_number(wishes)
    return keep_places(wishes=wishes, pathway=pathway, user=user, group=uuid4(), minutes=minutes, at=at)


@transaction.atomic
def book_bundle(
    *,
    wishes: Sequence[Wish],
    pathway: Pathway,
    user: User | None,
    request_key: UUID,
    kind: str = BundleKind.DAY,
    label: str = "",
    at: datetime | None = None,
) -> Bundle:
    """Books one place of each slot, all or none; one message to each platform, one letter to the GP.

    The same ``request_key`` twice returns the first visit. Raises SlotFull for the first place that is gone, and
    DomainError as `book_slot`; nothing is booked then.
    """
    _refuse_wrong_number(wishes)
    locked = lock_file(pathway.pk)
    known = Bundle.objects.filter(request_key=request_key).first()
    if known:
        return _same_visit(known, wishes, locked)
    if kind not in set(BundleKind):
        raise DomainError("Cette nature de venue n’existe pas.", field="kind")
    try:
        bundle = Bundle.objects.create(
            pathway=locked,
            kind=kind,
            label=(label.strip() or BundleKind(kind).label)[:120],
            request_key=request_key,
            created_by=user,
        )
    except IntegrityError as error:
        raise _reused() from error
    keys = [uuid5(request_key, str(wish.slot.uuid)) for wish in wishes]
    bookings = take_seats(pathway=locked, wishes=wishes, keys=keys, user=user, at=at, bundle=bundle)
    tell_platforms_of_bundle(bookings=bookings)
    tell_gp_of_appointments(pathway=locked, at=bookings[0].booked_at)
    tell_patient_booked(bookings=bookings, at=bookings[0].booked_at)
    return bundle


def _refuse_wrong_number(wishes: Sequence[Wish]) -> None:
    if not wishes:
        raise DomainError("Choisissez au moins un créneau.", field="slot")
    if len(wishes) > MOST:
        raise DomainError(f"Une venue compte {MOST} examens au plus.", field="slot")
    if len({wish.slot.pk for wish in wishes}) < len(wishes):
        raise DomainError("Le même créneau est demandé deux fois.", field="slot")


def _same_visit(known: Bundle, wishes: Sequence[Wish], pathway: Pathway) -> Bundle:
    made = {booking.slot_id for booking in known.bookings.filter(moved_from__isnull=True)}
    if known.pathway_id != pathway.pk or made != {wish.slot.pk for wish in wishes}:
        raise _reused()
    if not known.bookings.standing().exists():
        raise DomainError("Cette venue a été annulée depuis : rechargez la page.", code="reused_key")
    return known


def _reused() -> DomainError:
    return DomainError("Cette demande a déjà servi à une autre venue : rechargez la page.", code="reused_key")


@transaction.atomic
def cancel_bundle(
    *,
    bundle: Bundle,
    user: User | None,
    code: str = OTHER,
    reason: str = "",
    told_how: str | None = None,
    at: datetime | None = None,
) -> list[Booking]:
    """Cancels what is still booked of a visit, for one cause: one message to each platform, one task to tell the
    patient. Raises DomainError when nothing of it is booked any more."""
    cause, words = cause_of(code, reason)
    at = at or timezone.now()
    pathway = lock_file(bundle.pathway_id)
    booked = list(bundle.bookings.filter(status=BookingStatus.BOOKED).order_by("period", "id"))
    if not booked:
        raise DomainError("Aucun rendez-vous de cette venue n’est à venir.", code="not_booked")
    lock_slots(booking.slot_id for booking in booked)
    gone, known = [], []
    for booking in booked:
        fresh = give_back(booking=booking, cause=cause, reason=words, user=user, at=at)
        drop_telling(fresh, user)
        known.append(known_slot(fresh))
        note_told(fresh, how=told_how, patient_knows=False, user=user, at=at)
        undo_offer(booking=fresh, cause=cause, user=user)
        gone.append(fresh)
    tell_platforms_of_cancelled(bookings=gone)
    tell_gp_of_appointments(pathway=pathway, at=at)
    tell_patient_cancelled(bookings=gone, at=at)
    ask_to_tell(gone, known, user, at)
    settle_review(pathway=pathway, user=user)
    return gone
