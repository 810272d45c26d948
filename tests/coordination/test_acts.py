"""One gesture on several rows: previewed, done where it can be, undone where nothing moved since."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Contact, ContactState, DeskAct
from coordination.rules.acts import Choice, Subject, refusal
from coordination.services.acts import Asked
from directory.errors import DomainError
from directory.models import Role, User
from pathways.models import Milestone, Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import text
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

DAY = date(2026, 12, 1)


@pytest.fixture
def colleague(desk: Desk) -> User:
    return UserFactory(role=Role.COORDINATOR, team=desk.team)


def do(desk: Desk, kind: str, *pathways: Pathway, **more: Any) -> DeskAct:
    return services.act_on_rows(pathways=pathways, asked=Asked(kind, **more), author=desk.coordinator)


def owner_of(pathway: Pathway) -> User | None:
    return Pathway.objects.get(pk=pathway.pk).owner


@pytest.mark.parametrize(
    ("subject", "choice", "words"),
    [
        ({"active": False}, Choice("contact"), "parcours clos"),
        ({}, Choice("assign", owner=1, teams=frozenset({7})), "déjà responsable"),
        ({"owner": None}, Choice("assign"), "sans responsable déjà"),
        ({}, Choice("assign", owner=2, teams=frozenset({8})), "cette personne n’est pas de l’équipe du parcours"),
        ({}, Choice("assign", owner=2, teams=frozenset({7, 8})), ""),
        ({"deceased": True}, Choice("assign", owner=2, teams=frozenset({7})), ""),
        ({"deceased": True}, Choice("contact"), "patient décédé"),
        ({}, Choice("contact"), ""),
        ({}, Choice("postpone", day=DAY), "aucun rappel promis"),
        ({"call_back_on": DAY}, Choice("postpone", day=DAY), "rappel déjà prévu ce jour-là"),
        ({"call_back_on": date(2026, 11, 1)}, Choice("postpone", day=DAY), ""),
    ],
)  # fmt: skip
def test_who_cannot_and_why(subject: dict[str, Any], choice: Choice, words: str) -> None:
    known = {"active": True, "deceased": False, "owner": 1, "team": 7, "call_back_on": None}
    assert refusal(Subject(**(known | subject)), choice) == words


def test_rows_are_entrusted_and_given_back(desk: Desk, colleague: User) -> None:
    mine, theirs, nobodys = desk.pathway(), desk.pathway(owner=colleague), desk.pathway()
    services_assign(nobodys, None, desk)
    act = do(desk, "assign", mine, theirs, nobodys, owner=colleague)
    assert {line.pathway for line in act.lines.all()} == {mine, nobodys}, "one was theirs already"
    assert {owner_of(each) for each in (mine, theirs, nobodys)} == {colleague}
    services.undo_act(act=act, user=desk.coordinator)
    assert [owner_of(each) for each in (mine, theirs, nobodys)] == [desk.coordinator, colleague, None]
    with pytest.raises(DomainError, match="déjà annulé"):
        services.undo_act(act=act, user=desk.coordinator)


def services_assign(pathway: Pathway, owner: User | None, desk: Desk) -> None:
    from pathways.services import assign_pathway

    assign_pathway(pathway=pathway, owner=owner, author=desk.coordinator)


def test_what_moved_since_is_not_undone(desk: Desk, colleague: User) -> None:
    third = UserFactory(role=Role.SECRETARY, team=desk.team)
    moved, still = desk.pathway(), desk.pathway()
    act = do(desk, "assign", moved, still, owner=colleague)
    services_assign(moved, third, desk)
    lines = services.undo_act(act=act, user=desk.coordinator)
    assert {line.pathway: line.undone for line in lines} == {moved: False, still: True}
    assert (owner_of(moved), owner_of(still)) == (third, desk.coordinator)


def test_the_history_says_who_entrusted_and_who_took_it_back(nurse: Client, desk: Desk, colleague: User) -> None:
    pathway = desk.pathway()
    confirm(nurse, "confier", [pathway], owner=colleague.pk)
    nurse.post(reverse("coordination:act-undo", args=[DeskAct.objects.get().uuid]))
    rows = pathway.history_rows.exclude(pgh_context=None)  # type: ignore[attr-defined]
    facts = [(row.owner_id, row.pgh_context.metadata) for row in rows]
    told = [(owner, fact.get("reason"), fact.get("user")) for owner, fact in facts]
    assert (colleague.pk, "Confié depuis « Ma journée »", desk.coordinator.pk) in told
    assert (desk.coordinator.pk, "Geste groupé annulé", desk.coordinator.pk) in told


def test_promised_calls_are_put_off_and_back(desk: Desk) -> None:
    called, never = desk.pathway(), desk.pathway()
    services.record_contact(
        pathway=called, author=desk.coordinator, outcome="unreachable", next_on=timezone.localdate()
    )
    act = do(desk, "postpone", called, never, day=DAY, note="Jour férié")
    state = ContactState.objects.get(pathway=called)
    assert (state.call_back_on, state.attempts) == (DAY, 1), "no attempt was made"
    contact = Contact.objects.latest("pk")
    assert (contact.outcome, contact.channel, contact.author, contact.note) == (
        "postponed", "", desk.coordinator, "Jour férié",
    )  # fmt: skip
    assert not Contact.objects.filter(pathway=never).exists()
    services.undo_act(act=act, user=desk.coordinator)
    assert ContactState.objects.get(pathway=called).call_back_on == timezone.localdate()


def test_a_contact_noted_by_mistake_counts_for_nothing_and_stays(desk: Desk) -> None:
    before, fresh = desk.pathway(), desk.pathway()
    at = timezone.now() - timedelta(days=3)
    first = services.record_contact(pathway=before, author=desk.coordinator, outcome="reached", at=at)
    act = do(desk, "contact", before, fresh, outcome="reached")
    assert Pathway.objects.get(pk=fresh.pk).last_contact_at is not None
    services.undo_act(act=act, user=desk.coordinator)
    assert Pathway.objects.get(pk=before.pk).last_contact_at == first.at
    assert Pathway.objects.get(pk=fresh.pk).last_contact_at is None
    assert not ContactState.objects.filter(pathway=fresh).exists()
    assert Milestone.objects.in_force().filter(kind="followup_contact").count() == 1
    withdrawn = Contact.objects.exclude(withdrawal=None)
    assert {each.pathway for each in withdrawn} == {before, fresh}
    assert {each.withdrawal.by for each in withdrawn} == {desk.coordinator}
    with pytest.raises(DatabaseError), transaction.atomic():
        withdrawn[0].withdrawal.delete()


def test_a_call_made_since_keeps_the_contact_before_it(desk: Desk) -> None:
    pathway = desk.pathway()
    act = do(desk, "contact", pathway, outcome="unreachable")
    services.record_contact(pathway=pathway, author=desk.coordinator, outcome="unreachable")
    (line,) = services.undo_act(act=act, user=desk.coordinator)
    assert line.undone is False
    assert ContactState.objects.get(pathway=pathway).attempts == 2


def test_nobody_undoes_for_another_nor_acts_on_another_desk(desk: Desk, colleague: User) -> None:
    act = do(desk, "contact", desk.pathway())
    with pytest.raises(DomainError, match="Seule la personne"):
        services.undo_act(act=act, user=colleague)
    with pytest.raises(DomainError, match="ne coordonnez pas"):
        do(desk, "contact", Desk().pathway())
    with pytest.raises(DomainError, match="Rien ne change"):
        do(desk, "postpone", desk.pathway(), day=DAY)
    assert DeskAct.objects.count() == 1


# --- the page --------------------------------------------------------------------------------------------------------
def confirm(nurse: Client, gesture: str, pathways: list[Pathway], **fields: Any) -> HttpResponse:
    """Preview with the choice, then what the preview's button sends."""
    url, given = reverse("coordination:act"), {"geste": gesture, "p": [str(each.uuid) for each in pathways], **fields}
    preview = nurse.post(url, {**given, "key": str(uuid4()), "do": "preview"})
    assert preview.status_code == 200
    return nurse.post(
        url, {**given, "key": str(preview.context["key"]), "seen": preview.context["seen"], "do": "confirm"}
    )


