"""Several facts of one patient written together make one new plan, the same as one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.errors import DomainError
from pathways import services
from pathways.models import Pathway, Step
from tests.factories import PathwayFactory

pytestmark = pytest.mark.django_db
FACTS = ("referral_complete", "appointment_offered", "first_care")


def plan_of(pathway: Pathway) -> list[tuple[Any, ...]]:
    return list(Step.objects.filter(pathway=pathway).order_by("order").values_list("key", "state", "due_at", "done_at"))


def test_facts_written_together_give_the_plan_of_facts_written_apart() -> None:
    together, apart = PathwayFactory(days_ago=3), PathwayFactory(days_ago=3)
    now = timezone.now()
    Pathway.objects.filter(pk=apart.pk).update(opened_at=together.opened_at)
    for pathway in (together, apart):
        first = pathway.milestones.get(kind="referral_received")
        services.correct_milestone(milestone=first, occurred_at=now - timedelta(days=3), author=None)
    with services.rebuild_once():
        for hours, kind in enumerate(FACTS):
            services.record_milestone(pathway=together, kind=kind, occurred_at=now - timedelta(hours=9 - hours))
    for hours, kind in enumerate(FACTS):
        services.record_milestone(pathway=apart, kind=kind, occurred_at=now - timedelta(hours=9 - hours))
    assert plan_of(together) == plan_of(apart)
    assert Pathway.objects.get(pk=together.pk).next_due_at == Pathway.objects.get(pk=apart.pk).next_due_at


def test_the_steps_are_written_once() -> None:
    pathway = PathwayFactory(days_ago=3)
    with CaptureQueriesContext(connection) as queries, services.rebuild_once():
        for kind in FACTS:
            services.record_milestone(pathway=pathway, kind=kind, occurred_at=timezone.now())
    assert sum('INSERT INTO "pathways_step"' in query["sql"] for query in queries) == 1


def test_blocks_inside_a_block_wait_for_the_outer_one() -> None:
    pathway = PathwayFactory(days_ago=3)
    with services.rebuild_once():
        with services.rebuild_once():
            services.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
        assert Step.objects.get(pathway=pathway, key="first_care").state == "open"
    assert Step.objects.get(pathway=pathway, key="first_care").state == "done"


def test_an_error_recomputes_nothing_and_holds_nothing_back_afterwards() -> None:
    pathway = PathwayFactory(days_ago=3)
    with pytest.raises(DomainError), services.rebuild_once():
        services.record_milestone(pathway=pathway, kind="nothing_known", occurred_at=timezone.now())
    services.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
    assert Step.objects.get(pathway=pathway, key="first_care").state == "done"
