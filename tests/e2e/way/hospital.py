"""Where the story takes place, who plays in it, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property

import time_machine
from django.utils import timezone

from coordination import services as desk
from coordination.models import ExamType
from directory.models import Membership, Profession, Professional, Role, Team, TeamKind, User
from pathways.models import Pathway, TargetPathway
from pathways.rules import Calendar
from pathways.services import calendar_of
from rcp.models import RcpSession
from referrals.models import Referral
from tests.factories import EstablishmentFactory, ProfessionalFactory, TargetFactory, TeamFactory, UserFactory
from tests.rcp.factories import PhysicianFactory, PhysicianUserFactory, SeriesFactory, SessionFactory

PASSWORD = "un-essai-de-bout-en-bout"
DIAGNOSIS = "Adénocarcinome pancréatique"
CLINICAL = ("ictère", "masse", "adénocarcinome", "chirurgie", "folfirinox", "métasta")
"""Words of the file that no page reached by a link may show."""


@dataclass(frozen=True)
class Person:
    """The patient as the GP writes them, and what must never leave the hospital's own pages."""

    birth_name: str = "ESSAIMONTBEL"
    first_name: str = "Marie"
    born: str = "12/04/1953"
    reason: str = "Ictère nu depuis dix jours, masse de la tête du pancréas au scanner."


@dataclass
class Hospital:
    """Everything the story needs before it begins, made in the past; then the day of each scene.

    Days are worked days counted back from today, so that the last scene is now: the worker's clock is the true one.
    """

    patient: Person = field(default_factory=Person)

    def __post_init__(self) -> None:
        self.place = EstablishmentFactory(name="Centre hospitalier d’Essai", city="Essai-sur-Page")
        self.calendar: Calendar = calendar_of(self.place)
        self.today: date = self.calendar.local_date(timezone.now())
        with self.at(self.day(12), 8):
            self._open()

    def _open(self) -> None:
        self.team: Team = TeamFactory(establishment=self.place, name="Parcours Foie-Pancréas", phone="0199001010")
        self.target: TargetPathway = TargetFactory(team=self.team)
        nurse = ProfessionalFactory(
            first_name="Solène", last_name="Coordonnière", profession=Profession.NURSE, phone="0199001011"
        )
        self.coordinator: User = UserFactory(
            role=Role.COORDINATOR, team=self.team, professional=nurse, email="idec@essai.invalid", password=PASSWORD
        )
        self.physician: User = PhysicianUserFactory(self.team, "SM36")
        self.technician: User = UserFactory(professional=ProfessionalFactory(profession=Profession.TECHNICIAN))
        for name, code, at in (("Hôpital de jour", "consultation_pluridisciplinaire", 9), ("Imagerie", "scanner", 14)):
            self._platform(name, code, at)
        self._meeting()

    def _platform(self, name: str, code: str, hour: int) -> None:
        """A platform that keeps one slot for the pathway on the day of the exams."""
        if not ExamType.objects.exists():
            desk.load_exam_types()
        team = TeamFactory(establishment=self.place, kind=TeamKind.PLATFORM, name=name)
        Membership.objects.create(user=self.technician, team=team, role=Role.PLATFORM)
        desk.create_series(
            exam_type=ExamType.objects.get(code=code), platform=team, targets=[self.target], capacity=2,
            weekday=self.exam_day.weekday(), starts_at=time(hour), release_notice_hours=12,
            valid_from=self.exam_day, valid_until=self.exam_day,
        )  # fmt: skip

    def _meeting(self) -> None:
        oncologist = self.physician.professional
        assert oncologist is not None
        self.members: list[Professional] = [oncologist, PhysicianFactory("SM14"), PhysicianFactory("SM37")]
        series = SeriesFactory(team=self.team, targets=[self.target], members=self.members)
        self.session: RcpSession = SessionFactory(series, self.instant(self.meeting_day, 14))

    # --- when -------------------------------------------------------------------------------------------------------
    def day(self, back: int) -> date:
        """The ``back``-th worked day before today."""
        day = self.today
        for _ in range(back):
            day -= timedelta(days=1)
            while not self.calendar.is_working_day(day):
                day -= timedelta(days=1)
        return day

    @cached_property
    def request_day(self) -> date:
        return self.day(9)

    @cached_property
    def answer_day(self) -> date:
        return self.day(8)

    @cached_property
    def exam_day(self) -> date:
        return self.day(7)

    @cached_property
    def meeting_day(self) -> date:
        return self.day(4)

    def instant(self, day: date, hour: float) -> datetime:
        """``hour`` (14.5 is half past two) on the wall clock of the place."""
        minutes = round(hour * 60)
        return self.calendar.at(day, time(minutes // 60, minutes % 60))

    @contextmanager
    def at(self, day: date, hour: float) -> Iterator[None]:
        """The application's clock moved to that instant, from which it runs on."""
        with time_machine.travel(self.instant(day, hour), tick=True):
            yield

    # --- what has been made so far ----------------------------------------------------------------------------------
    @property
    def referral(self) -> Referral:
        return Referral.objects.get(target=self.target)

    @property
    def pathway(self) -> Pathway:
        return Pathway.objects.get(version__target=self.target)
