"""What must hold of any hospital of the demo. Each check tells what is wrong in words; nothing when all is well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, F, Q

from coordination.models import Booking, Slot
from directory.models import Establishment, OutboxMessage, Professional, Team, User
from pathways.models import Pathway, Patient, Step
from pathways.rules import lateness
from pathways.rules.identity import INS_NIR_TEST_OID, check_matricule
from rcp.models import RcpCase
from referrals.models import Referral

FICTION = re.compile(r"(019900|026191|035301|046571|053649|063998)\d{4}")
"""Ranges ARCEP keeps for fiction."""
ASKED = {"open", "waiting", "done"}


def requests_without_pathway() -> Iterator[str]:
    for request in Referral.objects.filter(status="accepted", pathway__isnull=True):
        yield f"accepted without pathway: {request.receipt}"


def pathways_without_next_step() -> Iterator[str]:
    """Only those that a fact took out of their target pathway, and that wait to be closed, may have none."""
    for pathway in Pathway.objects.without_next_step():
        if not pathway.milestones.filter(kind__in=["no_cancer", "palliative_entry", "transfer", "death"]).exists():
            left = pathway.steps.filter(state__in=["open", "waiting"]).values_list("key", "state", "due_at")
            yield f"no next step: {pathway.reference}, {list(left)}"


def seats_sold_twice() -> Iterator[str]:
    taken = Counter(Booking.objects.standing().values_list("slot_id", "seat"))
    yield from (f"seat sold {sold} times: {seat}" for seat, sold in taken.items() if sold > 1)
    counted = Slot.objects.annotate(standing=Count("bookings", filter=~Q(bookings__status="cancelled")))
    for slot in counted.exclude(standing=F("booked")):
        yield f"slot {slot.pk} says {slot.booked} taken, {slot.standing} bookings stand"


def lateness_told_otherwise(now: datetime) -> Iterator[str]:
    """The queryset and the rules must agree on every step that is asked."""
    for step in Step.objects.with_lateness(now).filter(optional=False).iterator():
        if step.state in ASKED and step.state != "waiting":
            told = lateness.state(step.due_at, step.warn_at, step.done_at, now)
            if told != step.lateness:
                yield f"step {step.key}: {step.lateness} in SQL, {told} in the rules"


def identities_that_look_real() -> Iterator[str]:
    for patient in Patient.objects.exclude(ins_matricule=""):
        if patient.ins_oid != INS_NIR_TEST_OID:
            yield f"OID {patient.ins_oid}"
        if check_matricule(patient.ins_matricule) or int(patient.ins_matricule[7:10]) < 980:
            yield f"matricule {patient.ins_matricule}"


def numbers_and_addresses_that_look_real() -> Iterator[str]:
    for model, phone in ((Professional, "phone"), (Team, "phone"), (Establishment, "phone"), (Patient, "phone")):
        for number in model._default_manager.exclude(**{phone: ""}).values_list(phone, flat=True):
            if not FICTION.fullmatch(number):
                yield f"{model.__name__}: {number}"
    for number in Referral.objects.values_list("requester_phone", flat=True):
        if not FICTION.fullmatch(number):
            yield f"requester: {number}"
    addresses = [
        *User.objects.values_list("email", flat=True),
        *OutboxMessage.objects.values_list("recipient", flat=True),
        *Professional.objects.exclude(secure_email="").values_list("secure_email", flat=True),
    ]
    yield from (f"address {address}" for address in addresses if not address.endswith(".invalid"))
    yield from (
        f"FINESS {number}" for number in Establishment.objects.values_list("finess", flat=True) if number[:2] != "99"
    )
    for number in Professional.objects.exclude(rpps="").values_list("rpps", flat=True):
        if not number.startswith("9999"):
            yield f"RPPS {number}"


def messages_that_name_a_patient() -> Iterator[str]:
    """Neither names, nor birth date, nor phone, nor matricule of any patient in any message."""
    secrets: set[str] = set()
    for patient in Patient.objects.all():
        secrets |= {patient.birth_name, patient.used_name, patient.ins_matricule, patient.phone}
        secrets |= {f"{patient.birth_date:%d/%m/%Y}", patient.birth_date.isoformat()}
    for request in Referral.objects.all():
        secrets |= {request.birth_name, request.used_name, request.patient_phone}
    words = re.compile("|".join(rf"\b{re.escape(secret)}\b" for secret in sorted(secrets - {""})), re.I)
    for message in OutboxMessage.objects.all():
        found = words.search(f"{message.subject}\n{message.body}")
        if found:
            yield f"{message.kind} tells {found.group(0)!r}"


def what_a_stranger_sees(stranger: User, hospital: Establishment) -> Iterator[str]:
    theirs = Q(team__establishment=hospital)
    yield from (f"pathway {each}" for each in Pathway.objects.visible_to(stranger).filter(theirs))
    yield from (f"request {each}" for each in Referral.objects.visible_to(stranger).filter(theirs))
    yield from (f"case {each.pk}" for each in RcpCase.objects.visible_to(stranger))
    yield from (f"slot {each}" for each in Slot.objects.visible_to(stranger)[:3])
    if not Pathway.objects.visible_to(stranger).exists():
        yield "the stranger has no patient of their own"


def everything_wrong(now: datetime) -> list[str]:
    """All of the above that needs nothing but the database."""
    return [
        *requests_without_pathway(),
        *pathways_without_next_step(),
        *seats_sold_twice(),
        *lateness_told_otherwise(now),
        *identities_that_look_real(),
        *numbers_and_addresses_that_look_real(),
        *messages_that_name_a_patient(),
    ]
