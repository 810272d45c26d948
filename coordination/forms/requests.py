"""An exam asked of a platform: it answers with a date and a place, or a reason; the desk follows it."""

from __future__ import annotations

from typing import Any

from django import forms

from coordination.models import Channel
from pathways.forms.fields import DayField


class ProposeDateForm(forms.Form):
    """When and where the platform can do the exam, on its own clock."""

    day = DayField(label="Le", error_messages={"required": "Indiquez le jour."})
    hour = forms.TimeField(
        label="À",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": "Indiquez l’heure.", "invalid": "Écrivez une heure comme 14:30."},
    )
    place = forms.CharField(label="Lieu", required=False, max_length=120)


class RefuseRequestForm(forms.Form):
    """Why the platform cannot do it."""

    reason = forms.CharField(label="Pourquoi ?", max_length=200, error_messages={"required": "Indiquez pourquoi."})


class TakeBackForm(forms.Form):
    """Why the platform cannot keep its date."""

    reason = forms.CharField(
        label="Pourquoi cette date tombe", max_length=200, error_messages={"required": "Indiquez pourquoi."}
    )


class ToldForm(forms.Form):
    """How the patient was told (PAIN-20)."""

    how = forms.ChoiceField(
        label="Le patient est prévenu", choices=[("", "Choisir comment"), *Channel.choices],
        error_messages={
            "required": "Dites comment le patient a été prévenu.",
            "invalid_choice": "Dites comment le patient a été prévenu.",
        },
    )  # fmt: skip


class GiveUpForm(forms.Form):
    """Why a date, or the whole request, is given up, and how a patient who knew of it was told."""

    reason = forms.CharField(label="Pourquoi ?", max_length=200, error_messages={"required": "Indiquez pourquoi."})
    told_how = forms.ChoiceField(
        label="Le patient est prévenu", required=False, choices=[("", "Pas encore"), *Channel.choices]
    )

    def __init__(self, *args: Any, known: bool, why: str, **options: Any) -> None:
        """``why`` asks for the reason; ``known``: the patient knows of a date to come, else nothing is to tell."""
        super().__init__(*args, **options)
        self.fields["reason"].label = why
        if not known:
            del self.fields["told_how"]
