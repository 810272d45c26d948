"""`rebuild_plans`: everything put right, nothing written twice, and nobody waits for it."""

from __future__ import annotations

import os
import signal
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pathways import services
from pathways.management.commands import rebuild_plans
from pathways.models import Alert, Pathway, Step, Watch
from pathways.services.rebuild import Progress, rebuild_everything
from tests.factories import PathwayFactory, TargetFactory, TeamFactory

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rebuild_plans", *arguments, stdout=out)
    return out.getvalue()


def stored() -> list[Any]:
    """Everything a rebuild may write."""
    tables = (Step.objects, Alert.objects, Watch.objects, Pathway.objects)
    return [list(table.order_by("pk").values()) for table in tables]


def climbing() -> list[Any]:
    """The open alerts of the steps, and when each goes up."""
    rows = Alert.objects.open().filter(step__isnull=False).order_by("pk")
    return list(rows.values("step__key", "team_at", "head_at", "harm_at", "next_level_at"))


def several(count: int, days_ago: float = 9) -> list[Pathway]:
    first = PathwayFactory(days_ago=days_ago)
    same = {"team": first.team, "target": first.version.target, "owner": first.owner, "days_ago": days_ago}
    return [first, *(PathwayFactory(**same) for _ in range(count - 1))]


def damage() -> None:
    """Rows as an older release, or a mistake, may have left them."""
    Step.objects.filter(state="open").update(team_at=None, head_at=None, harm_at=None)
    Step.objects.filter(key="mri").delete()
    Step.objects.filter(key="rcp").update(state="open", due_at=timezone.now(), label="Ancien nom")
    Alert.objects.update(team_at=None, head_at=None, harm_at=None, next_level_at=None)
    Watch.objects.all().delete()
    Pathway.objects.update(next_step=None, next_due_at=None)


def test_what_was_damaged_is_put_right_and_a_second_run_writes_nothing() -> None:
    several(3)
    services.scan_delays(now=timezone.now())
    keep = [name.attname for name in Step._meta.fields if name.name not in ("id", "uuid")]
    before = list(Step.objects.order_by("pathway", "order", "occurrence").values(*keep))
    ladders = climbing()
    assert any(ladder["harm_at"] for ladder in ladders)
    damage()
    assert "3 parcours sur 3" in run()
    assert list(Step.objects.order_by("pathway", "order", "occurrence").values(*keep)) == before
    assert Pathway.objects.filter(next_due_at__isnull=False).count() == 3
    assert Watch.objects.exists()
    assert climbing() == ladders
    settled = stored()
    with CaptureQueriesContext(connection) as queries:
        assert ", 0 étapes modifiées" in run()
    assert not [q for q in queries if q["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]
    assert stored() == settled


def test_the_cost_does_not_depend_on_how_many_pathways_a_chunk_holds() -> None:
    many = several(6)

    def cost(pathways: list[Pathway]) -> int:
        services.scan_delays(now=timezone.now())
        damage()
        Step.objects.filter(pathway__in=pathways, state="open").update(warn_at=None, next_alert_at=None)
        Alert.objects.update(since=timezone.now())
        Pathway.objects.filter(pk__in=[pathway.pk for pathway in pathways]).update(owner=None)
        rows = Pathway.objects.filter(pk__in=[pathway.pk for pathway in pathways])
        with CaptureQueriesContext(connection) as queries:
            assert [chunk.pathways for chunk in rebuild_everything(rows=rows)] == [len(pathways)]
        assert Alert.objects.open().filter(kind="no_owner", pathway__in=pathways).count() == len(pathways)
        return len(queries)

    assert cost(many[:1]) == cost(many[1:])


def test_it_goes_on_from_where_it_stopped() -> None:
    pathways = several(5)
    damage()
    first = next(rebuild_everything(rows=Pathway.objects.all(), size=2))
    assert first[:2] == (pathways[1].pk, 2)
    assert first.written > 0
    assert Pathway.objects.filter(next_step__isnull=True).count() == 3
    assert "3 parcours sur 3 recalculés" in run("--after", str(first.after))
    assert not Pathway.objects.filter(next_step__isnull=True).exists()


def test_a_polite_kill_ends_the_chunk_and_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pathways = several(4)
    real = rebuild_everything

    def killed_after_the_first(**options: Any) -> Any:
        for progress in real(**options):
            os.kill(os.getpid(), signal.SIGTERM)
            yield progress

    monkeypatch.setattr(rebuild_plans, "rebuild_everything", killed_after_the_first)
    with pytest.raises(CommandError, match=f"--after {pathways[1].pk}$"):
        run("--chunk", "2")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_only_the_pathways_named_are_rebuilt() -> None:
    here, there = several(1)[0], PathwayFactory(team=TeamFactory(), days_ago=9)
    other = TargetFactory(team=here.team, key="fast")
    same_house = PathwayFactory(team=here.team, target=other, days_ago=9)
    closed = PathwayFactory(team=here.team, target=other, days_ago=9)
    services.close_pathway(pathway=closed, reason="no_cancer", author=None)
    everyone = {here.pk, there.pk, same_house.pk, closed.pk}

    def rebuilt(*arguments: str) -> set[int]:
        Step.objects.update(label="périmée")
        run(*arguments)
        return everyone - set(Step.objects.filter(label="périmée").values_list("pathway", flat=True))

    assert rebuilt("--pathway", str(here.uuid)) == {here.pk}
    assert rebuilt("--target", "fast") == {same_house.pk, closed.pk}
    assert rebuilt("--target", "fast", "--active") == {same_house.pk}
    assert rebuilt("--establishment", there.team.establishment.finess) == {there.pk}
    assert rebuilt() == everyone


@pytest.mark.parametrize(
    "arguments",
    [
        ("--pathway", "00000000-0000-4000-8000-000000000000"),
        ("--target", "inconnu"),
        ("--establishment", "999999999"),
        ("--chunk", "0"),
    ],
)
def test_a_mistyped_name_is_refused(arguments: tuple[str, str]) -> None:
    PathwayFactory()
    with pytest.raises(CommandError):
        run(*arguments)


@pytest.mark.django_db(transaction=True)
def test_a_pathway_somebody_writes_on_holds_nobody_else_back() -> None:
    """The chunk takes the free pathways at once, and waits for the busy one with nothing in hand."""
    busy, *free = several(3)
    damage()
    rows = Pathway.objects.all()
    found: list[Progress] = []

    def rebuild() -> None:
        try:
            found.extend(rebuild_everything(rows=rows))
        finally:
            connection.close()

    worker = threading.Thread(target=rebuild)
    with transaction.atomic():
        list(Pathway.objects.select_for_update(no_key=True).filter(pk=busy.pk))
        worker.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        blocked = 0
        while not blocked and worker.is_alive():
            with connection.cursor() as cursor:
                cursor.execute(waiting)
                blocked = cursor.fetchone()[0]
        done = Pathway.objects.filter(pk__in=[each.pk for each in free], next_step__isnull=False)
        assert done.count() == len(free)
        assert not found
    worker.join(timeout=30)
    assert [chunk.pathways for chunk in found] == [3]
    assert not Pathway.objects.filter(next_step__isnull=True).exists()
