"""Doing what a change of series says, slot by slot, each with its line in the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F
from django.utils import timezone

from coordination.models import (
    Booking,
    DisturbedSlot,
    Resource,
    Slot,
    SlotEvent,
    SlotPractitioner,
    SlotSeries,
    SlotStatus,
    Task,
)
from coordination.rules.series import Outcome, Verdict
from coordination.services.appointments import when
from coordination.services.life import log
from coordination.services.new_tasks import create_task
from coordination.services.seats import lock_slots, stand_or_not
from coordination.services.series_drafts import Call, Change, Draft
from coordination.services.tasks import cancel_task
from coordination.services.unmade import settle_made
from directory.errors import DomainError
from directory.models import Professional, Team, User

TAKEN = {
    "slot_resource_once": "L’appareil ou la salle est déjà pris à cette heure.",
    "practitioner_in_one_place": "Un praticien est déjà attendu ailleurs à cette heure.",
}


def lock_series(rows: Iterable[SlotSeries]) -> None:
    """Locks series, then their slots from now on, for the rest of the transaction: no seat is sold meanwhile."""
    keys = sorted(each.pk for each in rows)
    list(SlotSeries.objects.filter(pk__in=keys).select_for_update(of=("self",), no_key=True).order_by("pk"))
    lock_slots(Slot.objects.filter(series__in=keys, ends_at__gt=timezone.now()).values_list("pk", flat=True))


def lock_means(
    *, platforms: Iterable[int] = (), resources: Iterable[int | None] = (), people: Iterable[int] = ()
) -> None:
    """Locks what exceptions are about, before any series: a series that takes a machine and the exception that closes
    it wait for each other, whichever comes first."""
    for model, keys in ((Team, platforms), (Resource, resources), (Professional, people)):
        rows = model._default_manager.filter(pk__in={key for key in keys if key}).order_by("pk")
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def refuse_conflicts(change: Change) -> None:
    """Raises DomainError (code ``taken``) naming the first machine, room or practitioner expected elsewhere."""
    if said := change.conflicts():
        more = f" Et {len(said) - 1} autre{'s' if len(said) > 2 else ''}." if len(said) > 1 else ""
        raise DomainError(f"{said[0]}.{more}", code="taken")


def act(change: Change, *, by: User | None, only: frozenset[Verdict] | None = None) -> int:
    """Does it, inside the caller's transaction, with the slots locked; returns how many slots were made.

    Raises DomainError when the database refuses a machine or a practitioner.
    """
    calls = change.calls()
    try:
        with transaction.atomic():
            made = 0
            # Places are left before others are taken: two slots may exchange their hours.
            for leaving in (True, False):
                for draft, each in change.outcomes():
                    if only is not None and each.verdict not in only:
                        continue
                    if leaving == (each.verdict in (Verdict.CANCEL, Verdict.PERSON)):
                        _do(draft, each, change.at, by)
                        made += each.verdict is Verdict.MAKE
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if name not in TAKEN:
            raise
        raise DomainError(TAKEN[name], code="taken") from error
    _settle(change, by)
    settle_made([draft.series for draft in change.drafts], change.at)
    if only is None or Verdict.PERSON in only:
        _ask_to_call(calls, change.at, by)
    return made


def _do(draft: Draft, outcome: Outcome, at: datetime, by: User | None) -> None:
    slot = draft.slot_of(outcome)
    if outcome.verdict is Verdict.MAKE:
        slot = _blank(draft, outcome)
        slot.save(force_insert=True)
        _seat(draft, slot)
        return
    assert slot is not None
    if outcome.verdict is Verdict.PERSON:
        return
    if outcome.verdict is Verdict.CANCEL:
        slot.status, slot.cancelled_at, slot.cancel_reason = SlotStatus.CANCELLED, at, outcome.reason[:200]
        event = SlotEvent.CANCELLED
    else:
        _fit(draft, outcome, slot)
        event = {
            Verdict.MOVE: SlotEvent.MOVED,
            Verdict.REOPEN: SlotEvent.REOPENED,
        }.get(outcome.verdict, SlotEvent.CHANGED)
    before = slot.sequence
    slot.sequence = F("sequence") + 1  # type: ignore[assignment]
    slot.save()
    slot.sequence = before + 1
    _seat(draft, slot) if outcome.verdict is not Verdict.CANCEL else stand_or_not(slot)
    log(slot, event, by=by, at=at, reason=outcome.reason)


def _blank(draft: Draft, outcome: Outcome) -> Slot:
    series = draft.series
    slot = Slot(series=series, exam_type=series.exam_type, platform=series.platform, week=outcome.week)
    _fit(draft, outcome, slot)
    return slot


def _fit(draft: Draft, outcome: Outcome, slot: Slot) -> None:
    """The slot as the series wants it that week, kept."""
    series, wanted = draft.series, outcome.wanted
    assert wanted is not None
    slot.starts_at, slot.ends_at, slot.release_at = wanted.starts_at, wanted.ends_at, wanted.release_at
    slot.capacity, slot.room, slot.resource, slot.week = series.capacity, series.room, series.resource, outcome.week
    slot.status, slot.released_at, slot.cancelled_at, slot.cancel_reason = SlotStatus.PROTECTED, None, None, ""


def _seat(draft: Draft, slot: Slot) -> None:
    """Those expected at the slot, and nobody else."""
    SlotPractitioner.objects.filter(slot=slot).delete()
    span = DateTimeTZRange(slot.starts_at, slot.ends_at)
    SlotPractitioner.objects.bulk_create(
        SlotPractitioner(slot=slot, professional=each, period=span) for each in draft.practitioners
    )


def make_missing(draft: Draft) -> int:
    """The slots to make of one series in a few statements; returns how many."""
    fresh = [_blank(draft, each) for each in draft.outcomes if each.verdict is Verdict.MAKE]
    Slot.objects.bulk_create(fresh, batch_size=500)
    SlotPractitioner.objects.bulk_create(
        SlotPractitioner(slot=slot, professional=each, period=DateTimeTZRange(slot.starts_at, slot.ends_at))
        for slot in fresh
        for each in draft.practitioners
    )
    return len(fresh)


def _settle(change: Change, by: User | None) -> None:
    """A slot that its series gives again, or that nobody is in any more, waits for no decision."""
    over = {
        e.slot.key: e.verdict
        for draft in change.drafts
        for e in draft.outcomes
        if e.slot and e.verdict in (Verdict.KEEP, Verdict.CANCEL)
    }
    for row in DisturbedSlot.objects.filter(slot__in=over, settled_at__isnull=True).order_by("pk"):
        row.settled_at = change.at
        row.save(update_fields=["settled_at"])
        if over[row.slot_id] is Verdict.KEEP:
            stop_asking(row, "Le créneau est de nouveau assuré.", by)


def stop_asking(row: DisturbedSlot, reason: str, by: User | None) -> None:
    """Nobody has to call the patients of a slot that stands after all."""
    inside = Booking.objects.standing().filter(slot=row.slot_id).values_list("uuid", flat=True)
    for task in Task.objects.open().filter(origin__in=[call_origin(uuid, row.since) for uuid in inside]):
        cancel_task(task=task, reason=reason, user=by)


def call_origin(booking: UUID, since: datetime) -> UUID:
    """The origin of the task that asks to call the patient of a slot given up at ``since``."""
    return uuid5(booking, f"given-up:{since.isoformat()}")


def _ask_to_call(calls: list[Call], at: datetime, by: User | None) -> None:
    """One task for each patient, unless the slot waits for a decision already, or somebody chose to keep it."""
    known = {each.slot_id: each for each in DisturbedSlot.objects.filter(slot__in=[c.booking.slot_id for c in calls])}
    theirs: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        former = known.get(call.booking.slot_id)
        if former and former.settled_at is None:
            continue
        theirs[call.booking.pathway_id].append(call)
    for each in theirs.values():
        first = each[0].booking
        what = ", ".join(f"{call.booking.slot.exam_type} du {when(call.booking.slot)}" for call in each)
        create_task(
            pathway=first.pathway,
            title=f"Rappeler le patient : {what}. {each[0].reason}"[:200],
            note="\n".join(_note(call) for call in each),
            due_on=timezone.localdate(at),
            origin=call_origin(first.uuid, at),
            author=by,
        )
        for call in each:
            DisturbedSlot.objects.update_or_create(
                slot=call.booking.slot,
                defaults={"reason": call.reason[:200], "since": at, "settled_at": None, "kept_by": None},
            )


def _note(call: Call) -> str:
    said = f"Le créneau du {when(call.booking.slot)} n’est plus assuré : {call.reason}."
    if call.next_free is None:
        return f"{said} Aucun créneau libre : voir la liste d’attente ou une demande prioritaire."
    return f"{said} Prochain créneau libre : {when(call.next_free)}, {call.next_free.platform}."
