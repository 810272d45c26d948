"""A platform answers a request: a date and a place, or a reason."""

from __future__ import annotations

from django import forms

from pathways.forms.fields import DayField


class ProposeDateForm(forms.Form):
    """When and where the platform can do the exam, on its own clock."""

    day = DayField(label="Le", error_messages={"required": "Indiquez le jour."})
    hour = forms.TimeField(
        label="À",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": "Indiquez l’heure.", "invalid": "Écrivez une heure comme 14:30."},
    )
    place = forms.CharField(label="Lieu", required=False, max_length=120)


class RefuseRequestForm(forms.Form):
    """Why the platform cannot do it."""

    reason = forms.CharField(label="Pourquoi ?", max_length=200, error_messages={"required": "Indiquez pourquoi."})
