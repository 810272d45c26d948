"""Loading exam types: data from a file, refused whole when one entry is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from coordination.models import ExamType
from directory.errors import DomainError

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "exam_types.yaml"
FIELDS = ("label", "modality", "preparation", "patient", "booked_as", "done_as", "sampling", "diagnostic")


@transaction.atomic
def load_exam_types(*, path: Path = SHIPPED) -> dict[str, int]:
    """Creates or updates the exam types of a YAML file, by code; returns `{"created": n, "updated": n, "same": n}`.

    An exam type that is not in the file stays. Raises DomainError, naming the entry, when the file is wrong; nothing
    is then written.
    """
    done = {"created": 0, "updated": 0, "same": 0}
    for position, entry in enumerate(_entries(path), start=1):
        done[_load(entry, position)] += 1
    return done


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError(f"Le fichier {path.name} ne peut pas être lu : {error}.") from error
    except yaml.YAMLError as error:
        raise DomainError(f"Le fichier {path.name} n’est pas du YAML : {error}") from error
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise DomainError(f"Le fichier {path.name} doit être une liste de types d’examen.")
    codes = [entry.get("code") for entry in content]
    doubles = sorted({str(code) for code in codes if codes.count(code) > 1})
    if doubles:
        raise DomainError(f"Code écrit plusieurs fois : {', '.join(doubles)}.")
    return content


def _load(entry: dict[str, Any], position: int) -> str:
    where = f"Entrée {position} ({entry.get('code', 'sans code')})"
    unknown = sorted(set(entry) - {"code", *FIELDS})
    if unknown:
        raise DomainError(f"{where} : clé inconnue : {', '.join(unknown)}.")
    code = str(entry.get("code", ""))
    known = ExamType.objects.filter(code=code).first()
    exam_type = known or ExamType(code=code)
    before = {name: getattr(exam_type, name) for name in FIELDS}
    defaults = ExamType()
    for name in FIELDS:
        value = entry.get(name, getattr(defaults, name))
        setattr(exam_type, name, value.strip() if isinstance(value, str) else value)
    if known and all(getattr(exam_type, name) == before[name] for name in FIELDS):
        return "same"
    try:
        exam_type.full_clean()
    except ValidationError as error:
        faults = "; ".join(f"{field} : {' '.join(messages)}" for field, messages in error.message_dict.items())
        raise DomainError(f"{where} : {faults}") from error
    exam_type.save()
    return "updated" if known else "created"
