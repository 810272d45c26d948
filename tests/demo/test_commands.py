"""The commands of the demo refuse to run anywhere else, and never mix with other data."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.mail import get_connection
from django.core.management import CommandError, call_command

from config.demo.quiet import keep_post_here, without_broker
from config.demo.reset import empty_tables
from config.demo.world import FAST, HOSPITAL_FINESS, INSTADIAG, build_world
from directory.models import Establishment, User
from directory.tasks import drain_outbox
from pathways.models import TargetPathway
from tests.factories import EstablishmentFactory, PathwayFactory


@pytest.mark.parametrize("command", ["load_demo", "demo_accounts"])
def test_refused_outside_a_demo(command: str, settings: Any) -> None:
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(CommandError, match="démonstration"):
        call_command(command)


@pytest.mark.parametrize(("demo", "debug"), [(True, False), (False, True)])
def test_accounts_are_listed_in_a_demo_or_in_development(demo: bool, debug: bool, settings: Any) -> None:
    settings.DEMO, settings.DEBUG = demo, debug
    said = StringIO()
    call_command("demo_accounts", "--json", stdout=said)
    rows = json.loads(said.getvalue())
    assert len({row["email"] for row in rows}) == len(rows) > 10
    assert all(row["email"].endswith(".invalid") and len(row["password"]) >= 12 for row in rows)


@pytest.mark.django_db
def test_an_interrupted_load_is_said_and_nothing_is_added(settings: Any) -> None:
    settings.DEMO = True
    EstablishmentFactory(finess=HOSPITAL_FINESS)
    with pytest.raises(CommandError, match="interrompu"):
        call_command("load_demo")
    assert Establishment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_reset_empties_every_table_even_those_that_refuse_deletion() -> None:
    PathwayFactory()  # its milestone may be neither changed nor deleted
    assert empty_tables() > 40
    assert not User.objects.exists() and not Establishment.objects.exists()


def test_no_worker_is_called_while_the_past_is_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda self, *a, **k: called.append(self.name))
    with without_broker():
        drain_outbox.delay()
    assert called == []
    drain_outbox.delay()
    assert called == ["directory.tasks.drain_outbox"]


def test_the_past_is_sent_to_no_mail_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with keep_post_here():
        assert "dummy" in type(get_connection()).__module__
    assert "smtp" in type(get_connection()).__module__
    settings.EMAIL_BACKEND = "directory.mail.FolderBackend"
    with keep_post_here():
        assert type(get_connection()).__name__ == "FolderBackend"


@pytest.mark.django_db
def test_the_demo_hospital_uses_its_two_pathways_and_takes_all_those_shipped() -> None:
    world = build_world()
    assert set(world.targets) == {FAST, INSTADIAG, f"neighbour:{FAST}"}
    said = StringIO()
    call_command("load_targets", finess=HOSPITAL_FINESS, stdout=said)
    assert said.getvalue().count("publiée") == 7 and said.getvalue().count("déjà à jour") == 2
    assert TargetPathway.objects.filter(establishment=world.hospital).count() == 9
