"""Forms of the actions on a pathway: one small question each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from directory.models import User
from pathways.forms.fields import DayField, HourField, instant, today
from pathways.models import AlertPreference, ClosingReason, DelayCode, LinkKind, Pathway, PauseCode
from pathways.rules.milestones import MilestoneKind

BOXED = {"class": "j-choices-boxed"}
NOTE = {"rows": 2}


class FactForm(forms.Form):
    """When a fact happened, and a note. `occurred_at` gives the instant meant."""

    day = DayField(label="Date du fait", initial=today)
    hour = HourField(label="Heure", help_text="Utile quand le délai se compte en heures.")
    note = forms.CharField(label="Note", max_length=300, required=False, widget=forms.Textarea(attrs=NOTE))

    def occurred_at(self, zone: ZoneInfo, now: datetime) -> datetime:
        """The instant typed, on the establishment's clock."""
        return instant(self.cleaned_data["day"], self.cleaned_data["hour"], zone, now)


class StepDoneForm(FactForm):
    """A step is done: which milestone ended it (asked only when several may), and when."""

    end = forms.ChoiceField(label="Ce qui s’est passé", widget=forms.RadioSelect(attrs=BOXED))

    field_order = ("end", "day", "hour", "note")

    def __init__(self, *args: Any, ends: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ChoiceField = self.fields["end"]  # type: ignore[assignment]
        field.choices = list(ends)
        field.initial = ends[0][0]
        if len(ends) == 1:
            field.widget = forms.HiddenInput()


class MilestoneForm(FactForm):
    """Any milestone of the vocabulary; the target's exams and choices as its detail."""

    kind = forms.ChoiceField(label="Jalon", choices=[("", "Choisissez…"), *MilestoneKind.choices()])
    detail = forms.ChoiceField(label="Examen ou choix concerné", required=False)

    field_order = ("kind", "detail", "day", "hour", "note")

    def __init__(self, *args: Any, details: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ChoiceField = self.fields["detail"]  # type: ignore[assignment]
        field.choices = [("", "Sans précision"), *details]


class CorrectionForm(FactForm):
    """A milestone's right date, and why it changes."""

    note = forms.CharField(
        label="Pourquoi cette correction", max_length=300, required=False, widget=forms.Textarea(attrs=NOTE)
    )


class GivenForm(forms.Form):
    """The day a PPS was given to the patient."""

    day = DayField(label="Remis le", initial=today)


class ReasonForm(forms.Form):
    """A reason in a few words."""

    reason = forms.CharField(label="Motif", max_length=200, widget=forms.Textarea(attrs=NOTE))


class AcknowledgeForm(forms.Form):
    """Why an alert may wait, and maybe until when."""

    reason = forms.CharField(
        label="Pourquoi cette alerte peut attendre",
        max_length=200,
        widget=forms.Textarea(attrs=NOTE),
        help_text="L’alerte reste ouverte et ne monte plus ; elle se ferme quand le jalon attendu est enregistré.",
    )
    until = DayField(
        label="Me la rappeler le",
        required=False,
        help_text="Ce jour-là elle redevient à traiter. Laissez vide pour ne plus être relancé.",
    )


class AlertPreferenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person receives by e-mail, and within which hours."""

    class Meta:
        model = AlertPreference
        fields = ("digest", "immediate", "mail_from", "mail_until")
        help_texts = {
            "digest": "Un seul courriel par jour ouvré, s’il reste des alertes à traiter.",
            "immediate": "Seulement pour les niveaux que le parcours cible dit urgents, comme la revue de préjudice.",
            "mail_until": "En dehors de ces heures et les jours fermés, un courriel attend l’ouverture suivante.",
        }
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"}) for name in ("mail_from", "mail_until")
        }


class AssignForm(forms.Form):
    """Who is in charge, among the pathway's team."""

    user = forms.ModelChoiceField(label="Responsable", queryset=User.objects.none(), required=False)

    def __init__(self, *args: Any, people: Any, empty: str, **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ModelChoiceField[User] = self.fields["user"]  # type: ignore[assignment]
        field.queryset = people
        field.empty_label = empty


class PauseForm(forms.Form):
    """A pause: why, from when (days gone or to come), maybe until when."""

    kind = forms.ChoiceField(label="Motif", widget=forms.RadioSelect(attrs=BOXED))
    starts_on = DayField(label="Du", initial=today)
    ends_on = DayField(label="Au", required=False, help_text="Laissez vide tant que la fin n’est pas connue.")
    note = forms.CharField(label="Précision", max_length=300, required=False, widget=forms.Textarea(attrs=NOTE))

    def __init__(self, *args: Any, codes: Iterable[PauseCode], **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ChoiceField = self.fields["kind"]  # type: ignore[assignment]
        field.choices = [
            (code.code, code.label if code.stops_clock else f"{code.label} (notée, reste comptée)") for code in codes
        ]


class EndPauseForm(forms.Form):
    """The last day of a pause."""

    ends_on = DayField(label="Dernier jour de pause", initial=today)


class CloseForm(forms.Form):
    """Why a pathway ends, and when."""

    reason = forms.ChoiceField(label="Motif", choices=ClosingReason.choices, widget=forms.RadioSelect(attrs=BOXED))
    day = DayField(label="Date de clôture", initial=today)
    note = forms.CharField(label="Précision", max_length=300, required=False, widget=forms.Textarea(attrs=NOTE))


class DelayCauseForm(forms.Form):
    """Why a part of the way took too long, and whether it could have been avoided."""

    code = forms.ModelChoiceField(
        label="Cause", queryset=DelayCode.objects.none(), to_field_name="code", empty_label="Choisissez…"
    )
    avoidable = forms.TypedChoiceField(
        label="Ce retard était-il évitable ?",
        choices=[("yes", "Oui"), ("no", "Non")],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect(attrs=BOXED),
    )
    comment = forms.CharField(
        label="Commentaire",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs=NOTE),
        help_text="Obligatoire pour « Autre ».",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ModelChoiceField[DelayCode] = self.fields["code"]  # type: ignore[assignment]
        field.queryset = DelayCode.objects.filter(is_active=True)


class PathwayChoice(forms.ModelChoiceField[Pathway]):
    """One pathway of a patient, told by its target and its dates."""

    def label_from_instance(self, obj: Pathway) -> str:
        opened = f"{timezone.localtime(obj.opened_at):%d/%m/%Y}"
        return f"{obj.version.target.name}, ouvert le {opened}, {obj.get_status_display().lower()}"


class LinkFields(forms.Form):
    """The earlier pathway this one follows, if any. A subclass calls `offer` with those of the patient."""

    linked_to = PathwayChoice(
        label="Fait suite à",
        queryset=Pathway.objects.none(),
        required=False,
        to_field_name="uuid",
        empty_label="Aucun parcours précédent",
    )
    link_kind = forms.ChoiceField(
        label="Nature du lien", choices=[("", "Sans objet"), *LinkKind.choices], required=False
    )

    def offer(self, earlier: Any) -> None:
        field: forms.ModelChoiceField[Pathway] = self.fields["linked_to"]  # type: ignore[assignment]
        field.queryset = earlier


class LinkForm(LinkFields):
    """The same, asked of a pathway that is already open."""

    def __init__(self, *args: Any, earlier: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer(earlier)
