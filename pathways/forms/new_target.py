"""The form that begins a target pathway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from directory.models import Team
from pathways.forms.target_file import FileForm
from pathways.models import TargetPathway

OWN, SHIPPED, FILE = "site:", "jalon:", "fichier"


class NewTargetForm(FileForm):
    """A name, the team that follows it, and what it starts from: another pathway, one of Jalon's, or a file."""

    name = forms.CharField(
        label="Nom du parcours", max_length=120, error_messages={"required": "Donnez un nom à ce parcours."}
    )
    team = forms.ModelChoiceField(
        label="Équipe de coordination",
        queryset=Team.objects.none(),
        empty_label="Choisissez…",
        error_messages={"required": "Choisissez l’équipe qui le suivra."},
    )
    start = forms.ChoiceField(label="Partir de", required=False)

    field_order = ("name", "team", "start", "file", "pasted")

    def __init__(
        self,
        *args: Any,
        teams: Iterable[Team],
        own: Iterable[TargetPathway],
        shipped: Mapping[str, str],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        rows: Any = teams
        self.fields["team"].queryset = rows  # type: ignore[attr-defined]
        if len(rows) == 1:
            self.fields["team"].initial = rows[0]
        self.fields["start"].choices = [  # type: ignore[attr-defined]
            ("", "Choisissez…"),
            ("Vos parcours", [(f"{OWN}{each.pk}", str(each)) for each in own]),
            ("Livrés avec Jalon", [(f"{SHIPPED}{key}", name) for key, name in shipped.items()]),
            ("Ailleurs", [(FILE, "Un fichier YAML")]),
        ]

    def clean(self) -> dict[str, Any]:
        """A file is only asked for when it is what one starts from; one given without saying so is."""
        data = self.cleaned_data
        given = bool(data.get("file") or data.get("pasted", "").strip())
        if data.get("start") == FILE or (given and not data.get("start") and "start" not in self.errors):
            data["start"] = FILE
            return super().clean()
        if not data.get("start") and "start" not in self.errors:
            self.add_error("start", "Choisissez de quoi partir.")
        return data
