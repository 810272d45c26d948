"""Follow-up actions offered with a decision, as data of each series (RCP-10).

A preset is ``{"key", "label", "days", "closes_on", "detail", "default"}``: ``days`` are calendar days after the
session, ``closes_on`` the milestone that proves the action was done ("" when a person says so), ``default`` whether
the box is ticked at first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pathways.rules.milestones import MilestoneKind

STANDARD_PRESETS: tuple[Mapping[str, object], ...] = (
    {"key": "announcement", "label": "Consultation d’annonce", "days": 7, "closes_on": "announcement", "default": True},
    {"key": "pps", "label": "Remise du PPS au patient", "days": 14, "closes_on": "pps_given", "default": True},
    {"key": "treatment", "label": "Début du traitement", "days": 21, "closes_on": "treatment_started"},
    {"key": "exam", "label": "Examen complémentaire", "days": 10, "closes_on": "exam_done"},
    {"key": "port", "label": "Pose de chambre implantable", "days": 10},
    {"key": "represent", "label": "Nouvelle présentation en RCP", "days": 21, "closes_on": "rcp_held"},
)

_KNOWN = frozenset({"key", "label", "days", "closes_on", "detail", "default"})
LONGEST_DAYS = 366


class PresetError(ValueError):
    """A preset that cannot be read; the message is French and names it."""


@dataclass(frozen=True)
class Preset:
    """One follow-up action ready to tick."""

    key: str
    label: str
    days: int
    closes_on: str = ""
    detail: str = ""
    default: bool = False

    def due_on(self, session_day: date) -> date:
        """The day it should be done by."""
        return session_day + timedelta(days=self.days)


def read_presets(raw: object) -> tuple[Preset, ...]:
    """The presets of a series, in their order. Raises PresetError."""
    if not isinstance(raw, list):
        raise PresetError("Les suites proposées sont une liste.")
    presets = tuple(_preset(number, entry) for number, entry in enumerate(raw, start=1))
    if len({preset.key for preset in presets}) != len(presets):
        raise PresetError("Deux suites proposées portent la même clé.")
    return presets


def _preset(number: int, entry: object) -> Preset:
    where = f"Suite n° {number}"
    if not isinstance(entry, Mapping) or not {"key", "label", "days"} <= set(entry) <= _KNOWN:
        raise PresetError(f"{where} : il faut « key », « label » et « days », et rien d’inconnu.")
    key, label, days = entry["key"], entry["label"], entry["days"]
    closes_on, detail, default = entry.get("closes_on", ""), entry.get("detail", ""), entry.get("default", False)
    if not (isinstance(key, str) and key.isidentifier()):
        raise PresetError(f"{where} : la clé est un mot sans espace ni accent.")
    if not (isinstance(label, str) and 0 < len(label.strip()) <= 200):
        raise PresetError(f"{where} : le libellé est vide ou trop long.")
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= LONGEST_DAYS:
        raise PresetError(f"{where} : le délai est un nombre de jours entre 0 et {LONGEST_DAYS}.")
    if closes_on != "" and closes_on not in set(MilestoneKind):
        raise PresetError(f"{where} : le jalon « {closes_on} » n’existe pas.")
    if not isinstance(detail, str) or not isinstance(default, bool):
        raise PresetError(f"{where} : « detail » est un texte, « default » vaut true ou false.")
    return Preset(key, label.strip(), days, str(closes_on), detail, default)
