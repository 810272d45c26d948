"""The forms of a series, of an exception, of a machine or room."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.db.models import Q
from django.forms.utils import ErrorDict
from django.utils import timezone

from coordination.forms.fields import day_input
from coordination.models import ExamType, ExceptionKind, ReleaseUnit, Resource, ResourceKind, SlotSeries, Weekday
from coordination.readings.by_convention import lent_targets
from coordination.readings.lent import find_physicians, listed_people
from coordination.services import SeriesValues
from coordination.services.exceptions import KIND_OF
from directory.models import Establishment, Professional, Team
from directory.resent import key_of
from pathways.models import TargetPathway


class PeopleField(forms.ModelMultipleChoiceField):
    """Practitioners with their specialty, and where they come from when it is elsewhere than ``place``."""

    place: Establishment | None = None

    def label_from_instance(self, obj: Any) -> str:
        elsewhere = obj.establishment if obj.establishment_id and obj.establishment != self.place else None
        town = "exerce en ville" if obj.in_town and elsewhere is None else ""
        return ", ".join(str(part) for part in (obj, obj.specialty_label, elsewhere, town) if part)


class TargetsField(forms.ModelMultipleChoiceField):
    """Target pathways; those of another establishment with the convention behind them."""

    lent: Mapping[int, str] = {}

    def label_from_instance(self, obj: Any) -> str:
        return self.lent.get(obj.pk, str(obj))


class SeriesForm(forms.Form):
    """A series, new or changed. The choices are those of its platform's establishment."""

    targets = TargetsField(
        TargetPathway.objects.none(),
        label="Parcours servis",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Indiquez au moins un parcours servi par ces créneaux."},
    )
    weekday = forms.TypedChoiceField(label="Jour", choices=Weekday.choices, coerce=int)
    starts_at = forms.TimeField(label="Heure", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    duration_minutes = forms.IntegerField(label="Durée (minutes)", min_value=5, max_value=720, initial=30)
    capacity = forms.IntegerField(label="Places", min_value=1, max_value=50, initial=1)
    release_notice_hours = forms.IntegerField(
        label="Places rendues au plateau", min_value=1, max_value=1440, initial=48, help_text="Heures avant le début."
    )
    release_unit = forms.ChoiceField(label="Comptées en", choices=ReleaseUnit.choices)
    resource = forms.ModelChoiceField(
        Resource.objects.none(),
        label="Appareil ou salle",
        to_field_name="uuid",
        required=False,
        empty_label="Sans",
        help_text="Un appareil ne sert qu’un créneau à la fois.",
    )
    room = forms.CharField(label="Lieu à annoncer au patient", max_length=60, required=False)
    practitioners = PeopleField(
        Professional.objects.none(),
        label="Praticiens présents ensemble",
        to_field_name="uuid",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    words = forms.CharField(
        label="Chercher un praticien",
        max_length=80,
        required=False,
        help_text="Du site, ou prêté par un autre établissement : nom, ou numéro RPPS.",
    )
    valid_until = forms.DateField(
        label="Dernier jour", required=False, widget=day_input(), help_text="Vide : la série continue."
    )

    def __init__(self, *args: Any, platform: Team, series: SlotSeries | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.platform, self.series = platform, series
        place = platform.establishment
        lent = lent_targets(platform, timezone.localdate())
        targets = TargetPathway.objects.filter(Q(team__establishment=place) | Q(pk__in=lent))
        words = self.data.get("words", "").replace("\0", "")  # PostgreSQL reads no NUL, which is in no name
        self.found = find_physicians(place, words, timezone.localdate())
        shown = {each.pk for each in [*listed_people(platform), *self.found.may]}
        present = Professional.objects.filter(Q(pk__in=shown) | Q(uuid__in=self._ticked()))
        resources = Resource.objects.filter(team=platform, is_active=True)
        if series is not None:
            targets |= TargetPathway.objects.filter(pk__in=series.targets.values("pk"))
            present |= Professional.objects.filter(pk__in=series.practitioners.values("pk"))
            resources |= Resource.objects.filter(pk=series.resource_id or 0)
        for name, rows in (("targets", targets), ("practitioners", present), ("resource", resources)):
            field: Any = self.fields[name]
            field.queryset = rows.distinct()
        served: Any = self.fields["targets"]
        served.lent = lent
        people: Any = self.fields["practitioners"]
        people.place, people.queryset = place, people.queryset.select_related("establishment")

    @property
    def looking(self) -> bool:
        """True when somebody is looked for, by Enter too: nothing is judged nor done."""
        asked = self.data.get("do") if self.is_bound else ""
        return asked == "find" or (asked == "enter" and bool(self.data.get("words", "").strip()))

    def full_clean(self) -> None:
        if self.looking:
            self._errors, self.cleaned_data = ErrorDict(), {}
            return
        super().full_clean()

    def _ticked(self) -> list[UUID]:
        """Those ticked before another search; the service says who may come."""
        sent = self.data.getlist("practitioners") if hasattr(self.data, "getlist") else []
        return [UUID(each) for each in sent[:50] if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each)]

    def values(self) -> SeriesValues:
        data = self.cleaned_data
        names = [each for each in SeriesValues.__dataclass_fields__ if each in data]
        given = {name: data[name] for name in names}
        return SeriesValues(**given | {name: list(data[name]) for name in ("targets", "practitioners")})


class NewSeriesForm(SeriesForm):
    """A series to open."""

    exam_type = forms.ModelChoiceField(
        ExamType.objects.none(), label="Examen", to_field_name="code", empty_label="Choisissez…"
    )
    valid_from = forms.DateField(label="Premier jour", widget=day_input())
    insist = forms.BooleanField(label="Ouvrir quand même : une autre salle, ou un autre appareil", required=False)
    key = forms.UUIDField(widget=forms.HiddenInput(), initial=uuid4)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["exam_type"]
        field.queryset = ExamType.objects.all()

    def sent_key(self) -> UUID:
        data = self.cleaned_data
        return key_of(data["key"], self.platform.pk, data["exam_type"].pk, data["valid_from"], self.values().told)


class EditSeriesForm(SeriesForm):
    """A series to change: all its slots to come, or those of a week and after."""

    since = forms.DateField(
        label="À partir de la semaine du",
        required=False,
        widget=day_input(),
        help_text="Vide : tous les créneaux à venir. Sinon les semaines d’avant restent comme elles sont.",
    )


def _motive() -> forms.CharField:
    return forms.CharField(
        label="Pourquoi",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="La personne qui répond pour le plateau le lira.",
        error_messages={"required": "Dites pourquoi : la personne qui répond ne connaît pas votre situation."},
    )


class ProposeChangeForm(EditSeriesForm):
    """The same, proposed to whoever manages the series."""

    motive = _motive()
    key = forms.UUIDField(widget=forms.HiddenInput(), initial=uuid4)

    def sent_key(self) -> UUID:
        data = self.cleaned_data
        return key_of(data["key"], self.values().told, data["since"], data["motive"])


class ProposeSeriesForm(SeriesForm):
    """One more series of the same exam and platform, proposed."""

    valid_from = forms.DateField(label="Premier jour", widget=day_input())
    motive = _motive()
    key = forms.UUIDField(widget=forms.HiddenInput(), initial=uuid4)

    def sent_key(self) -> UUID:
        data = self.cleaned_data
        return key_of(data["key"], self.values().told, data["valid_from"], data["motive"])


class ExceptionForm(forms.Form):
    """Days without slots, or one week held otherwise."""

    about = forms.ChoiceField(label="Sur quoi", error_messages={"required": "Indiquez sur quoi porte l’exception."})
    kind = forms.ChoiceField(
        label="Nature", choices=[("", "D’après « Sur quoi »"), *ExceptionKind.choices], required=False
    )
    first_on = forms.DateField(label="Du", widget=day_input())
    last_on = forms.DateField(label="Au", widget=day_input())
    moved_to = forms.DateTimeField(
        label="Tenu plutôt le",
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text="Pour une seule série, la même semaine. Vide : pas de créneau.",
    )
    reason = forms.CharField(
        label="Raison",
        max_length=160,
        help_text="Les équipes qui rappellent les patients la lisent.",
        error_messages={"required": "Indiquez la raison."},
    )
    key = forms.UUIDField(widget=forms.HiddenInput(), initial=uuid4)

    def __init__(self, *args: Any, choices: dict[str, tuple[str, str, Any]], **options: Any) -> None:
        """``choices``: key to (group, label, object)."""
        super().__init__(*args, **options)
        self.about_of = {key: each for key, (_, _, each) in choices.items()}
        groups: dict[str, list[tuple[str, str]]] = {}
        for key, (group, label, _) in choices.items():
            groups.setdefault(group, []).append((key, label))
        field: forms.ChoiceField = self.fields["about"]  # type: ignore[assignment]
        field.choices = [("", "Choisissez"), *groups.items()]

    def given(self) -> dict[str, Any]:
        """What `exception_of` takes."""
        data = dict(self.cleaned_data)
        about, drawn = data.pop("about"), data.pop("key")
        scope = about.partition(":")[0]
        data["kind"] = data["kind"] or KIND_OF.get(scope, ExceptionKind.ONE_WEEK)
        told: list[date] = [data[name] for name in ("kind", "first_on", "last_on", "moved_to", "reason")]
        return {**data, scope: self.about_of[about], "uuid": key_of(drawn, about, *told)}


class ResourceForm(forms.Form):
    """A machine or a room to add."""

    name = forms.CharField(label="Nom", max_length=60, error_messages={"required": "Donnez un nom."})
    kind = forms.ChoiceField(label="Nature", choices=ResourceKind.choices)
