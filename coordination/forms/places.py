"""What is typed around a booking: another way, another date, a cancellation."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from coordination.forms.fields import day_input
from coordination.models import CancelCode, Channel, HalfDay, Slot
from directory.days import refuse_odd_days
from directory.errors import DomainError
from directory.models import Professional, Team


class SinceForm(forms.Form):
    """The first day the patient can come."""

    pas_avant = forms.DateField(
        label="À partir du", required=False, widget=day_input(),
        error_messages={"invalid": "Cette date n’existe pas : les premiers créneaux sont montrés."},
    )  # fmt: skip

    def clean_pas_avant(self) -> date | None:
        day: date | None = self.cleaned_data["pas_avant"]
        try:
            refuse_odd_days(pas_avant=day)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error
        return day

    @property
    def since(self) -> date | None:
        """The day typed; None without any, or when it is none."""
        return None if "pas_avant" in self.errors else getattr(self, "cleaned_data", {}).get("pas_avant")


class WaitForm(forms.Form):
    """To wait for a place that another patient gives back."""

    earliest_on = forms.DateField(label="Pas avant le", required=False, widget=day_input())
    half_day = forms.ChoiceField(
        label="Moment", required=False, choices=[("", "Matin ou après-midi"), *HalfDay.choices],
        error_messages={"invalid_choice": "Choisissez le matin, l’après-midi, ou l’un ou l’autre."},
    )  # fmt: skip
    note = forms.CharField(label="Précision", max_length=200, required=False)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput())


class AskForm(forms.Form):
    """To ask a platform that keeps no slot for this exam."""

    addressed_to = forms.ModelChoiceField(
        Team.objects.none(), label="Plateau", to_field_name="uuid", empty_label=None,
        error_messages={"required": "Choisissez à quel plateau demander.", "invalid_choice": "Choisissez un plateau."},
    )  # fmt: skip
    question = forms.CharField(
        label="Question posée", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    urgent = forms.BooleanField(label="Urgent", required=False)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, platforms: list[Team], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = Team.objects.filter(pk__in=[each.pk for each in platforms]).select_related("establishment")
        self.fields["addressed_to"].queryset = chosen  # type: ignore[attr-defined]


class OverbookForm(forms.Form):
    """To add a place to a full slot, in a physician's name."""

    slot = forms.ModelChoiceField(
        Slot.objects.none(), label="Créneau", to_field_name="uuid",
        error_messages={"required": "Choisissez le créneau.", "invalid_choice": "Ce créneau n’est plus proposé."},
    )  # fmt: skip
    physician = forms.ModelChoiceField(
        Professional.objects.none(), label="À la demande de", empty_label="Choisir le médecin",
        error_messages={"required": "Nommez le médecin qui demande cette place en plus."},
    )  # fmt: skip
    reason = forms.CharField(
        label="Pourquoi", max_length=200, error_messages={"required": "Dites pourquoi cette place en plus."}
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, slots: list[Slot], physicians: list[Professional], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["slot"].queryset = Slot.objects.filter(pk__in=[each.pk for each in slots])  # type: ignore[attr-defined]
        named = Professional.objects.filter(pk__in=[each.pk for each in physicians])
        self.fields["physician"].queryset = named  # type: ignore[attr-defined]


def causes() -> Any:
    """The causes proposed to a person; those the software gives by itself left out."""
    return CancelCode.objects.filter(is_active=True).exclude(code__in=["death", "pathway_closed", "moved"])


class CancelForm(forms.Form):
    """Why an appointment is cancelled, and how the patient was told if they were."""

    code = forms.ModelChoiceField(
        CancelCode.objects.none(), label="Cause", to_field_name="code", empty_label="Choisir une cause",
        error_messages={"required": "Choisissez la cause de l’annulation.", "invalid_choice": "Choisissez une cause."},
    )  # fmt: skip
    reason = forms.CharField(label="Précision", max_length=200, required=False)
    told_how = forms.ChoiceField(
        label="Le patient est prévenu", required=False, choices=[("", "Pas encore"), *Channel.choices]
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].queryset = causes()  # type: ignore[attr-defined]


class MoveForm(SinceForm):
    """Why an appointment goes to another date, and how the patient knows of it if they do."""

    code = forms.ModelChoiceField(
        CancelCode.objects.none(), label="Cause", to_field_name="code", empty_label="Choisir une cause",
        error_messages={"required": "Dites pourquoi ce rendez-vous est déplacé.", "invalid_choice": "Cause inconnue."},
    )  # fmt: skip
    told_how = forms.ChoiceField(
        label="Le patient est prévenu", required=False, choices=[("", "Pas encore"), *Channel.choices]
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].queryset = causes()  # type: ignore[attr-defined]
