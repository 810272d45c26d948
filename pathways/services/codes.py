"""The coded reasons that ship with Jalon: written where they are missing, never over what an administrator changed."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

TO_VALIDATE = "Proposition Jalon, à valider par l’établissement"
PAUSES: tuple[dict[str, Any], ...] = (
    {"code": "patient_choice", "label": "Choix du patient", "family": "patient",
     "source": "Repère : seuls les choix du patient arrêtent le décompte au Royaume-Uni ; à valider"},
    {"code": "patient_decision", "label": "Décision du patient attendue", "family": "patient", "source": TO_VALIDATE},
    {"code": "patient_unreachable", "label": "Patient injoignable", "family": "patient", "source": TO_VALIDATE},
    {"code": "medical", "label": "Raison médicale", "family": "medical",
     "source": "Ne compte plus comme pause au Royaume-Uni depuis 2009 ; à valider"},
    {"code": "other_care", "label": "Autre soin prioritaire", "family": "medical", "source": TO_VALIDATE},
    {"code": "organisation", "label": "Attente due à l’organisation", "family": "organisation", "stops_clock": False,
     "source": "Notée, jamais retirée de l’attente : " + TO_VALIDATE},
)  # fmt: skip
DELAYS: tuple[dict[str, Any], ...] = (
    {"code": "incomplete_request", "label": "Demande incomplète", "phase": "referral"},
    {"code": "no_consultation", "label": "Pas de consultation disponible", "phase": "first_care"},
    {"code": "no_slot", "label": "Pas de créneau", "phase": "exams"},
    {"code": "result_awaited", "label": "Résultat attendu", "phase": "pathology"},
    {"code": "rcp_postponed", "label": "RCP complète ou dossier reporté", "phase": "rcp"},
    {"code": "no_announcement", "label": "Pas de consultation d’annonce disponible", "phase": "announcement"},
    {"code": "no_treatment_place", "label": "Pas de place au bloc ou en traitement", "phase": "treatment"},
    {"code": "noncontributive", "label": "Prélèvement non contributif", "avoidable": False},
    {"code": "transport", "label": "Transport non organisé"},
    {"code": "patient_unavailable", "label": "Patient indisponible", "avoidable": False},
    {"code": "patient_hesitates", "label": "Le patient prend le temps de décider", "avoidable": False},
    {"code": "complication", "label": "Complication ou autre maladie", "avoidable": False},
    {"code": "other", "label": "Autre", "needs_comment": True, "order": 900},
)


def install_codes(apps: Apps = installed) -> None:
    """Adds the missing codes; ``apps`` is that of a migration, in which a table may not be there yet."""
    for name, rows in (("PauseCode", PAUSES), ("DelayCode", DELAYS)):
        try:
            model = apps.get_model("pathways", name)
        except LookupError:
            continue
        known = set(model.objects.values_list("code", flat=True))
        missing = [
            model(**{"order": 10 * (place + 1), "source": TO_VALIDATE, **row})
            for place, row in enumerate(rows)
            if row["code"] not in known
        ]
        model.objects.bulk_create(missing, ignore_conflicts=True)
