"""A new patient with a pathway, a pathway for a known patient, and the correction of an identity."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.models import Establishment, Role, User
from directory.perms import allow, reads_patients, works_at_desk
from directory.services import record_access
from pathways import services
from pathways.forms import FollowingForm, NewFileForm, OpenPathwayForm, PatientForm
from pathways.forms.fields import instant, refuse
from pathways.forms.patients import STRICT, gp_label, town_physicians
from pathways.models import Pathway, Patient, TargetPathway
from pathways.perms import may_write
from pathways.rules.milestones import MilestoneKind
from pathways.views.identity import identity_of
from pathways.views.opening import user_of, write
from pathways.views.sheet import earlier_pathways

FACT_NAMES = {"occurred_at": "received_on"}
DESK = (Role.COORDINATOR, Role.SECRETARY)
ALIKE = 6


@allow(works_at_desk)
def new(request: HttpRequest) -> HttpResponse:
    """Creates a patient and opens a pathway, once the look-alikes have been shown."""
    user = user_of(request)
    form = NewFileForm(request.POST or None, targets=_targets(user), people=_people(user), initial={"owner": user})
    alike: list[Patient] = []
    if request.method == "POST" and form.is_valid():
        alike = _unseen_look_alikes(form)
        if not alike:
            pathway = _create(form, user)
            if pathway:
                messages.success(request, f"Dossier créé, parcours {pathway.reference} ouvert.")
                return redirect("pathways:detail", pathway.uuid)
    context = {"form": form, "alike": alike, "strict": [form[name] for name in STRICT]}
    return render(request, "pathways/new.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@allow(works_at_desk)
def look_alikes(request: HttpRequest) -> HttpResponse:
    """Possible same persons while the identity is being typed. By POST: no name in an address."""
    user = user_of(request)
    form = NewFileForm(request.POST, targets=_targets(user), people=_people(user))
    form.is_valid()
    return render(request, "pathways/_look_alikes.html", {"alike": _look_alikes(form, user)})


@allow(reads_patients)
def gp_options(request: HttpRequest) -> HttpResponse:
    """Town physicians matching what is typed as the GP, for the field's list."""
    words = request.GET.get("gp", "").strip()[:80]
    found = town_physicians(words)[:10] if len(words) > 1 else []
    return render(request, "pathways/_gp_options.html", {"labels": [gp_label(each) for each in found]})


