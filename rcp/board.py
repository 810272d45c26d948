"""The agenda as the page draws it: rows with their readiness and quorum, who is there, what was not carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from directory.models import Professional, User
from directory.typography import age
from rcp.models import Attendance, CaseStatus, FollowUpAction, RcpCase, RcpSession
from rcp.readings import local_day, quorum_of_case, quorum_of_session, readiness_of_case, session_day
from rcp.rules.quorum import Quorum
from rcp.rules.readiness import Readiness
from rcp.rules.specialties import label

UNEXECUTED_SHOWN = 30

# What each fact of the ledger is called on a line of the agenda, in the order of a pathway.
DATE_LABELS = {
    "referral_received": "Demande",
    "imaging_upstream": "Imagerie de ville",
    "exam_done": "Examen",
    "biopsy_taken": "Prélèvement",
    "lab_final": "Anapath",
    "rcp_held": "RCP",
    "announcement": "Annonce",
    "treatment_started": "Traitement",
}


@dataclass(frozen=True)
class KeyDate:
    """A dated fact worth a line."""

    label: str
    at: datetime


@dataclass(frozen=True)
class Row:
    """One case of the agenda. ``quorum`` is that of this very case; ``own_quorum`` when it differs from the room's."""

    case: RcpCase
    number: int
    age: int
    day_count: int
    dates: list[KeyDate]
    readiness: Readiness
    quorum: Quorum
    own_quorum: bool

    @property
    def waits(self) -> bool:
        return self.case.status == CaseStatus.REGISTERED


@dataclass(frozen=True)
class Seat:
    """Someone expected or there. ``attendance`` is None while they are not."""

    professional: Professional
    specialty: str
    attendance: Attendance | None


@dataclass(frozen=True)
class Late:
    """A follow-up action of an earlier session that nobody carried out; ``days`` late (negative: still to come)."""

    action: FollowUpAction
    days: int

    @property
    def margin(self) -> int:
        """Days left before the due day; negative when late."""
        return -self.days


@dataclass
class Board:
    """Everything the page of a session shows."""

    session: RcpSession
    rows: list[Row]
    off_agenda: list[RcpCase]
    hidden: int
    seats: list[Seat]
    quorum: Quorum
    unexecuted: list[Late] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        return sum(row.waits for row in self.rows)

    @property
    def answered(self) -> int:
        return len(self.rows) - self.waiting

    @property
    def complete(self) -> int:
        return sum(row.readiness.complete for row in self.rows)

    @property
    def named(self) -> list[RcpCase]:
        """The cases whose patient the page names, each patient once: agenda, files taken off it, earlier actions."""
        earlier = [late.action.decision.case for late in self.unexecuted]
        cases = [*earlier, *self.off_agenda, *(row.case for row in self.rows)]
        return list({case.pathway_id: case for case in cases}.values())

    @property
    def present(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.attendance]

    @property
    def overdue(self) -> int:
        return sum(late.days > 0 for late in self.unexecuted)

    @property
    def stale_quorum(self) -> int:
        """Opinions given before the attendance was complete, whose quorum would now be another."""
        return sum(
            hasattr(row.case, "decision")
            and row.case.decision.quorum in ("unknown", "missed")
            and row.case.decision.quorum != row.quorum.outcome
            for row in self.rows
        )


def build(session: RcpSession, user: User) -> Board:
    """The board of a session (fetched `with_case_total`) for ``user``: six queries, whatever the number of cases."""
    visible = RcpCase.objects.visible_to(user).filter(session=session).with_agenda_data()
    cases = list(visible.order_by("position", "id"))
    for case in cases:
        case.session = session
    attendances = list(session.attendances.select_related("professional"))
    room = quorum_of_session(session, attendances)
    on_agenda = [case for case in cases if case.status not in (CaseStatus.WITHDRAWN, CaseStatus.POSTPONED)]
    return Board(
        session=session,
        rows=[_row(case, number, attendances, room) for number, case in enumerate(on_agenda, start=1)],
        off_agenda=[case for case in cases if case not in on_agenda],
        hidden=session.all_cases - len(cases),  # type: ignore[attr-defined]
        seats=seats(session, attendances),
        quorum=room,
        unexecuted=unexecuted(session, user),
    )


def row_of(case: RcpCase, attendances: Sequence[Attendance]) -> Row:
    """One case as the agenda shows it (fetched by `with_agenda_data`)."""
    return _row(case, case.position, attendances, quorum_of_session(case.session, attendances))


def _row(case: RcpCase, number: int, attendances: Sequence[Attendance], room: Quorum) -> Row:
    facts, planned = case.pathway.agenda_facts, case.pathway.planned_appointments  # type: ignore[attr-defined]
    absent = case.absent_ids  # type: ignore[attr-defined]
    own = quorum_of_case(case, attendances, absent)
    return Row(
        case=case,
        number=number,
        age=age(case.pathway.patient.birth_date, session_day(case.session)),
        day_count=(session_day(case.session) - local_day(case.session, case.pathway.opened_at)).days,
        dates=_key_dates(case, facts),
        readiness=readiness_of_case(case, facts, planned),
        quorum=own,
        own_quorum=own.outcome != room.outcome or own.missing != room.missing,
    )


def _key_dates(case: RcpCase, facts: Sequence[object]) -> list[KeyDate]:
    """The latest fact of each kind, this very meeting left out."""
    latest: dict[str, datetime] = {}
    for fact in facts:
        kind, at = fact.kind, fact.occurred_at  # type: ignore[attr-defined]
        if kind == "rcp_held" and at >= case.session.starts_at:
            continue
        if kind in DATE_LABELS and (kind not in latest or latest[kind] < at):
            latest[kind] = at
    return [KeyDate(name, latest[kind]) for kind, name in DATE_LABELS.items() if kind in latest]


def seats(session: RcpSession, attendances: Sequence[Attendance]) -> list[Seat]:
    """Members of the series and others who came, those present first, physicians before the others."""
    there = {attendance.professional_id: attendance for attendance in attendances}
    people = {person.pk: person for person in session.series.members.all()}
    people |= {attendance.professional_id: attendance.professional for attendance in attendances}
    found = [_seat(person, there.get(person.pk)) for person in people.values()]
    return sorted(
        found,
        key=lambda seat: (
            seat.attendance is None,
            seat.professional.profession != "physician",
            seat.professional.last_name,
        ),
    )


def _seat(person: Professional, attendance: Attendance | None) -> Seat:
    specialty = label(person.specialty_code, person.specialty_label) or person.get_profession_display().lower()
    return Seat(person, attendance.specialty_label or specialty if attendance else specialty, attendance)


def unexecuted(session: RcpSession, user: User) -> list[Late]:
    """What earlier sessions of the series asked for and nobody did: overdue first (one query)."""
    actions = (
        FollowUpAction.objects.visible_to(user)
        .open()
        .filter(
            decision__case__session__series=session.series_id, decision__case__session__starts_at__lt=session.starts_at
        )
        .with_list_data()
        .order_by("due_on", "id")[:UNEXECUTED_SHOWN]
    )
    return [Late(action, days_late(action.due_on)) for action in actions]


def days_late(due_on: date) -> int:
    """Days since the action was due; negative before."""
    return (timezone.localdate() - due_on).days
