"""An appointment cancelled."""

from __future__ import annotations

from django import forms


class CancelBookingForm(forms.Form):
    """Why an appointment is cancelled, and whether the patient already knows."""

    reason = forms.CharField(label="Motif", max_length=200, required=False)
    patient_knows = forms.BooleanField(label="Le patient est déjà prévenu", required=False)