def test_the_preview_says_who_what_and_why_not_and_changes_nothing(nurse: Client, desk: Desk, colleague: User) -> None:
    one, other = desk.pathway(), desk.pathway(owner=colleague)
    page = nurse.post(
        reverse("coordination:act"),
        {"geste": "confier", "p": [one.uuid, other.uuid], "key": uuid4(), "owner": colleague.pk, "do": "preview"},
    )
    assert [(line["pathway"], line["refusal"]) for line in page.context["lines"]] == [
        (one, ""), (other, "déjà responsable"),
    ]  # fmt: skip
    assert "Confirmer pour 1 parcours" in text(page)
    assert f"Responsable : {colleague}" in text(page)
    assert not DeskAct.objects.exists()
    assert owner_of(one) == desk.coordinator


def test_confirming_does_what_was_shown_and_offers_to_undo_it(nurse: Client, desk: Desk, colleague: User) -> None:
    rows = [desk.pathway(), desk.pathway()]
    answer = confirm(nurse, "confier", rows, owner=colleague.pk, back="/journee/?liste=toutes")
    assert answer["Location"].startswith("/journee/?liste=toutes&fait=")
    page = nurse.get(answer["Location"])
    assert "2 parcours confiés." in text(page)
    nurse.post(reverse("coordination:act-undo", args=[page.context["done"]["uuid"]]), {"back": "/journee/"})
    assert {owner_of(each) for each in rows} == {desk.coordinator}
    assert nurse.get(answer["Location"]).context["done"] is None


