"""Freed places put before those who wait: a proposal to a person of the desk, never a booking by itself.

A place freed before its slot's release instant goes to the waiting list, after it to the platform. An offer holds no
place: whoever books first has it, and the patient goes on waiting.

Nobody is pestered: a place declined, or left a day without an answer, is not proposed to the same person again. One
that was only taken before they could answer is proposed once more when it is free again, `TWICE` in all; a place that
a colleague keeps for a few minutes closes no offer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid5

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from coordination.errors import SlotFull
from coordination.models import (
    Booking,
    ExamRequest,
    Hold,
    OfferAnswer,
    Slot,
    SlotEvent,
    WaitingOffer,
    WaitingPlace,
    WaitingStatus,
)
from coordination.models.waiting import UNHEARD
from coordination.rules.waiting import Rank, Waiter, half_day_of, offer_origin, ranked
from coordination.services.appointments import said
from coordination.services.booking import book_slot, same_request
from coordination.services.life import log
from coordination.services.new_tasks import create_task
from coordination.services.policies import without_convention
from coordination.services.seats import lock_file, lock_slots
from coordination.services.waiting import close_offer
from directory.errors import DomainError
from directory.models import User
from pathways.rules.calendar import Calendar
from pathways.rules.clock import Duration, Unit, add
from pathways.services import calendar_of

STANDS = Duration(8, Unit.OFFICE_HOURS)
"""How long an offer waits for its answer before the next in rank is asked: a day of work."""
TWICE = 2
"""How many times one place may be proposed to one person."""


def ranks(exam_type_id: int, calendar: Calendar, now: datetime) -> dict[int, Rank]:
    """Where everyone who waits for that exam stands, by key of the waiting place, first to last."""
    rows = WaitingPlace.objects.waiting().filter(exam_type=exam_type_id)
    return ranked((Waiter(*row) for row in rows.waiters()), now, calendar)


def offer_freed_places(*, now: datetime) -> int:
    """Sets aside the offers that cannot be taken any more, then offers each free place to the first in rank whom it
    suits; returns how many offers were made.

    Each slot has its own transaction, its row locked. Any number of workers may run it, and one may be killed.
    """
    close_stale_offers(now=now)
    awaited = WaitingPlace.objects.waiting().order_by().values("exam_type")
    free = Slot.objects.free(now).filter(exam_type__in=awaited).awaited(now).order_by("starts_at", "id")
    return sum(_offer(pk, now) for pk in list(free.values_list("pk", flat=True)))


@transaction.atomic
def _offer(slot_id: int, now: datetime) -> int:
    rows = Slot.objects.filter(pk=slot_id).select_for_update(of=("self",), no_key=True, skip_locked=True)
    if not rows.values_list("pk", flat=True):
        return 0
    slot = Slot.objects.free(now).with_list_data().filter(pk=slot_id).first()
    return _offer_locked(slot, now) if slot else 0


def _offer_locked(slot: Slot, now: datetime) -> int:
    """Offers what is left of a locked slot: less what is held, and what is offered already."""
    held = Hold.objects.living(now).filter(slot=slot).count()
    open_offers = WaitingOffer.objects.filter(slot=slot, answer=OfferAnswer.OPEN).count()
    left = slot.capacity - slot.booked - held - open_offers
    made = 0
    for place in _suited(slot, now) if left > 0 else ():
        if made == left:
            break
        # The row lock is taken last (pathways, slots, then places); somebody who answers right now is left alone.
        locked = WaitingPlace.objects.waiting().filter(pk=place.pk).select_for_update(of=("self",), skip_locked=True)
        if locked.values_list("pk", flat=True) and not _heard_enough(slot).filter(place=place).exists():
            _propose(slot, place, now)
            made += 1
    return made


def _heard_enough(slot: Slot) -> QuerySet[WaitingOffer, int]:
    """The waiting places that are not to hear of that slot now: with an offer still to answer, or of that very slot
    declined, left without an answer, or taken `TWICE`. One set aside because the slot moved, or because the patient
    was booked elsewhere, was heard by nobody."""
    taken = WaitingOffer.objects.filter(slot=slot, answer=OfferAnswer.TAKEN).order_by().values("place")
    often = taken.annotate(times=Count("pk")).filter(times__gte=TWICE).values("place")
    answered = Q(slot=slot) & ~Q(answer__in=UNHEARD)
    offers = WaitingOffer.objects.filter(Q(answer=OfferAnswer.OPEN) | answered | Q(place__in=often))
    return offers.order_by().values_list("place", flat=True)


def _suited(slot: Slot, now: datetime) -> Iterable[WaitingPlace]:
    """Those whom the slot suits, first in rank first: kept for their target, not too early, in the half of the
    day when they can come, soon enough for them (`soon_enough`), on no day of a pause, and at an hour when they are
    expected nowhere."""
    calendar = calendar_of(slot.platform.establishment)
    order = ranks(slot.exam_type_id, calendar, now)
    places = WaitingPlace.objects.waiting().soon_enough(slot, now)
    places = places.not_paused_on(calendar.local_date(slot.starts_at))
    places = places.filter(
        Q(earliest_on__isnull=True) | Q(earliest_on__lte=calendar.local_date(slot.starts_at)),
        half_day__in=["", half_day_of(slot.starts_at.astimezone(calendar.zone).hour)],
        pk__in=order,
        pathway__version__target__slot_series=slot.series_id,
        pathway__status="active",
        pathway__patient__deceased_on__isnull=True,
    )
    busy = Booking.objects.standing().filter(slot__starts_at__lt=slot.ends_at, slot__ends_at__gt=slot.starts_at)
    asked = ExamRequest.objects.at_hours(slot.starts_at, slot.ends_at)
    free = places.exclude(pathway__patient__in=busy.values("patient"))
    rows = free.exclude(pathway__patient__in=asked.values("pathway__patient")).exclude(pk__in=_heard_enough(slot))
    if lapsed := without_convention(slot.platform, slot.exam_type, calendar.local_date(slot.starts_at)):
        rows = rows.exclude(
            ~Q(pathway__team__establishment=slot.platform.establishment_id), pathway__version__target__in=lapsed
        )
    return sorted(rows.select_related("pathway__team", "pathway__patient"), key=lambda each: order[each.pk].place)


def _propose(slot: Slot, place: WaitingPlace, now: datetime) -> WaitingOffer:
    offer = WaitingOffer.objects.create(place=place, slot=slot, offered_at=now)
    log(slot, SlotEvent.OFFERED, by=None, at=now)
    create_task(
        pathway=place.pathway,
        title=f"Une place se libère : proposer {said(slot)}"[:200],
        due_at=now,
        origin=offer_origin(offer.uuid),
    )
    return offer


def close_stale_offers(*, now: datetime) -> int:
    """Sets aside the offers whose place is gone, or that nobody answered in time; returns how many."""
    open_offers = WaitingOffer.objects.filter(answer=OfferAnswer.OPEN).order_by("slot_id", "pk")
    return sum(_close_if_stale(pk, now) for pk in list(open_offers.values_list("pk", flat=True)))


@transaction.atomic
def _close_if_stale(pk: int, now: datetime) -> int:
    rows = WaitingOffer.objects.filter(pk=pk, answer=OfferAnswer.OPEN).select_for_update(of=("self",), skip_locked=True)
    offer = rows.first()
    if offer is None:
        return 0
    slot = Slot.objects.with_list_data().get(pk=offer.slot_id)
    # A colleague who keeps it for a few minutes has not taken it.
    answer = OfferAnswer.LAPSED
    if not Slot.objects.not_full(now).filter(pk=slot.pk).exists():
        answer, why = OfferAnswer.TAKEN, "La place n’est plus libre"
    elif add(offer.offered_at, STANDS, calendar_of(slot.platform.establishment)) < now:
        why = "Sans réponse dans la journée"
    else:
        return 0
    close_offer(offer, answer, user=None, why=why, at=now)
    return 1


def answer_offer(
    *, offer: WaitingOffer, accept: bool, user: User | None, why: str = "", at: datetime | None = None
) -> Booking | None:
    """The patient takes the place, which is booked at once in the same transaction, or does not, for a reason.

    Declined, the next in rank is asked, and the patient keeps their rank for other places. Raises SlotFull when
    somebody else had the place first: the offer is set aside and the patient goes on waiting; only kept for somebody
    else for a few minutes (code ``slot_held``), the offer stands. Raises DomainError when
    the offer was answered already (code ``answered``), without a reason to decline, or as `book_slot` does.
    """
    if not accept:
        if not why.strip():
            raise DomainError("Indiquez pourquoi le patient ne prend pas cette place.", field="why")
        _decline(offer, user, why, at)
        return None
    try:
        return _accept(offer, user, at)
    except SlotFull as refused:
        if refused.code != "slot_held":  # kept a few minutes for somebody else: it may still come back
            _lose(offer, user, at)
        raise


@transaction.atomic
def _accept(offer: WaitingOffer, user: User | None, at: datetime | None) -> Booking:
    place = offer.place
    known = Booking.objects.filter(request_key=uuid5(offer.uuid, "accepted")).first()
    if known:
        return same_request(known, offer.slot, place.pathway)
    lock_file(place.pathway_id)
    lock_slots([offer.slot_id])
    locked = _locked(offer)
    now = at or timezone.now()
    close_offer(locked, OfferAnswer.ACCEPTED, user=user, why="Place acceptée", at=now)
    return book_slot(
        slot=offer.slot,
        pathway=place.pathway,
        user=user,
        step_key=place.step_key,
        request_key=uuid5(offer.uuid, "accepted"),
        at=at,
    )


@transaction.atomic
def _decline(offer: WaitingOffer, user: User | None, why: str, at: datetime | None) -> None:
    lock_slots([offer.slot_id])
    close_offer(_locked(offer), OfferAnswer.DECLINED, user=user, why=why, at=at or timezone.now())
    _offer(offer.slot_id, at or timezone.now())


@transaction.atomic
def _lose(offer: WaitingOffer, user: User | None, at: datetime | None) -> None:
    lost = WaitingOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if lost.answer == OfferAnswer.OPEN:
        why = "La place a été prise entre-temps"
        close_offer(lost, OfferAnswer.TAKEN, user=user, why=why, at=at or timezone.now())


def _locked(offer: WaitingOffer) -> WaitingOffer:
    """The offer, with its place, held. Raises DomainError when it was answered already."""
    place = WaitingPlace.objects.select_for_update(of=("self",)).get(pk=offer.place_id)
    locked = WaitingOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if locked.answer != OfferAnswer.OPEN or place.status != WaitingStatus.WAITING:
        raise DomainError(f"Cette proposition est déjà close ({locked.get_answer_display().lower()}).", code="answered")
    return locked
