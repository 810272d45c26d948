"""Tasks and teams: what another team is asked to do, and what becomes of tasks when a patient changes team."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Task
from directory.models import Membership, Role, User
from pathways import services as pathways
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import TargetFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(desk: Desk) -> User:
    return UserFactory(role=Role.SECRETARY, team=desk.team)


def test_what_another_team_is_asked_to_do_stands_in_its_list(client: Client, desk: Desk, pathway: Pathway) -> None:
    surgery = TeamFactory(establishment=desk.team.establishment)
    surgeon = UserFactory(role=Role.PHYSICIAN, team=surgery)
    task = services.create_task(pathway=pathway, title="Programmer le bloc", team=surgery)
    client.force_login(surgeon)
    row = text(client.get(url("tasks"), {"liste": "a-prendre"}))
    assert "Programmer le bloc" in row and str(pathway.patient) in row
    assert url("pathway-panel", pathway) not in row, "its file is not theirs to open"
    assert "Dossier du patient" not in text(client.get(url("task", task)))
    client.post(url("task-claim", task))
    assert Task.objects.get().owner == surgeon
    client.force_login(desk.coordinator)
    assert "Programmer le bloc" not in text(client.get(url("tasks"), {"liste": "equipe"}))
    assert client.get(url("task", task)).status_code == 200, "the patient's own team reads it"
    stranger = UserFactory(role=Role.PHYSICIAN, team=TeamFactory(establishment=desk.team.establishment))
    client.force_login(stranger)
    assert client.get(url("task", task)).status_code == 404


def test_tasks_follow_the_patient_to_another_team(desk: Desk, pathway: Pathway, colleague: User) -> None:
    both = UserFactory(role=Role.SECRETARY, team=desk.team)
    other = TargetFactory(team=TeamFactory(establishment=desk.team.establishment), key="fast")
    Membership.objects.create(user=both, team=other.team, role=Role.SECRETARY)
    hers = services.create_task(pathway=pathway, title="Appeler", owner=colleague)
    theirs = services.create_task(pathway=pathway, title="Écrire", owner=both)
    closed = services.complete_task(task=services.create_task(pathway=pathway, title="Fait"), user=colleague)
    elsewhere = services.create_task(pathway=Desk(team=desk.team).pathway(), title="Autre")
    pathways.switch_pathway(pathway=pathway, target=other, reason="Tumeur du pancréas", author=desk.coordinator)
    for task in (hers, theirs, closed, elsewhere):
        task.refresh_from_db()
    assert (hers.team, hers.owner) == (other.team, None)
    assert (theirs.team, theirs.owner) == (other.team, both)
    assert (closed.team, elsewhere.team) == (desk.team, desk.team)
    assert set(Task.objects.asked_of_teams(both).of_owner(both)) == {theirs}


def test_what_comes_back_follows_the_patient_to_another_team(desk: Desk, pathway: Pathway) -> None:
    other = TargetFactory(team=TeamFactory(establishment=desk.team.establishment), key="fast")
    series = services.repeat_task(
        pathway=pathway, title="Appel", every=1, unit="week", starts_on=timezone.localdate(), owner=desk.coordinator,
        author=desk.coordinator,
    )  # fmt: skip
    pathways.switch_pathway(pathway=pathway, target=other, reason="Tumeur du pancréas", author=desk.coordinator)
    series.refresh_from_db()
    assert (series.team, series.owner) == (other.team, None)
    assert series.occurrences.get().team == other.team
