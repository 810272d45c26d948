"""Emergency access (bris de glace): one file, found exactly, opened for four hours with a reason, then reviewed."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from directory.errors import DomainError
from directory.models import Role, User
from directory.perms import allow, may_break_glass
from directory.services import open_break_glass
from directory.tries import count
from pathways.forms import BreakGlassForm
from pathways.forms.fields import refuse
from pathways.models import Pathway, Patient
from pathways.views.opening import user_of

log = structlog.get_logger(__name__)

MOST_TRIES = 8
WINDOW = timedelta(minutes=15)
NOT_FOUND = "Aucun dossier de votre établissement ne porte ce numéro avec cette date de naissance."
TOO_MANY = "Trop d’essais en peu de temps. Attendez quinze minutes, ou appelez la coordination."
NO_PATHWAY = "Ce patient n’a pas de parcours dans Jalon : il n’y a pas de dossier à ouvrir."


@allow(may_break_glass)
def break_glass(request: HttpRequest) -> HttpResponse:
    """Opens one patient's file to someone outside the care team, with a reason."""
    user = user_of(request)
    form = BreakGlassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            pathway = _opened(user, form)
        except DomainError as error:
            refuse(form, error)
        else:
            return redirect("pathways:detail", pathway.uuid)
    return render(request, "pathways/break_glass.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _opened(user: User, form: BreakGlassForm) -> Pathway:
    """The pathway to show once the access is written down. Raises DomainError, and counts the failures."""
    data = form.cleaned_data
    if _tries(user) >= MOST_TRIES:
        raise DomainError(TOO_MANY, code="too_many_tries")
    patient = Patient.objects.filter(
        establishment__in=user.establishments_as(Role.COORDINATOR, Role.PHYSICIAN),
        file_number__iexact=data["file_number"].strip(),
        birth_date=data["birth_date"],
    ).first()
    if patient is None:
        _count_failure(user)
        raise DomainError(NOT_FOUND, code="not_found")
    pathway = patient.pathways.order_by("status", "-opened_at", "-id").first()
    if pathway is None:
        raise DomainError(NO_PATHWAY, code="no_pathway")
    open_break_glass(user=user, patient_uuid=patient.uuid, reason=data["reason"])
    return pathway


def _tries(user: User) -> int:
    """Failures of the last minutes. Redis away must not keep a physician from a file: none are known then."""
    try:
        return int(cache.get(_key(user), 0))
    except Exception:
        log.warning("emergency_limit_unavailable")
        return 0


def _count_failure(user: User) -> None:
    log.warning("emergency_access_not_found", user=user.pk)
    try:
        count(_key(user), WINDOW)
    except Exception:
        log.warning("emergency_limit_unavailable")


def _key(user: User) -> str:
    return f"emergency-failures-{user.pk}"
