"""What slots and bookings made before now know of themselves: their room, their week, their exam."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import migrations

# Of two slots that an edited series made in one week, and of two bookings of one need, the first alone is filled in:
# the new constraints bear on what is made from now on.
SLOTS = """
UPDATE coordination_slot SET room = known.room, week = known.week FROM (
    SELECT slot.id, series.room,
        CASE WHEN ROW_NUMBER() OVER (PARTITION BY slot.series_id, monday.day ORDER BY slot.starts_at) = 1
             THEN monday.day END AS week
    FROM coordination_slot slot
    JOIN coordination_slotseries series ON series.id = slot.series_id
    JOIN directory_team team ON team.id = slot.platform_id
    JOIN directory_establishment place ON place.id = team.establishment_id
    CROSS JOIN LATERAL (SELECT DATE_TRUNC('week', slot.starts_at AT TIME ZONE place.time_zone)::date AS day) monday
) known WHERE known.id = coordination_slot.id
"""
BOOKINGS = """
UPDATE coordination_booking SET exam_type_id = known.exam_type_id FROM (
    SELECT booking.id, slot.exam_type_id, ROW_NUMBER() OVER (
        PARTITION BY booking.pathway_id, slot.exam_type_id, booking.step_key, booking.status ORDER BY booking.id
    ) AS place
    FROM coordination_booking booking JOIN coordination_slot slot ON slot.id = booking.slot_id
) known WHERE known.id = coordination_booking.id AND (known.place = 1 OR coordination_booking.step_key = ''
    OR coordination_booking.status <> 'booked')
"""


def fill(apps: Any, schema_editor: Any) -> None:
    with pgtrigger.ignore("coordination.Slot:update_update", "coordination.Booking:update_update"):
        for sql in (SLOTS, BOOKINGS):
            schema_editor.execute(sql)


class Migration(migrations.Migration):
    dependencies = [("coordination", "0006_slot_life")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
