"""Writes on patients. Identity follows french-standards 5.1: a changed strict trait loses its qualification."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from directory.codes import short_code
from directory.errors import DomainError
from directory.models import Establishment, Professional
from pathways.models import IdentityStatus, Patient
from pathways.rules import identity
from pathways.rules.search import search_text

STRICT_TRAITS = frozenset({"birth_name", "first_name", "given_names", "birth_date", "sex", "birth_place_code"})


@transaction.atomic
def create_patient(
    *,
    establishment: Establishment,
    birth_name: str,
    first_name: str,
    birth_date: date,
    sex: str,
    file_number: str = "",
    gp: Professional | None = None,
    **traits: Any,
) -> Patient:
    """A new file. Raises DomainError naming the field for a wrong trait, matricule or an already used number."""
    patient = Patient(
        establishment=establishment,
        file_number=file_number or f"P-{short_code()}",
        birth_name=birth_name.strip(),
        first_name=first_name.strip(),
        birth_date=birth_date,
        sex=sex,
        gp=gp,
        **traits,
    )
    _check_and_save(patient)
    return patient


@transaction.atomic
def update_patient(*, patient: Patient, **changes: Any) -> Patient:
    """Changes traits or contact details.

    A strict trait changed by hand sends the identity back to provisional and hides the matricule, unless the
    caller sets ``identity_status`` itself. Raises DomainError as `create_patient`.
    """
    locked = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    touched = {name for name, value in changes.items() if getattr(locked, name) != value}
    for name in touched:
        setattr(locked, name, changes[name])
    if touched & STRICT_TRAITS and "identity_status" not in touched:
        locked.identity_status = IdentityStatus.PROVISIONAL
        locked.ins_matricule = locked.ins_oid = ""
    _check_and_save(locked)
    return locked


def _check_and_save(patient: Patient) -> None:
    _refuse_wrong_identity(patient)
    patient.search_text = search_text(
        names=[patient.birth_name, patient.used_name, patient.first_name, patient.used_first_name],
        file_number=patient.file_number,
        birth_date=patient.birth_date,
        matricule=patient.ins_matricule,
    )
    try:
        patient.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], field=None if field == "__all__" else field) from error
    patient.save()


def _refuse_wrong_identity(patient: Patient) -> None:
    if patient.birth_date > timezone.localdate():
        raise DomainError("La date de naissance est dans le futur.", field="birth_date")
    if patient.ins_matricule:
        problems = identity.check_matricule(patient.ins_matricule)
        if problems:
            raise DomainError(problems[0].message, field="ins_matricule", code="ins_matricule")
