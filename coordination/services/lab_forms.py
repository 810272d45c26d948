"""The request forms that ship with Jalon: each version is written once, and never changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.apps import apps as installed
from django.apps.registry import Apps

from coordination.rules.lab import read_sheet

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "lab_forms.yaml"
FIELDS = ("label", "source", "targets", "exams", "fields")


def shipped_forms(path: Path = SHIPPED) -> list[dict[str, Any]]:
    """The forms of a YAML file. Raises ValueError, in French, when one of them cannot be read."""
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in entries:
        read_sheet(entry)
    return entries


def install_lab_forms(apps: Apps = installed) -> None:
    """Adds the missing versions; ``apps`` is that of a migration, in which the table may not be there yet."""
    try:
        model = apps.get_model("coordination", "LabForm")
    except LookupError:
        return
    known = set(model.objects.values_list("key", "version"))
    missing = [entry for entry in shipped_forms() if (entry["key"], entry["version"]) not in known]
    rows = [
        model(key=entry["key"], version=entry["version"], **{name: entry[name] for name in FIELDS}) for entry in missing
    ]
    model.objects.bulk_create(rows, ignore_conflicts=True)
