"""Requests made through the services, and the form as a browser sends it. Nobody here is real."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from directory.models import Profession, Professional, Role, Team, User
from pathways.models import TargetPathway
from referrals import services
from referrals.facts import ReferralFacts
from referrals.models import Referral
from tests.factories import ProfessionalFactory, TargetFactory, TeamFactory, UserFactory

FACTS = ReferralFacts(
    requester_name="Dr Claire MARTIN",
    requester_phone="0199000010",
    requester_email="claire.martin@exemple.invalid",
    requester_specialty="Médecine générale",
    requester_is_gp=True,
    birth_name="ESSAIDUPONT",
    first_name="Marie",
    birth_date=date(1953, 4, 12),
    sex="F",
    patient_phone="0699000011",
    reason="Ictère nu, masse de la tête du pancréas au scanner.",
)


def facts(**changes: Any) -> ReferralFacts:
    return replace(FACTS, **changes)


def ReferralFactory(
    target: TargetPathway | None = None, files: list[tuple[str, bytes]] | None = None, **options: Any
) -> Referral:
    """A request sent through the service; options of the service, the others being facts."""
    names = {"channel", "entered_by", "missing", "received_at"}
    service = {name: options.pop(name) for name in names & options.keys()}
    key = uuid4()
    if files:
        keep(key, *files)
    referral, created = services.submit_referral(
        target=target or TargetFactory(), facts=facts(**options), form_key=key, **service
    )
    assert created
    return Referral.objects.get(pk=referral.pk)


def keep(key: UUID, *files: tuple[str, bytes]) -> list[str]:
    """Files kept under a form's key; returns the refusals."""
    return services.keep_draft_files(
        form_key=key, files=[(name, io.BytesIO(content), len(content)) for name, content in files]
    )


def coordinator(team: Team | None = None, *, nurse: bool = True, name: str = "Idèle") -> User:
    """A coordinator of ``team``: a nurse, or an administrative one."""
    professional: Professional = ProfessionalFactory(
        last_name=name, profession=Profession.NURSE if nurse else Profession.ADMINISTRATIVE
    )
    return UserFactory(role=Role.COORDINATOR, team=team or TeamFactory(), professional=professional)


def form_data(**changes: Any) -> dict[str, Any]:
    """What a browser posts for a valid public form."""
    return {
        "form_key": str(uuid4()),
        "website": "",
        "requester_name": "Dr Claire MARTIN",
        "requester_profession": "physician",
        "requester_phone": "01 99 00 00 10",
        "requester_email": "claire.martin@exemple.invalid",
        "gp": "me",
        "birth_name": "ESSAIDUPONT",
        "first_name": "Marie",
        "birth_date": "12/04/1953",
        "sex": "F",
        "reason": "Ictère nu, masse de la tête du pancréas au scanner.",
    } | changes
