"""What the database alone keeps between a booking, its slot and its pathway: raw SQL tries to break it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from coordination import services
from coordination.models import Booking, DisturbedSlot, Slot
from directory.ties import Tie
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.test_series_changes import values
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


def sql(*statements: tuple[str, Sequence[Any]]) -> None:
    """Runs them as one transaction would, its end included."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in statements:
            cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def refused(*statements: tuple[str, Sequence[Any]]) -> str:
    """The name of the constraint that refuses them."""
    with pytest.raises(IntegrityError) as error:
        sql(*statements)
    return str(error.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def patient_of(booking: Booking, patient: int) -> tuple[str, Sequence[Any]]:
    return "UPDATE coordination_booking SET patient_id = %s WHERE id = %s", (patient, booking.pk)


def owner_of(pathway: int, patient: int) -> tuple[str, Sequence[Any]]:
    return "UPDATE pathways_pathway SET patient_id = %s WHERE id = %s", (patient, pathway)


def later(table: str, pk: int, minutes: int = 5) -> tuple[str, Sequence[Any]]:
    shifts = {
        "slot": "starts_at = starts_at + %s, ends_at = ends_at + %s",
        "booking": "period = TSTZRANGE(LOWER(period) + %s, UPPER(period) + %s)",
    }
    shift = timedelta(minutes=minutes)
    return f"UPDATE coordination_{table} SET {shifts[table]} WHERE id = %s", (shift, shift, pk)


def count(slot: int, more: int) -> tuple[str, Sequence[Any]]:
    return "UPDATE coordination_slot SET booked = booked + %s WHERE id = %s", (more, slot)


@pytest.mark.parametrize("status", ["booked", "cancelled"])
def test_a_booking_is_of_the_patient_of_its_pathway(desk: Desk, status: str) -> None:
    booking, stranger = desk.booking(), PatientFactory(establishment=desk.team.establishment)
    if status == "cancelled":
        services.cancel_booking(booking=booking, code="transport", user=None)
    assert refused(patient_of(booking, stranger.pk)) == "booking_patient_of_pathway"
    assert refused(owner_of(booking.pathway_id, stranger.pk)) == "booking_patient_of_pathway"
    other = desk.pathway()
    elsewhere = "UPDATE coordination_booking SET pathway_id = %s WHERE id = %s", (other.pk, booking.pk)
    assert refused(elsewhere) == "booking_patient_of_pathway"


def test_files_of_one_patient_may_be_put_together(desk: Desk) -> None:
    """Whoever joins two files changes the pathway and what is tied to it in one transaction."""
    booking, kept = desk.booking(), PatientFactory(establishment=desk.team.establishment)
    sql(owner_of(booking.pathway_id, kept.pk), patient_of(booking, kept.pk))
    booking.refresh_from_db()
    assert booking.patient == kept == Pathway.objects.get(pk=booking.pathway_id).patient


def test_a_booking_is_at_the_hours_of_its_slot(desk: Desk) -> None:
    booking = desk.booking()
    named = "booking_at_the_hour_of_its_slot"
    assert refused(later("booking", booking.pk)) == named
    assert refused(later("slot", booking.slot_id)) == named
    closed = "UPDATE coordination_booking SET period = TSTZRANGE(LOWER(period), UPPER(period), '[]') WHERE id = %s"
    assert refused((closed, (booking.pk,))) == named, "the end is left out"
    other = desk.slot(in_days=12)
    elsewhere = "UPDATE coordination_booking SET slot_id = %s WHERE id = %s", (other.pk, booking.pk)
    assert refused(elsewhere, count(other.pk, 1), count(booking.slot_id, -1)) == named
    sql(later("slot", booking.slot_id), later("booking", booking.pk))  # both together are lawful


def test_the_hours_are_those_of_every_place(desk: Desk) -> None:
    slot = desk.slot(capacity=3)
    bookings = [desk.booking(slot, desk.pathway()) for _ in range(3)]
    assert refused(later("slot", slot.pk), *[later("booking", each.pk) for each in bookings[:2]]) == (
        "booking_at_the_hour_of_its_slot"
    )
    sql(later("slot", slot.pk), *[later("booking", each.pk) for each in bookings])


def test_what_was_cancelled_keeps_the_hour_it_had(desk: Desk) -> None:
    """A slot that is empty again may move, and the booking that comes back to it may not."""
    booking = desk.booking()
    services.cancel_booking(booking=booking, code="transport", user=None)
    sql(later("slot", booking.slot_id))
    booking.refresh_from_db()
    assert booking.period.lower < Slot.objects.get(pk=booking.slot_id).starts_at
    back = "UPDATE coordination_booking SET status = 'booked' WHERE id = %s", (booking.pk,)
    assert refused(back, count(booking.slot_id, 1)) == "booking_at_the_hour_of_its_slot"


def test_a_slot_counts_its_bookings_whichever_side_is_written(desk: Desk) -> None:
    slot, other = desk.slot(capacity=2), desk.slot(in_days=12, capacity=2)
    booking = desk.booking(slot)
    named = "slot_counts_its_bookings"
    assert refused(count(slot.pk, 1)) == named
    assert refused(count(other.pk, 1)) == named
    assert refused(("UPDATE coordination_slot SET booked = 0 WHERE id = %s", (slot.pk,))) == named
    taken = "UPDATE coordination_booking SET slot_id = %s, period = TSTZRANGE(%s, %s) WHERE id = %s"
    gone = taken, (other.pk, other.starts_at, other.ends_at, booking.pk)
    assert refused(gone, count(other.pk, 1)) == named, "the slot that was left counts too"
    sql(gone, count(other.pk, 1), count(slot.pk, -1))


def test_places_are_not_taken_from_under_a_booking(desk: Desk) -> None:
    slot = desk.slot(capacity=2)
    bookings = [desk.booking(slot, desk.pathway()) for _ in range(2)]
    services.cancel_booking(booking=bookings[0], code="transport", user=None)
    fewer = "UPDATE coordination_slot SET capacity = 1 WHERE id = %s", (slot.pk,)
    assert refused(fewer) == "slot_counts_its_bookings", "seat 2 of 1"


def test_a_series_may_still_change_its_hours(desk: Desk) -> None:
    """What is free moves in place, with what was cancelled in it; what is booked waits for a person."""
    series = desk.series()
    first, second = series.slots.order_by("starts_at")[:2]
    services.cancel_booking(booking=desk.booking(first), code="transport", user=None)
    stays = desk.booking(second, desk.pathway())
    hours = (first.starts_at, second.starts_at)

    services.edit_series(series=series, values=values(series, starts_at=time(11)), user=None)

    sql()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.starts_at == hours[0] + timedelta(hours=2)
    assert second.starts_at == hours[1] and stays.period.lower == hours[1]
    assert DisturbedSlot.objects.filter(slot=second).exists()


def test_a_form_would_be_told_in_words(desk: Desk) -> None:
    booking = desk.booking()
    booking.validate_constraints()
    booking.patient = PatientFactory(establishment=desk.team.establishment)
    with pytest.raises(ValidationError, match="Ce patient n’est pas celui du parcours"):
        booking.validate_constraints()
    booking.validate_constraints(exclude={"patient", "slot", "period"})


def test_the_tie_comes_and_goes_with_its_migration() -> None:
    present = "SELECT count(*) FROM pg_constraint WHERE conname = 'booking_patient_of_pathway'"
    steps = import_module("coordination.migrations.0011_booking_ties").Migration.operations
    every = (each for step in steps for each in getattr(step, "operations", (step,)))
    (operation,) = (each for each in every if isinstance(getattr(each, "constraint", None), Tie))
    assert operation.constraint == next(each for each in Booking._meta.constraints if isinstance(each, Tie))
    with connection.schema_editor() as editor, connection.cursor() as cursor:
        editor.remove_constraint(Booking, operation.constraint)
        cursor.execute(present)
        assert cursor.fetchone() == (0,)
        editor.add_constraint(apps.get_model("coordination", "Booking"), operation.constraint)
        cursor.execute(present)
        assert cursor.fetchone() == (1,)


def test_a_tie_has_two_fields_on_each_side() -> None:
    with pytest.raises(ValueError, match="two at least"):
        Tie(fields=["pathway"], to="pathways.Pathway", to_fields=["id"], name="one")
