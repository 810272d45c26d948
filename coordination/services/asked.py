"""An exam asked of a platform, its file locked: its date in the file, what the patient is to be told of it, its end.

Nothing here locks a pathway nor a slot: the callers have, in the order of `seats`.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from coordination.models import Channel, ExamRequest, ExamType, RequestStatus, Task
from coordination.rules.slots import USUAL_LENGTH
from coordination.rules.telling import promise_origin, request_tell_origin
from coordination.services.appointments import clock_of
from coordination.services.left_over import settle_left_over
from coordination.services.new_tasks import create_task
from coordination.services.notices import tell_gp_of_appointments
from coordination.services.patient_post import call_off_changes, tell_patient_of_date
from coordination.services.platform_post import tell_platform_not_asked
from coordination.services.promises import sync_promises
from coordination.services.tasks import set_aside, settle
from directory.days import instant_of
from directory.errors import DomainError
from directory.models import User
from directory.typography import moment
from pathways.models import AppointmentStatus, Pathway
from pathways.services import write_appointment


def running(request: ExamRequest, seen: str | None = None) -> ExamRequest:
    """The request, locked. Raises DomainError when it has ended (code ``ended``), or is no more the version ``seen``
    (code ``outdated``)."""
    rows = ExamRequest.objects.select_for_update(of=("self",)).with_list_data()
    locked = rows.get(pk=request.pk)
    if locked.status not in (RequestStatus.ASKED, RequestStatus.PROPOSED):
        raise DomainError(f"Cette demande est close ({locked.get_status_display().lower()}).", code="ended")
    refuse_outdated(locked, seen)
    return locked


def refuse_outdated(request: ExamRequest, seen: str | None) -> None:
    """Raises DomainError (code ``outdated``) when the request is no more the version ``seen``: what was typed was about
    another date."""
    if seen is not None and seen != request.version:
        raise DomainError(
            f"Cette demande a changé depuis que vous l’avez ouverte : {said_now(request)}. Rien n’est enregistré.",
            code="outdated",
        )


def said_now(request: ExamRequest) -> str:
    """What has become of it, in words that follow a colon."""
    if request.status == RequestStatus.PROPOSED:
        return f"la date est maintenant {said_date(request)}{f', {request.place}' if request.place else ''}"
    if request.status == RequestStatus.ASKED:
        return "le plateau n’a pas de date pour l’instant"
    return f"elle est close ({request.get_status_display().lower()})"


def is_over(request: ExamRequest, at: datetime) -> bool:
    """The date proposed has passed, and nobody said that the exam took place."""
    return request.proposed_at is not None and request.proposed_at + USUAL_LENGTH <= at


def said_date(request: ExamRequest, at: datetime | None = None) -> str:
    """« lun. 23 nov. à 14 h 30 » on the platform's clock: the date proposed, or ``at``."""
    found = at or request.proposed_at
    assert found is not None  # the callers have looked
    with clock_of(request.addressed_to):
        return moment(found, timezone.localdate())


def write_date(request: ExamRequest, status: str) -> None:
    """Writes the date proposed in the patient's file."""
    assert request.proposed_at is not None  # the callers have looked
    platform = request.addressed_to
    write_appointment(
        pathway=request.pathway,
        origin=request.uuid,
        label=request.exam_type.label,
        exam_code=request.exam_type.code,
        starts_at=request.proposed_at,
        ends_at=request.proposed_at + USUAL_LENGTH,
        place=request.place or f"{platform.name}, {platform.establishment}",
        preparation=request.exam_type.patient,
        status=status,
        time_zone=platform.establishment.time_zone,
    )


