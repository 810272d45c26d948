"""The waiting list: who waits for a place, and who waits no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from coordination.models import (
    Booking,
    BookingStatus,
    ExamType,
    HalfDay,
    OfferAnswer,
    Task,
    WaitingOffer,
    WaitingPlace,
    WaitingStatus,
)
from coordination.querysets import BookingQuerySet, WaitingPlaceQuerySet
from coordination.rules.waiting import offer_origin
from coordination.services.appointments import moves_of
from coordination.services.needs import refuse_wrong_step
from coordination.services.tasks import set_aside
from directory.errors import DomainError
from directory.joined import joined
from directory.models import User
from pathways.models import Pathway


@transaction.atomic
def join_waiting(
    *,
    pathway: Pathway,
    exam_type: ExamType,
    user: User | None,
    step_key: str = "",
    latest_at: datetime | None = None,
    earliest_on: date | None = None,
    half_day: str = "",
    note: str = "",
    at: datetime | None = None,
) -> WaitingPlace:
    """Puts the patient on the list of those who wait for a place of that type.

    ``latest_at`` is when the step is due, read from the plan when not given. Asked again for the same need, gives the
    place already held, with the wishes of now: the rank is kept. Raises DomainError when the pathway is closed, the
    patient is dead, the exam is booked already or is not the step's.
    """
    Pathway.objects.filter(pk=pathway.pk).held()
    locked = Pathway.objects.select_related("patient").get(pk=pathway.pk)
    if not locked.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le avant d’inscrire le patient.")
    if locked.patient.deceased_on:
        raise DomainError("Ce patient est décédé.")
    if "\0" in note or len(note) > 200:
        raise DomainError("Précisez en 200 caractères au plus.", field="note")
    refuse_wrong_step(locked, step_key, exam_type.code)
    if half_day and half_day not in set(HalfDay):
        raise DomainError("Choisissez le matin, l’après-midi, ou l’un ou l’autre.", field="half_day")
    known = WaitingPlace.objects.waiting().filter(pathway=locked, exam_type=exam_type, step_key=step_key).first()
    if known:
        return _wishes(known, earliest_on, half_day, note.strip())
    booked = Booking.objects.filter(pathway=locked, exam_type=exam_type, step_key=step_key, status=BookingStatus.BOOKED)
    if booked.exists():
        raise DomainError("Cet examen est déjà réservé : déplacez le rendez-vous.", code="already_booked")
    due = locked.steps.filter(key=step_key, state__in=["open", "waiting"]).first() if step_key else None
    return WaitingPlace.objects.create(
        pathway=locked,
        exam_type=exam_type,
        step_key=step_key,
        latest_at=latest_at or (due.due_at if due else None),
        earliest_on=earliest_on,
        half_day=half_day,
        note=note.strip(),
        asked_at=at or timezone.now(),
        asked_by=user,
    )


def _wishes(known: WaitingPlace, earliest_on: date | None, half_day: str, note: str) -> WaitingPlace:
    """The place held, for the days and hours asked now; a note that is not given again stays."""
    known.earliest_on, known.half_day, known.note = earliest_on, half_day, note or known.note
    known.save(update_fields=["earliest_on", "half_day", "note"])
    return known


@transaction.atomic
def leave_waiting(*, place: WaitingPlace, reason: str, user: User | None, at: datetime | None = None) -> WaitingPlace:
    """The patient waits no more, for a reason. Raises DomainError without one, or when nobody waits any more."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi le patient n’attend plus.", field="reason")
    locked = WaitingPlace.objects.select_for_update(of=("self",)).get(pk=place.pk)
    if locked.status != WaitingStatus.WAITING:
        raise DomainError("Ce patient n’attend plus de place pour cet examen.", code="not_waiting")
    return _leave(locked, reason, user, at or timezone.now())


def _leave(locked: WaitingPlace, reason: str, user: User | None, at: datetime) -> WaitingPlace:
    locked.status, locked.ended_at, locked.ended_by = WaitingStatus.WITHDRAWN, at, user
    locked.end_reason = reason.strip()[:200]
    locked.save(update_fields=["status", "ended_at", "ended_by", "end_reason"])
    close_offers(locked, user=user, why=locked.end_reason, at=at)
    return locked


def stop_waiting(*, pathway: Pathway, reason: str) -> None:
    """Nobody waits on a closed pathway, nor after a death."""
    leave_all(WaitingPlace.objects.filter(pathway=pathway), reason=reason, at=timezone.now())


@joined
def leave_all(places: WaitingPlaceQuerySet, *, reason: str, at: datetime) -> None:
    """Those of ``places`` that wait are needed no more; one taken off the list at the same instant stays as it was."""
    for place in places.waiting().select_for_update(of=("self",)).order_by("pk"):
        _leave(place, reason, None, at)


