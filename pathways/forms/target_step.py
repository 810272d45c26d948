"""The form of one step of a target pathway."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from django import forms

from pathways.forms.target_fields import AnchorField, DurationField, LinesField, MatchesField, ProseField, slug
from pathways.rules.target import Actor, Phase, Repeat, StepDef, Target

NEW = StepDef(key="", label="", phase=Phase.REFERRAL, actor=Actor.COORDINATOR, done_by=())


class StepForm(forms.Form):
    """Everything the language says of a step. `step()` gives it, what was not touched being kept as it was."""

    label = forms.CharField(label="Nom de l’étape", max_length=120)
    key = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Court, sans accent : « irm », « premier_avis ». Il relie l’étape d’une version à l’autre.",
    )
    phase = forms.ChoiceField(label="Phase", choices=[(each.value, each.label) for each in Phase])
    actor = forms.ChoiceField(label="Qui agit", choices=[(each.value, each.label) for each in Actor])
    optional = forms.BooleanField(
        label="Facultative", required=False, help_text="Elle a ses dates, mais n’est jamais en retard."
    )
    tells_gp = forms.BooleanField(label="Annoncée au médecin traitant", required=False)

    done_by = MatchesField(
        label="Se termine par",
        help_text="Le premier jalon est celui qu’on attend ; les autres terminent aussi l’étape.",
        error_messages={"required": "Choisissez le jalon qui termine l’étape."},
    )
    after_anchor = forms.BooleanField(label="Seulement un fait postérieur au départ du délai", required=False)
    again = forms.BooleanField(
        label="Ce jalon a déjà eu lieu une fois", required=False, help_text="Par exemple une seconde RCP."
    )

    objective = DurationField(label="Objectif", required=False, help_text="Vide : l’étape n’est jamais en retard.")
    warn_before = DurationField(label="Prévenir avant", required=False, help_text="Vide : comme le reste du parcours.")
    every = DurationField(label="Répétée tous les", required=False, help_text="Vide : une seule fois.")
    times = forms.IntegerField(
        label="Nombre de fois", required=False, min_value=1, max_value=1000, help_text="Vide : sans fin."
    )
    source = ProseField(
        label="D’où vient ce délai",
        required=False,
        max_length=1000,
        help_text="Une recommandation, ou « Proposition, à valider par le site ».",
    )

    when = MatchesField(label="Seulement si l’un de ces jalons a eu lieu", required=False)
    unless = MatchesField(label="Sauf si l’un de ces jalons a eu lieu", required=False)

    exam_type = forms.CharField(
        label="Examen à réserver",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"list": "precisions", "autocomplete": "off"}),
    )
    partner = forms.ChoiceField(label="Chez le partenaire", required=False)
    stay = forms.ChoiceField(label="Dans le séjour", required=False)
    checklist = LinesField(label="À vérifier", help_text="Une ligne par point.")
    documents = LinesField(label="Documents attendus", help_text="Une ligne par document.")
    mails = forms.MultipleChoiceField(label="Modèles de courriel", required=False, widget=forms.CheckboxSelectMultiple)

    GROUPS = (
        ("L’étape", ("label", "key", "phase", "actor", "optional", "tells_gp")),
        ("Le délai", ("anchor", "objective", "warn_before", "source", "every", "times")),
        ("Ce qui la termine", ("done_by", "after_anchor", "again")),
        ("Conditions et branches", ("when", "unless")),
        ("Examen, partenaire et papiers", ("exam_type", "partner", "stay", "checklist", "documents", "mails")),
    )

    def __init__(self, *args: Any, target: Target, was: StepDef = NEW, fixed_key: bool = False, **options: Any) -> None:
        """`was` is the step as it stands in `target`; `fixed_key` when patients may already follow it by its key."""
        self.target, self.was = target, was
        super().__init__(*args, **{**options, "initial": self._shown(was)})
        others = [(step.key, step.label) for step in target.steps if step.key != was.key]
        known = {key for key, _ in others}
        lost = [part.step for part in was.anchors if part.step and part.step not in known]
        self.fields["anchor"] = AnchorField(
            label="Commence après",
            required=False,
            steps=[*others, *((key, f"{key} (étape inconnue)") for key in lost)],
            help_text="Plusieurs lignes : le délai part de la dernière arrivée.",
        )
        self._choose("partner", [(each.key, each.label) for each in target.partners], [was.partner])
        self._choose("stay", [(each.key, each.label) for each in target.stays], [was.stay])
        self._choose("mails", [(each.key, each.label) for each in target.mail_templates], was.mails)
        if not self.fields["mails"].choices:  # type: ignore[attr-defined]
            del self.fields["mails"]
        self.fields["key"].disabled = fixed_key

    def _choose(self, name: str, known: list[tuple[str, str]], held: Any) -> None:
        """The choices of a field; what the step holds and nothing describes stays on offer, so as not to be lost."""
        field: forms.ChoiceField = self.fields[name]  # type: ignore[assignment]
        lost = [(each, f"{each} (inconnu)") for each in held if each and each not in dict(known)]
        none = [] if isinstance(field, forms.MultipleChoiceField) else [("", "Aucun")]
        field.choices = [*none, *known, *lost]

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page shows them."""
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.GROUPS]

    def clean_key(self) -> str:
        key = slug(self.cleaned_data["key"])
        if key != self.was.key and key in self.target.graph.index:
            raise forms.ValidationError("Une autre étape porte déjà ce code.")
        return key

    def step(self) -> StepDef:
        """The step as the form says it; of a form at fault, as far as it can be read."""
        told = {name for name in self.changed_data if name in self.cleaned_data}
        plain = {each.name for each in fields(StepDef)} & told
        values = {name: self._plain(name, self.cleaned_data[name]) for name in plain}
        if told & {"every", "times"}:
            every = self.cleaned_data.get("every")
            values["repeat"] = Repeat(every, self.cleaned_data.get("times")) if every else None
        return replace(self.was, **values)

    def _plain(self, name: str, value: Any) -> Any:
        match name:
            case "phase":
                return Phase(value)
            case "actor":
                return Actor(value)
            case "mails":
                return tuple(value)
            case "exam_type":
                return slug(value)
        return value

    def clean_exam_type(self) -> str:
        return slug(self.cleaned_data["exam_type"])

    @staticmethod
    def _shown(step: StepDef) -> dict[str, Any]:
        shown = {each.name: getattr(step, each.name) for each in fields(StepDef)}
        shown |= {"phase": step.phase.value, "actor": step.actor.value, "mails": [*step.mails]}
        repeat = step.repeat
        return shown | {"every": repeat.every if repeat else None, "times": repeat.times if repeat else None}
