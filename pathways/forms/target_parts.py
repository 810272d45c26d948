"""The forms of what a target pathway says beyond its steps: its heading, and what its steps refer to."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from django import forms

from pathways.forms.fields import DayField
from pathways.forms.target_fields import DurationField, LinesField, ProseField, slug
from pathways.rules.levels import Alerts, Level
from pathways.rules.milestones import MilestoneKind
from pathways.rules.target import (
    Choice,
    Contact,
    EntryChannel,
    MailTemplate,
    Objective,
    Partner,
    Period,
    SlotMode,
    SlotType,
    Stay,
    Target,
)

_SOURCE = "D’où cela vient : une recommandation, ou « Proposition, à valider par le site »."
_PERIODS = [(Period.DAY.value, "journée"), (Period.MORNING.value, "matin"), (Period.AFTERNOON.value, "après-midi")]
_ALERTS = ("team_after", "head_after", "harm_after", "no_contact_after", "result_after", "pps_after")
_OVERALL = ("label", "since", "until", "within", "source")
_CONTACT = ("label", "phone", "email", "hours")


class HeadForm(forms.Form):
    """Name, doors, overall objective and alerts. `target()` gives the pathway with what was touched."""

    name = forms.CharField(label="Nom du parcours", max_length=120)
    pathology = forms.CharField(label="Pathologie", max_length=120)
    site_label = forms.CharField(label="Mot pour le lieu", max_length=120, help_text="« Centre », « Hôpital »…")
    summary = ProseField(label="Présentation", required=False, max_length=1000)
    entry_channels = forms.MultipleChoiceField(
        label="Portes d’entrée",
        choices=[(each.value, each.label) for each in EntryChannel],
        widget=forms.CheckboxSelectMultiple,
    )
    contact_label = forms.CharField(label="Nom du secrétariat ou de la coordination", required=False, max_length=120)
    contact_phone = forms.CharField(label="Téléphone", required=False, max_length=120)
    contact_email = forms.CharField(label="Courriel", required=False, max_length=120)
    contact_hours = forms.CharField(label="Horaires", required=False, max_length=120)

    overall_label = forms.CharField(
        label="Objectif d’ensemble", required=False, max_length=120, help_text="Vide : aucun objectif d’ensemble."
    )
    overall_since = forms.ChoiceField(label="Compté depuis", required=False, choices=MilestoneKind.choices())
    overall_until = forms.ChoiceField(label="Jusqu’à", required=False, choices=MilestoneKind.choices())
    overall_within = DurationField(label="En", required=False)
    overall_source = ProseField(label="D’où vient cet objectif", required=False, max_length=1000)

    warn_before = DurationField(label="Prévenir avant chaque échéance", required=False)
    team_after = DurationField(label="Sans réponse, prévenir l’équipe après")
    head_after = DurationField(label="Puis le chef d’équipe après")
    harm_after = DurationField(label="Revue de préjudice après")
    immediate = forms.MultipleChoiceField(
        label="Niveaux écrits par courriel sans attendre",
        required=False,
        choices=[(each.value, each.label) for each in Level],
        widget=forms.CheckboxSelectMultiple,
    )
    no_contact_after = DurationField(label="Alerter sans contact depuis")
    result_after = DurationField(label="Alerter sans nouvelle du laboratoire depuis")
    pps_after = DurationField(label="Alerter si le PPS n’est pas remis après")
    evaluation_after = DurationField(label="Évaluer l’organisation tous les", required=False)
    ends_on = forms.MultipleChoiceField(
        label="Après ces jalons, plus rien n’est attendu",
        required=False,
        choices=MilestoneKind.choices(),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "t-columns"}),
    )
    documents = LinesField(label="Documents de référence", help_text="Une ligne par document.")

    GROUPS = (
        ("Le parcours", ("name", "pathology", "site_label", "summary", "entry_channels", "ends_on", "documents")),
        ("Joindre la coordination", tuple(f"contact_{name}" for name in _CONTACT)),
        ("Objectif d’ensemble", tuple(f"overall_{name}" for name in _OVERALL)),
        ("Alertes", ("warn_before", *_ALERTS[:3], "immediate", *_ALERTS[3:], "evaluation_after")),
    )

    def __init__(self, *args: Any, target: Target, **options: Any) -> None:
        self.was = target
        super().__init__(*args, **{**options, "initial": self._shown(target)})

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page shows them."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("overall_label"):
            for name in ("within", "source"):
                if not data.get(f"overall_{name}") and f"overall_{name}" not in self.errors:
                    self.add_error(f"overall_{name}", "Un objectif d’ensemble dit son délai et d’où il vient.")
        return data

    def target(self) -> Target:
        """The pathway as the form says it."""
        told = {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}
        plain = ("name", "pathology", "site_label", "summary", "warn_before", "evaluation_after", "documents")
        values = {name: told[name] for name in plain if name in told}
        if "entry_channels" in told:
            values["entry_channels"] = tuple(EntryChannel(each) for each in told["entry_channels"])
        if "ends_on" in told:
            values["ends_on"] = tuple(MilestoneKind(each) for each in told["ends_on"])
        contact = {name: told[f"contact_{name}"] for name in _CONTACT if f"contact_{name}" in told}
        alerts = {name: told[name] for name in _ALERTS if name in told}
        if "immediate" in told:
            alerts["immediate"] = tuple(Level(each) for each in told["immediate"])
        return replace(
            self.was,
            **values,
            contact=replace(self.was.contact, **contact),
            alerts=replace(self.was.alerts, **alerts),
            overall=self._overall(told),
        )

    def _overall(self, told: dict[str, Any]) -> Objective | None:
        if not any(name.startswith("overall_") for name in told):
            return self.was.overall
        data = self.cleaned_data
        if not data.get("overall_label") or not data.get("overall_within"):
            return None
        return Objective(
            label=data["overall_label"],
            since=MilestoneKind(data.get("overall_since") or MilestoneKind.REFERRAL_RECEIVED),
            until=MilestoneKind(data.get("overall_until") or MilestoneKind.TREATMENT_STARTED),
            within=data["overall_within"],
            source=data.get("overall_source", ""),
        )

    @staticmethod
    def _shown(target: Target) -> dict[str, Any]:
        shown = {each.name: getattr(target, each.name) for each in fields(Target)}
        shown["entry_channels"] = [each.value for each in target.entry_channels]
        shown["ends_on"] = [each.value for each in target.ends_on]
        shown |= {each.name: getattr(target.alerts, each.name) for each in fields(Alerts)}
        shown["immediate"] = [each.value for each in target.alerts.immediate]
        shown |= {f"contact_{each.name}": getattr(target.contact, each.name) for each in fields(Contact)}
        first = {"since": MilestoneKind.REFERRAL_RECEIVED.value, "until": MilestoneKind.TREATMENT_STARTED.value}
        for name in _OVERALL:
            value = getattr(target.overall, name) if target.overall else first.get(name)
            shown[f"overall_{name}"] = value.value if isinstance(value, MilestoneKind) else value
        return shown


class EntryForm(forms.Form):
    """One entry of a list that steps refer to by its key. `entry()` gives it."""

    shape: type = Choice

    key = forms.CharField(label="Code", max_length=40, help_text="Court, sans accent : « surveillance », « hdj ».")
    label = forms.CharField(label="Nom", max_length=120)

    def __init__(self, *args: Any, target: Target, was: Any = None, **options: Any) -> None:
        self.target, self.was = target, was
        super().__init__(*args, **{**options, "initial": self._shown(was) if was else None})
        self.fields["key"].disabled = was is not None
        if "partner" in self.fields:
            partner: forms.ChoiceField = self.fields["partner"]  # type: ignore[assignment]
            known = [(each.key, each.label) for each in target.partners]
            lost = [(was.partner, was.partner)] if was and was.partner and was.partner not in dict(known) else []
            partner.choices = [("", "Aucun"), *known, *lost]

    def clean_key(self) -> str:
        key = slug(self.cleaned_data["key"])
        part = next(each for each in PARTS.values() if isinstance(self, each.form))
        if self.was is None and key in {each.key for each in getattr(self.target, part.field)}:
            raise forms.ValidationError("Ce code est déjà pris dans cette liste.")
        return key

    def entry(self) -> Any:
        """The entry as the form says it; what was not touched is kept as it was."""
        if self.was is None:
            given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", (), [])}
            return self.shape(**{name: self._plain(name, value) for name, value in given.items()})
        told = {name: self.cleaned_data[name] for name in self.changed_data}
        return replace(self.was, **{name: self._plain(name, value) for name, value in told.items()})

    def _plain(self, name: str, value: Any) -> Any:
        words = {"mode": SlotMode, "period": Period}
        return words[name](value) if name in words else value

    @staticmethod
    def _shown(entry: Any) -> dict[str, Any]:
        shown = {each.name: getattr(entry, each.name) for each in fields(entry)}
        return {name: value.value if isinstance(value, SlotMode | Period) else value for name, value in shown.items()}


class ChoiceForm(EntryForm):
    """What the detail of a milestone may tell."""


class PartnerForm(EntryForm):
    """An establishment that does exams by convention."""

    shape = Partner

    exams = LinesField(label="Examens couverts", help_text="Un code par ligne ; vide : tous.")
    convention = forms.CharField(label="Référence de la convention", required=False, max_length=120)
    valid_from = DayField(label="Valable du", required=False)
    valid_until = DayField(label="Au", required=False)
    source = ProseField(label="Source", max_length=1000, help_text=_SOURCE)

    def clean_exams(self) -> tuple[str, ...]:
        return tuple(slug(each) for each in self.cleaned_data["exams"])


class StayForm(EntryForm):
    """Steps done together."""

    shape = Stay

    documents = LinesField(label="Documents", help_text="Une ligne par document.")
    source = ProseField(label="Source", max_length=1000, help_text=_SOURCE)


class MailForm(EntryForm):
    """A mail written beforehand."""

    shape = MailTemplate

    to = forms.CharField(label="À qui", max_length=120)
    subject = forms.CharField(label="Objet", max_length=120, help_text="Il ne nomme jamais un patient.")
    text = ProseField(label="Texte", max_length=4000, rows=8)
    source = ProseField(label="Source", max_length=1000, help_text=_SOURCE)


class SlotForm(EntryForm):
    """A kind of slot, and how it is obtained."""

    shape = SlotType

    mode = forms.ChoiceField(label="Comment", choices=[(each.value, each.label) for each in SlotMode])
    within = DurationField(label="Délai convenu", required=False, help_text="Pour une demande prioritaire.")
    partner = forms.ChoiceField(label="Partenaire", required=False)
    capacity = forms.IntegerField(label="Places par créneau", min_value=1, max_value=1000, initial=1)
    per_week = forms.IntegerField(label="Créneaux par semaine", min_value=1, max_value=1000, required=False)
    day = forms.IntegerField(label="Jour du diagnostic", min_value=1, max_value=365, initial=1)
    period = forms.ChoiceField(label="Moment", choices=_PERIODS)
    release_before = DurationField(
        label="Rendu au plateau s’il reste libre", required=False, help_text="Avant son heure."
    )
    source = ProseField(label="Source", max_length=1000, help_text=_SOURCE)


@dataclass(frozen=True)
class Part:
    """One list of a target pathway: its field, its form, its words."""

    field: str
    form: type[EntryForm]
    title: str
    one: str

    def added(self, target: Target, entry: Any) -> Target:
        """One more entry."""
        return self._with(target, [*getattr(target, self.field), entry])

    def replaced(self, target: Target, key: str, entry: Any) -> Target:
        """The entry of that key written anew."""
        return self._with(target, [entry if each.key == key else each for each in getattr(target, self.field)])

    def without(self, target: Target, key: str) -> Target:
        """Without the entry of that key; the steps that name it are then at fault."""
        return self._with(target, [each for each in getattr(target, self.field) if each.key != key])

    def _with(self, target: Target, entries: list[Any]) -> Target:
        changes: dict[str, Any] = {self.field: tuple(entries)}
        return replace(target, **changes)


PARTS = {
    "choix": Part("choices", ChoiceForm, "Choix et branches", "un choix"),
    "partenaires": Part("partners", PartnerForm, "Partenaires", "un partenaire"),
    "sejours": Part("stays", StayForm, "Séjours", "un séjour"),
    "courriels": Part("mail_templates", MailForm, "Modèles de courriel", "un modèle de courriel"),
    "creneaux": Part("slot_types", SlotForm, "Créneaux", "un type de créneau"),
}
