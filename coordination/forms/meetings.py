"""What a team review decides."""

from __future__ import annotations

from typing import Any

from django import forms

from coordination.forms.fields import day_input
from directory.models import User


class ReviewActionForm(forms.Form):
    """An action decided in a review: what, who, for when."""

    title = forms.CharField(
        label="Action",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Dites en quelques mots ce qu’il y a à faire."},
    )
    owner = forms.ChoiceField(label="Qui", required=False)
    due_on = forms.DateField(
        label="Pour le", widget=day_input(), error_messages={"required": "Indiquez pour quel jour."}
    )
    key = forms.UUIDField(widget=forms.HiddenInput())

    def __init__(self, *args: Any, people: list[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.people = {str(person.pk): person for person in people}
        field: forms.ChoiceField = self.fields["owner"]  # type: ignore[assignment]
        field.choices = [("", "À prendre dans l’équipe"), *((pk, str(each)) for pk, each in self.people.items())]

    def person(self) -> User | None:
        """The person chosen; None for the team's pool."""
        return self.people.get(self.cleaned_data["owner"])
