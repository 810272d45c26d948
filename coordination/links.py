"""Addresses of other rooms' pages."""

from __future__ import annotations

from django.urls import reverse

from pathways.models import Pathway


def file_url(pathway: Pathway) -> str:
    """The patient's page."""
    return reverse("pathways:detail", args=[pathway.uuid])
