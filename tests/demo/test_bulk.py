"""The bulk sizes keep the same promises, written at once instead of lived."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from config.demo.bulk import Size
from config.demo.bulk.drawn import coded
from config.demo.engine import history_models
from config.demo.load import SEED, fill
from coordination.models import Booking, ContactState, Slot
from pathways.models import Milestone, Pathway, Patient, Step
from pathways.services import rebuild_plans
from rcp.models import Decision, RcpCase
from referrals.models import Referral
from tests.demo import invariants

A_FEW = Size(patients=90, active=18, years=0.6, short=0.4, waiting=2)


@pytest.mark.django_db(transaction=True)
def test_a_bulk_hospital_keeps_the_promises_of_a_lived_one(settings: Any) -> None:
    fill(A_FEW, today=timezone.localdate(), seed=SEED, say=lambda line: None)
    now = timezone.now()
    wrong = [
        *invariants.requests_without_pathway(),
        *invariants.seats_sold_twice(),
        *invariants.lateness_told_otherwise(now),
        *invariants.identities_that_look_real(),
        *invariants.numbers_and_addresses_that_look_real(),
        *invariants.messages_that_name_a_patient(),
    ]
    assert wrong == []
    assert (Patient.objects.count(), Pathway.objects.active().count()) == (90, 18)
    assert Slot.objects.filter(booked__gt=0).exists() and Booking.objects.filter(status="done").exists()
    assert RcpCase.objects.exists() and Decision.objects.exists() and ContactState.objects.exists()
    assert Referral.objects.filter(status="received").count() >= 2
    assert not Milestone.objects.filter(occurred_at__gt=now).exists()
    assert all(
        case.pathway.milestones.filter(kind="rcp_held").exists() for case in RcpCase.objects.filter(status="decided")
    )
    history = sum(model._default_manager.count() for model in history_models() if model.__name__ == "PathwayHistory")
    assert history == 0, "rows written in bulk have no history"
    before = list(Step.objects.order_by("pk").values_list("pathway", "key", "state", "due_at"))
    assert len(before) > 1000
    rebuild_plans(pathway_ids=Pathway.objects.order_by("pk").values_list("pk", flat=True))
    assert list(Step.objects.order_by("pk").values_list("pathway", "key", "state", "due_at")) == before


def test_codes_made_of_numbers_are_never_the_same_twice() -> None:
    codes = {coded(number) for number in range(120_000)}
    assert len(codes) == 120_000
    assert all(len(code) == 9 and code[4] == "-" for code in codes)
