"""Migrations that run many like operations as one.

Django builds every model of the project again after each operation. Four hundred of them, for a new database, take half
a minute; the same operations in a few runs, a few seconds. The SQL and the resulting state are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger

KINDS: tuple[tuple[type[Operation], ...], ...] = (
    (CreateModel,),
    (AddField,),
    (AddIndex, AddConstraint, AddTrigger),
    (RemoveTrigger,),
)
"""Those of one kind can read the state after the last of them: none looks at what another adds."""


class Together(Operation):
    """``operations`` of one kind, in order, between two states."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = tuple(operations)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return (self.__class__.__name__, [], {"operations": list(self.operations)})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # the models are built when next asked for: once, not after each operation
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)

    def references_model(self, name: str, app_label: str) -> bool:
        return any(operation.references_model(name, app_label) for operation in self.operations)


def _kind(operation: Operation) -> int:
    return next((rank for rank, kinds in enumerate(KINDS) if isinstance(operation, kinds)), len(KINDS))


def together(operations: Iterable[Operation]) -> list[Operation]:
    """The same operations in the same order, neighbours of one kind as one."""

    def runs() -> Iterator[Operation]:
        for kind, run in groupby(operations, key=_kind):
            if kind < len(KINDS):
                yield Together(list(run))
            else:
                yield from run

    return list(runs())
