"""A lymphoma or lung team with its laboratories, and short ways to ask and answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.utils import timezone

from coordination import services
from coordination.models import LabAgreement, LabAnswer, LabForm, LabRequest, SampleShare
from directory.models import EstablishmentKind, Role, Team, TeamKind, User
from pathways import services as pathways
from pathways.models import Milestone, Pathway, TargetPathway
from tests.factories import (
    EstablishmentFactory,
    PathwayFactory,
    PatientFactory,
    TargetFactory,
    TeamFactory,
    UserFactory,
)

BORN = "17/05/1960"
ANSWERS: dict[str, dict[str, str]] = {
    "lymphome": {"context": "Adénopathie cervicale depuis un mois", "recurrence": "first", "steroids": "no"},
    "poumon": {"smoker": "former", "metastatic": "no", "recurrence": "first", "context": "Nodule de 3 cm"},
    "general": {"context": "Masse du pancréas", "recurrence": "first"},
}


@dataclass
class Lab:
    """`key` is the shipped target: creca-h (asked exam by exam), instadiag-poumon."""

    key: str = "creca-h"
    team: Team = field(default_factory=lambda: TeamFactory(email="parcours@hopital.invalid"))

    @cached_property
    def target(self) -> TargetPathway:
        return TargetFactory(team=self.team, key=self.key)

    @cached_property
    def nurse(self) -> User:
        return UserFactory(role=Role.COORDINATOR, team=self.team)

    @cached_property
    def histology(self) -> Team:
        """In the hospital, with accounts."""
        team = TeamFactory(establishment=self.team.establishment, kind=TeamKind.PLATFORM, name="Anatomopathologie")
        for exam in ("histologie", "cytogenetique"):
            LabAgreement.objects.create(laboratory=team, exam=exam, within="10 days", source="Essai")
        return team

    @cached_property
    def molecular(self) -> Team:
        """Elsewhere, without account."""
        place = EstablishmentFactory(kind=EstablishmentKind.LABORATORY)
        team = TeamFactory(establishment=place, kind=TeamKind.PLATFORM, name="Biologie moléculaire")
        LabAgreement.objects.create(laboratory=team, exam="biologie_moleculaire", within="13 days", source="Essai")
        return team

    @cached_property
    def pathologist(self) -> User:
        return UserFactory(role=Role.PLATFORM, team=self.histology)

    def pathway(self, days_ago: float = 6) -> Pathway:
        patient = PatientFactory(establishment=self.team.establishment, birth_date=date(1960, 5, 17))
        return PathwayFactory(team=self.team, target=self.target, patient=patient, owner=self.nurse, days_ago=days_ago)

    def sampled(self, days_ago: float = 2) -> Pathway:
        """First seen, then sampled `days_ago`."""
        pathway = self.pathway(days_ago + 4)
        for kind, days in (("first_care", days_ago + 2), ("biopsy_taken", days_ago)):
            at = timezone.now() - timedelta(days=days)
            pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=at)
        return pathway

    def ask(self, pathway: Pathway | None = None, *, at: datetime | None = None, **given: Any) -> LabRequest:
        """Histology here and molecular biology elsewhere, sent at once, unless said otherwise."""
        pathway = pathway or self.sampled()
        at = at or timezone.now()
        sheet = given.pop("sheet", {"creca-h": "lymphome", "instadiag-poumon": "poumon"}.get(self.key, "general"))
        values: dict[str, Any] = {
            "form": LabForm.objects.get(key=sheet, version=1),
            "answers": ANSWERS[sheet],
            "suspected": "Lymphome",
            "exams": {"histologie": self.histology, "biologie_moleculaire": self.molecular},
            "taken_at": at - timedelta(days=1),
            "site": "Ganglion cervical",
            "nature": "node",
            "reply_email": "parcours@hopital.invalid",
            "sent_at": at,
            "request_key": uuid4(),
        }
        return services.send_lab_request(pathway=pathway, user=self.nurse, at=at, **{**values, **given})

    def share(self, request: LabRequest, laboratory: Team) -> SampleShare:
        return SampleShare.objects.with_page_data().get(sample__request=request, laboratory=laboratory)

    def say(self, share: SampleShare, kind: str, exams: list[str] | None = None, **given: Any) -> list[LabAnswer]:
        """From an account in the hospital, by the link elsewhere."""
        exams = exams or [each.exam for each in share.exams.all()]
        user = self.pathologist if share.laboratory_id == self.histology.pk else None
        return services.say_answer(share=share, exams=exams, kind=kind, said_by="Dr Lame", user=user, **given)


def facts(pathway: Pathway, *kinds: str) -> list[tuple[str, str]]:
    """(kind, detail) of the laboratory's milestones in force, in order."""
    wanted = kinds or ("lab_requested", "sample_sent", "lab_intermediate", "lab_noncontributive", "lab_final")
    rows = Milestone.objects.in_force().filter(pathway=pathway, kind__in=wanted)
    return list(rows.order_by("occurred_at", "id").values_list("kind", "detail"))


def state(pathway: Pathway, step: str) -> str:
    return pathway.steps.filter(step_key=step).order_by("-occurrence").values_list("state", flat=True)[0]
