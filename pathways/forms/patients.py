"""Forms of a patient's identity (INS strict traits) and of the opening of a pathway."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet

from directory.models import Profession, Professional, User
from pathways.forms.actions import LinkFields
from pathways.forms.fields import DayField, today
from pathways.models import IdentityStatus, Patient, Sex, TargetPathway
from pathways.rules import identity

_RPPS = re.compile(r"(?<!\d)\d{11}(?!\d)")
OIDS = [("", "Aucun"), *identity.INS_OIDS.items()]
STATUSES = [(status.value, status.label) for status in IdentityStatus]
STRICT = ("birth_name", "first_name", "given_names", "birth_date", "sex", "birth_place_code")
_UPPER = {"autocapitalize": "characters", "autocomplete": "off"}


class PatientForm(forms.Form):
    """Strict traits as on the identity document, what the INSi service gave, and how to reach the person."""

    birth_name = forms.CharField(
        label="Nom de naissance",
        max_length=100,
        widget=forms.TextInput(attrs=_UPPER),
        help_text="Tel que sur la pièce d’identité.",
    )
    first_name = forms.CharField(
        label="Premier prénom de naissance", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    given_names = forms.CharField(
        label="Tous les prénoms de naissance",
        max_length=200,
        required=False,
        help_text="Dans l’ordre de la pièce d’identité.",
    )
    birth_date = DayField(label="Date de naissance")
    sex = forms.ChoiceField(
        label="Sexe", choices=Sex.choices, widget=forms.RadioSelect(attrs={"class": "j-choices-row"})
    )
    birth_place_code = forms.CharField(
        label="Code INSEE du lieu de naissance",
        max_length=9,
        required=False,
        help_text="5 caractères. Né à l’étranger : 99 suivi du code du pays. Inconnu : 99999.",
    )
    used_name = forms.CharField(label="Nom utilisé", max_length=100, required=False)
    used_first_name = forms.CharField(label="Prénom utilisé", max_length=100, required=False)
    identity_status = forms.ChoiceField(
        label="Statut de l’identité", choices=STATUSES, initial=IdentityStatus.PROVISIONAL
    )
    ins_matricule = forms.CharField(
        label="Matricule INS",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        help_text="15 caractères reçus du téléservice INSi. Laissez vide tant qu’il n’a pas été interrogé.",
    )
    ins_oid = forms.ChoiceField(label="Domaine du matricule", choices=OIDS, required=False)
    file_number = forms.CharField(
        label="Numéro de dossier", max_length=20, required=False, help_text="Laissez vide : Jalon en donne un."
    )
    phone = forms.CharField(
        label="Téléphone",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(label="Courriel", required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    address = forms.CharField(label="Adresse", max_length=200, required=False)
    postal_code = forms.CharField(
        label="Code postal", max_length=5, required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    city = forms.CharField(label="Ville", max_length=80, required=False)
    gp = forms.CharField(
        label="Médecin traitant",
        required=False,
        max_length=160,
        help_text="Nom du médecin de ville, ou son numéro RPPS.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "gp-options"}),
    )

    def clean_gp(self) -> Professional | None:
        """The town physician meant by a name or an RPPS number; refused when none or several are."""
        typed = self.cleaned_data["gp"].strip()
        if not typed:
            return None
        number = _RPPS.search(typed)
        found = list(town_physicians(number[0] if number else typed)[:4])
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError("Aucun médecin de ville de l’annuaire ne correspond.")
        names = ", ".join(gp_label(each) for each in found[:3])
        raise forms.ValidationError(f"Plusieurs médecins correspondent ({names}…) : donnez le numéro RPPS.")

    def clean_ins_matricule(self) -> str:
        """Without the spaces people type; refused when a character or the key is wrong."""
        typed = self.cleaned_data["ins_matricule"]
        _refuse_errors(identity.check_matricule(typed) if typed else [])
        return identity.normalise(typed)

    def clean_birth_place_code(self) -> str:
        typed = self.cleaned_data["birth_place_code"]
        _refuse_errors(identity.check_birth_place(typed) if typed else [])
        return identity.normalise(typed)

    def clean(self) -> dict[str, Any]:
        """Status, matricule and domain go together (french-standards 5.1)."""
        data = super().clean() or self.cleaned_data
        matricule, oid = data.get("ins_matricule", ""), data.get("ins_oid", "")
        status = data.get("identity_status", IdentityStatus.PROVISIONAL)
        if "ins_matricule" in self.errors:
            return data
        if matricule and not oid:
            self.add_error("ins_oid", "Choisissez le domaine du matricule.")
        if oid and not matricule:
            self.add_error("ins_matricule", "Écrivez le matricule, ou retirez son domaine.")
        if status in (IdentityStatus.RETRIEVED, IdentityStatus.QUALIFIED) and not matricule:
            self.add_error(
                "ins_matricule", "Une identité récupérée ou qualifiée porte le matricule reçu du téléservice INSi."
            )
        if matricule and status in (IdentityStatus.PROVISIONAL, IdentityStatus.VALIDATED):
            self.add_error(
                "identity_status",
                "Avec un matricule reçu du téléservice INSi, l’identité est récupérée, ou qualifiée une fois vérifiée.",
            )
        if (
            status == IdentityStatus.QUALIFIED
            and not data.get("birth_place_code")
            and "birth_place_code" not in self.errors
        ):
            self.add_error("birth_place_code", "Une identité qualifiée porte le code du lieu de naissance.")
        return data

    def traits(self) -> dict[str, Any]:
        """The patient's fields, as the services take them."""
        return {name: self.cleaned_data[name] for name in PatientForm.base_fields if name in self.cleaned_data}

    @classmethod
    def initial_of(cls, patient: Patient) -> dict[str, Any]:
        """What the form starts from when a patient is edited."""
        traits = {name: getattr(patient, name) for name in PatientForm.base_fields}
        return traits | {"gp": gp_label(patient.gp) if patient.gp else ""}


