"""Real parallel connections: two answers to one request, one form sent many times at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from directory.errors import DomainError
from directory.models import OutboxMessage, Professional, User
from pathways.models import CircleRole, Milestone, Pathway, Patient
from referrals import services
from referrals.models import Referral, ReferralEvent
from tests.factories import TargetFactory
from tests.referrals import papers
from tests.referrals.factories import FACTS, ReferralFactory, coordinator, keep

T = TypeVar("T")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def at_once(acts: list[Callable[[], T]]) -> list[T | BaseException]:
    """Runs each act in its own thread and connection, all let go at the same instant; errors come as values."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | BaseException:
        try:
            gate.wait(timeout=20)
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_many_answers_at_once_one_stands_and_the_others_are_told() -> None:
    referral = ReferralFactory()
    users = [coordinator(referral.team, name=f"Numéro{n}") for n in range(6)]

    def answer(user: User, rank: int) -> Callable[[], Referral]:
        def accept() -> Referral:
            return services.accept_referral(referral=referral, by=user, owner=user)

        def refuse() -> Referral:
            return services.refuse_referral(referral=referral, by=user, reason="Hors parcours.")

        return accept if rank % 2 else refuse

    results = at_once([answer(user, rank) for rank, user in enumerate(users)])
    won = [result for result in results if isinstance(result, Referral)]
    lost = [result for result in results if isinstance(result, DomainError)]
    assert (len(won), len(lost)) == (1, 5)
    referral.refresh_from_db()
    assert referral.triaged_by is not None
    assert {error.code for error in lost} == {"already_answered"}
    assert all(str(referral.triaged_by) in error.message for error in lost)
    assert ReferralEvent.objects.filter(referral=referral).exclude(kind="received").count() == 1
    assert OutboxMessage.objects.filter(kind__in=["referral_accepted", "referral_refused"]).count() == 1
    assert Pathway.objects.count() == (referral.status == "accepted")


def test_one_form_sent_many_times_at_once_is_one_request() -> None:
    target, key = TargetFactory(), uuid4()
    keep(key, ("courrier.pdf", papers.pdf()))

    def send() -> tuple[Referral, bool]:
        return services.submit_referral(target=target, facts=FACTS, form_key=key)

    results = at_once([send] * 8)
    assert not [result for result in results if isinstance(result, BaseException)]
    assert Counter(created for _, created in results) == {True: 1, False: 7}  # type: ignore[misc]
    assert len({referral.pk for referral, _ in results}) == 1  # type: ignore[misc]
    assert Referral.objects.get().documents.count() == 1
    assert OutboxMessage.objects.filter(kind="referral_received").count() == 1


def test_two_requests_of_one_new_doctor_make_one_professional() -> None:
    target = TargetFactory()
    user = coordinator(target.team)
    requests = [ReferralFactory(target=target, requester_rpps="10000000009", birth_name=f"ESSAI{n}") for n in range(4)]

    def accept(referral: Referral) -> Callable[[], Referral]:
        return lambda: services.accept_referral(referral=referral, by=user, owner=user)

    results = at_once([accept(referral) for referral in requests])
    assert not [result for result in results if isinstance(result, BaseException)]
    assert Professional.objects.filter(rpps="10000000009").count() == 1
    assert Pathway.objects.count() == 4


def test_two_requests_for_one_patient_open_one_pathway() -> None:
    target = TargetFactory()
    user = coordinator(target.team)
    first = services.accept_referral(referral=ReferralFactory(target=target), by=user, owner=user)
    assert first.pathway is not None
    Pathway.objects.filter(pk=first.pathway_id).update(
        status="closed", closing_reason="lost", closed_at=first.received_at
    )
    patient: Patient = first.pathway.patient
    requests = [ReferralFactory(target=target, requester_name=f"Dr Paul ESSAI{n}") for n in range(3)]

    def accept(referral: Referral) -> Callable[[], Referral]:
        return lambda: services.accept_referral(referral=referral, by=user, owner=user, patient=patient)

    results = at_once([accept(referral) for referral in requests])
    assert not [result for result in results if isinstance(result, BaseException)], results
    pathway = Pathway.objects.active().get(patient=patient)
    assert Milestone.objects.filter(pathway=pathway, kind="referral_received").count() == 1
    assert pathway.circle.filter(role=CircleRole.REQUESTER).count() == 3


def test_the_purge_on_two_workers_erases_each_file_once() -> None:
    key = uuid4()
    keep(key, *((f"{n}.pdf", papers.pdf(str(n))) for n in range(6)))
    later = timezone.now() + timedelta(days=2)
    results = at_once([lambda: services.purge_drafts(now=later)] * 3)
    assert sum(results) == 6  # type: ignore[arg-type]
