"""Real parallel connections on the laboratory: two laboratories at once, the same answer at once."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
import time_machine

from coordination import services
from coordination.models import LabAnswer, LabForm, LabRequest, Task
from coordination.services.lab_forms import install_lab_forms
from directory.errors import DomainError
from directory.models import OutboxMessage
from tests.concurrency.test_bookings import at_once
from tests.coordination.conftest import MONDAY
from tests.coordination.laboratories import Lab, facts, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with time_machine.travel(MONDAY):
        yield


@pytest.fixture
def lab() -> Lab:
    if not LabForm.objects.exists():
        install_lab_forms()
    lab = Lab()
    lab.pathologist  # noqa: B018 - made before the race
    return lab


def test_two_laboratories_answer_at_the_same_instant(lab: Lab) -> None:
    """Both are heard, whichever comes first, and the whole is final exactly when both are."""
    lab.key = "instadiag-poumon"
    asked = lab.ask()
    shares = [lab.share(asked, lab.histology), lab.share(asked, lab.molecular)]
    results = at_once(lambda share: lab.say(share, "final"), shares)
    assert all(isinstance(each, list) for each in results), results
    assert facts(asked.pathway, "lab_final") == [("lab_final", "")]
    assert state(asked.pathway, "lab_final") == "done"
    assert OutboxMessage.objects.filter(kind="lab_answered").count() == 2


def test_the_same_answer_by_many_at_once_is_given_once(lab: Lab) -> None:
    asked = lab.ask()
    share = lab.share(asked, lab.histology)
    results = at_once(lambda _: lab.say(share, "noncontributive"), range(8))
    refused = [each for each in results if isinstance(each, DomainError)]
    assert (len(refused), LabAnswer.objects.count()) == (7, 1), results
    assert Task.objects.filter(pathway=asked.pathway).count() == 1
    assert facts(asked.pathway, "lab_noncontributive") == [("lab_noncontributive", "")]


def test_the_same_form_by_many_at_once_asks_once(lab: Lab) -> None:
    pathway, key = lab.sampled(), uuid4()
    lab.histology, lab.molecular, lab.nurse  # noqa: B018 - made before the race
    results = at_once(lambda _: lab.ask(pathway, request_key=key), range(6))
    assert len({each.pk for each in results}) == 1, results
    assert LabRequest.objects.count() == 1


def test_an_answer_and_its_correction_race_without_a_fact_left_over(lab: Lab) -> None:
    asked = lab.ask()
    share = lab.share(asked, lab.histology)
    act = lab.say(share, "intermediate")[0].act

    def work(which: str) -> object:
        if which == "final":
            return lab.say(share, "final")
        return services.correct_answer(share=share, act=act, reason="Erreur", said_by="x", user=lab.pathologist)

    results = at_once(work, ["final", "correct", "correct"])
    assert sum(isinstance(each, DomainError) for each in results) == 1, results
    assert facts(asked.pathway, "lab_intermediate", "lab_final") == [("lab_final", "histologie")]
