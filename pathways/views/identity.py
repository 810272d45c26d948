"""The identity banner's content (french-standards 5.1): strict traits first, the status always visible."""

from __future__ import annotations

from typing import Any

from pathways.models import IdentityStatus, Patient

_TONES = {
    IdentityStatus.PROVISIONAL: "soon",
    IdentityStatus.VALIDATED: "info",
    IdentityStatus.RETRIEVED: "info",
    IdentityStatus.QUALIFIED: "ok",
}


def identity_of(patient: Patient, *, url: str = "") -> dict[str, Any]:
    """The parameter ``p`` of `components/identity_banner.html`; the matricule only when the identity is qualified."""
    status = IdentityStatus(patient.identity_status)
    qualified = status is IdentityStatus.QUALIFIED
    return {
        "birth_name": patient.birth_name,
        "first_names": patient.given_names or patient.first_name,
        "used_name": patient.used_name,
        "used_first_name": patient.used_first_name,
        "sex_label": patient.get_sex_display(),
        "birth_date": patient.birth_date,
        "birth_place": patient.birth_place_code,
        "ins_label": f"{status.label} {patient.ins_matricule}" if qualified else status.label,
        "ins_tone": _TONES[status],
        "file_number": patient.file_number,
        "phone": patient.phone,
        "url": url,
        "alerts": _alerts(patient),
    }


def _alerts(patient: Patient) -> list[dict[str, str]]:
    if patient.deceased_on:
        return [{"text": f"Décès enregistré le {patient.deceased_on:%d/%m/%Y}", "icon": "info-circle"}]
    return []
