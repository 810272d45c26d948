"""Forms that several rooms show."""

from __future__ import annotations

from django import forms


class BirthDateForm(forms.Form):
    """What the reader of a letter must know of the patient."""

    # Typed, not picked: on a phone a calendar is a long way from 1950.
    birth_date = forms.DateField(
        label="Date de naissance du patient",
        help_text="Jour, mois, année : 17/05/1960 par exemple.",
        input_formats=["%d/%m/%Y", "%d%m%Y", "%d %m %Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 10}),
        error_messages={
            "required": "Indiquez la date de naissance du patient.",
            "invalid": "Cette date n’existe pas.",
        },
    )
