"""The form that lets a professional read a pathway."""

from __future__ import annotations

from django import forms

from pathways.models import CircleRole

ROLES = [(role.value, role.label) for role in CircleRole if role is not CircleRole.RCP]


class CircleForm(forms.Form):
    """Which role a professional of the directory has in the circle of care; RCP members come from the RCP itself."""

    professional = forms.UUIDField(widget=forms.HiddenInput)
    role = forms.ChoiceField(label="Rôle", choices=ROLES)
