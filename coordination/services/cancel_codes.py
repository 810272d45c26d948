"""The causes of cancellation that ship with Jalon: written where missing, never over what an administrator changed."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

OTHER, DEATH, CLOSED, MOVED = "other", "death", "pathway_closed", "moved"
"""Those that the software itself gives."""
MISTAKE = "mistake"
OWN = frozenset({OTHER, DEATH, CLOSED, MOVED})

CODES: tuple[dict[str, Any], ...] = (
    {"code": "patient_unavailable", "label": "Patient indisponible", "side": "patient"},
    {"code": "patient_refuses", "label": "Refus du patient", "side": "patient"},
    {"code": "patient_late", "label": "Patient non préparé ou en retard", "side": "patient"},
    {"code": "transport", "label": "Transport non organisé", "side": "desk"},
    {"code": "machine_down", "label": "Appareil en panne", "side": "platform"},
    {"code": "staff_away", "label": "Équipe ou praticien absent", "side": "platform"},
    {"code": "platform_closed", "label": "Plateau fermé", "side": "platform"},
    {"code": "not_needed", "label": "Examen devenu inutile", "side": "care"},
    {"code": "contraindication", "label": "Contre-indication", "side": "care"},
    {"code": "health", "label": "État de santé", "side": "care"},
    {"code": DEATH, "label": "Décès du patient", "side": "care"},
    {"code": CLOSED, "label": "Parcours clos", "side": "desk"},
    {"code": MOVED, "label": "Déplacé à une autre date", "side": "desk"},
    {"code": MISTAKE, "label": "Réservé par erreur", "side": "desk"},
    {"code": OTHER, "label": "Autre", "side": "desk", "needs_comment": True, "order": 900},
)


def install_cancel_codes(apps: Apps = installed) -> None:
    """Adds the missing causes; ``apps`` is that of a migration, in which the table may not be there yet."""
    try:
        model = apps.get_model("coordination", "CancelCode")
    except LookupError:
        return
    known = set(model.objects.values_list("code", flat=True))
    missing = [{"order": 10 * (place + 1), **row} for place, row in enumerate(CODES) if row["code"] not in known]
    model.objects.bulk_create([model(**row) for row in missing], ignore_conflicts=True)
