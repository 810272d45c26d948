"""Messages between the team and the laboratories: a reference and a link, never an identity nor a result."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from coordination.links import lab_link_url
from coordination.models import LabRequest, SampleShare
from coordination.services.lab_links import LINK_LASTS, token_for
from directory.models import OutboxMessage, Team
from directory.services import post


def address_of(laboratory: Team) -> str:
    """Where a laboratory is written to; "" when the directory knows no address."""
    return laboratory.email or laboratory.establishment.email


def tell_laboratory(*, share: SampleShare) -> OutboxMessage | None:
    """The link of a share, once per link; None without address: the sheet on paper carries it too."""
    return _to_laboratory(
        share,
        kind="lab_request",
        dedup_key=f"lab-request:{share.uuid}:{share.link_number}",
        subject="Demande d’analyse",
        template="coordination/post/lab_request.txt",
        context={"link": lab_link_url(token_for(share)), "days": LINK_LASTS.days},
    )


def tell_laboratory_cancelled(*, share: SampleShare) -> OutboxMessage | None:
    """The request is no longer to be read."""
    return _to_laboratory(
        share,
        kind="lab_cancelled",
        dedup_key=f"lab-cancelled:{share.uuid}",
        subject="Demande d’analyse annulée",
        template="coordination/post/lab_cancelled.txt",
        context={},
    )


def tell_team_answered(*, request: LabRequest, act: UUID, corrected: bool = False) -> OutboxMessage:
    """Something is to be read of a request: the same day, to the mailbox that the form gave (LAB-07, LAB-09).

    What was answered is behind the link: « les messages intermédiaires par courriel » are what the sources fear.
    """
    pathway = request.pathway
    return post(
        kind="lab_corrected" if corrected else "lab_answered",
        dedup_key=f"lab-{'corrected' if corrected else 'answered'}:{act}",
        establishment=pathway.team.establishment,
        recipient=request.reply_email,
        subject=f"Parcours {pathway.reference} : {'réponse corrigée' if corrected else 'réponse reçue'}",
        body=render_to_string(
            "coordination/post/lab_answered.txt",
            {
                "reference": pathway.reference,
                "corrected": corrected,
                "link": settings.BASE_URL + reverse("coordination:lab-file", args=[request.uuid]),
            },
        ),
        about=request.uuid,
    )


def _to_laboratory(
    share: SampleShare, *, kind: str, dedup_key: str, subject: str, template: str, context: dict[str, object]
) -> OutboxMessage | None:
    recipient = address_of(share.laboratory)
    if not recipient:
        return None
    pathway = share.sample.request.pathway
    return post(
        kind=kind,
        dedup_key=dedup_key,
        establishment=pathway.team.establishment,
        recipient=recipient,
        subject=f"{subject} ({pathway.reference})",
        body=render_to_string(
            template,
            {**context, "reference": pathway.reference, "team": pathway.team, "place": pathway.team.establishment},
        ),
        about=share.uuid,
    )
