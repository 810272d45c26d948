"""One patient far enough along to show everything, with the people around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import uuid4

from django.utils import timezone

from directory.models import Profession, Role, Team, User
from pathways import services
from pathways.models import CircleRole, Milestone, Pathway, Step
from tests.conftest import StrictClient
from tests.factories import PathwayFactory, ProfessionalFactory, TargetFactory, TeamFactory, UserFactory

SECRET_DIAGNOSIS = "Adénocarcinome du pancréas"
SECRET_OPINION = "Chimiothérapie première"
SECRET_TREATMENT = "FOLFIRINOX"


@dataclass
class Scene:
    """`Scene(announced=False)` has the results in the file, and nobody has told the patient."""

    announced: bool = True

    @cached_property
    def team(self) -> Team:
        return TeamFactory(name="Coordination digestive", phone="0199000010")

    @cached_property
    def coordinator(self) -> User:
        return self._account(Role.COORDINATOR, "Claire", "Martin-Fictif")

    @cached_property
    def secretary(self) -> User:
        return self._account(Role.SECRETARY, "Nour", "Petit-Fictif")

    @cached_property
    def physician(self) -> User:
        return self._account(Role.PHYSICIAN, "Paul", "Lenoir-Fictif")

    @cached_property
    def gp(self) -> User:
        """The town GP of the circle: reads, never writes."""
        professional = ProfessionalFactory(gp=True, first_name="Anne", last_name="Besson-Fictif", city="Valbrune")
        return UserFactory(role=Role.TOWN, team=TeamFactory(), professional=professional)

    @cached_property
    def stranger(self) -> User:
        return UserFactory(role=Role.COORDINATOR, team=TeamFactory())

    @cached_property
    def quality(self) -> User:
        return UserFactory(role=Role.QUALITY, team=self.team)

    @cached_property
    def pathway(self) -> Pathway:
        """Twenty days of pathway: exams, biopsy, result, RCP, maybe the announcement; a treatment to come."""
        pathway = PathwayFactory(
            team=self.team,
            target=TargetFactory(team=self.team),
            owner=self.coordinator,
            days_ago=20,
            birth_name="ESSAI-DURAND",
            first_name="Marie",
            given_names="Marie, Louise",
            birth_date=date(1954, 3, 28),
            gp=self.gp.professional,
        )
        for kind, days, detail in (
            ("appointment_offered", 19, ""),
            ("first_care", 17, ""),
            ("exam_done", 17, "scanner"),
            ("exam_done", 16, "irm"),
            ("gp_informed", 16, ""),
            ("biopsy_taken", 15, ""),
            ("lab_requested", 15, ""),
            ("sample_sent", 14, ""),
            ("rcp_registered", 14, ""),
            ("lab_final", 8, ""),
            ("rcp_held", 6, ""),
            ("rcp_decision_sent", 5, ""),
        ):
            self.record(pathway, kind, days, detail)
        self._results(pathway)
        if self.announced:
            self.record(pathway, "announcement", 3)
        return Pathway.objects.get(pk=pathway.pk)

    def record(self, pathway: Pathway, kind: str, days_ago: float = 0, detail: str = "") -> Milestone:
        return services.record_milestone(
            pathway=pathway,
            kind=kind,
            detail=detail,
            occurred_at=timezone.now() - timedelta(days=days_ago),
            author=self.coordinator,
        )

    def step(self, key: str) -> Step:
        return Step.objects.get(pathway=self.pathway, key=key)

    def appointment(self, label: str, starts_at: datetime, preparation: str = "", place: str = "") -> None:
        services.write_appointment(
            pathway=self.pathway,
            origin=uuid4(),
            label=label,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            place=place,
            preparation=preparation,
        )

    def client(self, user: User | None = None, *, htmx: bool = False) -> StrictClient:
        """A browser logged in as ``user`` (the coordinator); ``htmx`` sends the headers of the file's page."""
        headers = {}
        if htmx:
            page = f"http://testserver/parcours/{self.pathway.uuid}/"
            headers = {"HX-Request": "true", "HX-Current-URL": page}
        client = StrictClient(headers=headers)
        client.force_login(user or self.coordinator)
        return client

    def _account(self, role: str, first_name: str, last_name: str) -> User:
        profession = Profession.PHYSICIAN if role == Role.PHYSICIAN else Profession.NURSE
        professional = ProfessionalFactory(first_name=first_name, last_name=last_name, profession=profession)
        return UserFactory(role=role, team=self.team, professional=professional)

    def _results(self, pathway: Pathway) -> None:
        services.write_summary(pathway=pathway, diagnosis=SECRET_DIAGNOSIS)
        services.write_opinion(
            pathway=pathway,
            origin=uuid4(),
            held_on=timezone.localdate() - timedelta(days=6),
            meeting="RCP digestive",
            question="Résécabilité ?",
            proposal=SECRET_OPINION,
        )
        services.write_treatment(
            pathway=pathway,
            origin=uuid4(),
            modality="chemotherapy",
            label=SECRET_TREATMENT,
            place="Hôpital de jour",
            planned_on=timezone.localdate() + timedelta(days=7),
            rhythm="tous les 14 jours, 4 fois",
            effects="Fatigue, nausées. Fièvre au-dessus de 38 °C : appelez.",
        )
        services.add_to_circle(pathway=pathway, professional=self.physician.professional, role=CircleRole.REFERENT)
