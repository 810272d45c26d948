"""Addresses of pages, of this room and of others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.urls import get_script_prefix, reverse

from pathways.models import Pathway


def file_url(pathway: Pathway) -> str:
    """The patient's page."""
    return _of("pathways:detail", pathway.uuid)


@dataclass(frozen=True, slots=True)
class RowLinks:
    """Where a row of the worklist leads."""

    contact: str
    book: str
    task: str
    assign: str


def row_links(pathway: Pathway) -> RowLinks:
    """A page has fifty rows: the resolver is asked once per page of the site, not once per row."""
    return RowLinks(
        contact=_of("coordination:contact", pathway.uuid),
        book=_of("coordination:book", pathway.uuid),
        task=_of("coordination:task-add", pathway.uuid),
        assign=f"{_page('coordination:act', get_script_prefix())}?geste=confier&p={pathway.uuid}",
    )


_ANY = UUID(int=0)


def _of(name: str, uuid: UUID) -> str:
    return _pattern(name, get_script_prefix()).replace(str(_ANY), str(uuid))


@lru_cache(maxsize=32)
def _pattern(name: str, prefix: str) -> str:
    return reverse(name, args=[_ANY])


@lru_cache(maxsize=8)
def _page(name: str, prefix: str) -> str:
    return reverse(name)


def lab_link_url(token: str) -> str:
    """The absolute address of what a laboratory opens without account."""
    return settings.BASE_URL + reverse("coordination:lab-link", args=[token])


def letter_url(token: str) -> str:
    """The absolute address of what a GP reads without account."""
    return settings.BASE_URL + reverse("coordination:letter", args=[token])
