"""Addresses of other rooms' pages."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from pathways.models import Pathway


def file_url(pathway: Pathway) -> str:
    """The patient's page."""
    return reverse("pathways:detail", args=[pathway.uuid])


def letter_url(token: str) -> str:
    """The absolute address of what a GP reads without account."""
    return settings.BASE_URL + reverse("coordination:letter", args=[token])
