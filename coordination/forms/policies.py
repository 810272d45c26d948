"""The forms of policies, of conventions and of their signed papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils import timezone

from coordination.forms.fields import day_input
from coordination.models import Convention, ConventionKind, ExamType, PolicyMode
from directory.models import Establishment, Team
from directory.resent import key_of
from pathways.models import TargetPathway

UNITS = [
    ("hours", "heures"), ("working_hours", "heures ouvrables"), ("days", "jours"), ("working_days", "jours ouvrables"),
]  # fmt: skip


class _Keyed(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput(), initial=uuid4)

    def sent_key(self) -> UUID:
        """The same form sent again is the same act."""
        told = [(name, str(value)) for name, value in sorted(self.cleaned_data.items()) if name != "key"]
        return key_of(self.cleaned_data["key"], *told)


class PolicyForm(_Keyed):
    """How a platform serves a pathway for an exam."""

    exam_type = forms.ModelChoiceField(
        ExamType.objects.none(), label="Examen", to_field_name="code", empty_label="Choisissez…"
    )
    target = forms.ModelChoiceField(TargetPathway.objects.none(), label="Parcours", empty_label="Choisissez…")
    platform = forms.ModelChoiceField(
        Team.objects.none(), label="Plateau", to_field_name="uuid", empty_label="Choisissez…"
    )
    mode = forms.ChoiceField(label="Mode", choices=PolicyMode.choices)
    within_value = forms.IntegerField(label="Délai maximal convenu", min_value=1, max_value=1000, required=False)
    within_unit = forms.ChoiceField(label="En", choices=UNITS)
    per_week = forms.IntegerField(label="Créneaux par semaine", min_value=1, max_value=200, required=False)
    convention = forms.ModelChoiceField(
        Convention.objects.none(), label="Convention", to_field_name="uuid", required=False, empty_label="Sans"
    )
    valid_from = forms.DateField(label="À partir du", widget=day_input(), initial=timezone.localdate)
    valid_until = forms.DateField(label="Jusqu’au", widget=day_input(), required=False)
    decided_by = forms.CharField(label="Décidé par", max_length=160, help_text="Nom, fonction, réunion.")
    decided_on = forms.DateField(label="Décidé le", widget=day_input(), initial=timezone.localdate)
    source = forms.CharField(label="Source", max_length=200, required=False)

    def __init__(self, *args: Any, platforms: Sequence[Team], **options: Any) -> None:
        super().__init__(*args, **options)
        places = [each.establishment_id for each in platforms]
        conventions = Convention.objects.filter(holder__in=places).select_related("partner")
        partners = Team.objects.filter(establishment__in=conventions.values("partner"), kind="platform")
        own = Team.objects.filter(pk__in=[each.pk for each in platforms])
        for name, rows in (
            ("exam_type", ExamType.objects.all()),
            ("target", TargetPathway.objects.filter(team__establishment__in=places)),
            ("platform", (own | partners).distinct()),
            ("convention", conventions),
        ):
            field: Any = self.fields[name]
            field.queryset = rows

    def given(self) -> dict[str, Any]:
        """What `decide_policy` takes."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        value, unit = data.pop("within_value"), data.pop("within_unit")
        return {**data, "within": f"{value} {unit}" if value else "", "uuid": self.sent_key()}


class ConventionForm(_Keyed):
    """A convention with a partner, or a charter with a service of the establishment itself."""

    reference = forms.CharField(label="Référence", max_length=60)
    kind = forms.ChoiceField(label="Nature", choices=ConventionKind.choices)
    holder = forms.ModelChoiceField(
        Establishment.objects.none(), label="Établissement porteur", to_field_name="uuid", empty_label="Choisissez…"
    )
    partner = forms.ModelChoiceField(
        Establishment.objects.none(), label="Partenaire", to_field_name="uuid", empty_label="Choisissez…"
    )
    exam_types = forms.ModelMultipleChoiceField(
        ExamType.objects.none(), label="Examens ou actes", to_field_name="code", widget=forms.CheckboxSelectMultiple
    )
    valid_from = forms.DateField(label="À partir du", widget=day_input(), initial=timezone.localdate)
    valid_until = forms.DateField(label="Jusqu’au", widget=day_input(), required=False)
    remind_days = forms.IntegerField(label="Rappel avant la fin (jours)", min_value=0, max_value=730, initial=90)
    contact = forms.CharField(label="Contact chez le partenaire", max_length=160, required=False)
    note = forms.CharField(label="Précision", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, places: Sequence[int], **options: Any) -> None:
        super().__init__(*args, **options)
        for name, rows in (
            ("holder", Establishment.objects.filter(pk__in=places)),
            ("partner", Establishment.objects.all()),
            ("exam_types", ExamType.objects.all()),
        ):
            field: Any = self.fields[name]
            field.queryset = rows

    def given(self) -> dict[str, Any]:
        """What `create_convention` takes."""
        return {**{k: v for k, v in self.cleaned_data.items() if k != "key"}, "uuid": self.sent_key()}


class FileForm(forms.Form):
    """A signed paper."""

    file = forms.FileField(
        label="Pièce signée",
        help_text="PDF, JPEG ou PNG, 10 Mo au plus.",
        error_messages={"required": "Choisissez un fichier."},
    )


class EndForm(forms.Form):
    """A last day."""

    valid_until = forms.DateField(label="Dernier jour", widget=day_input(), required=False)
