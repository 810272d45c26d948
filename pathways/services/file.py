"""What upper rooms write down in the patient's file; the same ``origin`` again updates the same row."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from directory.joined import joined
from pathways.models import Appointment, BoardOpinion, Pathway, Treatment


@joined
def write_appointment(
    *,
    pathway: Pathway,
    origin: UUID,
    label: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str = "",
    preparation: str = "",
    exam_code: str = "",
    status: str = "planned",
    time_zone: str = "",
) -> None:
    """Creates or updates the appointment that comes from ``origin``; one statement. ``time_zone`` is that of its
    place."""
    written = {
        "pathway": pathway, "label": label, "starts_at": starts_at, "ends_at": ends_at, "place": place,
        "preparation": preparation, "exam_code": exam_code, "status": status, "time_zone": time_zone,
    }  # fmt: skip
    Appointment.objects.bulk_create(
        [Appointment(origin=origin, **written)],
        update_conflicts=True,
        unique_fields=["origin"],
        update_fields=list(written),
    )


@joined
def write_opinion(
    *,
    pathway: Pathway,
    origin: UUID,
    held_on: date,
    meeting: str,
    question: str,
    proposal: str,
    alternatives: str = "",
    quorum_reached: bool | None = None,
) -> BoardOpinion:
    """Creates or updates the opinion of an RCP."""
    return BoardOpinion.objects.update_or_create(
        origin=origin,
        defaults={
            "pathway": pathway, "held_on": held_on, "meeting": meeting, "question": question,
            "proposal": proposal, "alternatives": alternatives, "quorum_reached": quorum_reached,
        },
    )[0]  # fmt: skip


@joined
def write_treatment(
    *,
    pathway: Pathway,
    origin: UUID,
    modality: str,
    label: str,
    place: str = "",
    planned_on: date | None = None,
    rhythm: str = "",
    effects: str = "",
    status: str = "proposed",
) -> Treatment:
    """Creates or updates a treatment of the care plan."""
    return Treatment.objects.update_or_create(
        origin=origin,
        defaults={
            "pathway": pathway, "modality": modality, "label": label, "place": place, "planned_on": planned_on,
            "rhythm": rhythm, "effects": effects, "status": status,
        },
    )[0]  # fmt: skip


@transaction.atomic
def write_summary(
    *, pathway: Pathway, diagnosis: str | None = None, who_status: int | None = None, suspicion: str | None = None
) -> Pathway:
    """Updates the few clinical words every room reads; None leaves a word as it is."""
    locked = Pathway.objects.select_for_update(of=("self",), no_key=True).get(pk=pathway.pk)
    given = {"diagnosis": diagnosis, "who_status": who_status, "suspicion": suspicion}
    changes = {name: value for name, value in given.items() if value is not None}
    for name, value in changes.items():
        setattr(locked, name, value)
    if changes:
        locked.save(update_fields=list(changes))
    return locked
