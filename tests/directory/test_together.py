"""Operations run together do what they do one by one, forwards and back."""

from __future__ import annotations

import pytest
from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from directory.together import Together, together


def operations() -> list[Operation]:
    named = models.CheckConstraint(condition=~models.Q(name=""), name="box_named")
    return [
        migrations.CreateModel("Box", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]),
        migrations.CreateModel("Lid", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("Lid", "box", models.ForeignKey("directory.Box", models.CASCADE)),
        migrations.AddField("Box", "height", models.IntegerField(null=True)),
        migrations.AddIndex("Box", models.Index(fields=["height"], name="box_height")),
        migrations.AddConstraint("Box", named),
        migrations.RunSQL("SELECT 1", "SELECT 2"),
        migrations.AddIndex("Lid", models.Index(fields=["box"], name="lid_box")),
    ]


def run(wanted: list[Operation]) -> tuple[set[str], set[str], ProjectState]:
    """The SQL of going there and of coming back, and the state reached."""
    migration = migrations.Migration("boxes", "directory")
    migration.operations = wanted
    with connection.schema_editor(collect_sql=True, atomic=False) as there:
        reached = migration.apply(ProjectState(), there, collect_sql=True)
    with connection.schema_editor(collect_sql=True, atomic=False) as back:
        migration.unapply(ProjectState(), back, collect_sql=True)
    return _statements(there.collected_sql), _statements(back.collected_sql), reached


def _statements(lines: list[str]) -> set[str]:
    return {line for line in lines if not line.startswith("--")}


@pytest.mark.django_db
def test_the_same_sql_and_the_same_state() -> None:
    alone, grouped = run(operations()), run(together(operations()))
    assert grouped[:2] == alone[:2]
    assert len(alone[0]) >= 8 and len(alone[1]) >= 7
    assert grouped[2].models == alone[2].models


def test_only_neighbours_of_one_kind_are_joined_and_the_order_is_kept() -> None:
    found = together(operations())
    sizes = [len(each.operations) if isinstance(each, Together) else 0 for each in found]
    assert sizes == [2, 2, 2, 0, 1]
    flat = [part for each in found for part in (each.operations if isinstance(each, Together) else [each])]
    assert [type(each) for each in flat] == [type(each) for each in operations()]