@allow(works_at_desk)
def open_pathway(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Opens a pathway for a patient the establishment already knows."""
    user = user_of(request)
    patient = get_object_or_404(Patient, uuid=uuid, establishment__in=user.establishments_as(*DESK))
    record_access(user=user, patient_uuid=patient.uuid, what="Identité, pour ouvrir un parcours", why="team")
    targets = _targets(user).filter(establishment=patient.establishment)
    chosen = {"targets": targets, "people": _people(user), "initial": {"owner": user}}
    earlier = earlier_pathways(user, patient.pk)
    form = (
        FollowingForm(request.POST or None, earlier=earlier, **chosen)
        if earlier.exists()
        else OpenPathwayForm(request.POST or None, **chosen)
    )
    if request.method == "POST" and form.is_valid():
        try:
            pathway = _open(form, patient, user)
        except DomainError as error:
            refuse(form, error, FACT_NAMES)
        else:
            messages.success(request, f"Parcours {pathway.reference} ouvert.")
            return redirect("pathways:detail", pathway.uuid)
    context = {"form": form, "patient": patient, "p": identity_of(patient)}
    return render(request, "pathways/open.html", context, status=422 if request.method == "POST" else 200)


@allow(reads_patients)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Corrects an identity or the way to reach a patient, from one of his or her pathways."""
    file = write(request, uuid, "Identité et coordonnées", may_write)
    patient = file.pathway.patient
    form = PatientForm(request.POST or None, initial=PatientForm.initial_of(patient))
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.update_patient(patient=patient, **_changes(form, patient))
        except DomainError as error:
            refuse(form, error)
        else:
            hidden = patient.ins_matricule and not changed.ins_matricule
            note = " L’identité redevient provisoire et le matricule est retiré." if hidden else ""
            messages.success(request, f"Modifications enregistrées.{note}")
            return redirect("pathways:detail", uuid)
    context = {
        "form": form,
        "pathway": file.pathway,
        "p": identity_of(patient),
        "strict": [form[name] for name in STRICT],
    }
    return render(request, "pathways/edit.html", context, status=422 if request.method == "POST" else 200)


def _changes(form: PatientForm, patient: Patient) -> dict[str, Any]:
    """What the form changes; the identity's status and matricule only when they were touched themselves.

    Left as they were beside a changed strict trait, they are for the service to judge: provisional, without matricule.
    """
    own = {"identity_status", "ins_matricule", "ins_oid"}
    touched = own & set(form.changed_data)
    traits = form.traits()
    if not traits.get("file_number"):
        traits["file_number"] = patient.file_number
    return traits if touched else {name: value for name, value in traits.items() if name not in own}


def _create(form: NewFileForm, user: User) -> Pathway | None:
    """The new file and its pathway, or None with the refusal shown in the form; both or neither."""
    target: TargetPathway = form.cleaned_data["target"]
    try:
        with transaction.atomic():
            patient = services.create_patient(establishment=target.establishment, **form.traits())
            return _open(form, patient, user)
    except DomainError as error:
        refuse(form, error, FACT_NAMES)
        return None


@transaction.atomic
def _open(form: OpenPathwayForm | NewFileForm, patient: Patient, user: User) -> Pathway:
    """Opens the pathway and records when the request came."""
    data = form.cleaned_data
    now, zone = timezone.now(), ZoneInfo(patient.establishment.time_zone)
    received_at = instant(data["received_on"], None, zone, now)
    pathway = services.open_pathway(
        patient=patient,
        target=data["target"],
        opened_at=received_at,
        owner=data["owner"],
        suspicion=data["suspicion"],
        linked_to=data.get("linked_to"),
        link_kind=data.get("link_kind", ""),
        author=user,
    )
    services.record_milestone(
        pathway=pathway, kind=MilestoneKind.REFERRAL_RECEIVED, occurred_at=received_at, author=user
    )
    return pathway


def _unseen_look_alikes(form: NewFileForm) -> list[Patient]:
    """Possible same persons the user has not been shown yet, or has not told apart."""
    alike = list(_alike(form, [form.cleaned_data["target"].establishment]))
    shown = set(form.cleaned_data["seen"].split(","))
    told_apart = form.cleaned_data["other_person"] and {str(each.uuid) for each in alike} <= shown
    return [] if told_apart else alike


def _look_alikes(form: NewFileForm, user: User) -> list[Patient]:
    target = form.cleaned_data.get("target")
    places = [target.establishment] if target else Establishment.objects.filter(pk__in=user.establishments_as(*DESK))
    return list(_alike(form, places))


def _alike(form: NewFileForm, places: Any) -> Any:
    """Look-alikes of what was typed, in the establishments where the user may create a file."""
    data = form.cleaned_data
    if not all(data.get(name) for name in ("birth_name", "first_name", "birth_date")):
        return Patient.objects.none()
    known = Patient.objects.filter(establishment__in=places)
    alike = known.look_alikes(
        birth_name=data["birth_name"], first_name=data["first_name"], birth_date=data["birth_date"]
    )
    return alike[:ALIKE]


def _targets(user: User) -> Any:
    """The target pathways of the teams whose desk the user runs."""
    teams = user.teams_as(*DESK)
    return (
        TargetPathway.objects.published().filter(team__in=teams).select_related("establishment").order_by("name", "id")
    )


def _people(user: User) -> Any:
    """Who may be responsible: the coordinators and physicians of the user's teams."""
    teams = user.teams_as(*DESK)
    accounts = User.objects.filter(is_active=True, memberships__team__in=teams)
    return accounts.select_related("professional").order_by("professional__last_name", "email").distinct()
