"""The worklist: in what order patients come, and in what words each says why it is there.

Order (`priority`), most urgent first:

1. **without a next step**: nothing dated is expected of anyone, which is how a patient gets lost (PTH-15);
2. **late**, for `LONG_LATE` at most: the oldest due date first;
3. **a call promised** for today or before (COO-08);
4. **late for longer**: reviewed after what can still be saved, so that they do not hide it;
5. **the others**, by due date; those whose clock is stopped by a pause come last.

Within a rank the earliest due date comes first, then the oldest pathway. `querysets.worklist.by_priority` says the
same in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum

from coordination.rules.contacts import proposes_another_way
from directory.typography import NBSP, hour, short_day
from pathways.rules.lateness import Lateness
from pathways.rules.milestones import MilestoneKind

LONG_LATE = timedelta(days=30)
"""Our own bound, not a published one: after a month, being late is a matter for a review, not for the day."""

SOON_DAYS = 7

_NEVER = datetime.max.replace(tzinfo=UTC)


class Tier(IntEnum):
    """Ranks of the worklist."""

    WITHOUT_NEXT = 0
    LATE = 1
    CALL_BACK = 2
    LONG_LATE = 3
    COMING = 4


def tier(
    *, has_next: bool, next_due_at: datetime | None, call_back_on: date | None, now: datetime, today: date
) -> Tier:
    """The rank of a pathway, from its next step and due instant and the day a call was promised for."""
    if not has_next:
        return Tier.WITHOUT_NEXT
    if next_due_at is not None and now - LONG_LATE <= next_due_at < now:
        return Tier.LATE
    if call_back_on is not None and call_back_on <= today:
        return Tier.CALL_BACK
    return Tier.LONG_LATE if next_due_at is not None and next_due_at < now else Tier.COMING


def priority(
    *,
    has_next: bool,
    next_due_at: datetime | None,
    call_back_on: date | None,
    opened_at: datetime,
    now: datetime,
    today: date,
) -> tuple[int, datetime, datetime]:
    """The sorting key of a pathway: smaller comes first."""
    rank = tier(has_next=has_next, next_due_at=next_due_at, call_back_on=call_back_on, now=now, today=today)
    return (rank, next_due_at or _NEVER, opened_at)


@dataclass(frozen=True)
class Expected:
    """The most urgent step of a pathway, as the plan stores it. `margin` is in calendar days, signed. `kind` is the
    milestone that does it, None when only some of them do (a detail): the label alone then says what is waited for."""

    label: str
    kind: MilestoneKind | None
    lateness: Lateness
    due_at: datetime | None = None
    margin: int | None = None
    paused: bool = False
    booked_for: datetime | None = None
    """When the exam of this step is booked, if it is; in the past when nobody said what became of it."""
    needs_slot: bool = False
    """The step is an exam or a consultation that a protected slot serves."""


@dataclass(frozen=True)
class Course:
    """The day count of the overall objective: `day` is J+n without the pauses, `raw` with them, both stopped once the
    objective's last milestone is there (`ended`). `target` is the objective in days, None when there is none."""

    day: int
    target: int | None = None
    raw: int | None = None
    ended: bool = False

    @property
    def paused(self) -> bool:
        """True when the two counts differ and must be shown together."""
        return self.raw is not None and self.raw != self.day


@dataclass(frozen=True)
class Situation:
    """What a row knows of one pathway. `last_contact_on` is the last day someone was reached."""

    course: Course
    expected: Expected | None
    last_contact_on: date | None = None
    attempts: int = 0
    call_back_on: date | None = None
    has_owner: bool = True
    deceased: bool = False
    unmarked_since: datetime | None = None
    """The oldest appointment that has begun and of which nobody said what became."""


@dataclass(frozen=True)
class Reason:
    """Why a patient is on the list: the cause, what helps to act, and where the patient stands. `text` joins them."""

    cause: str
    tone: str
    details: list[str] = field(default_factory=list)
    context: list[str] = field(default_factory=list)

    @property
    def helps(self) -> str:
        """« pas de date de RCP, 2 essais sans réponse »."""
        return ", ".join(self.details)

    @property
    def place(self) -> str:
        """« J+24 sur 28, dernier contact il y a 6 j »: what other columns of the list say too."""
        return ", ".join(self.context)

    @property
    def text(self) -> str:
        """« échéance dépassée de 3 j, pas de date de RCP, J+24 sur 28, dernier contact il y a 6 j »."""
        return ", ".join([self.cause, *self.details, *self.context])


def reason(situation: Situation, now: datetime, today: date) -> Reason:
    """Why the pathway is there, in words."""
    cause, tone = _cause(situation, now, today)
    details = [
        _unmarked(situation.unmarked_since, today),
        _missing(situation.expected, now, today),
        _attempts(situation.attempts),
        "" if situation.has_owner else "sans responsable",
    ]
    context = [_course(situation.course), _last_contact(situation.last_contact_on, today)]
    return Reason(cause, tone, [part for part in details if part], [part for part in context if part])