def serve(*, booking: Booking, user: User | None, at: datetime) -> WaitingPlace | None:
    """A place was found for someone who waited, for the same step first, else for the same exam outside the plan."""
    waiting = WaitingPlace.objects.waiting().filter(pathway=booking.pathway_id, exam_type=booking.exam_type_id)
    rows = {each.step_key: each for each in waiting.select_for_update(of=("self",)).order_by("-asked_at")}
    place = (
        rows.get(booking.step_key) or rows.get("") or (None if booking.step_key else next(iter(rows.values()), None))
    )
    if place is None:
        return None
    place.status, place.ended_at, place.ended_by, place.served_by = WaitingStatus.SERVED, at, user, booking
    place.save(update_fields=["status", "ended_at", "ended_by", "served_by"])
    close_offers(place, user=user, why="Une place a été réservée", at=at)
    return place


def serve_same_need(*, booking: Booking, user: User | None, at: datetime) -> None:
    """An appointment stands again after all: who was inscribed meanwhile for that very need has what they wait for."""
    need = {"pathway": booking.pathway_id, "exam_type": booking.exam_type_id, "step_key": booking.step_key}
    waiting = WaitingPlace.objects.waiting().filter(**need)
    if WaitingPlace.objects.filter(served_by=booking).exists():  # it had served another wait: one each
        leave_all(waiting, reason="Le rendez-vous tient de nouveau", at=at)
    elif waiting.exists():
        serve(booking=booking, user=user, at=at)


def wait_again(*, booking: Booking) -> None:
    """The place of someone who had waited for it was taken back, as booked or after moves: they wait again, from when
    they first asked.

    Inscribed again meanwhile, dead, or closed, they do not. Booked elsewhere, they have what they waited for as long as
    that appointment stands: their wait is served by it from now on.
    """
    served = WaitingPlace.objects.filter(
        served_by__in=[each.pk for each in moves_of(booking)], status=WaitingStatus.SERVED
    )
    for place in served.select_for_update(of=("self",)).order_by("pk"):
        if not put_back(place, booking.pathway):
            _serve_by_another(place)


def _serve_by_another(place: WaitingPlace) -> None:
    standing = _booked_for(place).filter(served_place__isnull=True).order_by("slot__starts_at", "pk").first()
    if standing:
        place.served_by = standing
        place.save(update_fields=["served_by"])


def _booked_for(place: WaitingPlace) -> BookingQuerySet:
    need = {"pathway": place.pathway_id, "exam_type": place.exam_type_id, "step_key": place.step_key}
    return Booking.objects.filter(**need, status=BookingStatus.BOOKED)


def put_back(place: WaitingPlace, pathway: Pathway) -> bool:
    """Puts a locked place back among those who wait, with its rank; False when nothing is to be waited for."""
    if not pathway.is_active or pathway.patient.deceased_on:
        return False
    need = {"pathway": place.pathway_id, "exam_type": place.exam_type_id, "step_key": place.step_key}
    if WaitingPlace.objects.waiting().filter(**need).exists():
        return False
    if _booked_for(place).exists():
        return False
    place.status, place.ended_at, place.ended_by, place.served_by = WaitingStatus.WAITING, None, None, None
    place.end_reason = ""
    place.save(update_fields=["status", "ended_at", "ended_by", "served_by", "end_reason"])
    return True


def wait_on(*, pathway: Pathway, reasons: Collection[str], since: datetime) -> list[WaitingPlace]:
    """Gives back the waiting places that the software itself took ``since`` then for one of ``reasons``, a death or a
    closing that was an error; returns those given back."""
    taken = WaitingPlace.objects.filter(
        pathway=pathway, status=WaitingStatus.WITHDRAWN, ended_by=None, end_reason__in=reasons, ended_at__gte=since
    )
    rows = taken.select_related("exam_type").select_for_update(of=("self",)).order_by("-ended_at", "pk")
    return [place for place in rows if put_back(place, pathway)]


def close_offers(place: WaitingPlace, *, user: User | None, why: str, at: datetime) -> None:
    """What was proposed to that place and not answered is set aside."""
    for offer in place.offers.filter(answer=OfferAnswer.OPEN).select_for_update(of=("self",)):
        close_offer(offer, OfferAnswer.WITHDRAWN, user=user, why=why, at=at)


def close_moved_offers(slots: Iterable[int], *, user: User | None, at: datetime, why: str) -> None:
    """What was proposed at an hour that a slot leaves is set aside; called with the slots locked."""
    open_offers = WaitingOffer.objects.filter(slot__in=list(slots), answer=OfferAnswer.OPEN).order_by("pk")
    for offer in open_offers.select_for_update(of=("self",)):
        close_offer(offer, OfferAnswer.WITHDRAWN, user=user, why=why, at=at)


def close_offer(offer: WaitingOffer, answer: str, *, user: User | None, why: str, at: datetime) -> None:
    """Writes the answer of a locked offer, and closes the task that asked for it."""
    offer.answer, offer.answered_at, offer.answered_by, offer.why = answer, at, user, why.strip()[:200]
    offer.save(update_fields=["answer", "answered_at", "answered_by", "why"])
    asked = Task.objects.filter(origin=offer_origin(offer.uuid))
    set_aside(asked, user=user, reason=why.strip() or "Proposition close")
