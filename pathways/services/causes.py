"""Writes of the causes of delay: confirmed in one click, said again at will, never erased."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from pathways.models import DelayCause, DelayCode, Pathway
from pathways.rules.vocabulary import Phase


@transaction.atomic
def confirm_delay_cause(
    *,
    pathway: Pathway,
    phase: str,
    code: str,
    avoidable: bool,
    author: User | None,
    comment: str = "",
    excess_days: int = 0,
) -> DelayCause:
    """Says why a part of the way took too long; replaces what was said of that part before.

    Raises DomainError for an unknown part or cause, or a cause that says nothing without a comment.
    """
    if phase not in set(Phase):
        raise DomainError("Cette partie du parcours n’existe pas.", field="phase")
    chosen = DelayCode.objects.filter(code=code, is_active=True).first()
    if chosen is None:
        raise DomainError("Choisissez une cause dans la liste.", field="code")
    if chosen.needs_comment and not comment.strip():
        raise DomainError("Précisez cette cause : elle ne dit rien seule.", field="comment")
    Pathway.objects.filter(pk=pathway.pk).held()
    said = {
        "code": chosen,
        "avoidable": avoidable,
        "comment": comment.strip(),
        "excess_days": max(excess_days, 0),
        "author": author,
        "recorded_at": timezone.now(),
    }
    return DelayCause.objects.update_or_create(pathway=pathway, phase=phase, withdrawn_at=None, defaults=said)[0]


@transaction.atomic
def withdraw_delay_cause(*, cause: DelayCause, author: User | None) -> DelayCause:
    """Takes back a cause given by mistake; the row stays in the history. Again changes nothing."""
    locked = DelayCause.objects.select_for_update(of=("self",)).get(pk=cause.pk)
    if locked.withdrawn_at is None:
        locked.withdrawn_at = timezone.now()
        locked.save(update_fields=["withdrawn_at"])
    return locked
