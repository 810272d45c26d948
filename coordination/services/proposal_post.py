"""Messages about proposals: to the platform that answers, then to their author. They name no patient."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from coordination.models import SeriesProposal
from directory.services import post


def tell_proposed(*, proposal: SeriesProposal) -> None:
    """To the platform's mailbox, else to its establishment's; without either its own page tells it."""
    platform = proposal.series.platform
    _send(proposal, "proposed", platform.email or platform.establishment.email, "Une proposition sur vos créneaux")


def tell_answered(*, proposal: SeriesProposal) -> None:
    """To its author."""
    _send(proposal, "answered", proposal.proposed_by.email, "Réponse à votre proposition de créneaux")


def _send(proposal: SeriesProposal, what: str, recipient: str, subject: str) -> None:
    if not recipient:
        return
    series = proposal.series
    context = {
        "proposal": proposal,
        "series": series,
        "link": f"{settings.BASE_URL}{reverse('coordination:proposal', args=[proposal.uuid])}",
    }
    post(
        kind=f"series_{what}",
        dedup_key=f"series-{what}:{proposal.uuid}",
        establishment=series.platform.establishment,
        recipient=recipient,
        subject=subject,
        body=render_to_string(f"coordination/post/series_{what}.txt", context),
        about=proposal.uuid,
    )
