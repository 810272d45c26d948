"""What the simulation of slots is asked."""

from __future__ import annotations

from typing import Any

from django import forms

from coordination.models import ExamType, ReleaseUnit, Weekday

LEAVES, WAITS = "part", "attend"


class SizingForm(forms.Form):
    """The exam, the objective, the release rule and the days; the rest comes from the site's history."""

    examen = forms.ModelChoiceField(
        ExamType.objects.none(), to_field_name="code", label="Examen", empty_label="Choisir un examen"
    )
    objectif = forms.IntegerField(label="À faire dans les (jours)", min_value=1, max_value=60, initial=7)
    preavis = forms.IntegerField(label="Place rendue avant", min_value=1, max_value=336, initial=48)
    unite = forms.ChoiceField(label="Compté en", choices=ReleaseUnit.choices, initial=ReleaseUnit.HOURS)
    part = forms.IntegerField(label="Part visée (%)", min_value=50, max_value=99, initial=90)
    jours = forms.MultipleChoiceField(
        label="Jours possibles", choices=Weekday.choices, widget=forms.CheckboxSelectMultiple, initial=["0", "3"]
    )
    sinon = forms.ChoiceField(
        label="Qui ne trouve pas à temps",
        choices=[(LEAVES, "prend un rendez-vous ordinaire"), (WAITS, "attend le créneau suivant")],
        initial=LEAVES,
    )
    graine = forms.IntegerField(
        label="Graine du tirage",
        min_value=0,
        max_value=2**31 - 1,
        initial=2026,
        help_text="La même graine redonne les mêmes chiffres.",
    )

    def __init__(self, *args: Any, exams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["examen"].queryset = exams  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A place given back before the objective could be met serves nobody."""
        told = super().clean() or {}
        if "preavis" in told and "objectif" in told and told["preavis"] >= 24 * told["objectif"]:
            self.add_error(
                "preavis",
                f"Une place rendue {told['preavis']} heures avant ne peut servir personne en {told['objectif']} jours.",
            )
        return told
