"""A target pathway that did not exist: it begins as a draft, and nobody follows it before its first version."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from directory.errors import DomainError
from directory.models import Team, User
from pathways.models import TargetDraft, TargetPathway
from pathways.rules.target import Target, from_draft, to_dict

LONGEST_NAME, LONGEST_KEY = 120, 40


@transaction.atomic
def begin_target(*, team: Team, content: Target, name: str, author: User) -> TargetDraft:
    """Opens a target pathway for ``team`` under ``name``, as a draft that says ``content``.

    Its key, which addresses and files carry, is made from the name once and stays. Raises DomainError without a name,
    or when the establishment already has a pathway of that name.
    """
    name = " ".join(name.split())
    slug = slugify(name)
    key = (slug if slug[:1].isalpha() else f"p-{slug}")[:LONGEST_KEY].strip("-_")
    if not slug or len(name) > LONGEST_NAME:
        raise DomainError(f"Donnez un nom, de {LONGEST_NAME} caractères au plus.", field="name")
    target, created = TargetPathway.objects.get_or_create(
        establishment=team.establishment,
        key=key,
        defaults={"team": team, "name": name, "pathology": content.pathology, "is_open": False},
    )
    if not created:
        _take_again(target, team, name, content.pathology)
    definition = to_dict(replace(content, key=key, name=name, version=1))
    from_draft(definition)  # what the editor opens
    return TargetDraft.objects.create(
        target=target, base=None, definition=definition, edited_by=author, edited_at=timezone.now()
    )


def _take_again(target: TargetPathway, team: Team, name: str, pathology: str) -> None:
    """A name that was given up before its first version is free again."""
    TargetPathway.objects.select_for_update(of=("self",)).get(pk=target.pk)
    if TargetPathway.objects.filter(pk=target.pk).kept().exists():
        raise DomainError(f"« {target.name} » existe déjà dans cet établissement : modifiez-le.", field="name")
    target.team, target.name, target.pathology = team, name, pathology
    target.save(update_fields=["team", "name", "pathology"])
