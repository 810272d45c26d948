"""Writes on cases: registered, prepared, ordered, carried to another session, withdrawn.

Locks are always taken in the same order: pathway, case, session.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from directory.errors import DomainError
from directory.history import because
from directory.models import Profession, Professional, Role, User
from directory.typography import long_day
from pathways import services as pathways
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind
from rcp.models import CaseStatus, CaseStream, RcpCase, RcpSeries, RcpSession, SessionStatus
from rcp.querysets import agenda_facts
from rcp.readings import is_after_treatment
from rcp.rules.cases import refusal
from rcp.services.circle import close_circle, open_circle
from rcp.services.notices import tell_presenter

DETAILS = (
    "summary", "antecedents", "diagnosed_on", "site_label", "histology", "stage", "who_status", "g8_score", "imaging",
    "team_note", "no_gp",
)  # fmt: skip
CARRIED = ("question", "stream", "presenter", "registration", "registered_by", *DETAILS)


@transaction.atomic
def register_case(
    *,
    session: RcpSession,
    pathway: Pathway,
    question: str,
    author: User,
    presenter: Professional | None = None,
    stream: str = CaseStream.DISCUSSED,
    late_reason: str = "",
    **details: Any,
) -> RcpCase:
    """Puts a patient on the agenda of a session, with the question asked.

    ``details`` are fields of `DETAILS`. Records `rcp_registered`, opens the patient's file to the meeting, tells the
    presenter. Raises DomainError when the registration is closed (a coordinator may still, with ``late_reason``),
    the patient is already expected at this meeting, or the question is empty.
    """
    now = timezone.now()
    pathway = lock_pathway(pathway)
    locked = lock_session(session)
    if not pathway.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le avant de l’inscrire en RCP.")
    if not question.strip():
        raise DomainError("Indiquez la question posée à la RCP.", field="question")
    _refuse_stream(stream, author)
    late = _lateness(locked, now, author, late_reason)
    _refuse_second(pathway, locked)
    case = _place(
        pathway=pathway,
        session=locked,
        now=now,
        question=question.strip(),
        presenter=presenter,
        stream=stream,
        late_reason=late,
        registered_by=author,
        **_known(details),
    )
    case.registration = pathways.record_milestone(
        pathway=pathway,
        kind=MilestoneKind.RCP_REGISTERED,
        occurred_at=now,
        author=author,
        source="automatic",
        site=locked.series.team.establishment,
        note=f"{locked.series}, séance du {long_day(locked.starts_at)}",
        dedup_key=fact_key("rcp_registered", case),
    )
    case.save(update_fields=["registration"])
    _share(case)
    return case


@transaction.atomic
def prepare_case(*, case: RcpCase, author: User, **changes: Any) -> RcpCase:
    """Changes what the meeting reads: the question, the presenter, any of `DETAILS`. Refused once answered."""
    locked = lock_case(case)
    _refuse("prepare", locked)
    given: dict[str, Any] = {name: changes.pop(name) for name in ("question", "presenter") if name in changes}
    given |= _known(changes)
    if "question" in given and not given["question"].strip():
        raise DomainError("Indiquez la question posée à la RCP.", field="question")
    for name, value in given.items():
        setattr(locked, name, value.strip() if isinstance(value, str) else value)
    locked.save(update_fields=list(given))
    _share(locked)
    return locked


@transaction.atomic
def change_stream(*, case: RcpCase, stream: str, author: User) -> RcpCase:
    """Discussed, or recorded as standard. Anyone may ask for a discussion; only a physician may spare one."""
    locked = lock_case(case)
    _refuse("prepare", locked)
    _refuse_stream(stream, author)
    locked.stream = stream
    locked.save(update_fields=["stream"])
    return locked


@transaction.atomic
def move_case(*, case: RcpCase, up: bool) -> RcpCase:
    """Moves a case one place up or down the agenda; at the end of the list nothing changes."""
    # The cases before the session, as everywhere: an opinion being given holds its case and asks for the session.
    rows = RcpCase.objects.select_for_update(of=("self",), no_key=True).filter(session=case.session_id)
    list(rows.on_agenda().order_by("pk").values_list("pk", flat=True))
    lock_session(case.session)
    order = list(RcpCase.objects.filter(session=case.session_id).on_agenda())
    at = next((index for index, each in enumerate(order) if each.pk == case.pk), None)
    if at is None:
        raise DomainError("Ce dossier n’est plus à l’ordre du jour.")
    to = at - 1 if up else at + 1
    if 0 <= to < len(order):
        order[at], order[to] = order[to], order[at]
    moved = [each for position, each in enumerate(order, start=1) if each.position != position]
    for position, each in enumerate(order, start=1):
        each.position = position
    RcpCase.objects.bulk_update(moved, ["position"])
    return next(each for each in order if each.pk == case.pk)


@transaction.atomic
def postpone_case(*, case: RcpCase, reason: str, author: User | None, to: RcpSession | None = None) -> RcpCase:
    """Takes a file off the agenda with its reason; ``to`` puts it on another session's.

    Without ``to`` the patient is registered nowhere any more, and the ledger says so. Returns the new case, or the
    postponed one. Raises DomainError without a reason, or when the case was answered.
    """
    locked = lock_case(case)
    _refuse("postpone", locked)
    if not reason.strip():
        raise DomainError("Indiquez pourquoi le dossier est reporté.", field="reason")
    if to is not None and to.pk == locked.session_id:
        raise DomainError("Choisissez une autre séance.", field="to")
    _take_off(locked, CaseStatus.POSTPONED, reason)
    if to is None:
        _unregister(locked, author, f"Reporté sans date : {locked.postponed_reason}")
        return locked
    return carry(case=locked, to=to)


@transaction.atomic
def withdraw_case(*, case: RcpCase, reason: str, author: User | None) -> RcpCase:
    """Takes a file off the agenda for good, with its reason; the meeting no longer reads it."""
    locked = lock_case(case)
    _refuse("withdraw", locked)
    if not reason.strip():
        raise DomainError("Indiquez pourquoi le dossier est retiré.", field="reason")
    _take_off(locked, CaseStatus.WITHDRAWN, reason)
    _unregister(locked, author, f"Retiré de la RCP : {locked.postponed_reason}")
    return locked


@transaction.atomic
def carry(*, case: RcpCase, to: RcpSession) -> RcpCase:
    """Puts the same file, as it was prepared, on another session's agenda. The pathway is already locked."""
    now = timezone.now()
    target = lock_session(to)
    if target.status not in (SessionStatus.PLANNED, SessionStatus.RUNNING) or target.ends_at <= now:
        raise DomainError("Cette séance ne reçoit plus de dossiers.", field="to")
    followed = RcpCase.objects.filter(previous=case).exists()
    carried = _place(
        pathway=case.pathway,
        session=target,
        now=now,
        previous=None if followed else case,
        **{name: getattr(case, name) for name in CARRIED},
    )
    _share(carried)
    return carried


