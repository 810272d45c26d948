"""Messages of the meeting room: a reference and a link, never a patient's name nor anything clinical (DESIGN.md 4)."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from directory.services import post
from directory.typography import hour, long_day
from rcp.models import CaseStatus, RcpCase


def absolute(path: str) -> str:
    """A full address of this site."""
    return f"{settings.BASE_URL}{path}"


def signature(case: RcpCase) -> str:
    """Who writes: the organising team, its establishment and its number."""
    team = case.session.series.team
    return "\n".join(part for part in (str(team), str(team.establishment), team.phone) if part)


def tell_presenter(*, case: RcpCase) -> None:
    """Tells the presenter which file they will present, once per session; nothing without an address."""
    presenter, session = case.presenter, case.session
    if presenter is None or not presenter.post_address or case.status != CaseStatus.REGISTERED:
        return
    day = long_day(session.starts_at)
    post(
        kind="rcp_presenter",
        dedup_key=f"rcp_presenter:{case.uuid}:{presenter.pk}",
        establishment=session.series.team.establishment,
        recipient=presenter.post_address,
        professional=presenter,
        subject=f"RCP du {day} : dossier {case.pathway.reference} à présenter",
        body=(
            f"Bonjour,\n\nVous présentez le dossier {case.pathway.reference} à la RCP « {session.series} » "
            f"du {day} à {hour(session.starts_at)}.\n\n"
            f"Le dossier et ce qui lui manque encore :\n{absolute(reverse('rcp:case', args=[case.uuid]))}\n\n"
            f"{signature(case)}\n"
        ),
        about=case.uuid,
    )
