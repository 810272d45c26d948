"""Messages to platforms: what was booked, moved, cancelled, given back, in their own hours. Never an identity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from coordination.models import Booking, ExamRequest, Slot, SlotException, SlotStatus
from coordination.querysets.slots import given_up
from coordination.services.appointments import clock_of, when
from directory.models import Team
from directory.services import send_once
from directory.typography import NBSP, moment


def tell_platform_booked(*, booking: Booking) -> None:
    """One message per booking, whose slot is as it stands now."""
    slot = booking.slot
    _send(
        platform=slot.platform,
        kind="slot_booked",
        dedup_key=f"slot-booked:{booking.uuid}",
        subject=f"Créneau réservé ({booking.pathway.reference})",
        template="coordination/post/booked.txt",
        context={**_about(booking), "free": slot.free},
        day_of=slot,
    )


def tell_platform_cancelled(*, booking: Booking) -> None:
    """One message per cancelled booking; it says whose the place is now: nobody's when the hour has passed, the
    platform's, still protected, about to be given back because the release instant has come, or gone with an hour that
    the series no longer has."""
    slot = Slot.objects.select_related("platform__establishment").annotate(given_up=given_up()).get(pk=booking.slot_id)
    now = booking.cancelled_at or timezone.now()
    context = {
        **_about(booking),
        "past": slot.starts_at <= now,
        "given_up": slot.given_up,
        "given_back": slot.status == SlotStatus.RELEASED,
        "none_left": not slot.free,
        "release_due": slot.release_at <= now,
        "release": _release(slot),
    }
    _send(
        platform=slot.platform,
        kind="slot_cancelled",
        dedup_key=f"slot-cancelled:{booking.uuid}",
        subject=f"Réservation annulée ({booking.pathway.reference})",
        template="coordination/post/cancelled.txt",
        context=context,
        day_of=slot,
    )


def tell_platform_moved(*, old: Booking, new: Booking) -> None:
    """One message for an appointment that moved inside one platform."""
    context = {**_about(new), "before": when(old.slot)}
    _send(
        platform=new.slot.platform,
        kind="slot_moved",
        dedup_key=f"slot-moved:{new.uuid}",
        subject=f"Rendez-vous déplacé ({new.pathway.reference})",
        template="coordination/post/moved.txt",
        context=context,
        day_of=new.slot,
    )


def tell_platforms_of_bundle(*, bookings: Sequence[Booking]) -> None:
    """One message to each platform for what is booked there of one visit."""
    for platform, there in _by_platform(bookings):
        if len(there) == 1:
            tell_platform_booked(booking=there[0])
            continue
        _send_visit(platform, there, kind="slots_booked", said="booked", subject="Créneaux réservés")


def tell_platforms_of_cancelled(*, bookings: Sequence[Booking]) -> None:
    """One message to each platform for what is cancelled there of one visit."""
    for platform, there in _by_platform(bookings):
        if len(there) == 1:
            tell_platform_cancelled(booking=there[0])
            continue
        _send_visit(platform, there, kind="slots_cancelled", said="cancelled", subject="Réservations annulées")


def tell_platform_asked(*, request: ExamRequest) -> None:
    """An exam is asked: what, how urgent, and before when an answer is promised."""
    _send_request(request, kind="exam_asked", subject="Demande d’examen prioritaire", template="asked")


def tell_platform_not_asked(*, request: ExamRequest) -> None:
    """What was asked is not asked any more."""
    _send_request(
        request, kind="exam_not_asked", subject="Demande d’examen annulée", template="not_asked",
        key=f"not_asked:{request.uuid}:{request.answered_at}",
    )  # fmt: skip


def tell_platform_declined(*, request: ExamRequest, date: datetime, at: datetime) -> None:
    """The date proposed does not suit the patient: another one is awaited. Told each time, of the same date too."""
    with clock_of(request.addressed_to):
        declined = moment(date, timezone.localdate())
    _send_request(
        request, kind="exam_date_declined", subject="Autre date demandée", template="declined",
        key=f"declined:{request.uuid}:{at.isoformat()}", declined=declined,
    )  # fmt: skip


def _send_request(
    request: ExamRequest, *, kind: str, subject: str, template: str, key: str = "", declined: str = ""
) -> None:
    platform = request.addressed_to
    with clock_of(platform):
        today = timezone.localdate()
        promised = moment(request.promised_at, today) if request.promised_at else ""
    recipient = platform.email or platform.establishment.email
    if not recipient:
        return
    context = {
        "exam": request.exam_type.label,
        "reference": request.pathway.reference,
        "urgent": request.urgent,
        "promised": promised,
        "declined": declined,
        "link": f"{settings.BASE_URL}{reverse('coordination:exam-requests')}",
    }
    send_once(
        kind=kind,
        dedup_key=(key or f"{template}:{request.uuid}")[:120],
        establishment=platform.establishment,
        recipient=recipient,
        subject=f"{subject} ({request.pathway.reference})",
        body=render_to_string(f"coordination/post/{template}.txt", context),
        about=request.uuid,
    )


def _by_platform(bookings: Sequence[Booking]) -> list[tuple[Team, list[Booking]]]:
    found: dict[int, list[Booking]] = {}
    for booking in bookings:
        found.setdefault(booking.slot.platform_id, []).append(booking)
    return [(there[0].slot.platform, there) for there in found.values()]


def _send_visit(platform: Team, bookings: Sequence[Booking], *, kind: str, said: str, subject: str) -> None:
    reference = bookings[0].pathway.reference
    together = sha256(",".join(sorted(str(booking.uuid) for booking in bookings)).encode()).hexdigest()[:32]
    _send(
        platform=platform,
        kind=kind,
        dedup_key=f"visit-{said}:{together}",
        subject=f"{subject} ({reference})",
        template=f"coordination/post/visit_{said}.txt",
        context={"reference": reference, "bookings": [_about(each) for each in bookings]},
        day_of=bookings[0].slot,
    )


def tell_platform_released(*, platform: Team, slots: Sequence[Slot]) -> None:
    """One digest for all the slots released together."""
    with clock_of(platform):
        today = timezone.localdate()
        lines = [
            {"exam": slot.exam_type.label, "when": moment(slot.starts_at, today), "places": _places(slot)}
            for slot in slots
        ]
    together = sha256(",".join(sorted(str(slot.uuid) for slot in slots)).encode()).hexdigest()[:32]
    _send(
        platform=platform,
        kind="slots_released",
        dedup_key=f"slots-released:{platform.uuid}:{together}",
        subject="Un créneau libéré" if len(slots) == 1 else f"{len(slots)} créneaux libérés",
        template="coordination/post/released.txt",
        context={"slots": lines},
        day_of=slots[0],
    )


def tell_platform_away(
    *, exception: SlotException, platform: Team, gone: Sequence[Slot], booked: Sequence[Slot], back: bool
) -> None:
    """A practitioner who works at several sites is away, or not any more (``back``), as another site said (NET-10):
    which slots are ``gone`` (given again, when ``back``), and which wait with patients for a decision. One message."""
    recipient = platform.email or platform.establishment.email
    if not recipient:
        return
    first, last = exception.first_on, exception.last_on
    context = {
        "back": back,
        "days": f"le {first:%d/%m/%Y}" if first == last else f"du {first:%d/%m/%Y} au {last:%d/%m/%Y}",
        "gone": [f"{slot.exam_type}, {when(slot)}" for slot in gone],
        "booked": [f"{slot.exam_type}, {when(slot)}" for slot in booked],
        "link": f"{settings.BASE_URL}{reverse('coordination:series')}",
    }
    kind = "practitioner_back" if back else "practitioner_away"
    send_once(
        kind=kind,
        dedup_key=f"{kind}:{exception.uuid}:{platform.uuid}",
        establishment=platform.establishment,
        recipient=recipient,
        subject="Des créneaux rétablis" if back else "Des créneaux annulés par une absence",
        body=render_to_string("coordination/post/practitioner_away.txt", context),
        about=exception.uuid,
    )


def _about(booking: Booking) -> dict[str, object]:
    slot = booking.slot
    return {
        "exam": slot.exam_type.label,
        "when": when(slot),
        "reference": booking.pathway.reference,
    }


def _release(slot: Slot) -> str:
    with clock_of(slot.platform):
        return moment(slot.release_at, timezone.localdate())


def _places(slot: Slot) -> str:
    return f"{slot.free}{NBSP}place{'s' if slot.free > 1 else ''}"


def _send(
    *,
    platform: Team,
    kind: str,
    dedup_key: str,
    subject: str,
    template: str,
    context: dict[str, object],
    day_of: Slot,
) -> None:
    """Posts to the platform's mailbox, else to its establishment's; without either its own page tells it."""
    recipient = platform.email or platform.establishment.email
    if not recipient:
        return
    with clock_of(platform):
        day = timezone.localdate(day_of.starts_at)
    link = f"{settings.BASE_URL}{reverse('coordination:platform')}?jour={day:%Y-%m-%d}"
    send_once(
        kind=kind,
        dedup_key=dedup_key,
        establishment=platform.establishment,
        recipient=recipient,
        subject=subject,
        body=render_to_string(template, {**context, "link": link}),
        about=day_of.uuid,
    )