def move_on(*, case: RcpCase, reason: str, author: User | None) -> RcpCase:
    """Postpones a case to the next session of its series. Raises DomainError when there is none."""
    to = next_session(case)
    if to is None:
        raise DomainError("Aucune séance suivante n’est ouverte : créez-la avant d’annuler celle-ci.")
    return postpone_case(case=case, reason=reason, author=author, to=to)


def represent(*, case: RcpCase) -> RcpCase | None:
    """Registers again, at the next session of the series, a file whose opinion is provisional.

    A patient already expected at a later session is not registered twice. None when no later session is open yet:
    `place_pending` does it as soon as one is.
    """
    expected = _expected_later(case)
    if expected:
        expected.previous = expected.previous or case
        expected.save(update_fields=["previous"])
        return expected
    to = next_session(case)
    return carry(case=case, to=to) if to else None


def _expected_later(case: RcpCase) -> RcpCase | None:
    later = RcpCase.objects.standing().filter(
        pathway=case.pathway_id, session__series=case.session.series_id, session__starts_at__gt=case.session.starts_at
    )
    return later.order_by("session__starts_at").first()


@transaction.atomic
def place_pending(*, series: RcpSeries, now: datetime) -> int:
    """Registers the files to represent that no session had room for; returns how many."""
    pending = RcpCase.objects.filter(
        session__series=series, status=CaseStatus.TO_REPRESENT, following__isnull=True, pathway__status="active"
    )
    return sum(represent(case=lock_case(case)) is not None for case in pending)


def next_session(case: RcpCase) -> RcpSession | None:
    """The next session of the same series that still takes files."""
    sessions = RcpSession.objects.not_held(timezone.now()).filter(
        series=case.session.series_id, starts_at__gt=case.session.starts_at
    )
    return sessions.order_by("starts_at").first()


def lock_pathway(pathway: Pathway) -> Pathway:
    """The pathway with its row locked, before any row of this room."""
    Pathway.objects.filter(pk=pathway.pk).held()
    return Pathway.objects.select_related("patient__gp", "version__target", "team__establishment").get(pk=pathway.pk)


def lock_case(case: RcpCase) -> RcpCase:
    """The case as it stands now, its pathway and its own row locked in that order."""
    pathway = lock_pathway(case.pathway)
    rows = RcpCase.objects.select_for_update(of=("self",), no_key=True)
    locked = rows.select_related("session__series__team__establishment", "presenter").get(pk=case.pk)
    locked.pathway = pathway
    return locked


def lock_session(session: RcpSession) -> RcpSession:
    """The session with its row locked. Always taken after the pathway's and the case's, never before."""
    rows = RcpSession.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("series__team__establishment").get(pk=session.pk)


