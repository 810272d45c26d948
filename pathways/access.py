"""The one door to a patient's file: every view that shows one goes through `open_file`."""

from __future__ import annotations

import structlog
from django.http import HttpRequest

from directory.clock import follow_clock_of
from directory.services import record_access
from pathways.models import Pathway
from pathways.perms import why_reads


def open_file(request: HttpRequest, pathway: Pathway, what: str) -> str:
    """Logs that the user reads ``what`` of the pathway's patient; returns the ground (`AccessLog.Why`).

    From here on the page shows the hours of the pathway's establishment.
    """
    follow_clock_of(pathway.team.establishment)
    why = why_reads(request.user, pathway)  # type: ignore[arg-type]
    record_access(
        user=request.user,  # type: ignore[arg-type]
        patient_uuid=pathway.patient.uuid,
        what=what,
        why=why,
        ip_address=request.META.get("REMOTE_ADDR"),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )
    return why
