"""Places of protected slots, taken with the row of the slot locked; `giving_back` gives them up.

Locks are always taken in the same order: pathways by key, then patients, then slots by key, then waiting places and
requests. Whoever takes a place first locks the slot, then counts in a new statement: what was committed meanwhile is
seen, and nobody else counts until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from coordination.errors import SlotFull
from coordination.models import (
    Booking,
    BookingStatus,
    Bundle,
    ExamRequest,
    Hold,
    RequestStatus,
    Slot,
    SlotEvent,
    SlotPractitioner,
    SlotSeries,
    SlotStatus,
    WaitingPlace,
)
from coordination.querysets import ExamRequestQuerySet
from coordination.rules.slots import first_free_seat
from coordination.services.appointments import (
    clock_of,
    record_request,
    said,
    when,
    write_in_file,
)
from coordination.services.asked import end_booked, is_over, said_date
from coordination.services.life import log
from coordination.services.needs import refuse_wrong_step
from coordination.services.policies import refuse_without_convention
from coordination.services.waiting import serve
from directory.errors import DomainError
from directory.models import Professional, User
from directory.typography import hour, moment
from pathways.models import AppointmentStatus, Pathway
from pathways.services import lock_pathway

ALTERNATIVES = 3


@dataclass(frozen=True)
class Wish:
    """One place asked for: its slot, the step it is for (none outside the plan), and the hour that whoever asks saw.
    ``alone``: whoever asks saw no other appointment for that exam."""

    slot: Slot
    step_key: str = ""
    seen: datetime | None = None
    alone: bool = False


@dataclass(frozen=True)
class Extra:
    """A place beyond the capacity: the physician who asked for it, and why."""

    physician: Professional
    reason: str


def lock_file(pathway_id: int) -> Pathway:
    """The pathway and its patient, locked for the rest of the transaction."""
    return lock_pathway(pathway_id, patient=True)


def lock_slots(ids: Iterable[int]) -> None:
    """Locks the rows of these slots, in the order of their keys, for the rest of the transaction."""
    rows = Slot.objects.filter(pk__in=set(ids)).select_for_update(of=("self",), no_key=True)
    list(rows.order_by("pk").values_list("pk", flat=True))


def locked_slots(ids: Iterable[int], pathway: Pathway, at: datetime) -> dict[int, Slot]:
    """Locked slots as they stand now, by key, with what decides whether that pathway may sit there, in one statement:

    ``held``, how many places others keep for a few minutes; ``own_hold``, whether the pathway keeps one; ``given_up``;
    ``kept_for_it``, whether the slot is for the pathway's target; ``seats``, the places taken; ``asked_then``, whether
    a platform proposed those hours to the patient; ``asked``, whether the pathway asks a platform for that exam;
    ``waits``, whether it waits for it.
    """
    target = SlotSeries.targets.through.objects.filter(
        slotseries=OuterRef("series"), targetpathway=pathway.version.target_id
    )
    waiting = WaitingPlace.objects.waiting().filter(pathway=pathway, exam_type=OuterRef("exam_type"))
    asked = ExamRequest.objects.running().filter(pathway=pathway, exam_type=OuterRef("exam_type"))
    rows = Slot.objects.with_list_data().with_held(at, pathway).annotate(
        own_hold=Exists(Hold.objects.filter(slot=OuterRef("pk"), pathway=pathway)),
        kept_for_it=Exists(target),
        seats=ArraySubquery(Booking.objects.standing().filter(slot=OuterRef("pk")).order_by().values("seat")),
        asked_then=Exists(_proposed_between(pathway, OuterRef("starts_at"), OuterRef("ends_at"))),
        asked=Exists(asked),
        waits=Exists(waiting),
    )  # fmt: skip
    return {slot.pk: slot for slot in rows.filter(pk__in=set(ids)).order_by()}


def _proposed_between(pathway: Pathway, start: datetime | OuterRef, end: datetime | OuterRef) -> ExamRequestQuerySet:
    """The hours a platform proposed to the patient that meet [start, end)."""
    return ExamRequest.objects.at_hours(start, end).filter(pathway__patient=pathway.patient_id)


def is_free(slot: Slot, at: datetime) -> bool:
    """True when a slot read by `locked_slots` has a place for that pathway, as `SlotQuerySet.free` says."""
    held: int = getattr(slot, "held", 0)
    promised = slot.status == SlotStatus.PROTECTED and slot.starts_at > at and slot.release_at > at
    promised = promised and not getattr(slot, "given_up", False)
    return promised and slot.booked + held < slot.capacity


def take_seats(
    *,
    pathway: Pathway,
    wishes: Sequence[Wish],
    keys: Sequence[UUID | None],
    user: User | None,
    at: datetime | None,
    bundle: Bundle | None = None,
    moved_from: Booking | None = None,
    extra: Extra | None = None,
) -> list[Booking]:
    """Books one place of each slot for a pathway whose file is locked: all of them, or none.

    Each is counted, logged and written in the file; the request is recorded unless it stands; who waited for it waits
    no more, and a platform asked for it that has no date yet is asked no more. Raises SlotFull, or DomainError for what
    `refuse_wrong_wishes` refuses.
    """
    ids = [wish.slot.pk for wish in wishes]
    lock_slots(ids)
    at = at or timezone.now()
    slots = locked_slots(ids, pathway, at)
    wishes = [replace(wish, slot=slots[wish.slot.pk]) for wish in wishes]
    refuse_moved(pathway, wishes, at)
    refuse_wrong_wishes(pathway, wishes)
    if extra is None:
        refuse_gone(pathway, wishes, at)
    Slot.objects.filter(pk__in=ids).update(booked=F("booked") + 1, extra=F("extra") + (0 if extra is None else 1))
    _expect_again(wishes)
    if any(getattr(wish.slot, "own_hold", True) for wish in wishes):
        Hold.objects.filter(pathway=pathway, slot__in=ids).delete()
    made = []
    for wish, key in zip(wishes, keys, strict=True):
        booking = _insert(pathway, wish, key, user, at, bundle, moved_from, extra)
        wish.slot.booked, wish.slot.extra = wish.slot.booked + 1, wish.slot.extra + (0 if extra is None else 1)
        made.append(booking)
        what, why = (SlotEvent.BOOKED, "") if extra is None else (SlotEvent.OVERBOOKED, extra.reason)
        if moved_from is not None:
            why = f"Déplacé du {when(moved_from.slot)}"
        log(wish.slot, what, by=user, at=at, reason=why, booking=booking)
        write_in_file(booking, AppointmentStatus.PLANNED)
        record_request(
            pathway=pathway, exam_type=wish.slot.exam_type, key=str(booking.uuid), user=user, at=at, held=True
        )
        if getattr(wish.slot, "asked", True):
            end_booked(pathway=pathway, exam_type=wish.slot.exam_type, step_key=wish.step_key, user=user, at=at)
        if moved_from is None and getattr(wish.slot, "waits", True):  # a move gives nobody one place more
            serve(booking=booking, user=user, at=at)
    return made


def _expect_again(wishes: Sequence[Wish]) -> None:
    """Who was not expected any more at a slot given back empty is, for the patient added to it."""
    for wish in wishes:
        if wish.slot.status != SlotStatus.RELEASED or wish.slot.booked:
            continue
        try:
            with transaction.atomic():
                SlotPractitioner.objects.filter(slot=wish.slot, stands=False).update(stands=True)
        except IntegrityError as error:
            raise DomainError(
                "Un praticien de ce créneau rendu au plateau est attendu ailleurs à cette heure.",
                field="slot", code="taken",
            ) from error  # fmt: skip


def refuse_moved(pathway: Pathway, wishes: Sequence[Wish], at: datetime) -> None:
    """Raises SlotFull (code ``slot_moved``) for a slot, read by `locked_slots`, that is not at the hour that was seen:
    the patient was told the other one. The first way out is the slot itself, at its hour of now."""
    for wish in wishes:
        slot = wish.slot
        if wish.seen is None or wish.seen == slot.starts_at or slot.status == SlotStatus.CANCELLED:
            continue
        with clock_of(slot.platform):
            before = moment(wish.seen, timezone.localdate())
        here = [slot] if is_free(slot, at) and getattr(slot, "kept_for_it", False) else []
        raise SlotFull(
            f"Ce créneau a été déplacé : il était {before}, il est maintenant {when(slot)}. Rien n’est réservé.",
            alternatives=[*here, *next_free(slot, pathway, at)][:ALTERNATIVES],
            code="slot_moved",
        )


def refuse_wrong_wishes(pathway: Pathway, wishes: Sequence[Wish]) -> None:
    """Refuses a closed pathway, a dead patient, a slot kept for others, an exam that is not the step's, is booked
    already (code ``already_booked``) or has a date at a platform (``already_asked``), and a patient expected elsewhere
    at that hour (``patient_busy``)."""
    if not pathway.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le avant de réserver.")
    if pathway.patient.deceased_on:
        raise DomainError("Ce patient est décédé.")
    if not all(getattr(wish.slot, "kept_for_it", False) for wish in wishes):
        raise DomainError("Ce créneau est gardé pour d’autres parcours.", field="slot")
    standing = list(Booking.objects.standing().filter(patient=pathway.patient_id).select_related("slot").order_by())
    for place, wish in enumerate(wishes):
        refuse_wrong_step(pathway, wish.step_key, wish.slot.exam_type.code)
        _refuse_twice(pathway, wish, standing, wishes[:place])
        _refuse_asked(pathway, wish)
        slot = wish.slot
        on = slot.starts_at.astimezone(ZoneInfo(slot.platform.establishment.time_zone)).date()
        refuse_without_convention(pathway=pathway, exam_type=slot.exam_type, platform=slot.platform, on=on)
        _refuse_busy(pathway, wish.slot, [each.slot for each in standing] + [each.slot for each in wishes[:place]])


def _refuse_twice(pathway: Pathway, wish: Wish, standing: Sequence[Booking], before: Sequence[Wish]) -> None:
    """One booking for one need: the same exam of the same step is moved, not booked again."""
    if not wish.step_key and not wish.alone:
        return
    exam_type = wish.slot.exam_type_id
    for other in standing:
        same = (other.pathway_id, other.step_key, other.slot.exam_type_id) == (pathway.pk, wish.step_key, exam_type)
        to_come = (
            wish.step_key or other.slot.ends_at > timezone.now()
        )  # outside the plan, one that has passed is no more
        if same and other.status == BookingStatus.BOOKED and to_come:
            raise DomainError(
                f"Cet examen est déjà réservé{' pour cette étape' if wish.step_key else ''} : {said(other.slot)}. "
                "Déplacez-le plutôt.",
                field="slot", code="already_booked",
            )  # fmt: skip
    if any((each.step_key, each.slot.exam_type_id) == (wish.step_key, exam_type) for each in before):
        raise DomainError("Le même examen est demandé deux fois.", field="slot", code="already_booked")


def _refuse_asked(pathway: Pathway, wish: Wish) -> None:
    """One appointment for one need: a platform has given a date for it."""
    if not getattr(wish.slot, "asked", True):
        return
    rows = ExamRequest.objects.filter(
        pathway=pathway, exam_type=wish.slot.exam_type_id, step_key=wish.step_key, status=RequestStatus.PROPOSED
    )
    for request in rows.with_list_data():
        if not is_over(request, timezone.now()):
            raise DomainError(
                f"{request.addressed_to.name} propose déjà une date pour cet examen, {said_date(request)} : "
                "retirez cette demande avant de réserver un créneau.",
                field="slot", code="already_asked",
            )  # fmt: skip


def _refuse_busy(pathway: Pathway, slot: Slot, taken: Sequence[Slot]) -> None:
    for other in taken:
        if other.starts_at < slot.ends_at and slot.starts_at < other.ends_at:
            raise DomainError(
                f"Le patient a déjà un rendez-vous à cette heure : {said(other)}.", field="slot", code="patient_busy"
            )
    if not getattr(slot, "asked_then", True):
        return
    for request in _proposed_between(pathway, slot.starts_at, slot.ends_at).select_related("exam_type"):
        raise DomainError(
            f"Le patient a déjà un rendez-vous à cette heure : {request.exam_type}.", field="slot", code="patient_busy"
        )


def refuse_gone(pathway: Pathway, wishes: Sequence[Wish], at: datetime) -> None:
    """Raises SlotFull for the first slot, read by `locked_slots`, that has no place left."""
    for wish in wishes:
        if not is_free(wish.slot, at):
            raise gone(wish.slot, pathway, at)


def gone(slot: Slot, pathway: Pathway, at: datetime) -> SlotFull:
    """Why the place is gone, and where to go instead."""
    if slot.status == SlotStatus.CANCELLED:
        reason, code = "Ce créneau est annulé.", "slot_cancelled"
    elif slot.starts_at <= at:
        reason, code = "Ce créneau est passé.", "slot_past"
    elif getattr(slot, "given_up", False):
        reason, code = "Ce créneau ne reçoit plus personne.", "slot_given_up"
    elif slot.status == SlotStatus.RELEASED or slot.release_at <= at:
        reason, code = "Ce créneau vient d’être rendu au plateau.", "slot_released"
    elif slot.booked < slot.capacity:
        reason, code = _held(slot, pathway, at), "slot_held"
    else:
        reason, code = "Ce créneau vient d’être pris.", "slot_full"
    return SlotFull(reason, alternatives=next_free(slot, pathway, at), code=code)


def _held(slot: Slot, pathway: Pathway, at: datetime) -> str:
    ends = slot.holds.living(at).exclude(pathway=pathway).order_by("until").values_list("until", flat=True).first()
    with clock_of(slot.platform):
        until = f" jusqu’à {hour(ends)}" if ends else ""
    return f"Ce créneau est retenu pour un autre patient{until}."


def next_free(slot: Slot, pathway: Pathway, at: datetime, count: int = ALTERNATIVES) -> list[Slot]:
    """The next free slots of the same type for the pathway, those that clash with the patient's day left out."""
    taken = Booking.objects.standing().filter(patient=pathway.patient_id, slot__ends_at__gt=at)
    spans = taken.values_list("slot__starts_at", "slot__ends_at")
    free = (
        Slot.objects.free(at, pathway)
        .serving(pathway)
        .agreed(pathway)
        .filter(exam_type=slot.exam_type_id)
        .exclude(pk=slot.pk)
    )
    for start, end in spans:
        free = free.exclude(starts_at__lt=end, ends_at__gt=start)
    return list(free.with_list_data().order_by("starts_at", "id")[:count])


