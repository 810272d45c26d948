"""A contact with the patient, in one gesture."""

from __future__ import annotations

from typing import Any

from django import forms

from coordination.forms.fields import OUTCOMES, day_input
from coordination.models import Channel, ContactOutcome
from coordination.rules.contacts import CORRESPONDENTS, GP, PATIENT

LETTER_SENT, GP_REACHED = "letter", "gp"


class ContactForm(forms.Form):
    """A call in one gesture: the button pressed is the outcome, the day to call back (`call_back_on`), or what was done
    instead of calling again (`another`)."""

    outcome = forms.ChoiceField(choices=OUTCOMES, required=False)
    call_back_on = forms.DateField(required=False)
    another = forms.ChoiceField(choices=[(LETTER_SENT, ""), (GP_REACHED, "")], required=False)
    next_on = forms.DateField(label="Rappeler le", required=False, widget=day_input())
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
        if data.get("another") == LETTER_SENT:
            data["outcome"], data["channel"], data["whom"] = ContactOutcome.MESSAGE, Channel.LETTER, PATIENT
        elif data.get("another") == GP_REACHED:
            data["outcome"], data["whom"] = ContactOutcome.REACHED, GP
        return data
