"""Meetings in bulk: sessions, files discussed and registered, opinions and what they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from config.demo.bulk.drawn import Drawn
from config.demo.bulk.size import Size
from config.demo.engine import PARIS, Agenda
from config.demo.meeting import MEMBERS
from config.demo.world import World
from pathways.models import BoardOpinion, Milestone, Treatment
from pathways.rules.milestones import MilestoneKind as Kind
from rcp.models import (
    ActionStatus,
    Attendance,
    CaseStatus,
    Decision,
    FollowUpAction,
    QuorumOutcome,
    RcpCase,
    RcpSeries,
    RcpSession,
    SessionStatus,
)
from rcp.services import open_sessions

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
_ACTIONS = (
    ("Consultation d’annonce", Kind.ANNOUNCEMENT, 7),
    ("Remise du PPS au patient", Kind.PPS_GIVEN, 14),
    ("Début du traitement", Kind.TREATMENT_STARTED, 21),
)
HOUR, MINUTES = time(14), 120


class Meetings:
    """The sessions of every day, past and to come."""

    def __init__(self, world: World, size: Size, agenda: Agenda) -> None:
        self.world, self.agenda = world, agenda
        since = (agenda.end - timedelta(days=365 * size.years + 30)).date()
        self.series = [self._series(weekday, since, alone=len(size.meeting_days) == 1) for weekday in size.meeting_days]
        self._past(since)
        open_sessions(now=timezone.now())
        self.by_day: dict[date, RcpSession] = {}
        self.last_position: dict[int, int] = {}
        sessions = RcpSession.objects.select_related("series").order_by("starts_at")
        for session in sessions.iterator():
            self.by_day[session.starts_at.astimezone(PARIS).date()] = session

    def _series(self, weekday: int, since: date, *, alone: bool) -> RcpSeries:
        world = self.world
        name = "RCP hépato-bilio-pancréatique" + ("" if alone else f" du {DAYS[weekday]}")
        series = RcpSeries.objects.create(
            name=name, team=world.team, weekday=weekday, starts_at=HOUR, duration_minutes=MINUTES,
            place="Salle Prologue, 2e étage", valid_from=since, min_specialties=3,
            required_specialties=[["SM14"], ["SM36"], ["SM37", "SM45"]],
        )  # fmt: skip
        series.targets.set([target for key, target in world.targets.items() if not key.startswith("neighbour")])
        series.members.set([world.people[key] for key in MEMBERS])
        return series

    def _past(self, since: date) -> None:
        """The sessions already held, with the usual participants."""
        agenda, closer = self.agenda, self.world.idec
        held = []
        for series in self.series:
            day = since + timedelta(days=(series.weekday - since.weekday()) % 7)
            while day < agenda.today:
                if agenda.worked(day):
                    starts_at = datetime.combine(day, HOUR, PARIS)
                    held.append(
                        RcpSession(
                            series=series, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=MINUTES),
                            registration_closes_at=starts_at - timedelta(hours=24), status=SessionStatus.CLOSED,
                            closed_at=starts_at + timedelta(minutes=MINUTES), closed_by=closer,
                        )
                    )  # fmt: skip
                day += timedelta(days=7)
        RcpSession.objects.bulk_create(held, batch_size=2000)
        people = [self.world.people[key] for key in MEMBERS]
        Attendance.objects.bulk_create(
            (
                Attendance(
                    session=session, professional=person, specialty_code=person.specialty_code,
                    specialty_label=person.specialty_label,
                )
                for session in held
                for person in people
            ),
            batch_size=2000,
        )  # fmt: skip
        self.present = [
            {"name": str(person), "specialty": person.specialty_label, "mode": "room", "physician": True}
            for person in people
        ]

    def session_of(self, drawn: Drawn) -> RcpSession | None:
        """The session that discussed a patient, or the one that will."""
        held = drawn.fact(Kind.RCP_HELD)
        if held is None and drawn.fact(Kind.RCP_REGISTERED):
            held = next((when for kind, _, when in drawn.rest if kind is Kind.RCP_HELD), None)
        return self.by_day.get(held.astimezone(PARIS).date()) if held else None

    def write(self, batch: Sequence[Drawn], facts: dict[tuple[int, str], Milestone]) -> None:
        """Cases, opinions and follow-up of one batch of saved pathways."""
        cases = [case for drawn in batch if (case := self._case(drawn, facts)) is not None]
        RcpCase.objects.bulk_create([case for _, case in cases], batch_size=2000)
        decided = [(drawn, case, self._decision(drawn, case, facts)) for drawn, case in cases if case.complete]
        Decision.objects.bulk_create([decision for _, _, decision in decided], batch_size=2000)
        running = [each for each in decided if each[0].line.closed_at is None]
        FollowUpAction.objects.bulk_create(
            [action for each in running for action in self._actions(*each, facts)], batch_size=2000
        )
        BoardOpinion.objects.bulk_create([_opinion(*each) for each in running])
        Treatment.objects.bulk_create([_treatment(*each) for each in running if each[2].modality])

    def _case(self, drawn: Drawn, facts: dict[tuple[int, str], Milestone]) -> tuple[Drawn, RcpCase] | None:
        session = self.session_of(drawn)
        if session is None:
            return None
        held = drawn.fact(Kind.RCP_HELD) is not None
        position = self.last_position.get(session.pk, 0) + 1
        self.last_position[session.pk] = position
        registration = facts.get((drawn.pathway.pk, Kind.RCP_REGISTERED))
        profile, ready = drawn.profile, held or drawn.rng.random() < 0.6
        case = RcpCase(
            session=session, pathway=drawn.pathway, position=position,
            status=CaseStatus.DECIDED if held else CaseStatus.REGISTERED,
            question=profile.question or "Lésion d’allure bénigne : confirmez-vous ?", summary=profile.summary,
            antecedents=profile.history, site_label=profile.site, histology=profile.histology if ready else "",
            stage=profile.stage if ready else "", who_status=drawn.pathway.who_status if ready else None,
            imaging=profile.imaging, presenter=self.world.people["gastro"], complete=held or None,
            registration=registration, registered_by=drawn.owner,
            registered_at=registration.occurred_at if registration else drawn.pathway.opened_at,
        )  # fmt: skip
        return drawn, case

    def _decision(self, drawn: Drawn, case: RcpCase, facts: dict[tuple[int, str], Milestone]) -> Decision:
        profile = drawn.profile
        return Decision(
            case=case, proposal=profile.proposal or "Surveillance simple, sans traitement.",
            modality=profile.modality, treatment_label=profile.treatment, alternatives=profile.alternatives,
            quorum=QuorumOutcome.REACHED if drawn.rng.random() < 0.97 else QuorumOutcome.UNKNOWN,
            present=self.present, decided_at=case.session.starts_at + timedelta(minutes=5 * case.position),
            decided_by=self.world.users["oncologist"], milestone=facts.get((drawn.pathway.pk, Kind.RCP_HELD)),
            sent_at=drawn.fact(Kind.RCP_DECISION_SENT),
        )  # fmt: skip

    def _actions(
        self, drawn: Drawn, case: RcpCase, decision: Decision, facts: dict[tuple[int, str], Milestone]
    ) -> list[FollowUpAction]:
        day = case.session.starts_at.astimezone(PARIS).date()
        found = []
        for label, kind, days in _ACTIONS:
            done = facts.get((drawn.pathway.pk, kind))
            found.append(
                FollowUpAction(
                    decision=decision, label=label, due_on=day + timedelta(days=days), executed_by_kind=kind,
                    evidence_after=case.session.starts_at, milestone=done,
                    status=ActionStatus.EXECUTED if done else ActionStatus.OPEN,
                    closed_at=done.occurred_at if done else None, closed_by=drawn.owner if done else None,
                )
            )  # fmt: skip
        return found


def _opinion(drawn: Drawn, case: RcpCase, decision: Decision) -> BoardOpinion:
    return BoardOpinion(
        pathway=drawn.pathway, origin=decision.uuid, held_on=case.session.starts_at.astimezone(PARIS).date(),
        meeting=str(case.session.series), question=case.question, proposal=decision.proposal,
        alternatives=decision.alternatives, quorum_reached=decision.quorum == QuorumOutcome.REACHED or None,
    )  # fmt: skip


def _treatment(drawn: Drawn, case: RcpCase, decision: Decision) -> Treatment:
    began = drawn.fact(Kind.TREATMENT_STARTED)
    return Treatment(
        pathway=drawn.pathway, origin=decision.uuid, modality=decision.modality,
        label=decision.treatment_label or "Traitement", planned_on=began.astimezone(PARIS).date() if began else None,
        status="started" if began else "proposed",
    )  # fmt: skip
