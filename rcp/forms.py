"""Forms of the meeting room. They check shape; the services decide."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from directory.models import Establishment, Profession, Professional, Team
from pathways.models import Pathway, TreatmentModality
from pathways.rules.milestones import MilestoneKind
from rcp.models import CaseStream, RcpCase, RcpSeries, RcpSession
from rcp.rules.presets import Preset
from rcp.services import NewAction

FREE_ROWS = 2
PROVING_KINDS = (
    MilestoneKind.ANNOUNCEMENT,
    MilestoneKind.PPS_GIVEN,
    MilestoneKind.TREATMENT_STARTED,
    MilestoneKind.EXAM_DONE,
    MilestoneKind.BIOPSY_TAKEN,
    MilestoneKind.LAB_FINAL,
    MilestoneKind.SUPPORT_SCREENING,
    MilestoneKind.PALLIATIVE_ENTRY,
    MilestoneKind.RCP_HELD,
)


WHO_CHOICES = [
    ("", "Non renseigné"),
    (0, "0 : activité normale"),
    (1, "1 : fatigue, travail léger possible"),
    (2, "2 : autonome, alité moins de la moitié du jour"),
    (3, "3 : alité plus de la moitié du jour"),
    (4, "4 : alité en permanence"),
]


def _day(**attrs: Any) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


def _text(rows: int, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


class CaseForm(forms.ModelForm[RcpCase]):
    """What the meeting reads of a file; nothing here is asked twice (RCP-08)."""

    who_status = forms.TypedChoiceField(
        choices=WHO_CHOICES, coerce=int, empty_value=None, required=False, label="État général (OMS)"
    )
    g8_score = forms.DecimalField(
        min_value=0,
        max_value=17,
        decimal_places=1,
        required=False,
        label="Score G8",
        widget=forms.NumberInput(attrs={"step": "0.5"}),
        error_messages={"max_value": "Le score G8 va de 0 à 17.", "min_value": "Le score G8 va de 0 à 17."},
    )

    class Meta:
        model = RcpCase
        fields = [
            "question", "presenter", "summary", "antecedents", "site_label", "histology", "stage", "who_status",
            "diagnosed_on", "g8_score", "imaging", "team_note", "no_gp",
        ]  # fmt: skip
        labels = {
            "stage": "Stade",
            "histology": "Preuve anatomopathologique",
            "imaging": "Imagerie à projeter",
        }
        help_texts = {
            "question": "Une ou deux phrases : ce que la réunion doit trancher.",
            "histology": "Le type histologique, ou « absence de preuve ».",
            "stage": "TNM ou autre classification, ou « non connu ».",
            "team_note": "Contexte de vie, souhait du patient, ce que le médecin traitant veut faire savoir.",
            "no_gp": "À cocher seulement quand le patient n’a pas de médecin traitant.",
        }
        widgets = {
            "question": _text(2),
            "summary": _text(5),
            "antecedents": _text(3),
            "team_note": _text(2),
            "diagnosed_on": _day(),
        }

    def __init__(self, *args: Any, presenters: Any, known_gp: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["presenter"].queryset = presenters  # type: ignore[attr-defined]
        self.fields["presenter"].empty_label = "À désigner"  # type: ignore[attr-defined]
        self.fields["question"].error_messages["required"] = "Indiquez la question posée à la RCP."
        if known_gp:
            del self.fields["no_gp"]

    def clean_diagnosed_on(self) -> date | None:
        day: date | None = self.cleaned_data.get("diagnosed_on")
        if day and day > timezone.localdate():
            raise forms.ValidationError("Cette date est dans le futur.")
        return day

    def details(self) -> dict[str, Any]:
        """The cleaned values, as the services take them."""
        return dict(self.cleaned_data)

    def _post_clean(self) -> None:
        """The services write the row: this form only checks what was typed."""


class RegisterForm(CaseForm):
    """The same, with the session and the stream."""

    session = forms.ModelChoiceField(
        RcpSession.objects.none(),
        to_field_name="uuid",
        label="Séance",
        error_messages={"required": "Choisissez une séance.", "invalid_choice": "Cette séance n’est plus proposée."},
    )
    stream = forms.ChoiceField(
        choices=CaseStream.choices,
        initial=CaseStream.DISCUSSED,
        label="Circuit",
        widget=forms.RadioSelect(attrs={"class": "j-choices-row"}),
        help_text="Un dossier standard suit exactement le référentiel : il est enregistré sans discussion.",
    )
    late_reason = forms.CharField(max_length=200, required=False, label="Pourquoi après la clôture des inscriptions ?")

    def __init__(self, *args: Any, sessions: Any, may_spare: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions  # type: ignore[attr-defined]
        if not may_spare:
            del self.fields["stream"]


def presenters_for(series: RcpSeries | Any, pathway: Pathway, current: Professional | None = None) -> Any:
    """Physicians who may present: members of the series, of the circle, of the pathway's establishment's hospital."""
    among = Q(rcp_series__in=series) | Q(circles__pathway=pathway, in_town=False)
    among |= Q(user__memberships__team=pathway.team)
    if current:
        among |= Q(pk=current.pk)
    return Professional.objects.filter(among, profession=Profession.PHYSICIAN).distinct()


class DecisionForm(forms.Form):
    """The opinion, typed while the meeting goes on."""

    proposal = forms.CharField(
        label="Proposition de la RCP",
        widget=_text(4, **{"aria-keyshortcuts": "Control+Enter", "data-decision": True}),
        error_messages={"required": "Écrivez la proposition de la RCP."},
    )
    modality = forms.ChoiceField(
        label="Type de traitement", required=False, choices=[("", "Aucun, ou pas encore"), *TreatmentModality.choices]
    )
    treatment_label = forms.CharField(
        label="En mots simples, pour le patient",
        required=False,
        max_length=160,
        help_text="Repris tel quel dans le programme de soins remis au patient.",
    )
    alternatives = forms.CharField(label="Autres options, préférence du patient", required=False, widget=_text(2))
    framework = forms.CharField(label="Référentiel utilisé", required=False, max_length=160)
    trial_proposed = forms.BooleanField(label="Essai clinique proposé", required=False)


class CorrectionForm(DecisionForm):
    """The same, with the reason and the version that was read."""

    reason = forms.CharField(
        label="Pourquoi cet avis est-il corrigé ?",
        max_length=200,
        error_messages={"required": "Indiquez pourquoi l’avis est corrigé."},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


class ActionForm(forms.Form):
    """One follow-up action: a preset to tick, or a free line that counts as soon as it has a label."""

    preset = forms.CharField(required=False, widget=forms.HiddenInput)
    wanted = forms.BooleanField(required=False, label="À faire")
    label = forms.CharField(required=False, max_length=200, label="Suite à donner")
    due_on = forms.DateField(required=False, widget=_day(), label="Pour le")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, label="Équipe", to_field_name="uuid")
    kind = forms.ChoiceField(
        required=False,
        label="Prouvée par",
        choices=[("", "Une personne le dira"), *((kind.value, kind.label) for kind in PROVING_KINDS)],
    )

    def __init__(self, *args: Any, teams: Any, presets: dict[str, Preset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["team"].empty_label = None  # type: ignore[attr-defined]
        self.presets = presets

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.is_wanted:
            if not data.get("label", "").strip():
                self.add_error("label", "Dites ce qu’il y a à faire.")
            if not data.get("due_on") and "due_on" not in self.errors:
                self.add_error("due_on", "Indiquez pour quand.")
        return data

    @property
    def is_wanted(self) -> bool:
        """A preset is wanted when ticked, a free line when something is written."""
        data = self.cleaned_data
        return bool(data.get("wanted")) if data.get("preset") in self.presets else bool(data.get("label", "").strip())

    def action(self) -> NewAction:
        """The action, the proof of a preset being the series', never the browser's."""
        data = self.cleaned_data
        preset = self.presets.get(data["preset"])
        return NewAction(
            label=data["label"],
            due_on=data["due_on"],
            team=data["team"],
            kind=preset.closes_on if preset else data["kind"],
            detail=preset.detail if preset else "",
        )


ActionFormSet = forms.formset_factory(ActionForm, extra=0)


def teams_for(pathway: Pathway, establishments: list[Establishment]) -> Any:
    """Teams that may be given an action: those of the pathway's and of the meeting's establishments."""
    return Team.objects.filter(Q(establishment__in=establishments) | Q(pk=pathway.team_id)).order_by("name", "id")


class PostponeForm(forms.Form):
    """To another session, or to none for now."""

    to = forms.ModelChoiceField(
        RcpSession.objects.none(), to_field_name="uuid", required=False, label="Reporté à", empty_label="Sans date"
    )
    reason = forms.CharField(
        label="Motif", max_length=200, error_messages={"required": "Indiquez pourquoi le dossier est reporté."}
    )

    def __init__(self, *args: Any, sessions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = sessions  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """A reason, and nothing else."""

    reason = forms.CharField(label="Motif", max_length=200, error_messages={"required": "Indiquez un motif."})


class DoneForm(forms.Form):
    """The day an action was carried out."""

    on = forms.DateField(label="Fait le", widget=_day(), error_messages={"required": "Indiquez quand c’était fait."})
