"""The forms of an absence."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from coordination.forms.fields import day_input
from directory.models import User

ALL, SOME = "tous", "choix"


class CoverForm(forms.Form):
    """Who leaves, from when to when, and to whom. Which patients is asked once they are shown."""

    absent = forms.ChoiceField(label="Patients de", error_messages={"required": "Choisissez qui s’absente."})
    stand_in = forms.ChoiceField(label="Confiés à", error_messages={"required": "Choisissez qui remplace."})
    starts_on = forms.DateField(
        label="Du", widget=day_input(), error_messages={"required": "Indiquez le premier jour."}
    )
    ends_on = forms.DateField(
        label="Au (dernier jour d’absence)",
        widget=day_input(),
        error_messages={"required": "Indiquez le dernier jour."},
    )
    note = forms.CharField(
        label="Consignes pour tous",
        max_length=500,
        required=False,
        help_text="Lues en tête des fiches de relais. N’écrivez pas de nom de patient.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, user: User, leaving: list[User], staying: list[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.leaving = {str(each.uuid): each for each in leaving}
        self.staying = {str(each.uuid): each for each in staying}
        absent: forms.ChoiceField = self.fields["absent"]  # type: ignore[assignment]
        absent.choices = [(key, f"{each} (moi)" if each == user else str(each)) for key, each in self.leaving.items()]
        stand_in: forms.ChoiceField = self.fields["stand_in"]  # type: ignore[assignment]
        stand_in.choices = [("", "Choisir une personne"), *((key, str(each)) for key, each in self.staying.items())]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first: date | None = data.get("starts_on")
        last: date | None = data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", "Le dernier jour ne peut pas précéder le premier.")
        if data.get("absent") and data.get("absent") == data.get("stand_in"):
            self.add_error("stand_in", "Personne ne se remplace soi-même.")
        return data

    def people(self) -> tuple[User, User]:
        return self.leaving[self.cleaned_data["absent"]], self.staying[self.cleaned_data["stand_in"]]

    def signature(self) -> str:
        """What a preview showed, to be compared with what is confirmed."""
        data = self.cleaned_data
        return f"{data['absent']}:{data['stand_in']}:{data['starts_on']}:{data['ends_on']}"


class ReturnForm(forms.Form):
    """The new last day of an absence."""

    ends_on = forms.DateField(
        label="Dernier jour d’absence",
        widget=day_input(),
        error_messages={"required": "Indiquez le dernier jour d’absence."},
    )
