"""Thousands of patients' histories written in bulk, and what the pure rules say of each from memory alone.

A history is a pathway at the end of a round: each round adds facts, some late or out of order, corrects and withdraws
others, sets days apart, ends or cancels them, skips steps, closes and reopens. The reference never reads the database.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from directory.models import ClosingDay, Establishment, Membership, Role, User
from pathways.models import Milestone, Pathway, Patient, Pause, Step, TargetPathwayVersion
from pathways.rules.calendar import Calendar
from pathways.rules.clock import days_off
from pathways.rules.lateness import state as lateness_of
from pathways.rules.milestones import MilestoneKind
from pathways.rules.plan import Fact, PlannedStep, StepState, plan
from tests.factories import EstablishmentFactory, TargetFactory, TeamFactory, UserFactory

SEASONS = (
    datetime(2026, 3, 9, tzinfo=UTC),  # the clocks go forward on 29 March; Easter is on 5 April
    datetime(2026, 4, 20, tzinfo=UTC),  # four holidays in May
    datetime(2026, 10, 5, tzinfo=UTC),  # the clocks go back on 25 October
    datetime(2026, 12, 7, tzinfo=UTC),  # the end of the year
)
ROUNDS = (9, 17, 26, 44)
"""Days after the season's start on which every history is looked at."""

WAY = (
    ("referral_received", ""), ("appointment_offered", ""), ("first_care", ""), ("exam_done", "scanner"),
    ("exam_done", "irm"), ("gp_informed", ""), ("biopsy_taken", ""), ("lab_requested", ""), ("sample_sent", ""),
    ("lab_final", ""), ("rcp_registered", ""), ("rcp_held", ""), ("announcement", ""), ("treatment_started", ""),
)  # fmt: skip
PLACES = (
    ("Europe/Paris", "FR-57", "instadiag-foie-pancreas", ()),
    ("Europe/Paris", "FR", "sein-operable", (date(2026, 3, 27), date(2026, 5, 15), date(2026, 10, 26))),
    ("Indian/Reunion", "FR-974", "fast", (date(2026, 12, 24),)),
)


@dataclass(frozen=True)
class Place:
    """One establishment, its calendar as the reference reads it, and the version its patients follow."""

    calendar: Calendar
    version: TargetPathwayVersion
    team_id: int
    establishment: Establishment


@dataclass
class History:
    """One pathway: what is true of it now."""

    place: Place
    pathway: Pathway
    facts: list[Milestone] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    done: int = 0
    closed: bool = False
    stored: bool = False

    def planned(self) -> list[PlannedStep]:
        """The plan, from memory."""
        facts = [Fact(fact.occurred_at, MilestoneKind(fact.kind), fact.detail) for fact in self.facts]
        stops = [
            days_off(pause.starts_on, pause.ends_on, self.place.calendar)
            for pause in self.pauses
            if pause.stops_clock and pause.cancelled_at is None
        ]
        return plan(self.place.version.content, facts, stops, self.place.calendar, self.skipped)

    def says(self, planned: Iterable[PlannedStep], now: datetime) -> dict[str, str]:
        """The word of each planned step, by key, as every surface must tell it."""
        return {step.key: _word(step, now, closed=self.closed) for step in planned}


def _word(step: PlannedStep, now: datetime, *, closed: bool) -> str:
    if step.state in (StepState.OPEN, StepState.WAITING) and closed:
        return "not_applicable"
    if step.state in (StepState.WAITING, StepState.SKIPPED, StepState.NOT_APPLICABLE):
        return step.state.value
    if step.state is StepState.OPEN and step.optional:
        return "optional"
    return lateness_of(step.due_at, step.warn_at, step.done_at, now).value


def build(dice: random.Random, season: datetime, count: int) -> tuple[list[History], User]:
    """``count`` pathways in three establishments, and a coordinator who reads them all."""
    places = [_place(*each) for each in PLACES]
    user = UserFactory(role=Role.COORDINATOR, team=places[0].version.target.team)
    Membership.objects.bulk_create(
        Membership(user=user, team_id=place.team_id, role=Role.COORDINATOR) for place in places[1:]
    )
    where = [dice.choice(places) for _ in range(count)]
    patients = Patient.objects.bulk_create(
        Patient(
            establishment=place.establishment,
            file_number=f"H{number}",
            birth_name=f"ESSAI{number}",
            first_name="Dominique",
            birth_date=date(1960, 5, 17),
            sex="F",
        )
        for number, place in enumerate(where)
    )
    pathways = Pathway.objects.bulk_create(
        Pathway(
            reference=f"H-{uuid4().hex[:12]}",
            patient=patient,
            version=place.version,
            team_id=place.team_id,
            owner=user,
            opened_at=season + timedelta(hours=dice.randint(0, 7 * 24)),
        )
        for patient, place in zip(patients, where, strict=True)
    )
    return [History(place, pathway) for place, pathway in zip(where, pathways, strict=True)], user


def _place(zone: str, holidays: str, key: str, closing: Iterable[date]) -> Place:
    establishment = EstablishmentFactory(time_zone=zone, holiday_zone=holidays)
    ClosingDay.objects.bulk_create(ClosingDay(establishment=establishment, date=day, label="Essai") for day in closing)
    team = TeamFactory(establishment=establishment)
    version = TargetFactory(team=team, key=key).current_version
    calendar = Calendar(time_zone=zone, holiday_zone=holidays, closing_days=frozenset(closing))
    return Place(calendar, version, team.pk, establishment)