def _place(*, pathway: Pathway, session: RcpSession, now: datetime, **fields: Any) -> RcpCase:
    """Creates the row, or brings back the one that was withdrawn from this very session. The session is locked."""
    last = RcpCase.objects.filter(session=session).aggregate(last=Max("position"))["last"] or 0
    fields |= {"position": last + 1, "status": CaseStatus.REGISTERED, "registered_at": now, "postponed_reason": ""}
    row = RcpCase.objects.select_for_update(of=("self",), no_key=True).filter(session=session, pathway=pathway).first()
    if row is None:
        row = RcpCase(pathway=pathway, session=session, **fields)
    else:
        if refusal("register", row.status):
            raise DomainError("Ce patient est déjà inscrit à cette séance.", code="already_registered")
        fields.pop("previous", None)  # it may come back from the very session it had been sent to
        RcpCase.objects.filter(previous=row).update(previous=None)  # and is followed by nothing any more
        for name, value in fields.items():
            if name != "registration" or value is not None:
                setattr(row, name, value)
    row.session, row.pathway = session, pathway
    row.after_treatment = is_after_treatment(row, list(agenda_facts().filter(pathway=pathway)))
    row.save()
    return row


def _share(case: RcpCase) -> None:
    """The meeting reads the file, the presenter is told, and what was typed once is known everywhere."""
    open_circle(case=case)
    tell_presenter(case=case)
    if case.who_status is not None and case.who_status != case.pathway.who_status:
        pathways.write_summary(pathway=case.pathway, who_status=case.who_status)


def _take_off(case: RcpCase, status: str, reason: str) -> None:
    case.status, case.postponed_reason = status, reason.strip()[:200]
    with because(case.postponed_reason):
        case.save(update_fields=["status", "postponed_reason"])


def _unregister(case: RcpCase, author: User | None, note: str) -> None:
    """The registration is no longer a fact, unless an opinion was given on it; the meeting stops reading the file."""
    registration = case.registration
    elsewhere = RcpCase.objects.standing().filter(pathway=case.pathway_id).exists()
    served = RcpCase.objects.filter(registration=registration, status=CaseStatus.DECIDED).exists()
    if (
        registration
        and not elsewhere
        and not served
        and Milestone.objects.in_force().filter(pk=registration.pk).exists()
    ):
        pathways.withdraw_milestone(milestone=registration, author=author, note=note[:300])
    close_circle(case=case)


def _lateness(session: RcpSession, now: datetime, author: User, reason: str) -> str:
    """The reason to keep for a late registration, "" in time. Raises DomainError when it may not be."""
    if session.status not in (SessionStatus.PLANNED, SessionStatus.RUNNING) or session.ends_at <= now:
        raise DomainError("Cette séance ne reçoit plus de dossiers.", field="session")
    if now < session.registration_closes_at:
        return ""
    if Role.COORDINATOR not in author.roles:
        raise DomainError(
            "Les inscriptions à cette séance sont closes : seule la coordination peut encore ajouter un dossier.",
            field="session",
        )
    if not reason.strip():
        raise DomainError(
            "Les inscriptions sont closes : indiquez pourquoi ce dossier est ajouté.", field="late_reason"
        )
    return reason.strip()[:200]


def _refuse_second(pathway: Pathway, session: RcpSession) -> None:
    """One file waits at one session of a series at a time."""
    other = (
        RcpCase.objects.standing()
        .filter(pathway=pathway, session__series=session.series_id, session__ends_at__gt=timezone.now())
        .exclude(session=session)
        .select_related("session")
        .first()
    )
    if other:
        day = long_day(other.session.starts_at)
        raise DomainError(
            f"Ce patient est déjà inscrit à la séance du {day} : reportez ce dossier-là.", field="session"
        )


def _refuse_stream(stream: str, author: User) -> None:
    if stream not in CaseStream.values:
        raise DomainError("Ce circuit n’existe pas.", field="stream")
    is_physician = author.professional is not None and author.professional.profession == Profession.PHYSICIAN
    if stream == CaseStream.RECORDED and not is_physician:
        raise DomainError("Seul un médecin peut dispenser un dossier de discussion.", field="stream")


def _refuse(act: str, case: RcpCase) -> None:
    why = refusal(act, case.status)
    if why:
        raise DomainError(why, code="wrong_status")


def _known(details: dict[str, Any]) -> dict[str, Any]:
    unknown = set(details) - set(DETAILS)
    if unknown:
        raise TypeError(f"unknown details of a case: {sorted(unknown)}")
    return {name: value.strip() if isinstance(value, str) else value for name, value in details.items()}


def fact_key(kind: str, case: RcpCase) -> str:
    """The key that makes a case record a fact once; a new one after the fact was withdrawn."""
    key = f"{kind}:{case.uuid}"
    known = Milestone.objects.filter(dedup_key__startswith=key)
    standing = known.in_force().values_list("dedup_key", flat=True).first()
    number = known.count()
    return standing or (f"{key}:{number}" if number else key)
