"""The opinion: given once, corrected with a reason, worth what its quorum is worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.history import because
from directory.models import User
from directory.typography import hour, long_day
from pathways import services as pathways
from pathways.models import Milestone, Treatment, TreatmentModality
from pathways.rules.milestones import MilestoneKind
from rcp.models import (
    Attendance,
    CaseStatus,
    Decision,
    QuorumOutcome,
    RcpCase,
    RcpSession,
    SessionStatus,
)
from rcp.querysets import agenda_facts, planned_appointments
from rcp.readings import is_after_treatment, local_day, quorum_of_case, readiness_of_case, session_day
from rcp.rules.cases import is_provisional, refusal
from rcp.rules.quorum import Quorum
from rcp.rules.specialties import label
from rcp.services.actions import NewAction, add_actions
from rcp.services.cases import fact_key, lock_case, lock_session, represent, withdraw_case
from rcp.services.letters import tell_correspondents

WORDS = ("proposal", "modality", "treatment_label", "alternatives", "framework", "trial_proposed")


@transaction.atomic
def decide(*, case: RcpCase, author: User, actions: Sequence[NewAction] = (), **words: Any) -> Decision:
    """Gives the opinion of the meeting on a case.

    ``words`` are fields of `WORDS`. The quorum is computed now from who is there for this case, and kept. An opinion
    that stands records `rcp_held`, writes the opinion and the treatment in the patient's file, and tells the GP and
    the requester; a discussed case whose quorum is missed keeps a provisional opinion and is registered again at the
    next session. Raises DomainError when someone answered first, before the day of the session, or without proposal.
    """
    now = timezone.now()
    locked = lock_case(case)
    _refuse_decision(locked, now)
    attendances = list(locked.session.attendances.select_related("professional"))
    facts = list(agenda_facts().filter(pathway=locked.pathway))
    reached = quorum_of_case(locked, attendances)
    decision = Decision(
        case=locked, decided_at=now, decided_by=author, present=_present(locked, attendances), **_quorum_fields(reached)
    )
    _write(decision, words)
    decision.save()
    planned = list(planned_appointments().filter(pathway=locked.pathway))
    locked.complete = readiness_of_case(locked, facts, planned).complete
    locked.after_treatment = is_after_treatment(locked, facts)
    _settle(decision, locked, author, now)
    _mark_running(locked.session)
    add_actions(decision=decision, actions=actions, author=author)
    return decision


@transaction.atomic
def correct_decision(
    *, decision: Decision, author: User, reason: str, revision: int, actions: Sequence[NewAction] = (), **words: Any
) -> Decision:
    """Rewrites an opinion with the reason; the former words stay in the history, follow-up actions are unchanged.

    ``revision`` is the one that was read: a correction made meanwhile by someone else is not overwritten. New
    ``actions`` are added. Correspondents already told are told again.
    """
    if not reason.strip():
        raise DomainError("Indiquez pourquoi l’avis est corrigé.", field="reason")
    case = lock_case(decision.case)
    why = refusal("correct", case.status)
    if why:
        raise DomainError(why, code="wrong_status")
    locked = Decision.objects.select_for_update(of=("self",), no_key=True).get(pk=decision.pk)
    locked.case = case
    if locked.revision != revision:
        raise DomainError(
            "Cet avis vient d’être corrigé par quelqu’un d’autre : relisez-le avant de le corriger.", code="changed"
        )
    told = locked.milestone_id is not None
    _write(locked, words)
    locked.revision += 1
    with because(reason.strip()[:200]):
        locked.save()
    _write_file(locked, case)
    if told:
        tell_correspondents(decision=locked)
    add_actions(decision=locked, actions=actions, author=author, since=timezone.now())
    return locked


@transaction.atomic
def review_quorum(*, session: RcpSession, author: User) -> int:
    """Computes again the quorum of opinions given before the attendance was complete; returns how many changed.

    An opinion whose quorum was unknown or missed may become valid, one whose quorum was unknown may turn out
    provisional. A quorum that was reached stays: those people were there. Refused once the session is closed.
    """
    if RcpSession.objects.values_list("status", flat=True).get(pk=session.pk) == SessionStatus.CLOSED:
        raise DomainError("Cette séance est close : les quorums ne changent plus.")
    attendances = list(session.attendances.select_related("professional"))
    pending = RcpCase.objects.filter(session=session, decision__quorum__in=["unknown", "missed"]).order_by("pathway")
    return sum(_review_case(case, attendances, author) for case in pending)


def _review_case(case: RcpCase, attendances: Sequence[Attendance], author: User) -> bool:
    locked = lock_case(case)
    decision = Decision.objects.select_for_update(of=("self",), no_key=True).get(case=locked)
    decision.case = locked
    now_reached = quorum_of_case(locked, attendances)
    if now_reached.outcome == decision.quorum:
        return False
    for name, value in _quorum_fields(now_reached).items():
        setattr(decision, name, value)
    decision.present = _present(locked, attendances)
    with because("Présences complétées"):
        decision.save()
    _settle(decision, locked, author, timezone.now())
    return True


def _settle(decision: Decision, case: RcpCase, author: User, now: datetime) -> None:
    """Draws the consequences of what the opinion is worth; drawing them again changes nothing."""
    provisional = is_provisional(case.stream, decision.quorum)
    case.status = CaseStatus.TO_REPRESENT if provisional else CaseStatus.DECIDED
    case.save(update_fields=["status", "complete", "after_treatment"])
    if provisional:
        _unhold(decision, author)
        if not RcpCase.objects.filter(previous=case).exists():
            represent(case=case)
    else:
        _hold(decision, case, author, now)
        _cancel_new_presentation(case, author)
    _write_file(decision, case)
    if not provisional:
        tell_correspondents(decision=decision)


def _hold(decision: Decision, case: RcpCase, author: User, now: datetime) -> None:
    """The meeting was held for this patient: one milestone per pathway and session, at the hour it began."""
    decision.milestone = pathways.record_milestone(
        pathway=case.pathway,
        kind=MilestoneKind.RCP_HELD,
        occurred_at=min(case.session.starts_at, now),
        author=author,
        source="automatic",
        site=case.session.series.team.establishment,
        note=str(case.session.series),
        dedup_key=fact_key("rcp_held", case),
    )
    decision.save(update_fields=["milestone"])


def _unhold(decision: Decision, author: User) -> None:
    held = decision.milestone
    if held is None:
        return
    decision.milestone = None
    decision.save(update_fields=["milestone"])
    if Milestone.objects.in_force().filter(pk=held.pk).exists():
        pathways.withdraw_milestone(milestone=held, author=author, note="Quorum non atteint : avis provisoire")


def _cancel_new_presentation(case: RcpCase, author: User) -> None:
    """The quorum was reached after all: the file need not come back, unless someone answered there already."""
    following = RcpCase.objects.filter(previous=case, status=CaseStatus.REGISTERED).first()
    if following:
        withdraw_case(case=following, reason="Quorum finalement atteint à la séance précédente", author=author)


def _write_file(decision: Decision, case: RcpCase) -> None:
    """What the patient's file, and the papers made from it, must know of the opinion."""
    quorum = {QuorumOutcome.REACHED: True, QuorumOutcome.MISSED: False}.get(QuorumOutcome(decision.quorum))
    pathways.write_opinion(
        pathway=case.pathway,
        origin=decision.uuid,
        held_on=session_day(case.session),
        meeting=str(case.session.series),
        question=case.question,
        proposal=decision.proposal,
        alternatives=decision.alternatives,
        quorum_reached=quorum,
    )
    _write_treatment(decision, case)