def _cause(situation: Situation, now: datetime, today: date) -> tuple[str, str]:
    """The rank in words, with its tone."""
    if situation.deceased:
        return "patient décédé, parcours à clore", "late"
    expected = situation.expected
    if expected is None:
        return "aucune étape datée à venir", "late"
    rank = tier(has_next=True, next_due_at=expected.due_at, call_back_on=situation.call_back_on, now=now, today=today)
    if rank is Tier.LATE:
        return _overdue(expected), "late"
    if rank is Tier.CALL_BACK and situation.call_back_on is not None:
        return _promised(situation.call_back_on, today), "soon"
    if rank is Tier.LONG_LATE:
        return f"{_overdue(expected)}, à revoir", "late"
    if expected.paused:
        return "décompte arrêté", "paused"
    return _near(expected), "soon" if expected.lateness is Lateness.SOON else "neutral"


def _overdue(expected: Expected) -> str:
    margin = expected.margin or 0
    if margin < 0:
        return f"échéance dépassée de {-margin}{NBSP}j"
    return f"échéance dépassée à {hour(expected.due_at)}" if expected.due_at else "échéance dépassée"


def _near(expected: Expected) -> str:
    match expected.margin:
        case None:
            return "sans échéance"
        case 0:
            return "échéance aujourd’hui"
        case 1:
            return "échéance demain"
        case _:
            return f"échéance dans {expected.margin}{NBSP}j"


def _promised(day: date, today: date) -> str:
    if day == today:
        return "rappel prévu aujourd’hui"
    late = (today - day).days
    return "rappel prévu hier, pas fait" if late == 1 else f"rappel prévu il y a {late}{NBSP}j, pas fait"


def _unmarked(begun_at: datetime | None, today: date) -> str:
    return f"rendez-vous du {short_day(begun_at, today)} à confirmer" if begun_at else ""


def _missing(expected: Expected | None, now: datetime, today: date) -> str:
    """What the most urgent step waits for, in a few words."""
    if expected is None:
        return ""
    if expected.booked_for is not None and expected.booked_for < now:
        return ""  # said by `_unmarked`
    if expected.booked_for is not None:
        return f"rendez-vous {short_day(expected.booked_for, today)} à{NBSP}{hour(expected.booked_for)}"
    if expected.needs_slot:
        return "pas de créneau réservé"
    if expected.kind is not None and expected.kind in _WAITED:
        return _WAITED[expected.kind]
    return f"en attente{NBSP}: {expected.label}"


def _course(course: Course) -> str:
    if course.ended or course.target is None:
        return ""
    lived = f" (J+{course.raw} avec les pauses)" if course.paused else ""
    return f"J+{course.day} sur {course.target}{lived}"


def _last_contact(day: date | None, today: date) -> str:
    if day is None:
        return "jamais joint"
    days = (today - day).days
    return "dernier contact " + _AGO.get(days, f"il y a {days}{NBSP}j")


_AGO = {0: "aujourd’hui", 1: "hier"}


def _attempts(count: int) -> str:
    if proposes_another_way(count):
        return f"{count} essais sans réponse, écrire ou appeler le médecin traitant"
    return f"{count} essai{'s' if count > 1 else ''} sans réponse" if count else ""


_WAITED: dict[MilestoneKind, str] = {
    MilestoneKind.REFERRAL_COMPLETE: "demande incomplète",
    MilestoneKind.APPOINTMENT_OFFERED: "pas de rendez-vous proposé",
    MilestoneKind.FIRST_CARE: "premier accueil à faire",
    MilestoneKind.EXAM_REQUESTED: "examen à demander",
    MilestoneKind.EXAM_DONE: "examen à faire",
    MilestoneKind.BIOPSY_TAKEN: "prélèvement à faire",
    MilestoneKind.LAB_REQUESTED: "analyse à demander",
    MilestoneKind.SAMPLE_SENT: "prélèvement à envoyer",
    MilestoneKind.LAB_INTERMEDIATE: "résultat intermédiaire attendu",
    MilestoneKind.LAB_FINAL: "résultat définitif attendu",
    MilestoneKind.GP_INFORMED: "courrier au médecin traitant à envoyer",
    MilestoneKind.RCP_REGISTERED: "pas de date de RCP",
    MilestoneKind.RCP_HELD: "RCP à tenir",
    MilestoneKind.RCP_DECISION_SENT: "décision de RCP à transmettre",
    MilestoneKind.ANNOUNCEMENT: "annonce à faire",
    MilestoneKind.PPS_GIVEN: "PPS à remettre",
    MilestoneKind.SUPPORT_SCREENING: "besoins de soins de support à évaluer",
    MilestoneKind.TREATMENT_STARTED: "traitement à commencer",
    MilestoneKind.FOLLOWUP_CONTACT: "appel de suivi à faire",
    MilestoneKind.PPAC_GIVEN: "PPAC à remettre",
}
"""What is missing while the expected milestone of the most urgent step is not recorded."""
