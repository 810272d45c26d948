"""Forms that move running pathways: to another version, to another target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from pathways.models import Pathway, TargetPathway


def _why() -> forms.CharField:
    return forms.CharField(
        label="Motif",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Il reste dans l’historique du patient.",
    )


class MoveForm(forms.Form):
    """To which version, and why."""

    version = forms.ChoiceField(label="Version", widget=forms.RadioSelect(attrs={"class": "j-choices-boxed"}))
    reason = _why()

    def __init__(self, *args: Any, versions: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ChoiceField = self.fields["version"]  # type: ignore[assignment]
        field.choices = [*versions]
        field.initial = versions[0][0] if versions else None


class SwitchForm(forms.Form):
    """To which target pathway, and why."""

    target = forms.ModelChoiceField(label="Parcours cible", queryset=TargetPathway.objects.none())
    reason = _why()

    def __init__(self, *args: Any, targets: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ModelChoiceField[TargetPathway] = self.fields["target"]  # type: ignore[assignment]
        field.queryset = targets


class MoveManyForm(forms.Form):
    """Which pathways, and why. The boxes are drawn by the page, in its table."""

    pathways = forms.MultipleChoiceField(
        label="Parcours", error_messages={"required": "Choisissez au moins un parcours."}
    )
    reason = _why()

    def __init__(self, *args: Any, pathways: Sequence[Pathway], **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.MultipleChoiceField = self.fields["pathways"]  # type: ignore[assignment]
        field.choices = [(str(each.uuid), each.reference) for each in pathways]

    def chosen(self, pathways: Sequence[Pathway]) -> list[Pathway]:
        """The pathways ticked, in the order of the page."""
        ticked = set(self.cleaned_data["pathways"])
        return [each for each in pathways if str(each.uuid) in ticked]