def _write_treatment(decision: Decision, case: RcpCase) -> None:
    """A firm opinion proposes its treatment; one that was withdrawn or turned provisional abandons it."""
    known = Treatment.objects.filter(origin=decision.uuid).first()
    wanted = bool(decision.modality) and case.status == CaseStatus.DECIDED
    if not wanted and known is None:
        return
    modality = decision.modality or (known.modality if known else "")
    started = known is not None and known.status in ("started", "ended")
    label_text = decision.treatment_label or TreatmentModality(modality).label
    pathways.write_treatment(
        pathway=case.pathway,
        origin=decision.uuid,
        modality=modality,
        label=label_text,
        place=known.place if known else "",
        planned_on=known.planned_on if known else None,
        rhythm=known.rhythm if known else "",
        effects=known.effects if known else "",
        status=known.status if known and started else ("proposed" if wanted else "abandoned"),
    )


def _refuse_decision(case: RcpCase, now: datetime) -> None:
    if refusal("decide", case.status):
        given = Decision.objects.filter(case=case).select_related("decided_by__professional").first()
        if given is None:
            raise DomainError(refusal("decide", case.status), code="wrong_status")
        who, when = given.decided_by or "un confrère", hour(given.decided_at)
        raise DomainError(
            f"Un avis a déjà été enregistré pour ce dossier par {who} à {when}. Le vôtre n’a pas été enregistré : "
            "relisez le sien, puis corrigez-le si besoin.",
            code="already_decided",
        )
    if case.session.status in (SessionStatus.CLOSED, SessionStatus.CANCELLED):
        raise DomainError(f"Cette séance est {case.session.get_status_display().lower()}.")
    if local_day(case.session, now) < session_day(case.session):
        raise DomainError(
            f"Cette séance aura lieu le {long_day(case.session.starts_at)} : l’avis sera rendu ce jour-là."
        )


def _write(decision: Decision, words: dict[str, Any]) -> None:
    unknown = set(words) - set(WORDS)
    if unknown:
        raise TypeError(f"unknown words of a decision: {sorted(unknown)}")
    for name, value in words.items():
        setattr(decision, name, value.strip() if isinstance(value, str) else value)
    if not decision.proposal:
        raise DomainError("Écrivez la proposition de la RCP.", field="proposal")
    if decision.modality and decision.modality not in TreatmentModality.values:
        raise DomainError("Ce type de traitement n’existe pas.", field="modality")


def _quorum_fields(reached: Quorum) -> dict[str, Any]:
    return {"quorum": QuorumOutcome(reached.outcome.value), "quorum_missing": list(reached.missing)}


def _present(case: RcpCase, attendances: Sequence[Attendance]) -> list[dict[str, Any]]:
    """The participants of this case, as the sheet must name them (french-standards 1.4)."""
    absent = {attendance.pk for attendance in case.absent.all()}
    return [
        {
            "name": str(each.professional),
            "specialty": label(each.specialty_code, each.specialty_label)
            or each.professional.get_profession_display().lower(),
            "mode": each.mode,
            "physician": each.is_physician,
        }
        for each in sorted(attendances, key=lambda each: not each.is_physician)
        if each.pk not in absent
    ]


def _mark_running(session: RcpSession) -> None:
    locked = lock_session(session)
    if locked.status == SessionStatus.PLANNED:
        locked.status = SessionStatus.RUNNING
        locked.save(update_fields=["status"])
