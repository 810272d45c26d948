"""The form of a task, once or coming back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from coordination.forms.fields import day_input
from coordination.models import Every
from directory.models import User
from pathways.models import Milestone, Pathway
from pathways.models.ledger import KIND_CHOICES

ONCE = ""


class TaskForm(forms.Form):
    """A task added by hand for one patient: for the team's pool, oneself or a colleague; once, or coming back."""

    title = forms.CharField(
        label="À faire",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "Obtenir le compte rendu du scanner", "autocomplete": "off"}),
        error_messages={"required": "Dites en quelques mots ce qu’il y a à faire."},
    )
    owner = forms.ChoiceField(label="Pour qui", required=False)
    due_on = forms.DateField(label="Pour le", required=False, widget=day_input())
    closes_on = forms.ChoiceField(
        label="Se ferme toute seule avec", required=False, choices=[("", "Un clic sur « Faite »"), *KIND_CHOICES]
    )
    about = forms.ChoiceField(label="À propos de", required=False)
    checklist = forms.CharField(
        label="Liste à cocher",
        required=False,
        help_text="Un point par ligne.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(label="Précision", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    unit = forms.ChoiceField(label="Revient", required=False, choices=[(ONCE, "Une seule fois"), *Every.choices])
    every = forms.IntegerField(label="Tous les", required=False, min_value=1, max_value=366, initial=1)
    until_on = forms.DateField(label="Jusqu’au", required=False, widget=day_input())
    times = forms.IntegerField(label="Nombre de fois", required=False, min_value=1, max_value=366)

    def __init__(
        self, *args: Any, pathway: Pathway, user: User, people: list[User], facts: list[Milestone], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(each.uuid): each for each in people}
        self.facts = {str(each.uuid): each for each in facts}
        owner: forms.ChoiceField = self.fields["owner"]  # type: ignore[assignment]
        mine = [(str(user.uuid), "Moi")] if str(user.uuid) in self.people else []
        others = [(key, str(each)) for key, each in self.people.items() if each.pk != user.pk]
        owner.choices = [("", "L’équipe (à prendre)"), *mine, *others]
        about: forms.ChoiceField = self.fields["about"]  # type: ignore[assignment]
        about.choices = [("", "Rien en particulier"), *((key, _told(each)) for key, each in self.facts.items())]

    def clean_due_on(self) -> date | None:
        day: date | None = self.cleaned_data["due_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError("Cette date est déjà passée.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("unit") and not data.get("due_on") and "due_on" not in self.errors:
            self.add_error("due_on", "Indiquez la première date : les autres en découlent.")
        return data

    @property
    def comes_back(self) -> bool:
        return bool(self.cleaned_data.get("unit"))

    def given(self) -> dict[str, Any]:
        """What `create_task` and `repeat_task` both take."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "owner": self.people.get(data["owner"]),
            "note": data["note"],
            "closes_on": data["closes_on"],
            "checklist": data["checklist"].splitlines(),
        }

    def rhythm(self) -> dict[str, Any]:
        """What `repeat_task` takes besides."""
        data = self.cleaned_data
        return {
            "every": data["every"] or 1,
            "unit": data["unit"],
            "starts_on": data["due_on"],
            "until_on": data["until_on"],
            "times": data["times"],
        }

    def repeats(self) -> bool:
        """True when what was typed or proposed comes back: the fields of the rhythm are shown."""
        return bool(self["unit"].value())


def _told(fact: Milestone) -> str:
    return f"{fact.get_kind_display()}, {timezone.localtime(fact.occurred_at):%d/%m/%Y}"
