"""Factories of the meeting room; patients, teams and pathways come from `tests.factories`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from directory.models import Profession, Professional, Role, Team, User
from pathways.models import Pathway, TargetPathway
from rcp import services
from rcp.models import Attendance, RcpCase, RcpSeries, RcpSession
from tests.factories import PathwayFactory, ProfessionalFactory, TargetFactory, TeamFactory, UserFactory

SPECIALTIES = {
    "SM14": "Chirurgie viscérale et digestive",
    "SM36": "Oncologie médicale",
    "SM37": "Oncologie radiothérapique",
    "SM44": "Radiodiagnostic",
}


def PhysicianFactory(code: str = "SM36", **fields: Any) -> Professional:
    """A physician of that specialty."""
    return ProfessionalFactory(
        title="Dr",
        profession=Profession.PHYSICIAN,
        specialty_code=code,
        specialty_label=SPECIALTIES.get(code, code),
        **fields,
    )


def PhysicianUserFactory(team: Team | None = None, code: str = "SM36", role: str | None = Role.PHYSICIAN) -> User:
    """An account of a physician; without team it has no role anywhere."""
    professional = PhysicianFactory(code)
    return (
        UserFactory(role=role, team=team, professional=professional) if team else UserFactory(professional=professional)
    )


def SeriesFactory(
    team: Team | None = None,
    targets: Iterable[TargetPathway] = (),
    members: Iterable[Professional] = (),
    **fields: Any,
) -> RcpSeries:
    """A Thursday meeting at 14:00 that demands a surgeon, an oncologist and a radiotherapist."""
    values: dict[str, Any] = {
        "name": "RCP Foie-Pancréas",
        "team": team or TeamFactory(),
        "weekday": 3,
        "starts_at": time(14),
        "place": "Salle B2",
        "required_specialties": [["SM14"], ["SM36"], ["SM37"]],
        "valid_from": date(2026, 1, 1),
    }
    series = RcpSeries.objects.create(**{**values, **fields})
    series.targets.set(targets)
    series.members.set(members)
    return series


def SessionFactory(
    series: RcpSeries | None = None, starts_at: datetime | None = None, *, closes_hours: float = 24, **fields: Any
) -> RcpSession:
    """A session in a week, or when told; two hours long."""
    starts_at = starts_at or timezone.now() + timedelta(days=7)
    return RcpSession.objects.create(
        series=series or SeriesFactory(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        registration_closes_at=starts_at - timedelta(hours=closes_hours),
        **fields,
    )


@dataclass
class Meeting:
    """A whole meeting ready to use: one team that coordinates, its target pathway, its people and a session."""

    session: RcpSession
    coordinator: User
    physician: User
    members: list[Professional]
    target: TargetPathway
    cases: list[RcpCase] = field(default_factory=list)

    @property
    def series(self) -> RcpSeries:
        return self.session.series

    @property
    def team(self) -> Team:
        return self.series.team

    def pathway(self, **fields: Any) -> Pathway:
        return PathwayFactory(team=self.team, target=self.target, owner=self.coordinator, **fields)

    def register(self, pathway: Pathway | None = None, **fields: Any) -> RcpCase:
        """A file on the agenda, by the service."""
        given = {"question": "Chirurgie première ou traitement préalable ?", "author": self.coordinator, **fields}
        given.setdefault("session", self.session)
        if given["session"].registration_closes_at <= timezone.now():
            given.setdefault("late_reason", "Dossier urgent")
        case = services.register_case(pathway=pathway or self.pathway(), **given)
        self.cases.append(case)
        return case

    def fill_the_room(self, *, without: str = "") -> list[Attendance]:
        """Every member attends, save those of one specialty."""
        return [
            services.attend(session=self.session, professional=member)
            for member in self.members
            if member.specialty_code != without
        ]


def MeetingFactory(*, today: bool = True, codes: Iterable[str] = ("SM14", "SM36", "SM37"), **fields: Any) -> Meeting:
    """A meeting that started an hour ago (``today``) or that starts in a week."""
    team = TeamFactory()
    target = TargetFactory(team=team)
    coordinator = UserFactory(role=Role.COORDINATOR, team=team)
    physician = PhysicianUserFactory(team, "SM36")
    members = [physician.professional if code == "SM36" else PhysicianFactory(code) for code in codes]
    series = SeriesFactory(team=team, targets=[target], members=members, **fields)
    starts_at = timezone.now() - timedelta(hours=1) if today else timezone.now() + timedelta(days=7)
    session = SessionFactory(series, starts_at)
    return Meeting(session, coordinator, physician, members, target)
