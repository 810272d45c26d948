"""The meetings of one pathway, as a page or as a fragment of the patient's page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from directory.perms import allow
from pathways.access import open_file
from pathways.models import Pathway
from rcp.models import RcpCase
from rcp.perms import may_register, works_for_meetings
from rcp.views.common import banner, user_of


@require_safe
@allow(works_for_meetings)
def panel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where the file stands with the meetings, and the way to register it."""
    user = user_of(request)
    pathways = Pathway.objects.visible_to(user).select_related("patient", "version__target", "team")
    pathway = get_object_or_404(pathways, uuid=uuid)
    open_file(request, pathway, "RCP du patient")
    cases = RcpCase.objects.visible_to(user).filter(pathway=pathway).select_related("session__series")
    context = {
        "pathway": pathway,
        "patient": banner(pathway.patient),
        "cases": cases.order_by("-session__starts_at", "-id"),
        "may_register": pathway.is_active and may_register(user, pathway),
    }
    template = "rcp/panel.html#panel" if getattr(request, "htmx", False) else "rcp/panel.html"
    return render(request, template, context)
