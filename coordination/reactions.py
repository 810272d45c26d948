"""What the desk does when the ledger moves: inside the same transaction as the fact (DESIGN.md 2)."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from coordination import services
from directory.models import Team
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind
from pathways.signals import (
    milestone_recorded,
    milestone_withdrawn,
    owner_changed,
    pathway_closed,
    target_changed,
    team_changed,
)


@receiver(milestone_recorded, dispatch_uid="coordination.milestone_recorded")
def on_milestone_recorded(milestone: Milestone, pathway: Pathway, **_: Any) -> None:
    """Evidence closes tasks, the GP is told, and nobody expects the dead."""
    services.close_by_evidence(milestone=milestone)
    services.notify_gp(pathway=pathway, milestone=milestone)
    services.drop_when_told_otherwise(milestone=milestone)
    if milestone.kind == MilestoneKind.DEATH:
        services.stop_expecting(patient=pathway.patient)


@receiver(milestone_withdrawn, dispatch_uid="coordination.milestone_withdrawn")
def on_milestone_withdrawn(milestone: Milestone, pathway: Pathway, **_: Any) -> None:
    """Tasks without evidence open again; a GP told of an error is told that it was one."""
    services.reopen_without_evidence(milestone=milestone)
    services.rectify_notice(milestone=milestone)
    services.propose_again(milestone=milestone)
    if milestone.kind == MilestoneKind.DEATH:
        services.tell_what_was_given_away(milestone=milestone, patient=pathway.patient)
    services.follow_withdrawal(milestone=milestone)


@receiver(pathway_closed, dispatch_uid="coordination.pathway_closed")
def on_pathway_closed(pathway: Pathway, **_: Any) -> None:
    """Places still held for a closed pathway are looked at by a person, not dropped nor kept by default; what comes
    back comes no more."""
    services.stop_coming_back(pathway=pathway, reason="Parcours clos")
    services.drop_holds(pathway=pathway)
    services.stop_waiting(pathway=pathway, reason="Parcours clos")
    services.ask_review(pathway=pathway)
    services.sync_promises(pathways_of=[pathway.pk])


@receiver(owner_changed, dispatch_uid="coordination.owner_changed")
def on_owner_changed(pathway: Pathway, **_: Any) -> None:
    """A patient given to somebody who is away is looked after all the same."""
    services.follow_owner(pathway=pathway)


@receiver(team_changed, dispatch_uid="coordination.team_changed")
def on_team_changed(pathway: Pathway, left: Team, **_: Any) -> None:
    """What its old desk was asked to do, its new desk is asked."""
    services.follow_team(pathway=pathway, left=left)


@receiver(target_changed, dispatch_uid="coordination.target_changed")
def on_target_changed(pathway: Pathway, **_: Any) -> None:
    """Appointments in slots kept for the old target are looked at by its desk."""
    services.ask_switch_review(pathway=pathway)
    services.sync_promises(pathways_of=[pathway.pk])
