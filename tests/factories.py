"""Factories of the two lower rooms. Nothing they make resembles a real person; identities use the test OID."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from directory.models import (
    Establishment,
    EstablishmentKind,
    Membership,
    Profession,
    Professional,
    Role,
    Team,
    TeamKind,
    User,
)
from pathways import services
from pathways.models import Pathway, Patient, Sex, TargetPathway
from pathways.rules.target import Target, parse_target

TARGETS = Path(__file__).resolve().parent.parent / "pathways" / "targets"


class EstablishmentFactory(DjangoModelFactory[Establishment]):
    class Meta:
        model = Establishment

    name = factory.Sequence(lambda n: f"Centre hospitalier fictif {n}")
    kind = EstablishmentKind.CH
    finess = factory.Sequence(lambda n: f"99{n:07d}")
    accepts_referrals = True
    phone = "0199000000"


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    establishment = factory.SubFactory(EstablishmentFactory)
    name = factory.Sequence(lambda n: f"Équipe {n}")
    kind = TeamKind.COORDINATION
    phone = "0199000001"
    email = factory.Sequence(lambda n: f"equipe{n}@hopital.invalid")


class ProfessionalFactory(DjangoModelFactory[Professional]):
    class Meta:
        model = Professional

    last_name = factory.Sequence(lambda n: f"Fictif{n}")
    first_name = "Camille"
    profession = Profession.PHYSICIAN
    email = factory.Sequence(lambda n: f"pro{n}@exemple.invalid")
    phone = "0199000002"

    class Params:
        gp = factory.Trait(title="Dr", in_town=True, specialty_code="SM26", specialty_label="Médecine générale")


def _profession_of_role(person: Any) -> Profession:
    role = getattr(person.factory_parent, "role", None)
    return Profession.PHYSICIAN if role == Role.PHYSICIAN else Profession.NURSE


class UserFactory(DjangoModelFactory[User]):
    """`UserFactory(role=Role.COORDINATOR, team=team)`; without role the account may see nothing."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"compte{n}@exemple.invalid")
    professional = factory.SubFactory(ProfessionalFactory, profession=factory.LazyAttribute(_profession_of_role))

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        role, team = kwargs.pop("role", None), kwargs.pop("team", None)
        password = kwargs.pop("password", None)
        user = User.objects.create_user(*args, password=password, **kwargs)
        if role:
            Membership.objects.create(user=user, team=team or TeamFactory(), role=role)
        return user


class PatientFactory(DjangoModelFactory[Patient]):
    """Goes through the service, so that the search text and the checks are those of real life."""

    class Meta:
        model = Patient

    establishment = factory.SubFactory(EstablishmentFactory)
    birth_name = factory.Sequence(lambda n: f"ESSAI{n}")
    first_name = "Dominique"
    birth_date = date(1960, 5, 17)
    sex = Sex.FEMALE

    @classmethod
    def _create(cls, model_class: type[Patient], *args: Any, **kwargs: Any) -> Patient:
        return services.create_patient(**kwargs)


@lru_cache
def shipped_target(key: str) -> Target:
    """One of the target pathways shipped with Jalon, by its key."""
    for file in sorted(TARGETS.glob("*.yaml")):
        content = parse_target(file.read_text(encoding="utf-8"))
        if content.key == key:
            return content
    raise LookupError(key)


def TargetFactory(team: Team | None = None, key: str = "instadiag-foie-pancreas") -> TargetPathway:
    """The real target pathway, published for ``team``."""
    team = team or TeamFactory()
    version, _ = services.publish_target(
        content=shipped_target(key), establishment=team.establishment, team=team, reason="Essai"
    )
    return version.target


def PathwayFactory(
    team: Team | None = None,
    target: TargetPathway | None = None,
    patient: Patient | None = None,
    owner: User | None = None,
    days_ago: float = 0,
    received: bool = True,
    **patient_traits: Any,
) -> Pathway:
    """An active pathway opened ``days_ago`` with its first milestone (unless ``received`` is false)."""
    team = team or (target.team if target else TeamFactory())
    target = target or TargetPathway.objects.filter(team=team).first() or TargetFactory(team=team)
    patient = patient or PatientFactory(establishment=team.establishment, **patient_traits)
    owner = owner or UserFactory(role=Role.COORDINATOR, team=team)
    opened_at = timezone.now() - timedelta(days=days_ago)
    pathway = services.open_pathway(patient=patient, target=target, opened_at=opened_at, owner=owner)
    if received:
        services.record_milestone(pathway=pathway, kind="referral_received", occurred_at=opened_at, author=owner)
    return Pathway.objects.get(pk=pathway.pk)
