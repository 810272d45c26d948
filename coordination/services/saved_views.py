"""Writes on the saved views of the worklist."""

from __future__ import annotations

from django.db import transaction

from coordination.models import DefaultView, SavedView
from coordination.querysets.worklist import DESK, filters
from directory.errors import DomainError
from directory.models import Team, User


@transaction.atomic
def save_view(
    *, user: User, name: str, listed: str, mine: bool = False, target: str = "", team: Team | None = None
) -> SavedView:
    """Names a worklist, for ``user`` alone or for the desk of ``team``; the same name again changes the view.

    Raises DomainError without a name, for an unknown filter, or for a team whose desk the user does not run.
    """
    if not name.strip():
        raise DomainError("Donnez un nom à cette vue.", field="name")
    if listed not in filters():
        raise DomainError("Cette liste n’existe pas.")
    if team is not None and team.pk not in user.teams_as(*DESK):
        raise DomainError("Vous ne travaillez pas à la coordination de cette équipe.", field="team")
    values = {"listed": listed, "mine": mine, "target": target, "team": team}
    return SavedView.objects.update_or_create(owner=user, name=name.strip()[:60], defaults=values)[0]


@transaction.atomic
def delete_view(*, view: SavedView, user: User) -> None:
    """Raises DomainError for a view of someone else."""
    if view.owner_id != user.pk:
        raise DomainError(f"Seule la personne qui l’a enregistrée ({view.owner}) peut supprimer cette vue.")
    view.delete()


@transaction.atomic
def open_on(*, user: User, view: SavedView | None) -> None:
    """What ``user`` finds on opening « Ma journée »: ``view``, or the whole list. Raises for one not theirs."""
    if view is None:
        DefaultView.objects.filter(user=user).delete()
        return
    if not SavedView.objects.visible_to(user).filter(pk=view.pk).exists():
        raise DomainError("Cette vue n’est pas partagée avec vous.")
    DefaultView.objects.update_or_create(user=user, defaults={"view": view})