def _insert(
    pathway: Pathway,
    wish: Wish,
    key: UUID | None,
    user: User | None,
    at: datetime,
    bundle: Bundle | None,
    moved_from: Booking | None,
    extra: Extra | None,
) -> Booking:
    """Inserts the booking in the lowest free place of a locked slot."""
    slot = wish.slot
    booking = Booking(
        slot=slot,
        seat=first_free_seat(getattr(slot, "seats", ())),
        pathway=pathway,
        patient=pathway.patient,
        exam_type=slot.exam_type,
        step_key=wish.step_key,
        period=DateTimeTZRange(slot.starts_at, slot.ends_at),
        booked_at=at,
        booked_by=user,
        bundle=bundle,
        moved_from=moved_from,
        overbooked_for=extra.physician if extra else None,
        overbook_reason=extra.reason if extra else "",
        **({"request_key": key} if key else {}),
    )
    try:
        booking.save(force_insert=True)
    except IntegrityError as error:
        raise _refused(error) from error
    return booking


REFUSALS = {
    "booking_patient_in_one_place": ("Le patient a déjà un rendez-vous à cette heure.", "patient_busy"),
    "booking_one_per_need": ("Cet examen est déjà réservé pour cette étape.", "already_booked"),
    "coordination_booking_request_key_key": (
        "Cette demande a déjà servi à une autre réservation : rechargez la page.", "reused_key",
    ),
}  # fmt: skip
"""What the database refuses although it was looked at before: two patients with one key have no lock in common."""


def _refused(error: IntegrityError) -> Exception:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name not in REFUSALS:
        return error
    message, code = REFUSALS[name]
    return DomainError(message, field="slot", code=code)
