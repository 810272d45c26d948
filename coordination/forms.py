"""Forms of the desk. They read what was typed; the services decide."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from coordination.models import Channel, ContactOutcome
from coordination.rules.contacts import CORRESPONDENTS
from directory.models import Team, User
from pathways.models import Pathway
from pathways.models.ledger import KIND_CHOICES


def _day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ContactForm(forms.Form):
    """A call in one gesture: the button pressed is the outcome, or the day to call back (`call_back_on`)."""

    outcome = forms.ChoiceField(choices=ContactOutcome.choices, required=False)
    call_back_on = forms.DateField(required=False)
    next_on = forms.DateField(label="Rappeler le", required=False, widget=_day_input())
    note = forms.CharField(
        label="Note", max_length=500, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    whom = forms.ChoiceField(label="Avec", choices=CORRESPONDENTS, required=False)
    channel = forms.ChoiceField(label="Moyen", choices=Channel.choices, initial=Channel.PHONE, required=False)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("call_back_on"):
            data["outcome"], data["next_on"] = ContactOutcome.CALL_BACK, data["call_back_on"]
        data["channel"] = data.get("channel") or Channel.PHONE
        return data


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


class TaskForm(forms.Form):
    """A task added by hand for one patient; with `mine` it is taken at once."""

    title = forms.CharField(
        label="À faire",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "Obtenir le compte rendu du scanner", "autocomplete": "off"}),
    )
    due_on = forms.DateField(label="Pour le", required=False, widget=_day_input())
    closes_on = forms.ChoiceField(
        label="Se ferme toute seule avec", required=False, choices=[("", "Un clic sur « Faite »"), *KIND_CHOICES]
    )
    note = forms.CharField(label="Précision", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    mine = forms.BooleanField(label="Je m’en charge", required=False)

    def __init__(self, *args: Any, pathway: Pathway, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Only someone of the task's team may take it.
        if pathway.team_id not in {membership.team_id for membership in user.current_memberships}:
            del self.fields["mine"]

    def clean_due_on(self) -> date | None:
        day: date | None = self.cleaned_data["due_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError("Cette date est déjà passée.")
        return day


class ReasonForm(forms.Form):
    """Why something is cancelled."""

    reason = forms.CharField(label="Motif", max_length=200, required=False)


class CancelBookingForm(ReasonForm):
    """Why an appointment is cancelled, and whether the patient already knows."""

    patient_knows = forms.BooleanField(label="Le patient est déjà prévenu", required=False)