@dataclass
class Round:
    """What one round writes, gathered for a few statements."""

    dice: random.Random
    now: datetime
    facts: list[Milestone] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    moved: list[Pause] = field(default_factory=list)
    skips: list[tuple[Pathway, str, str]] = field(default_factory=list)
    courses: list[Pathway] = field(default_factory=list)

    def live(self, histories: Iterable[History]) -> None:
        """Lets every history go on until ``now``, and writes it."""
        for history in histories:
            self._correct(history)
            self._advance(history)
            self._pause(history)
            self._skip(history)
            self._course(history)
        Milestone.objects.bulk_create(self.facts, batch_size=5000)
        Pause.objects.bulk_create(self.pauses)
        Pause.objects.bulk_update(self.moved, ["ends_on", "cancelled_at", "cancel_reason"], batch_size=500)
        Pathway.objects.bulk_update(self.courses, ["status", "closed_at", "closing_reason"], batch_size=500)
        for pathway, key, reason in self.skips:
            Step.objects.filter(pathway=pathway, key=key).update(skip_reason=reason, state=StepState.WAITING)

    def _advance(self, history: History) -> None:
        """Some of the next facts; now and then one again, or one long before the others."""
        since = max([fact.occurred_at for fact in history.facts], default=history.pathway.opened_at)
        for _ in range(self.dice.randint(0 if history.done else 1, 5)):
            if history.done == len(WAY):
                return
            step = history.done if self.dice.random() > 0.08 else self.dice.randrange(len(WAY))
            at = since + timedelta(hours=self.dice.choice((0, 3, 20, 47, 72, 110)), minutes=self.dice.randint(0, 59))
            if self.dice.random() < 0.07:
                at = history.pathway.opened_at + timedelta(hours=self.dice.randint(0, 60))
            if at > self.now:
                return
            since = max(since, at)
            history.done += step == history.done
            self._record(history, *WAY[step], at)

    def _record(
        self, history: History, kind: str, detail: str, at: datetime, over: Milestone | None = None, gone: bool = False
    ) -> None:
        fact = Milestone(
            pathway=history.pathway, kind=kind, detail=detail, occurred_at=at, recorded_at=self.now, supersedes=over,
            withdrawn=gone,
        )  # fmt: skip
        self.facts.append(fact)
        if not gone:
            history.facts.append(fact)

    def _correct(self, history: History) -> None:
        """Another date for a fact, or none."""
        draw = self.dice.random()
        if not history.facts or draw > 0.25:
            return
        wrong = history.facts.pop(self.dice.randrange(len(history.facts)))
        at = min(wrong.occurred_at + timedelta(hours=self.dice.randint(-100, 60)), self.now)
        self._record(history, wrong.kind, wrong.detail, at, over=wrong, gone=draw < 0.06)

    def _pause(self, history: History) -> None:
        """Days set apart: gone, to come, without end, over one another; ended, cancelled."""
        today = history.place.calendar.local_date(self.now)
        standing = [pause for pause in history.pauses if pause.cancelled_at is None and pause.pk]
        if standing and self.dice.random() < 0.4:
            pause = self.dice.choice(standing)
            if self.dice.random() < 0.4:
                pause.cancelled_at, pause.cancel_reason = self.now, "Essai"
            else:
                pause.ends_on = max(pause.starts_on, today + timedelta(days=self.dice.randint(-2, 2)))
            self.moved.append(pause)
        for _ in range(self.dice.choice((0, 0, 0, 1, 1, 2))):
            starts_on = today + timedelta(days=self.dice.randint(-8, 4))
            ends_on = None if self.dice.random() < 0.15 else starts_on + timedelta(days=self.dice.randint(0, 6))
            code = self.dice.choice(("medical", "patient_choice", "organisation"))
            pause = Pause(
                pathway=history.pathway, kind_id=code, stops_clock=code != "organisation", starts_on=starts_on,
                ends_on=ends_on,
            )  # fmt: skip
            history.pauses.append(pause)
            self.pauses.append(pause)

    def _skip(self, history: History) -> None:
        """A step set aside, or taken back. Only steps already stored, as for a user."""
        if history.skipped and self.dice.random() < 0.3:
            key = self.dice.choice(sorted(history.skipped))
            del history.skipped[key]
            self.skips.append((history.pathway, key, ""))
        elif history.stored and self.dice.random() < 0.15:
            keys = [step.key for step in history.place.version.content.steps if step.key not in history.skipped]
            key = self.dice.choice(keys)
            history.skipped[key] = "Essai"
            self.skips.append((history.pathway, key, "Essai"))

    def _course(self, history: History) -> None:
        """Closed for a while, or for good."""
        if self.dice.random() > (0.3 if history.closed else 0.08):
            return
        history.closed = not history.closed
        pathway = history.pathway
        pathway.status = "closed" if history.closed else "active"
        pathway.closed_at, pathway.closing_reason = (self.now, "lost") if history.closed else (None, "")
        self.courses.append(pathway)
