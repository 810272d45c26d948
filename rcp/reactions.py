"""The meeting room reacts to the ledger, inside its transaction: decisions are followed by facts."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from coordination.models import Task, TaskStatus
from directory.models import User
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind
from pathways.signals import milestone_recorded, milestone_withdrawn, pathway_closed
from rcp import services
from rcp.models import CaseStatus, FollowUpAction, RcpCase
from rcp.querysets import agenda_facts
from rcp.readings import is_after_treatment

LABELLING = frozenset({MilestoneKind.TREATMENT_STARTED, MilestoneKind.RCP_HELD})


@receiver(milestone_recorded)
def on_recorded(milestone: Milestone, pathway: Pathway, **kwargs: Any) -> None:
    """Follow-up actions it proves are executed; the sending typed elsewhere is known here."""
    services.note_evidence(milestone=milestone)
    if milestone.kind == MilestoneKind.RCP_DECISION_SENT and not services.is_our_sending(milestone):
        services.note_typed_sending(milestone=milestone)
    if milestone.kind in LABELLING:
        _relabel(pathway)


@receiver(milestone_withdrawn)
def on_withdrawn(milestone: Milestone, pathway: Pathway, **kwargs: Any) -> None:
    """What it proved is open again."""
    services.forget_evidence(milestone=milestone)
    if milestone.kind == MilestoneKind.RCP_DECISION_SENT:
        services.forget_sending(milestone=milestone)
    if milestone.kind in LABELLING:
        _relabel(pathway)


@receiver(post_save, sender=Task)
def on_task_saved(instance: Task, created: bool, **kwargs: Any) -> None:
    """A task closed at the desk closes the follow-up action that asked for it."""
    if not created and instance.status != TaskStatus.OPEN:
        services.follow_task(task=instance)


@receiver(post_save, sender=FollowUpAction)
def on_action_saved(instance: FollowUpAction, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    """What a decision asks for is watched until it is executed or set aside."""
    if update_fields is None or "status" in update_fields:
        services.watch_action(action=instance)


@receiver(pathway_closed)
def on_closed(pathway: Pathway, **kwargs: Any) -> None:
    """No meeting waits for a closed pathway, and nothing more is asked of anyone."""
    reason = f"Parcours clos : {pathway.get_closing_reason_display().lower()}"
    author: User | None = None
    for case in RcpCase.objects.standing().filter(pathway=pathway, status=CaseStatus.REGISTERED):
        services.withdraw_case(case=case, reason=reason, author=author)
    for action in FollowUpAction.objects.open().filter(decision__case__pathway=pathway):
        services.deviate_action(action=action, reason=reason, author=author)


def _relabel(pathway: Pathway) -> None:
    """« Presented after the start of treatment » follows the facts, on past and coming cases alike."""
    facts = list(agenda_facts().filter(pathway=pathway))
    for case in RcpCase.objects.filter(pathway=pathway).select_related("session"):
        after = is_after_treatment(case, facts)
        if after != case.after_treatment:
            RcpCase.objects.filter(pk=case.pk).update(after_treatment=after)