def test_a_choice_changed_after_the_preview_is_shown_again_first(nurse: Client, desk: Desk, colleague: User) -> None:
    pathway = desk.pathway()
    shown = nurse.get(reverse("coordination:act"), {"geste": "confier", "p": pathway.uuid})
    page = nurse.post(
        reverse("coordination:act"),
        {"geste": "confier", "p": pathway.uuid, "key": shown.context["key"], "seen": shown.context["seen"],
         "owner": colleague.pk, "do": "confirm"},
    )  # fmt: skip
    assert "Votre choix a changé" in text(page)
    assert not DeskAct.objects.exists()


def test_the_form_sent_twice_acts_once(nurse: Client, desk: Desk) -> None:
    pathway, key = desk.pathway(), uuid4()
    asked = Asked("contact")
    for _ in range(2):
        services.act_on_rows(pathways=[pathway], asked=asked, author=desk.coordinator, key=key)
    assert Contact.objects.count() == 1


def test_sent_again_with_something_else_it_is_another_act(desk: Desk) -> None:
    one, other, key = desk.pathway(), desk.pathway(), uuid4()
    first = services.act_on_rows(pathways=[one], asked=Asked("contact"), author=desk.coordinator, key=key)
    second = services.act_on_rows(pathways=[one, other], asked=Asked("contact"), author=desk.coordinator, key=key)
    noted = Asked("contact", note="Message à sa fille")
    third = services.act_on_rows(pathways=[one], asked=noted, author=desk.coordinator, key=key)
    assert len({first, second, third}) == 3
    assert Contact.objects.count() == 4


def test_sent_again_once_undone_it_says_so(desk: Desk) -> None:
    pathway, key = desk.pathway(), uuid4()
    act = services.act_on_rows(pathways=[pathway], asked=Asked("contact"), author=desk.coordinator, key=key)
    services.undo_act(act=act, user=desk.coordinator)
    with pytest.raises(DomainError, match="puis annulé"):
        services.act_on_rows(pathways=[pathway], asked=Asked("contact"), author=desk.coordinator, key=key)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"geste": "reporter"}, "Indiquez à quel jour reporter le rappel."),
        ({"geste": "reporter", "day": "2020-01-01"}, "La date de rappel est déjà passée."),
        ({"geste": "contact", "outcome": "call_back", "channel": "phone"}, "Indiquez quand rappeler."),
    ],
)
def test_a_wrong_choice_is_told_next_to_its_field(
    nurse: Client, desk: Desk, fields: dict[str, str], words: str
) -> None:
    page = nurse.post(
        reverse("coordination:act"),
        {"p": desk.pathway().uuid, "key": uuid4(), "do": "confirm", "note": "gardée", **fields},
    )
    assert page.status_code == 422
    assert words in text(page)
    assert "gardée" in text(page)


def test_another_desks_rows_and_nothing_ticked_lead_back(nurse: Client) -> None:
    url = reverse("coordination:act")
    for ticked in ({}, {"p": "zut"}, {"p": str(Desk().pathway().uuid)}):
        assert nurse.post(url, {"geste": "confier", **ticked}).status_code == 302
