"""What a requester tells, as one value: the form fills it, the services store it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from directory.models import Profession, Professional


@dataclass(frozen=True, kw_only=True)
class ReferralFacts:
    """The requester, the patient and the request. Field names are those of `Referral`."""

    requester_name: str
    requester_phone: str
    requester_email: str = ""
    requester_profession: str = Profession.PHYSICIAN
    requester_specialty: str = ""
    requester_rpps: str = ""
    requester: Professional | None = None
    requester_is_gp: bool = False
    gp_name: str = ""
    has_no_gp: bool = False

    birth_name: str
    first_name: str
    birth_date: date
    sex: str
    used_name: str = ""
    patient_phone: str = ""
    patient_city: str = ""
    patient_knows: bool = False

    reason: str
    first_symptoms_on: date | None = None
    first_symptoms_month_only: bool = False
    imaging_on: date | None = None
    exams: list[str] = field(default_factory=list)
    exams_done: str = ""
    history: str = ""
    urgency_signs: list[str] = field(default_factory=list)

    def as_fields(self) -> dict[str, Any]:
        """Model field name to value."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
