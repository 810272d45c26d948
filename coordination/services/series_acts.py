"""Doing what a change of series says, slot by slot, each with its line in the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F
from django.utils import timezone

from coordination.models import (
    Booking,
    DisturbedSlot,
    FeedDeparture,
    Resource,
    Slot,
    SlotEvent,
    SlotPractitioner,
    SlotSeries,
    SlotStatus,
)
from coordination.rules.series import Outcome, Verdict
from coordination.services.appointments import write_in_file
from coordination.services.giving_back import sit_closer, stand_or_not
from coordination.services.holds import drop_broken_holds
from coordination.services.life import log
from coordination.services.recalls import ask_to_call, say_it_stands, stop_asking, tell_news
from coordination.services.seats import lock_slots
from coordination.services.series_drafts import Change, Draft
from coordination.services.unmade import settle_made
from coordination.services.waiting import close_moved_offers
from directory.errors import DomainError
from directory.models import Professional, Team, User
from directory.typography import sentence
from pathways.models import AppointmentStatus

TAKEN = {
    "slot_resource_once": "L’appareil ou la salle est déjà pris à cette heure.",
    "practitioner_in_one_place": "Un praticien est déjà attendu ailleurs à cette heure.",
}

LEAVING = {Verdict.MOVE: "Le créneau a été déplacé", Verdict.CANCEL: "Le créneau est annulé"}
"""Why what was kept or proposed in a slot is so no more."""

AGAIN = "Le créneau est de nouveau assuré."
GONE = "Ce créneau n’aura pas lieu, et plus personne n’y est attendu."


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
        raise DomainError(f"{sentence(said[0])}{more}", code="taken")


def act(change: Change, *, by: User | None) -> int:
    """Does it, inside the caller's transaction, with the slots locked; returns how many slots were made.

    Raises DomainError when the database refuses a machine or a practitioner.
    """
    calls, news = change.calls(), change.news()
    try:
        with transaction.atomic():
            break_promises(change, by)
            made = 0
            # Places are left before others are taken: two slots may exchange their hours.
            for leaving in (True, False):
                for draft, each in change.outcomes():
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
    ask_to_call(calls, change.at, by)
    tell_news(news, change.at, by)
    return made


def break_promises(change: Change, by: User | None) -> None:
    """What was kept or proposed at an hour that a slot leaves, before any slot is written (`drop_broken_holds` says
    why): whoever writes the slots before `act` calls it first. Who waits may be proposed the new hour, as any other."""
    left = {verdict: [slot.pk for slot, _ in change.lines(verdict) if slot is not None] for verdict in LEAVING}
    broken = dict(_fewer_places(change))
    for verdict, why in LEAVING.items():
        broken |= dict.fromkeys(left[verdict], (0, why))
    if broken:
        drop_broken_holds(broken, user=by, at=change.at)
    for verdict, why in LEAVING.items():
        if left[verdict]:
            close_moved_offers(left[verdict], user=by, at=change.at, why=why)


def _fewer_places(change: Change) -> Iterator[tuple[int, tuple[int, str]]]:
    """The slots that lose places, each with how many of its free ones may stay kept: all of them, no more."""
    for _, each in change.outcomes():
        slot = each.slot
        if slot and each.verdict in (Verdict.CHANGE, Verdict.FOLLOW) and each.setup.capacity < slot.setup.capacity:
            yield slot.key, (max(0, each.setup.capacity - slot.booked), "Le créneau a moins de places")


def _do(draft: Draft, outcome: Outcome, at: datetime, by: User | None) -> None:
    slot = draft.slot_of(outcome)
    if outcome.verdict is Verdict.MAKE:
        slot = _blank(draft, outcome)
        slot.save(force_insert=True)
        _seat(draft, slot, at)
        return
    assert slot is not None
    if outcome.verdict is Verdict.PERSON:
        return
    if outcome.verdict is Verdict.FOLLOW:
        _follow(outcome, slot, draft.series.resource)
        event = SlotEvent.CHANGED
    elif outcome.verdict is Verdict.CANCEL:
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
    if outcome.verdict is Verdict.CANCEL:
        stand_or_not(slot)
    else:
        _seat(draft, slot, at)
    if outcome.verdict is Verdict.FOLLOW:
        for booking in _inside(slot):
            write_in_file(booking, AppointmentStatus.PLANNED)
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


def _follow(outcome: Outcome, slot: Slot, resource: Resource | None) -> None:
    """A slot with patients, at its hour: nobody is left beyond its last place."""
    assert outcome.wanted is not None
    slot.capacity, slot.room, slot.resource = outcome.setup.capacity, outcome.setup.room, resource
    slot.release_at = outcome.wanted.release_at
    sit_closer(slot)


def _inside(slot: Slot) -> Iterable[Booking]:
    return Booking.objects.unmarked().filter(slot=slot).with_list_data()


def _seat(draft: Draft, slot: Slot, at: datetime) -> None:
    """Those expected at the slot, and nobody else; the agendas of the others hear of it."""
    present = {each.pk for each in draft.practitioners}
    rows = SlotPractitioner.objects.filter(slot=slot)
    left = set(rows.values_list("professional", flat=True)) - present
    rows.delete()
    span = DateTimeTZRange(slot.starts_at, slot.ends_at)
    SlotPractitioner.objects.bulk_create(
        SlotPractitioner(slot=slot, professional=each, period=span) for each in draft.practitioners
    )
    FeedDeparture.objects.filter(slot=slot, professional__in=present).delete()
    for professional in sorted(left):
        FeedDeparture.objects.update_or_create(slot=slot, professional_id=professional, defaults={"at": at})


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
        each.slot.key: each.verdict
        for draft in change.drafts
        for each in draft.outcomes
        if each.slot and each.slot.disturbed and each.verdict not in (Verdict.PERSON, Verdict.UNTOUCHED)
    }
    rows = DisturbedSlot.objects.filter(slot__in=over, settled_at__isnull=True).select_related("slot")
    for row in rows.order_by("pk"):
        row.settled_at = change.at
        row.save(update_fields=["settled_at"])
        gone = over[row.slot_id] is Verdict.CANCEL
        stop_asking(row, GONE if gone else AGAIN, by)
        if not gone and row.kept_by_id is None:
            say_it_stands(row, change.at, by)
