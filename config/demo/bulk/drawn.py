"""One patient's story, drawn before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from config.demo import names
from config.demo.bulk.places import Board, Place
from config.demo.bulk.size import Size
from config.demo.clinic import PROFILES, Profile
from config.demo.engine import Agenda
from config.demo.timeline import Days, Drawing, Fact, Timeline, at
from config.demo.world import FAST, INSTADIAG, SHORT, World
from directory.codes import ALPHABET
from directory.models import Professional, User
from pathways.models import Pathway, PathwayStatus, Patient, TargetPathwayVersion
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.rules.search import search_text

STATUSES = (("QUAL", 55), ("RECUP", 10), ("VALI", 20), ("PROV", 15))
SLOT_OF = {Kind.FIRST_CARE: "consultation_pluridisciplinaire"}
SHARED = frozenset({"echo_endoscopie", "biopsie_percutanee"})
"""Exams whose protected places also serve FAST."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One seat of one slot."""

    place: Place
    seat: int
    code: str


@dataclass(slots=True)
class Drawn:
    """Everything of one patient, unsaved. ``rest`` are the facts still to come, ``places`` the slots taken."""

    number: int
    rng: Random
    patient: Patient
    pathway: Pathway
    owner: User
    gp: Professional
    profile: Profile
    line: Timeline
    rest: list[Fact] = field(default_factory=list)
    places: list[Taken] = field(default_factory=list)

    def fact(self, kind: Kind) -> datetime | None:
        """The first fact of that kind already lived."""
        return next((when for known, _, when in self.line.facts if known is kind), None)


class Sketcher:
    """Draws the stories of a size, in order."""

    def __init__(self, world: World, size: Size, agenda: Agenda, board: Board) -> None:
        self.world, self.size, self.agenda, self.board = world, size, agenda, board
        self.drawing = Drawing(Days(agenda.calendar), meeting_days=size.meeting_days)
        self.versions: dict[str, TargetPathwayVersion] = {
            key: target.current_version for key, target in world.targets.items()
        }

    def all(self) -> Iterator[Drawn]:
        for number in range(self.size.patients):
            yield self.one(number)

    def one(self, number: int) -> Drawn:
        """Draws until the pathway is, as wanted, still running or already closed at the end."""
        rng = self.agenda.rng(f"bulk:{number}")
        active = number % self.size.stride == 0
        key = self._target(rng, active)
        while True:
            received = self._received(rng, active)
            whole = self._line(rng, key, received)
            line = whole.until(self.agenda.end)
            if active is (line.closed_at is None):
                break
        rest = [fact for fact in whole.facts if fact[2] >= self.agenda.end] if active else []
        return self._drawn(number, rng, key, received, line, rest)

    def _target(self, rng: Random, active: bool) -> str:
        if not active and rng.random() < self.size.short:
            return SHORT
        return FAST if rng.random() < 0.46 else INSTADIAG

    def _line(self, rng: Random, key: str, received: datetime) -> Timeline:
        if key == SHORT:
            return self.drawing.opinion(rng, received_at=received)
        return self.drawing.draw(rng, received_at=received, fast=key == FAST)

    def _received(self, rng: Random, active: bool) -> datetime:
        back = rng.uniform(1, 75) if active else rng.uniform(90, 365 * self.size.years)
        day = self.drawing.days.next((self.agenda.end - timedelta(days=back)).date())
        return min(at(day, rng.randint(8, 19), rng.randrange(60)), self.agenda.end - timedelta(hours=2))

    def _drawn(self, number: int, rng: Random, key: str, received: datetime, line: Timeline, rest: list[Fact]) -> Drawn:
        world = self.world
        owner, gp = world.desk[number % 2], world.gps[rng.randrange(len(world.gps))]
        benign = any(kind is Kind.NO_CANCER for kind, _, _ in (*line.facts, *rest))
        profile = rng.choice([each for each in PROFILES if each.benign is benign])
        patient = draw_patient(world, rng, number, self.agenda, gp)
        told = line.closed_at is not None or any(kind is Kind.ANNOUNCEMENT for kind, _, _ in line.facts)
        pathway = Pathway(
            reference=f"J-{coded(number)}", version=self.versions[key], team=world.team, owner=owner,
            opened_at=received, status=PathwayStatus.CLOSED if line.closed_at else PathwayStatus.ACTIVE,
            closed_at=line.closed_at, closing_reason=line.reason, suspicion=profile.reason,
            diagnosis=(profile.diagnosis or profile.found)[:200] if told else "", who_status=rng.choice((0, 1, 1, 2)),
        )  # fmt: skip
        drawn = Drawn(number, rng, patient, pathway, owner, gp, profile, line, rest)
        if key != SHORT:
            self._take_places(drawn, instadiag=key == INSTADIAG)
        return drawn

    def _take_places(self, drawn: Drawn, *, instadiag: bool) -> None:
        """Puts exams in the protected places of their day while there are some; the facts take the slot's hour."""
        horizon = self.agenda.end + timedelta(days=70)
        for facts in (drawn.line.facts, drawn.rest):
            for index, (kind, detail, when) in enumerate(facts):
                code = detail if kind is Kind.EXAM_DONE else SLOT_OF.get(kind, "")
                if not code or when > horizon or not (instadiag or code in SHARED):
                    continue
                place = self.board.take(code, when.date(), [taken.place for taken in drawn.places])
                if place is None:
                    continue
                drawn.places.append(Taken(place, place.taken, code))
                facts[index] = (kind, detail, place.starts_at)


def draw_patient(world: World, rng: Random, number: int, agenda: Agenda, gp: Professional) -> Patient:
    """An unsaved patient with an identity of the test domain."""
    person = names.draw_person(rng, number, today=agenda.today)
    status = rng.choices([name for name, _ in STATUSES], [weight for _, weight in STATUSES])[0]
    known = status in {"QUAL", "RECUP"}
    file_number = f"V{number:07d}"
    return Patient(
        establishment=world.hospital, file_number=file_number, birth_name=person.birth_name,
        used_name=person.used_name, first_name=person.first_name, birth_date=person.birth_date, sex=person.sex,
        birth_place_code=person.birth_place, ins_matricule=person.matricule if known else "",
        ins_oid=person.oid if known else "", identity_status=status, phone=person.phone, address=person.address,
        postal_code=person.postal_code, city=person.city, gp=gp,
        search_text=search_text(
            names=[person.birth_name, person.used_name, person.first_name], file_number=file_number,
            birth_date=person.birth_date, matricule=person.matricule if known else "",
        ),
    )  # fmt: skip


def coded(number: int) -> str:
    """A code of `directory.codes` for each number, never twice the same: drawing 100,000 at random would now and then
    draw one twice."""
    size = len(ALPHABET)
    value = (number * 48_271_661_233 + 7_919) % size**8  # the factor shares no divisor with 30
    signs = []
    for _ in range(8):
        value, sign = divmod(value, size)
        signs.append(ALPHABET[sign])
    return f"{''.join(signs[:4])}-{''.join(signs[4:])}"
