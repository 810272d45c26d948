"""Filters of the list of patients."""

from __future__ import annotations

from typing import Any

from django import forms

from pathways.models import TargetPathway

STATUSES = [("", "En cours (tous si recherche)"), ("active", "En cours"), ("closed", "Clos"), ("all", "Tous")]
DELAYS = [("", "Tous"), ("late", "En retard"), ("soon", "Échéance sous 7 jours"), ("none", "Sans prochaine étape")]


class ListFilter(forms.Form):
    """What the list is narrowed to; an unknown value is ignored, never an error page."""

    q = forms.CharField(
        label="Nom, numéro de dossier, INS ou date de naissance",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "placeholder": "Durand 17/05/1960"}),
    )
    target = forms.ModelChoiceField(
        label="Parcours", queryset=TargetPathway.objects.none(), required=False, empty_label="Tous"
    )
    status = forms.ChoiceField(label="Statut", choices=STATUSES, required=False)
    delay = forms.ChoiceField(label="Délai", choices=DELAYS, required=False)
    mine = forms.BooleanField(label="Mes patients seulement", required=False)

    def __init__(self, *args: Any, targets: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ModelChoiceField[TargetPathway] = self.fields["target"]  # type: ignore[assignment]
        field.queryset = targets

    @property
    def chosen(self) -> dict[str, Any]:
        """The values that could be read."""
        self.is_valid()
        return self.cleaned_data