def end(
    request: ExamRequest, status: str, reason: str, *, user: User | None, at: datetime, told_how: str | None = None
) -> None:
    """Closes a locked request for a reason; its date is off the file, and the patient who knows of it is to be told."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi.", field="reason")
    if told_how:
        refuse_unknown_way(told_how)
    request.status, request.reason, request.answered_at, request.answered_by = status, reason.strip()[:200], at, user
    request.save(update_fields=["status", "reason", "answered_at", "answered_by"])
    drop_warning(request, "La demande est close")
    settle_left_over(pathway=request.pathway, user=user)
    date_falls(request, user=user, at=at, told_how=told_how)
    sync_promises(pathways_of=[request.pathway_id], now=at)


def date_falls(request: ExamRequest, *, user: User | None, at: datetime, told_how: str | None = None) -> None:
    """The date of a request that has just left it: off the file, the GP told, the patient told or to be told."""
    if request.proposed_at:
        write_date(request, AppointmentStatus.CANCELLED)
        tell_gp_of_appointments(pathway=request.pathway, at=at)
    ask_to_tell(request, user=user, at=at)
    if told_how and request.to_tell_since:
        note_told(request, how=told_how, user=user, at=at)


def end_booked(*, pathway: Pathway, exam_type: ExamType, step_key: str, user: User | None, at: datetime) -> None:
    """A slot was booked for a need still asked of a platform: it is asked no more, and the platform is told."""
    rows = ExamRequest.objects.running().filter(pathway=pathway, exam_type=exam_type, step_key=step_key)
    for request in rows.with_list_data().select_for_update(of=("self",)).order_by("pk"):
        end(request, RequestStatus.CANCELLED, "Créneau réservé", user=user, at=at)
        tell_platform_not_asked(request=request)


def ask_to_tell(request: ExamRequest, *, user: User | None, at: datetime) -> None:
    """One task, and a mail to who agreed to mails, that says what the patient does not know yet of the request, in
    place of what was still to be said; none when they know it all, are dead, or when the hour has passed.
    """
    drop_telling(request, user)
    misled = call_off_changes(request)
    untold = "" if request.pathway.patient.deceased_on else _untold(request, at, misled)
    request.to_tell_since = at if untold else None
    request.save(update_fields=["to_tell_since"])
    _write_to_patient(request, at, misled)
    if untold:
        create_task(
            pathway=request.pathway,
            title=f"Prévenir le patient : {untold}"[:200],
            due_at=at,
            origin=request_tell_origin(request.uuid, at),
            author=user,
        )


def nothing_to_tell(request: ExamRequest, *, user: User | None) -> None:
    """The exam was done at the date given: there is nothing left to say."""
    drop_telling(request, user)
    request.to_tell_since = None
    request.save(update_fields=["to_tell_since"])


def _write_to_patient(request: ExamRequest, at: datetime, misled: bool) -> None:
    """Another date, or the end of one they know, is written at once to a patient who agreed to mails, and that it
    stands after all when they read otherwise (``misled``). A first date is written when the desk has confirmed it
    (`note_told`)."""
    known, new = request.known_at, request.proposed_at
    if known is None or known <= at:
        return
    if request.status != RequestStatus.PROPOSED or new is None:
        dates = [known] if new in (None, known) else [known, new]
        tell_patient_of_date(request=request, what="cancelled", dates=dates, at=at)
    elif new != known:
        tell_patient_of_date(request=request, what="moved", dates=[new, known], at=at)
    elif misled:
        tell_patient_of_date(request=request, what="booked", dates=[known], at=at)


def _untold(request: ExamRequest, at: datetime, misled: bool) -> str:
    known = request.known_at if request.known_at and request.known_at > at else None
    if request.status == RequestStatus.PROPOSED and request.proposed_at:
        if request.known_at == request.proposed_at:
            return _still(request, misled) if known else ""
        if known:
            return f"{request.exam_type} du {said_date(request, known)} déplacé au {said_date(request)}"
        return f"{request.exam_type}, {said_date(request)}"
    return f"{request.exam_type} du {said_date(request, known)} annulé" if known else ""


def _still(request: ExamRequest, misled: bool) -> str:
    """At the hour they know: elsewhere, or after a mail that said otherwise."""
    said = f"{request.exam_type} du {said_date(request)}"
    if request.known_place != request.place:
        return f"{said}, nouveau lieu : {request.place or request.addressed_to.name}"
    return f"{said} maintenu, malgré le message reçu" if misled else ""


def drop_telling(request: ExamRequest, user: User | None) -> None:
    if request.to_tell_since is None:
        return
    origin = request_tell_origin(request.uuid, request.to_tell_since)
    set_aside(Task.objects.filter(origin=origin), user=user, reason="Date changée")


def refuse_unknown_way(how: str) -> None:
    if how not in set(Channel):
        raise DomainError("Dites comment le patient a été prévenu.", field="how")


def note_told_before(request: ExamRequest, *, seen: str, how: str, user: User | None, at: datetime) -> None:
    """The patient was told of the version ``seen``, which is no more: they know that one, and are to be told of what it
    became while somebody had them on the phone. Raises DomainError (code ``outdated``) for an unreadable version."""
    status, _, rest = seen.partition("|")
    date, _, place = rest.partition("|")
    known = instant_of(date) if status == RequestStatus.PROPOSED else None
    if status not in set(RequestStatus) or len(place) > 120 or (status == RequestStatus.PROPOSED and known is None):
        raise DomainError("Cette page a changé : rechargez-la avant de recommencer.", code="outdated")
    request.known_at, request.known_place = known, place if known else ""
    request.told_at, request.told_by, request.told_how = at, user, how
    request.save(update_fields=["known_at", "known_place", "told_at", "told_by", "told_how"])
    ask_to_tell(request, user=user, at=at)


def note_told(request: ExamRequest, *, how: str, user: User | None, at: datetime) -> None:
    """The patient knows the request as it stands, and how they were told: closes the task."""
    since, known = request.to_tell_since, request.known_at
    unwritten = known is None or (request.answered_at is not None and known <= request.answered_at)
    stands = request.status == RequestStatus.PROPOSED
    moved = known != request.proposed_at
    request.known_at, request.known_place = (request.proposed_at, request.place) if stands else (None, "")
    request.told_at, request.told_by, request.told_how, request.to_tell_since = at, user, how, None
    request.save(update_fields=["known_at", "known_place", "told_at", "told_by", "told_how", "to_tell_since"])
    if unwritten and moved and request.known_at:  # a date that moved was written when it did
        tell_patient_of_date(request=request, what="booked", dates=[request.known_at], at=at)
    if since is None:
        return
    asked = Task.objects.filter(origin=request_tell_origin(request.uuid, since))
    settle(asked, user=user, outcome=f"Patient prévenu : {Channel(how).label.lower()}")


def drop_warning(request: ExamRequest, why: str) -> None:
    """The platform has answered, or is asked no more: nobody calls it. Asked again, it is warned of again."""
    warned = Task.objects.filter(origin=promise_origin(request.uuid))
    keys = list(warned.values_list("pk", flat=True))
    settle(warned, user=None, outcome=why)
    Task.objects.filter(pk__in=keys).update(origin=None)
