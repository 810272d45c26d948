"""The form of an emergency access."""

from __future__ import annotations

from django import forms

from pathways.forms.fields import DayField


class BreakGlassForm(forms.Form):
    """Exact file number and birth date of one patient, and why: nothing to browse."""

    file_number = forms.CharField(
        label="Numéro de dossier", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    birth_date = DayField(label="Date de naissance du patient")
    reason = forms.CharField(
        label="Pourquoi avez-vous besoin de ce dossier maintenant",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text="Une phrase. Elle sera lue par la qualité ou l’administration.",
    )
