"""A running pathway moved to another version of its target, or switched to another target: acts of their own.

Publishing moves nobody. Each act asks for a reason, which stands in the patient's history. Milestones stay, so what is
done stays done; steps set aside stay so under the same key; the plan and its alerts are rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from directory.errors import DomainError
from directory.history import because
from directory.models import User
from pathways.models import Pathway, TargetPathway, TargetPathwayVersion
from pathways.services.pathways import running_beside
from pathways.services.plan import rebuild_plan, rebuild_plans
from pathways.signals import target_changed, team_changed

MOST = 200


@transaction.atomic
def move_to_version(*, pathway: Pathway, version: TargetPathwayVersion, reason: str, author: User) -> Pathway:
    """Makes one running pathway follow another version of the same target.

    Raises DomainError without a reason, or when the pathway is closed, of another target or already there.
    """
    _moved(pathway, version, _told(reason), author)
    return rebuild_plan(pathway=pathway)


@transaction.atomic
def move_all_to_version(
    *, pathways: Sequence[Pathway], version: TargetPathwayVersion, reason: str, author: User
) -> int:
    """Moves a chosen list, all or none. Raises DomainError that names the file refused."""
    if not pathways:
        raise DomainError("Choisissez au moins un parcours.", field="pathways")
    if len(pathways) > MOST:
        raise DomainError(f"Choisissez {MOST} parcours au plus à la fois.", field="pathways")
    told = _told(reason)
    for pathway in sorted(pathways, key=lambda each: each.pk):
        try:
            _moved(pathway, version, told, author)
        except DomainError as error:
            raise DomainError(f"{pathway.reference} : {error.message}", code=error.code) from error
    return rebuild_plans(pathway_ids=[pathway.pk for pathway in pathways])


@transaction.atomic
def switch_pathway(*, pathway: Pathway, target: TargetPathway, reason: str, author: User) -> Pathway:
    """Makes a running pathway follow another target pathway of the same site, in its current version.

    It goes to that target's team; an owner who does not work there is no longer its owner, and the alert says so.
    Raises DomainError without a reason, or when the pathway is closed, elsewhere, already there or already followed.
    """
    told = _told(reason)
    locked = _locked(pathway)
    if locked.version.target_id == target.pk:
        raise DomainError("Ce parcours suit déjà ce parcours cible.", field="target")
    if target.establishment_id != locked.team.establishment_id:
        raise DomainError(
            "Ce parcours cible est celui d’un autre établissement : clôturez pour transfert.", field="target"
        )
    version = target.versions.order_by("-number").first()
    if version is None:
        raise DomainError("Ce parcours cible n’a pas encore de version publiée.", field="target")
    if running_beside(locked.patient_id, target, locked.linked_to_id, locked.link_kind).exists():
        raise DomainError("Ce patient suit déjà cet autre parcours.", field="target")
    owner, left = locked.owner, locked.team
    locked.version, locked.team = version, target.team
    if owner and target.team_id not in {membership.team_id for membership in owner.current_memberships}:
        locked.owner = None
    _save(locked, told, author)
    if left != locked.team:
        team_changed.send(sender=Pathway, pathway=locked, left=left)
    target_changed.send(sender=Pathway, pathway=locked)
    return rebuild_plan(pathway=locked)


def _moved(pathway: Pathway, version: TargetPathwayVersion, reason: str, author: User) -> None:
    locked = _locked(pathway)
    if locked.version.target_id != version.target_id:
        raise DomainError("Cette version est celle d’un autre parcours cible : changez plutôt de parcours cible.")
    if locked.version_id == version.pk:
        raise DomainError(f"Ce parcours suit déjà la version {version.number}.")
    locked.version = version
    _save(locked, reason, author)


def _save(locked: Pathway, reason: str, author: User) -> None:
    with because(reason, user=author.pk):
        try:
            with transaction.atomic():
                locked.save(update_fields=["version", "team", "owner"])
        except IntegrityError as error:
            raise DomainError("Ce patient suit déjà ce parcours dans cette version.") from error


def _locked(pathway: Pathway) -> Pathway:
    """The pathway, held. Raises DomainError when it is closed."""
    Pathway.objects.filter(pk=pathway.pk).held()
    locked = Pathway.objects.select_related("version", "team", "owner").get(pk=pathway.pk)
    if not locked.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le avant d’en changer la version.", code="closed")
    return locked


def _told(reason: str) -> str:
    if not reason.strip():
        raise DomainError("Dites pourquoi ce parcours change : son historique le gardera.", field="reason")
    return reason.strip()
