"""A view of the day kept under a name."""

from __future__ import annotations

from typing import Any

from django import forms

from directory.models import Team


class SavedViewForm(forms.Form):
    """A name for the filters on screen, and who else may use them."""

    name = forms.CharField(
        label="Nom de la vue",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Mes retards"}),
        help_text="Le nom d’une de vos vues la remplace. N’écrivez pas de nom de patient.",
        error_messages={"required": "Donnez un nom à cette vue."},
    )
    team = forms.ChoiceField(label="Pour", required=False)
    default = forms.BooleanField(label="Ouvrir « Ma journée » sur cette vue", required=False)

    def __init__(self, *args: Any, desks: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ChoiceField = self.fields["team"]  # type: ignore[assignment]
        field.choices = [("", "Moi seulement"), *((str(pk), f"Toute l’équipe {name}") for pk, name in desks)]

    def clean_team(self) -> Team | None:
        chosen = self.cleaned_data["team"]
        return Team.objects.get(pk=chosen) if chosen else None
