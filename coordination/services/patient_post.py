"""Mails to a patient who agreed to be written to: booked, moved, cancelled, reminded.

Neither exam nor disease, nor the name of a team or a platform, which would tell them: the day, the hour, where to come
and whom to call. A mail is no acknowledgement (PAIN-20): the task « Prévenir le patient » waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone

from coordination.models import (
    Booking,
    BookingStatus,
    Bundle,
    ExamRequest,
    MailAgreement,
    Reminder,
    RequestStatus,
    Slot,
)
from coordination.querysets import BookingQuerySet
from coordination.rules.reminders import FARTHEST, is_due
from directory.errors import DomainError
from directory.models import Establishment, OutboxMessage, User
from directory.querysets import OutboxQuerySet
from directory.services import call_off, post
from directory.typography import NBSP, hour, long_day
from pathways.models import Pathway, Patient
from pathways.services import lock_pathway

KIND = "patient_"
SUBJECT = "Votre rendez-vous"
OLD_NEWS = timedelta(days=1)
"""What was done longer ago is no news (an import, a simulated past)."""


@transaction.atomic
def agree_to_mails(*, patient: Patient, user: User | None, at: datetime | None = None) -> MailAgreement:
    """The patient agrees to be written to at the address of the file. Said twice, the first stands; an agreement for
    another address ends. Raises DomainError without an address, or for a dead patient."""
    locked = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)
    at = at or timezone.now()
    if not locked.email:
        raise DomainError("Le dossier n’a pas d’adresse électronique : ajoutez-la d’abord.", field="email")
    if locked.deceased_on:
        raise DomainError("Ce patient est décédé.")
    known = MailAgreement.objects.filter(patient=locked, ended_at__isnull=True).first()
    if known and known.email == locked.email:
        return known
    if known:
        _end(known, user, at)
    return MailAgreement.objects.create(patient=locked, email=locked.email, agreed_at=at, agreed_by=user)


@transaction.atomic
def withdraw_mails(*, patient: Patient, user: User | None, at: datetime | None = None) -> None:
    """The patient does not want to be written to any more: what has not left does not leave. Said twice, once."""
    locked = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)
    for known in MailAgreement.objects.filter(patient=locked, ended_at__isnull=True):
        _end(known, user, at or timezone.now())


def _end(agreement: MailAgreement, user: User | None, at: datetime) -> None:
    agreement.ended_at, agreement.ended_by = at, user
    agreement.save(update_fields=["ended_at", "ended_by"])
    stop_mails(agreement.patient)


def stop_mails(patient: Patient) -> None:
    """What has not left does not leave."""
    call_off(messages=OutboxMessage.objects.filter(about=patient.uuid, kind__startswith=KIND))


def standing_agreement(patient: Patient) -> MailAgreement | None:
    """The agreement that covers the address of the file today."""
    if not patient.email or patient.deceased_on:
        return None
    return MailAgreement.objects.filter(patient=patient, ended_at__isnull=True, email=patient.email).first()


def tell_patient_booked(*, bookings: Sequence[Booking], at: datetime) -> None:
    """One mail for what was booked together."""
    _tell("booked", bookings, [(each.slot, None) for each in bookings], at)


def tell_patient_moved(*, old: Booking, new: Booking, at: datetime) -> None:
    """Both hours; what was to be said of the first is not said."""
    _forget([old], at, told=new)
    _tell("moved", [new], [(new.slot, old.slot)], at)


def tell_patient_cancelled(*, bookings: Sequence[Booking], at: datetime) -> None:
    """One mail for what was cancelled together; nothing for what has passed."""
    _forget(bookings, at)
    _tell("cancelled", bookings, [(each.slot, None) for each in bookings], at)


def _forget(bookings: Sequence[Booking], at: datetime, told: Booking | None = None) -> None:
    """What was written of these hours and has not left is not sent: it would be wrong. What a mail of that kind said of
    the other exams of a visit is said again; not of ``told``, of which another mail speaks."""
    keys = [_key("booked", [each]) for each in bookings] + [_key("moved", [each]) for each in bookings]
    reminders = Reminder.objects.filter(booking__in=bookings).values("message")
    call_off(messages=OutboxMessage.objects.filter(Q(dedup_key__in=keys) | Q(pk__in=reminders)))
    for bundle in {each.bundle_id: each.bundle for each in bookings if each.bundle}.values():
        visit = OutboxMessage.objects.filter(about=bookings[0].patient.uuid, dedup_key__startswith=_visit_key(bundle))
        if not visit.filter(sent_at__isnull=True, given_up_at__isnull=True).exists():
            continue
        call_off(messages=visit)
        gone = {*(each.pk for each in bookings), told.pk if told else 0}
        standing = bundle.bookings.filter(status=BookingStatus.BOOKED).exclude(pk__in=gone).with_list_data()
        if left := list(standing.order_by("slot__starts_at", "pk")):
            _tell("booked", left, [(each.slot, None) for each in left], at)


def _tell(what: str, bookings: Sequence[Booking], slots: Sequence[tuple[Slot, Slot | None]], at: datetime) -> None:
    coming = [pair for pair in slots if pair[0].starts_at > at]
    patient = bookings[0].patient
    if coming and timezone.now() - at <= OLD_NEWS and standing_agreement(patient):
        visits = [_visit(slot, before) for slot, before in coming]
        _write(what, _key(what, bookings), bookings[0].pathway, patient, visits)


def tell_patient_of_date(*, request: ExamRequest, what: str, dates: Sequence[datetime], at: datetime) -> None:
    """An exam asked of a platform that gives its date: ``what`` as in the mail's words (« booked », « moved »,
    « cancelled »); ``dates`` are those that stand or fall, or the new one then the one the patient knew."""
    patient = request.pathway.patient
    call_off(messages=_written(request))
    coming = [each for each in dates if each > at]
    if not coming or timezone.now() - at > OLD_NEWS or not standing_agreement(patient):
        return
    home = request.addressed_to.establishment
    said = [_hour(each, home) for each in coming]
    visits = [{"when": each, "before": "", "place": _address(home)} for each in said]
    if what == "moved":
        visits = [{"when": said[0], "before": said[-1], "place": _address(home)}]
    _write(what, f"patient-asked:{request.uuid}:{at:%y%m%d%H%M%S%f}", request.pathway, patient, visits)


def _written(request: ExamRequest) -> OutboxQuerySet:
    """What was written of the dates of a request, reminders too."""
    key = f"patient-asked:{request.uuid}:"
    return OutboxMessage.objects.filter(about=request.pathway.patient.uuid, dedup_key__startswith=key)


def call_off_changes(request: ExamRequest) -> bool:
    """The changes of date written and not left are not sent; True when one left since somebody last told the patient:
    they may have read that the date they know is moved or cancelled."""
    changes = _written(request).filter(kind__in=[f"{KIND}moved", f"{KIND}cancelled"])
    call_off(messages=changes)
    return request.told_at is not None and changes.filter(created_at__gt=request.told_at).exists()


def _write(what: str, key: str, pathway: Pathway, patient: Patient, visits: Sequence[dict[str, str]]) -> OutboxMessage:
    team, home = pathway.team, pathway.team.establishment
    context = {
        "what": what,
        "visits": visits,
        "several": len(visits) > 1,
        "phone": team.phone or home.phone,
        "establishment": home.name,
    }
    return post(
        kind=f"{KIND}{what}",
        dedup_key=key,
        establishment=home,
        recipient=patient.email,
        subject=SUBJECT,
        body=render_to_string("coordination/post/patient.txt", context),
        about=patient.uuid,
    )


def _visit(slot: Slot, before: Slot | None) -> dict[str, str]:
    place = slot.platform.establishment
    return {"when": _when(slot), "before": _when(before) if before else "", "place": _address(place)}


def _when(slot: Slot) -> str:
    """« lundi 23 novembre 2026 à 14 h 30 », on the clock of the place."""
    return _hour(slot.starts_at, slot.platform.establishment)


def _hour(at: datetime, place: Establishment) -> str:
    local = at.astimezone(ZoneInfo(place.time_zone))
    return f"{long_day(local.date())} à {hour(local.time())}".replace(NBSP, " ")


def _address(place: Establishment) -> str:
    return ", ".join(part for part in (place.name, place.postal_address) if part)


def _visit_key(bundle: Bundle) -> str:
    return f"patient-visit:{bundle.uuid}:"


def _key(what: str, bookings: Sequence[Booking]) -> str:
    """By which a message is written once, and found again: that of a booking alone, that of a visit by its exams."""
    bundle = bookings[0].bundle
    if what == "booked" and bundle:
        exams = ",".join(str(each.pk) for each in sorted(bookings, key=lambda each: each.pk))
        return _visit_key(bundle) + sha256(exams.encode()).hexdigest()[:24]
    said = ",".join(sorted(str(each.uuid) for each in bookings))
    return f"patient-{what}:{said if len(bookings) == 1 else sha256(said.encode()).hexdigest()[:40]}"


# --- reminders --------------------------------------------------------------------------------------------------------
def remind_patients(*, now: datetime) -> int:
    """Reminds of what begins in two days, once per appointment and hour; returns how many mails were written.

    Nothing for a pathway closed, a dead patient, an agreement taken back, an appointment cancelled or moved or whose
    slot may not be held, nor for a platform's date of which the desk has not told the patient.
    """
    soon = _to_remind(now).values_list("pathway_id", flat=True).order_by("pathway_id").distinct()
    dated = sorted({each.pathway_id for each in _dates_to_remind(now)})
    return sum(_remind(pathway, now) for pathway in list(soon)) + sum(_remind_dates(each, now) for each in dated)


def _to_remind(now: datetime) -> BookingQuerySet:
    known = Reminder.objects.filter(starts_at=F("booking__slot__starts_at")).values("booking")
    return (
        Booking.objects.filter(
            status=BookingStatus.BOOKED,
            slot__starts_at__gt=now,
            slot__starts_at__lte=now + FARTHEST,
            pathway__status="active",
            patient__deceased_on__isnull=True,
            patient__mail_agreements__ended_at__isnull=True,
            patient__mail_agreements__email=F("patient__email"),
        )
        .exclude(pk__in=known)
        .certain()
    )


@transaction.atomic
def _remind(pathway_id: int, now: datetime) -> int:
    """One mail for each day of one pathway. Whoever books, moves or cancels locks the file too, and whoever takes the
    agreement back locks the patient: what is written here still stands."""
    pathway = lock_pathway(pathway_id, patient=True)
    days: dict[date, list[Booking]] = {}
    for booking in _to_remind(now).filter(pathway=pathway).with_list_data().order_by("slot__starts_at", "pk"):
        zone = ZoneInfo(booking.slot.platform.establishment.time_zone)
        if is_due(booking.slot.starts_at, booking.booked_at, now, zone):
            days.setdefault(booking.slot.starts_at.astimezone(zone).date(), []).append(booking)
    for bookings in days.values():
        said = [_visit(each.slot, None) for each in bookings]
        key = _key("reminder", bookings) + f":{bookings[0].slot.starts_at:%y%m%d%H%M}"
        message = _write("reminder", key, pathway, pathway.patient, said)
        Reminder.objects.bulk_create(
            Reminder(booking=each, starts_at=each.slot.starts_at, message=message) for each in bookings
        )
    return len(days)


def _dates_to_remind(now: datetime, pathway: Pathway | None = None) -> list[ExamRequest]:
    """The dates given by platforms, as the patient knows them, whose reminder is due and was not written."""
    rows = ExamRequest.objects.filter(
        status=RequestStatus.PROPOSED,
        known_at=F("proposed_at"),
        known_at__gt=now,
        known_at__lte=now + FARTHEST,
        pathway__status="active",
        pathway__patient__deceased_on__isnull=True,
        pathway__patient__mail_agreements__ended_at__isnull=True,
        pathway__patient__mail_agreements__email=F("pathway__patient__email"),
    )
    if pathway:
        rows = rows.filter(pathway=pathway)
    keys = {_date_key(each): each for each in rows.with_list_data().order_by("known_at", "pk") if _date_due(each, now)}
    written = set(OutboxMessage.objects.filter(dedup_key__in=keys).values_list("dedup_key", flat=True))
    return [request for key, request in keys.items() if key not in written]


def _date_due(request: ExamRequest, now: datetime) -> bool:
    zone = ZoneInfo(request.addressed_to.establishment.time_zone)
    known, told = request.known_at, request.told_at
    return known is not None and told is not None and is_due(known, told, now, zone)


def _date_key(request: ExamRequest) -> str:
    """One reminder for each hour; with the others of the request, it does not leave once the date changes."""
    return f"patient-asked:{request.uuid}:reminder:{request.known_at:%y%m%d%H%M}"


@transaction.atomic
def _remind_dates(pathway_id: int, now: datetime) -> int:
    """As `_remind`: whoever changes a date locks the file too."""
    pathway = lock_pathway(pathway_id, patient=True)
    due = _dates_to_remind(now, pathway)
    for request in due:
        home = request.addressed_to.establishment
        assert request.known_at is not None  # asked for by the query
        said = {"when": _hour(request.known_at, home), "before": "", "place": _address(home)}
        _write("reminder", _date_key(request), pathway, pathway.patient, [said])
    return len(due)
