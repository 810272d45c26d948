"""What two loads of the same day must have in common: facts and their instants, never random public ids."""

from __future__ import annotations

import re
from typing import Any

from coordination.models import Booking, Contact, Slot, Task
from directory.models import OutboxMessage, User
from pathways.models import Alert, Milestone, Pathway, Patient, Step
from rcp.models import Attendance, Decision, FollowUpAction, RcpCase
from referrals.models import Referral, ReferralEvent

PATIENT = "pathway__patient__ins_matricule", "pathway__patient__birth_name", "pathway__patient__first_name"
NUMBER = re.compile(r"\b([DJ])-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
CASE = tuple(f"case__{field}" for field in PATIENT)


def key_facts() -> dict[str, list[tuple[Any, ...]]]:
    """Sorted rows of what matters in each room, as plain values."""
    rows = {
        "accounts": User.objects.values_list("email", "professional__last_name", "professional__phone"),
        "patients": Patient.objects.values_list("birth_name", "first_name", "birth_date", "ins_matricule", "gp__rpps"),
        "pathways": Pathway.objects.values_list(
            "patient__birth_name", "version__target__key", "status", "opened_at", "closed_at", "next_due_at"
        ),
        "milestones": Milestone.objects.values_list(*PATIENT, "kind", "detail", "occurred_at", "recorded_at", "note"),
        "steps": Step.objects.values_list(*PATIENT, "key", "state", "due_at", "done_at", "skip_reason"),
        "referrals": Referral.objects.values_list("birth_name", "status", "received_at", "answer_due_at", "reason"),
        "events": ReferralEvent.objects.values_list("referral__birth_name", "kind", "at", "message"),
        "slots": Slot.objects.values_list("exam_type__code", "starts_at", "status", "booked", "released_at"),
        "bookings": Booking.objects.values_list(*PATIENT, "slot__starts_at", "seat", "status", "booked_at"),
        "tasks": Task.objects.values_list(*PATIENT, "title", "status", "due_on", "closed_at"),
        "contacts": Contact.objects.values_list(*PATIENT, "at", "outcome", "note"),
        "cases": RcpCase.objects.values_list(*PATIENT, "session__starts_at", "status", "position", "question"),
        "attendance": Attendance.objects.values_list("session__starts_at", "professional__rpps", "mode"),
        "decisions": Decision.objects.values_list(*CASE, "quorum", "decided_at", "sent_at"),
        "actions": FollowUpAction.objects.values_list("label", "due_on", "status", "closed_at"),
        "alerts": Alert.objects.values_list(*PATIENT, "kind", "since", "raised_at", "closed_at"),
        "post": OutboxMessage.objects.values_list("kind", "recipient", "due_at", "sent_at"),
    }
    return {name: sorted((_plain(row) for row in found), key=repr) for name, found in rows.items()}


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row without the random numbers of requests and pathways that some titles carry."""
    return tuple(NUMBER.sub(r"\1-…", value) if isinstance(value, str) else value for value in row)
