"""Giving a task, ticking its list, saying what came of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Task, TaskItem, TaskSeries
from directory.errors import DomainError
from directory.models import Role, User
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import HTMX, text, toast, url
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(desk: Desk) -> User:
    return UserFactory(role=Role.SECRETARY, team=desk.team)


def listed(pathway: Pathway, *points: str, **options: object) -> Task:
    return services.create_task(pathway=pathway, title="Préparer le dossier", checklist=points, **options)  # type: ignore[arg-type]


def test_given_to_a_colleague_of_the_team_only(desk: Desk, pathway: Pathway, colleague: User) -> None:
    task = services.create_task(pathway=pathway, title="Appeler", owner=desk.coordinator)
    assert services.give_task(task=task, to=colleague, by=desk.coordinator).owner == colleague
    with pytest.raises(DomainError, match="équipe") as refused:
        services.give_task(task=Task.objects.get(), to=UserFactory(role=Role.COORDINATOR), by=colleague)
    assert refused.value.field == "owner"


def test_who_looks_at_an_old_page_takes_nothing_from_anyone(desk: Desk, pathway: Pathway, colleague: User) -> None:
    seen = services.create_task(pathway=pathway, title="Appeler")
    services.claim_task(task=seen, user=colleague)
    for act in (
        lambda: services.give_task(task=seen, to=desk.coordinator, by=desk.coordinator),
        lambda: services.give_back_task(task=seen, user=desk.coordinator),
    ):
        with pytest.raises(DomainError, match=f"{colleague} vient de prendre") as refused:
            act()
        assert refused.value.code == "taken"
    assert Task.objects.get().owner == colleague


def test_a_tick_says_who_and_when_and_can_be_taken_back(desk: Desk, pathway: Pathway, colleague: User) -> None:
    item = listed(pathway, "Compte rendu", "Images").items.get(rank=0)
    services.tick_item(item=item, user=desk.coordinator, done=True)
    ticked = services.tick_item(item=item, user=colleague, done=True)
    assert (ticked.done_by, ticked.done_at is not None) == (desk.coordinator, True), "the first tick stays"
    services.tick_item(item=item, user=colleague, done=False)
    assert TaskItem.objects.get(pk=item.pk).done_by is None


def test_what_is_not_all_ticked_or_not_proved_asks_what_came_of_it(desk: Desk, pathway: Pathway) -> None:
    ticking = listed(pathway, "Compte rendu")
    with pytest.raises(DomainError, match="pas toute cochée") as refused:
        services.complete_task(task=ticking, user=desk.coordinator)
    assert refused.value.field == "outcome"
    services.tick_item(item=ticking.items.get(), user=desk.coordinator, done=True)
    services.complete_task(task=ticking, user=desk.coordinator)
    with pytest.raises(DomainError, match="déjà close"):
        services.tick_item(item=ticking.items.get(), user=desk.coordinator, done=False)
    proved = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    with pytest.raises(DomainError, match="n’est pas enregistré"):
        services.complete_task(task=proved, user=desk.coordinator)
    assert services.complete_task(task=proved, user=desk.coordinator, outcome="Fait ailleurs").status == "done"


def test_too_long_a_list_is_refused(pathway: Pathway) -> None:
    for points in (["x"] * 21, ["x" * 201]):
        with pytest.raises(DomainError) as refused:
            listed(pathway, *points)
        assert refused.value.field == "checklist"


# --- pages -----------------------------------------------------------------------------------------------------------
def test_a_refused_gesture_gives_back_what_was_typed_with_and_without_javascript(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    task = services.create_task(pathway=pathway, title="Appeler", owner=desk.coordinator)
    long = "Doublon " * 3
    row = nurse.post(url("task-cancel", task), {"reason": " "}, headers=HTMX)
    assert "Indiquez pourquoi" in text(row)
    services.cancel_task(task=task, user=desk.coordinator, reason="Déjà fait")
    for options in ({"headers": HTMX}, {}):
        refused = nurse.post(url("task-complete", task), {"outcome": long, "from": "tasks"}, **options)  # type: ignore[arg-type]
        assert "déjà close" in (toast(refused)["jalon:toast"]["message"] if options else text(refused))
    waiting = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    page = nurse.post(url("task-complete", waiting), {"outcome": " "})
    assert page.status_code == 422
    assert "dites ce qui a été obtenu" in text(page)


def test_the_row_opens_on_the_result_that_is_asked_for(nurse: Client, pathway: Pathway) -> None:
    waiting = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    row = text(nurse.post(url("task-complete", waiting), {"outcome": ""}, headers=HTMX))
    assert '<details class="j-menu j-menu-end" open>' in row
    assert "dites ce qui a été obtenu" in row
    plain = services.create_task(pathway=pathway, title="Appeler")
    rows = text(nurse.get(url("tasks"), {"liste": "a-prendre"}))
    assert f'action="{url("task-complete", plain)}"' in rows
    assert rows.count('data-act="done"') == 2


def test_a_list_is_ticked_by_a_fragment_or_a_whole_page(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    first, second = listed(pathway, "Compte rendu", "Images").items.all()
    answer = nurse.post(url("task-tick", first), {"done": "1"}, headers=HTMX)
    assert text(answer).strip().startswith('<ul class="co-ticks" id="task-checklist">')
    assert text(answer).count('aria-checked="true"') == 1
    page = nurse.post(url("task-tick", second), {"done": "1"}, follow=True)
    assert page.redirect_chain == [(url("task", first.task), 302)]
    assert str(desk.coordinator) in text(page)
    assert text(nurse.get(url("tasks"), {"liste": "a-prendre"})).count("2/2") == 1


def test_a_task_is_given_from_its_page(nurse: Client, desk: Desk, pathway: Pathway, colleague: User) -> None:
    task = services.create_task(pathway=pathway, title="Appeler")
    assert str(colleague) in text(nurse.get(url("task", task)))
    assert "Choisissez à qui" in text(nurse.post(url("task-give", task), {"owner": "personne"}))
    nurse.post(url("task-give", task), {"owner": str(colleague.uuid)})
    assert Task.objects.get().owner == colleague


def test_a_page_left_open_does_not_overrule_who_took_the_task_since(
    nurse: Client, desk: Desk, pathway: Pathway, colleague: User
) -> None:
    task = services.create_task(pathway=pathway, title="Appeler")
    shown = text(nurse.get(url("task", task)))
    assert '<input type="hidden" name="seen" value="">' in shown
    services.claim_task(task=task, user=colleague)
    answer = text(nurse.post(url("task-give", task), {"owner": str(desk.coordinator.uuid), "seen": ""}, follow=True))
    assert f"{colleague} vient de prendre cette tâche" in answer
    stale = {"seen": str(desk.coordinator.uuid)}
    assert "vient de prendre" in text(nurse.post(url("task-give-back", task), stale, follow=True))
    assert Task.objects.get().owner == colleague
    nurse.post(url("task-give-back", task), {"seen": str(colleague.uuid)})
    assert Task.objects.get().owner is None


def test_a_task_starts_from_a_step_with_its_list(nurse: Client, pathway: Pathway) -> None:
    page = nurse.get(url("task-add", pathway))
    proposal = next(each for each in page.context["proposals"] if each.points)
    form = nurse.get(url("task-add", pathway), {"etape": proposal.key}).context["form"]
    assert form["title"].value() == proposal.label
    sent = {name: form[name].value() or "" for name in ("title", "checklist", "closes_on", "owner")}
    nurse.post(url("task-add", pathway), sent)
    task = Task.objects.get()
    assert task.items.count() == proposal.points
    assert task.owner is not None, "for oneself unless said otherwise"


def test_a_task_follows_from_a_fact(nurse: Client, pathway: Pathway) -> None:
    fact = pathway.milestones.get(kind="referral_received")
    form = nurse.get(url("task-add", pathway), {"jalon": str(fact.uuid)}).context["form"]
    nurse.post(url("task-add", pathway), {"title": form["title"].value(), "about": form["about"].value()})
    assert Task.objects.get().about == fact
    other = Desk().pathway().milestones.get(kind="referral_received")
    refused = nurse.post(url("task-add", pathway), {"title": "Une", "about": str(other.uuid)})
    assert refused.status_code == 422


def test_a_task_that_comes_back_is_typed_and_nothing_is_lost(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    sent = {"title": "Appel", "unit": "week", "every": "1", "checklist": "Poids\nDouleur", "note": "le matin"}
    refused = nurse.post(url("task-add", pathway), sent)
    assert refused.status_code == 422
    assert "Indiquez la première date" in text(refused)
    assert "le matin" in text(refused)
    day = timezone.localdate().isoformat()
    ended = nurse.post(url("task-add", pathway), {**sent, "due_on": day, "until_on": "2020-01-01", "from": "panel"})
    assert "ne peut pas précéder" in text(ended)
    nurse.post(url("task-add", pathway), {**sent, "due_on": day})
    series = TaskSeries.objects.get()
    panel = text(nurse.get(url("pathway-panel", pathway)))
    assert "Chaque semaine" in panel
    for name, status in (("series-pause", "paused"), ("series-resume", "running")):
        nurse.post(url(name, series), headers=HTMX)
        series.refresh_from_db()
        assert series.status == status
    assert (
        "pourquoi"
        in toast(nurse.post(url("series-stop", series), {"reason": ""}, headers=HTMX))["jalon:toast"]["message"]
    )
    nurse.post(url("series-stop", series), {"reason": "Guéri"})
    series.refresh_from_db()
    assert series.status == "ended"


def test_from_anywhere_the_patient_is_chosen_first(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway(birth_name="ESSAITROUVE")
    Desk().pathway(birth_name="ESSAITROUVE")
    found = nurse.post(url("task-new"), {"q": "essaitrouve"})
    assert found.context["found"] == [pathway]
    assert "Vérifiez l’orthographe" in text(nurse.post(url("task-new"), {"q": "personne"}))