class OpenPathwayForm(forms.Form):
    """Which target pathway a patient starts on, and why."""

    target = forms.ModelChoiceField(label="Parcours", queryset=TargetPathway.objects.none(), empty_label="Choisissez…")
    received_on = DayField(label="Demande reçue le", initial=today)
    owner = forms.ModelChoiceField(
        label="Responsable du parcours",
        queryset=User.objects.none(),
        required=False,
        empty_label="Personne pour l’instant",
    )
    suspicion = forms.CharField(
        label="Motif de la demande", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, targets: Any, people: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        target: forms.ModelChoiceField[TargetPathway] = self.fields["target"]  # type: ignore[assignment]
        owner: forms.ModelChoiceField[User] = self.fields["owner"]  # type: ignore[assignment]
        target.queryset, owner.queryset = targets, people


class FollowingForm(LinkFields, OpenPathwayForm):
    """A pathway for a patient who has had others: it may be a relapse or a second cancer of one of them."""

    field_order = ("target", "linked_to", "link_kind", "received_on", "owner", "suspicion")

    def __init__(self, *args: Any, earlier: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer(earlier)


class NewFileForm(PatientForm, OpenPathwayForm):
    """A new patient and the pathway opened for him or her, in one page.

    ``seen`` carries the look-alikes already shown: the file is created only when every one of them was.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    other_person = forms.BooleanField(
        label="C’est une autre personne : aucun de ces dossiers n’est le sien.", required=False
    )


def town_physicians(words: str) -> QuerySet[Professional]:
    """Physicians of the town part of the directory, by name or RPPS number."""
    town = Professional.objects.search(words).filter(in_town=True, profession=Profession.PHYSICIAN)
    return town.order_by("last_name", "first_name", "id")


def gp_label(professional: Professional) -> str:
    """How a GP is written in the form: name, town, RPPS number."""
    parts = (f"{professional.first_name} {professional.last_name}".strip(), professional.city, professional.rpps)
    return ", ".join(part for part in parts if part)


def _refuse_errors(problems: list[identity.Problem]) -> None:
    errors = [problem.message for problem in problems if problem.severity is identity.Severity.ERROR]
    if errors:
        raise forms.ValidationError(errors)
