"""An appointment moved to another slot in one gesture, and places added in a named physician's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from coordination.errors import SlotFull
from coordination.models import Booking, Hold, Slot, SlotPractitioner, SlotStatus
from coordination.services.appointments import moves_of, refuse_ended, when
from coordination.services.booking import same_request
from coordination.services.cancel_codes import MOVED
from coordination.services.giving_back import give_back
from coordination.services.notices import tell_gp_of_appointments
from coordination.services.patient_post import tell_patient_booked, tell_patient_moved
from coordination.services.platform_post import tell_platform_booked, tell_platform_cancelled, tell_platform_moved
from coordination.services.seats import Extra, Wish, lock_file, lock_slots, take_seats
from coordination.services.telling import ask_to_tell, cause_of, drop_telling, known_slot, note_told
from directory.errors import DomainError
from directory.models import Membership, Profession, Professional, Role, User
from pathways.models import Pathway


@transaction.atomic
def move_booking(
    *,
    booking: Booking,
    to: Slot,
    user: User | None,
    code: str = MOVED,
    reason: str = "",
    told_how: str | None = None,
    request_key: UUID | None = None,
    seen: datetime | None = None,
    at: datetime | None = None,
) -> Booking:
    """Gives up ``booking`` and books ``to`` instead, in one transaction: the patient never loses the first place
    without having the second. Returns the new booking, which knows what it takes the place of (`moved_from`).

    ``code`` is the cause, of the list of cancellations. The platforms of both hours are told, the GP too, and the desk
    has to tell the patient unless ``told_how`` says how it was done. The request or the offer recorded by the first
    booking stands. Raises SlotFull when the place is gone, or
    no more at the hour ``seen``; DomainError for another exam, the same slot, an appointment
    that has passed or no longer stands.
    """
    cause, words = cause_of(code, reason)
    locked = lock_file(booking.pathway_id)
    known = Booking.objects.filter(request_key=request_key).first() if request_key else None
    if known:
        return same_request(known, to, locked)
    lock_slots([booking.slot_id, to.pk])
    at = at or timezone.now()
    _refuse_wrong_move(booking, to, at)
    old = give_back(booking=booking, cause=cause, reason=words, user=user, at=at, freed_for=f"Déplacé au {when(to)}")
    drop_telling(old, user)
    try:
        (new,) = take_seats(
            pathway=locked,
            wishes=[Wish(to, old.step_key, seen)],
            keys=[request_key],
            user=user,
            at=at,
            bundle=old.bundle,
            moved_from=old,
        )
    except SlotFull as full:
        full.alternatives = [each for each in full.alternatives if each.pk != old.slot_id]  # where the patient is
        raise
    if new.slot.platform_id == old.slot.platform_id:
        tell_platform_moved(old=old, new=new)
    else:
        tell_platform_cancelled(booking=old)
        tell_platform_booked(booking=new)
    tell_gp_of_appointments(pathway=locked, at=at)
    tell_patient_moved(old=old, new=new, at=at)
    note_told(new, how=told_how, patient_knows=False, user=user, at=at)
    ask_to_tell([new], [known_slot(old)], user, at)
    return new


def _refuse_wrong_move(booking: Booking, to: Slot, at: datetime) -> None:
    now = Booking.objects.select_related("slot").get(pk=booking.pk)
    refuse_ended(now)
    if now.slot.starts_at <= at:
        raise DomainError("Ce rendez-vous est passé : notez d’abord s’il a eu lieu.", code="past")
    if now.slot_id == to.pk:
        raise DomainError("Le rendez-vous est déjà à cette heure.", field="slot", code="same_slot")
    if now.slot.exam_type_id != to.exam_type_id:
        raise DomainError("Un rendez-vous se déplace vers un créneau du même examen.", field="slot", code="other_exam")


def history_of(booking: Booking) -> list[Booking]:
    """The appointment as it stands, then what it was moved from, latest first: « déplacé 2 fois » has three."""
    return moves_of(booking)


@transaction.atomic
def overbook(
    *,
    slot: Slot,
    pathway: Pathway,
    physician: Professional,
    reason: str,
    user: User | None,
    step_key: str = "",
    request_key: UUID | None = None,
    seen: datetime | None = None,
    at: datetime | None = None,
) -> Booking:
    """Books a place beyond the capacity, in the name of the physician who asked for it and for their reason.

    The physician is one of `overbookers`. Raises DomainError for anyone else, without a reason, while a place is left
    (code ``still_free``), and for a slot cancelled, past, or that takes nobody more (``slot_given_up``); SlotFull (code
    ``slot_moved``) when it is no more at the hour ``seen``.
    """
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette place est ajoutée.", field="reason")
    locked = lock_file(pathway.pk)
    known = Booking.objects.filter(request_key=request_key).first() if request_key else None
    if known:
        return same_request(known, slot, locked)
    lock_slots([slot.pk])
    at = at or timezone.now()
    now = Slot.objects.with_list_data().with_held(at, locked).get(pk=slot.pk)
    _refuse_wrong_physician(now, locked, physician)
    _refuse_no_need(now, at)
    (booking,) = take_seats(
        pathway=locked,
        wishes=[Wish(now, step_key, seen)],
        keys=[request_key],
        user=user,
        at=at,
        extra=Extra(physician, reason.strip()[:200]),
    )
    tell_platform_booked(booking=booking)
    tell_gp_of_appointments(pathway=locked, at=at)
    tell_patient_booked(bookings=[booking], at=at)
    return booking


def _refuse_wrong_physician(slot: Slot, pathway: Pathway, physician: Professional) -> None:
    if physician.pk not in set(overbookers(slot, pathway)):
        raise DomainError(
            "Choisissez un médecin de ce créneau, du plateau ou de l’équipe du parcours.", field="physician"
        )


def overbookers(slot: Slot, pathway: Pathway) -> list[int]:
    """Keys of the physicians in whose name a place may be added: those of the slot, of its platform, of the pathway's
    team. A nurse or a technician answers for no added place."""
    return overbookers_of([slot], pathway)[slot.pk]


def overbookers_of(slots: Sequence[Slot], pathway: Pathway) -> dict[int, list[int]]:
    """`overbookers` of each slot by its key, in three queries."""
    current = Membership.objects.current().filter(
        user__is_active=True, user__professional__profession=Profession.PHYSICIAN
    )
    platforms = current.filter(team__in={slot.platform_id for slot in slots}).order_by()
    there = set(platforms.values_list("team", "user__professional"))
    team = current.filter(team=pathway.team_id, role=Role.PHYSICIAN).values_list("user__professional", flat=True)
    ours = set(team.order_by())
    rows = SlotPractitioner.objects.filter(
        slot__in=[slot.pk for slot in slots], professional__profession=Profession.PHYSICIAN
    ).order_by()
    here = set(rows.values_list("slot", "professional"))
    return {
        slot.pk: sorted(
            ours
            | {person for platform, person in there if platform == slot.platform_id}
            | {person for key, person in here if key == slot.pk}
        )
        for slot in slots
    }


def _refuse_no_need(slot: Slot, at: datetime) -> None:
    if slot.status == SlotStatus.CANCELLED:
        raise DomainError("Ce créneau est annulé.", field="slot", code="slot_cancelled")
    if slot.starts_at <= at:
        raise DomainError("Ce créneau est passé.", field="slot", code="slot_past")
    if getattr(slot, "given_up", True):
        raise DomainError(
            "Ce créneau ne reçoit plus personne : ses patients sont à rappeler.", field="slot", code="slot_given_up"
        )
    protected = slot.status == SlotStatus.PROTECTED and slot.release_at > at
    if protected and slot.booked < slot.capacity:
        held = Hold.objects.living(at).filter(slot=slot).exists()
        message = "La place qui reste est retenue quelques minutes." if held else "Il reste une place : réservez-la."
        raise DomainError(message, field="slot", code="still_free")
