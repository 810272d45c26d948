"""Calls: logged in one gesture, never changed, and what they say of the pathway."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coordination import services
from coordination.models import Contact, ContactState
from coordination.rules import contacts as rules
from directory.errors import DomainError
from pathways.models import Milestone, Pathway, Watch
from pathways.rules.calendar import Calendar
from pathways.services import correct_milestone, withdraw_milestone
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url


def log(desk: Desk, pathway: Pathway, outcome: str, **more: object) -> Contact:
    return services.record_contact(pathway=pathway, author=desk.coordinator, outcome=outcome, **more)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_reaching_the_patient_is_news_of_the_pathway(desk: Desk) -> None:
    pathway = desk.pathway()
    contact = log(desk, pathway, "reached", note="Va bien")
    pathway.refresh_from_db()
    assert pathway.last_contact_at == contact.at
    fact = Milestone.objects.get(pathway=pathway, kind="followup_contact")
    assert (fact.occurred_at, fact.detail, fact.recorded_by) == (contact.at, "phone", desk.coordinator)


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", ["message", "unreachable", "call_back"])
def test_a_call_without_an_answer_is_no_news(desk: Desk, outcome: str) -> None:
    pathway = desk.pathway()
    log(desk, pathway, outcome, next_on=timezone.localdate() + timedelta(days=1))
    pathway.refresh_from_db()
    assert pathway.last_contact_at is None
    assert not Milestone.objects.filter(kind="followup_contact").exists()


@pytest.mark.django_db
def test_a_professional_reached_is_not_the_patient(desk: Desk) -> None:
    pathway = desk.pathway()
    log(desk, pathway, "reached", whom=rules.GP)
    pathway.refresh_from_db()
    assert pathway.last_contact_at is None
    log(desk, pathway, "reached", whom=rules.RELATIVE)
    pathway.refresh_from_db()
    assert pathway.last_contact_at is not None


@pytest.mark.django_db
def test_the_same_form_sent_twice_logs_once(desk: Desk) -> None:
    pathway, key = desk.pathway(), uuid4()
    assert log(desk, pathway, "reached", key=key) == log(desk, pathway, "reached", key=key)
    assert Contact.objects.count() == 1
    with pytest.raises(DomainError, match="autre patient"):
        log(desk, desk.pathway(), "reached", key=key)


@pytest.mark.django_db
def test_the_same_form_with_another_result_is_another_contact(desk: Desk) -> None:
    """From the browser's « back »: the second call must not be answered by the first."""
    pathway, key = desk.pathway(), uuid4()
    first = log(desk, pathway, "unreachable", key=key)
    second = log(desk, pathway, "reached", key=key)
    assert (first.outcome, second.outcome) == ("unreachable", "reached")
    assert log(desk, pathway, "reached", key=key) == second
    assert log(desk, pathway, "unreachable", key=key) == first
    assert Contact.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"outcome": "inconnu"}, "outcome"),
        ({"channel": "pigeon"}, "channel"),
        ({"outcome": "call_back"}, "next_on"),
        ({"next_on": date(2020, 1, 1)}, "next_on"),
        ({"at": datetime(2100, 1, 1, tzinfo=UTC)}, "at"),
    ],
)
def test_wrong_contacts_are_refused(desk: Desk, more: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        services.record_contact(
            **{"pathway": desk.pathway(), "author": desk.coordinator, "outcome": "reached", **more}  # type: ignore[arg-type]
        )
    assert refused.value.field == field
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_a_contact_is_never_changed_nor_erased(desk: Desk) -> None:
    contact = log(desk, desk.pathway(), "reached")
    for act in (lambda: Contact.objects.filter(pk=contact.pk).update(note="Autre"), contact.delete):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            act()


@pytest.mark.django_db
def test_attempts_are_counted_until_someone_answers(desk: Desk) -> None:
    pathway, tomorrow = desk.pathway(), timezone.localdate() + timedelta(days=1)
    log(desk, pathway, "unreachable", next_on=tomorrow)
    log(desk, pathway, "message", next_on=tomorrow + timedelta(days=1))
    log(desk, pathway, "reached", whom=rules.GP)
    state = ContactState.objects.get(pathway=pathway)
    assert (state.attempts, state.call_back_on) == (2, tomorrow + timedelta(days=1))
    log(desk, pathway, "reached")
    state.refresh_from_db()
    assert (state.attempts, state.call_back_on) == (0, None)


def test_when_to_call_again() -> None:
    friday = date(2026, 11, 20)
    assert rules.proposed_call_back("unreachable", friday, Calendar()) == date(2026, 11, 23)
    assert rules.proposed_call_back("message", friday, Calendar()) == date(2026, 11, 24)
    assert rules.proposed_call_back("reached", friday, Calendar()) is None
    before_holiday = date(2026, 11, 10)
    assert rules.call_back_choices(before_holiday, Calendar()) == [
        date(2026, 11, 12), date(2026, 11, 13), date(2026, 11, 17),
    ]  # fmt: skip


OUTCOMES = st.sampled_from(["reached", "call_back", "message", "unreachable"])
CALLS = st.lists(
    st.tuples(
        OUTCOMES,
        st.sampled_from([rules.PATIENT, rules.RELATIVE, rules.GP]),
        st.integers(0, 5),  # days ago
        st.one_of(st.none(), st.integers(0, 9)),  # days until the next call
    ),
    min_size=1,
    max_size=7,
)


class StandingTest(TestCase):
    """The stored state is always what the rule says of the contacts, whatever the order they were entered in."""

    @settings(max_examples=25, deadline=None)
    @given(CALLS)
    def test_the_stored_state_agrees_with_the_rule(self, calls: list[tuple[str, str, int, int | None]]) -> None:
        desk = Desk()
        pathway = desk.pathway()
        now = timezone.now()
        for number, (outcome, whom, days_ago, days) in enumerate(calls):
            days = 1 if outcome == "call_back" and days is None else days
            at = now - timedelta(days=days_ago, seconds=len(calls) - number)
            next_on = None if days is None else timezone.localdate(at) + timedelta(days=days)
            log(desk, pathway, outcome, whom=whom, at=at, next_on=next_on)
        told = sorted(Contact.objects.filter(pathway=pathway), key=lambda each: (each.at, each.pk))
        expected = rules.standing((each.outcome, each.whom, each.next_on) for each in told)
        state = ContactState.objects.get(pathway=pathway)
        assert rules.Standing(state.attempts, state.call_back_on) == expected
        assert state.last == told[-1]
        reached = [each.at for each in told if rules.is_news(each.outcome, each.whom)]
        pathway.refresh_from_db()
        assert pathway.last_contact_at == max(reached, default=None)


# --- when calling again no longer helps ------------------------------------------------------------------------------
def unanswered(desk: Desk, count: int) -> Pathway:
    pathway = desk.pathway()
    for _ in range(count):
        log(desk, pathway, "unreachable")
    return pathway


@pytest.mark.django_db
@pytest.mark.parametrize(("attempts", "proposed"), [(2, False), (3, True)])
def test_another_way_is_proposed_after_three_attempts(nurse: Client, desk: Desk, attempts: int, proposed: bool) -> None:
    pathway = unanswered(desk, attempts)
    assert ("Courrier envoyé" in text(nurse.get(url("contact", pathway)))) is proposed
    reason = nurse.get(url("worklist")).context["rows"][0].reason.text
    assert ("écrire ou appeler le médecin traitant" in reason) is proposed


@pytest.mark.django_db
def test_a_letter_sent_waits_a_week(nurse: Client, desk: Desk) -> None:
    pathway = unanswered(desk, 3)
    nurse.post(url("contact", pathway), {"another": "letter"})
    letter = Contact.objects.latest("pk")
    assert (letter.outcome, letter.channel, letter.whom) == ("message", "letter", "")
    assert ContactState.objects.get(pathway=pathway).call_back_on == date(2026, 11, 30)


@pytest.mark.django_db
def test_the_gp_reached_is_no_news_of_the_patient(nurse: Client, desk: Desk) -> None:
    pathway = unanswered(desk, 3)
    nurse.post(url("contact", pathway), {"another": "gp"})
    assert (Contact.objects.latest("pk").whom, Contact.objects.latest("pk").outcome) == (rules.GP, "reached")
    assert ContactState.objects.get(pathway=pathway).attempts == 3


@pytest.mark.django_db
def test_a_withdrawn_contact_is_shown_with_its_reason(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway()
    services.withdraw_contact(contact=log(desk, pathway, "reached"), by=desk.coordinator, reason="Erreur de ligne")
    page = text(nurse.get(url("pathway-panel", pathway)))
    assert "<s>Joint</s> (retiré)" in page
    assert "Erreur de ligne" in page
    with pytest.raises(DomainError, match="déjà retiré"):
        services.withdraw_contact(contact=Contact.objects.get(), by=desk.coordinator, reason="Encore")
    with pytest.raises(DomainError, match="pourquoi"):
        services.withdraw_contact(contact=log(desk, pathway, "reached"), by=desk.coordinator, reason=" ")


@pytest.mark.django_db
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_withdrawn_contact_takes_its_fact_back_and_silence_counts_from_before(desk: Desk, by_hand: bool) -> None:
    pathway = desk.pathway(days_ago=9)
    before = log(desk, pathway, "reached", at=timezone.now() - timedelta(days=3))
    mistaken = log(desk, pathway, "reached")
    silent_since = Watch.objects.get(pathway=pathway, kind="no_contact").due_at
    fact = Milestone.objects.get(dedup_key=f"contact:{mistaken.uuid}")
    corrected = correct_milestone(milestone=fact, occurred_at=timezone.now() - timedelta(hours=2), author=None)
    if by_hand:
        withdraw_milestone(milestone=corrected, author=desk.coordinator, note="Autre patient")
    services.withdraw_contact(contact=mistaken, by=desk.coordinator, reason="Autre patient")
    assert not Milestone.objects.in_force().filter(pk=corrected.pk).exists()
    assert Pathway.objects.get(pk=pathway.pk).last_contact_at == before.at
    assert Watch.objects.get(pathway=pathway, kind="no_contact").due_at < silent_since
