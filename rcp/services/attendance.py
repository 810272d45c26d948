"""Who is there: attendance with the specialty held that day, and absences for one case."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from directory.errors import DomainError
from directory.models import Profession, Professional
from rcp.models import Attendance, AttendanceMode, RcpCase, RcpSession, SessionStatus
from rcp.rules.cases import refusal
from rcp.rules.specialties import label
from rcp.services.circle import welcome


@transaction.atomic
def attend(*, session: RcpSession, professional: Professional, mode: str = AttendanceMode.ROOM) -> Attendance:
    """Records that a professional is there, in the room or at a distance; again changes only the mode.

    The specialty is copied, so that the record stays true when the directory changes. Raises DomainError once the
    session is closed or cancelled.
    """
    if mode not in AttendanceMode.values:
        raise DomainError("Choisissez « sur place » ou « à distance ».", field="mode")
    _refuse_over(session)
    try:
        with transaction.atomic():
            attendance, created = Attendance.objects.get_or_create(
                session=session,
                professional=professional,
                defaults={
                    "mode": mode,
                    "specialty_code": professional.specialty_code,
                    "specialty_label": label(professional.specialty_code, professional.specialty_label),
                    "is_physician": professional.profession == Profession.PHYSICIAN,
                },
            )
    except IntegrityError as error:
        raise DomainError("Ce professionnel est déjà présent.") from error
    if created:
        welcome(session=session, professional=professional)
    elif attendance.mode != mode:
        attendance.mode = mode
        attendance.save(update_fields=["mode"])
    return attendance


@transaction.atomic
def leave(*, attendance: Attendance) -> None:
    """Erases an attendance recorded by mistake; opinions already given keep their own list of participants."""
    _refuse_over(attendance.session)
    attendance.delete()


@transaction.atomic
def set_absent(*, case: RcpCase, attendance: Attendance, absent: bool) -> None:
    """Says that a participant is not there for this case (they left, or treat the patient otherwise)."""
    if attendance.session_id != case.session_id:
        raise DomainError("Cette personne ne participe pas à cette séance.")
    why = refusal("decide", case.status)
    if why:
        raise DomainError(why, code="wrong_status")
    if absent:
        case.absent.add(attendance)
    else:
        case.absent.remove(attendance)


def _refuse_over(session: RcpSession) -> None:
    status = RcpSession.objects.values_list("status", flat=True).get(pk=session.pk)
    if status in (SessionStatus.CLOSED, SessionStatus.CANCELLED):
        raise DomainError("Cette séance est close : les présences ne changent plus.")
