"""The patient's agreement to be written to, recorded or taken back from their file."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from coordination import services
from coordination.perms import may_contact
from coordination.views.panel import panel_fragment, panel_refused
from coordination.views.shared import answer, find_pathway, insist, user_of
from directory.errors import DomainError
from directory.perms import allow, reads_patients


@require_POST
@allow(reads_patients)
def patient_mails(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """« Le patient accepte » or « Ne plus lui écrire ». Either, sent twice, does its work once."""
    pathway, user = find_pathway(request, uuid), user_of(request)
    insist(may_contact(user, pathway))
    agrees = request.POST.get("agree") == "oui"
    try:
        if agrees:
            services.agree_to_mails(patient=pathway.patient, user=user)
        else:
            services.withdraw_mails(patient=pathway.patient, user=user)
    except DomainError as error:
        return panel_refused(request, pathway, refusal=error.message)
    return answer(
        request,
        lambda: panel_fragment(request, pathway),
        "Accord noté : les prochains rendez-vous lui seront écrits."
        if agrees
        else "Accord retiré : plus rien ne lui sera écrit.",
        default="coordination:pathway-panel",
        args=(pathway.uuid,),
    )
