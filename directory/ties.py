"""Composite foreign keys: what a row repeats of another row stays what that row says."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.constraints import BaseConstraint


class Tie(BaseConstraint):
    """``fields`` of a row are together ``to_fields`` of one row of the model ``to`` (« app.Model »), which has a unique
    constraint on them.

    Looked at by the database when the transaction commits, as Django's own foreign keys: both rows may change together.
    Named in `Meta.constraints` like any other.
    """

    def __init__(
        self,
        *,
        fields: Collection[str],
        to: str,
        to_fields: Collection[str],
        name: str,
        violation_error_code: str | None = None,
        violation_error_message: str | None = None,
    ) -> None:
        self.fields, self.to, self.to_fields = tuple(fields), to, tuple(to_fields)
        if len(self.fields) != len(self.to_fields) or len(self.fields) < 2:
            raise ValueError("A tie has as many fields on both sides, two at least.")
        super().__init__(
            name=name, violation_error_code=violation_error_code, violation_error_message=violation_error_message
        )

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._foreign_key(model, schema_editor)}"

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def _foreign_key(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        other = model._meta.apps.get_model(self.to)
        here, there = (
            ", ".join(schema_editor.quote_name(of._meta.get_field(name).column) for name in names)
            for of, names in ((model, self.fields), (other, self.to_fields))
        )
        table = schema_editor.quote_name(other._meta.db_table)
        return f"FOREIGN KEY ({here}) REFERENCES {table} ({there}) DEFERRABLE INITIALLY DEFERRED"

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """Raises ValidationError when no such row exists; a field left out or empty ties nothing."""
        if set(self.fields) & set(exclude or ()):
            return
        wanted = {
            model._meta.apps.get_model(self.to)._meta.get_field(name).attname: getattr(
                instance, model._meta.get_field(field).attname
            )
            for field, name in zip(self.fields, self.to_fields, strict=True)
        }
        if None in wanted.values():
            return
        if not model._meta.apps.get_model(self.to)._default_manager.using(using).filter(**wanted).exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, arguments, options = super().deconstruct()
        return path, arguments, {**options, "fields": self.fields, "to": self.to, "to_fields": self.to_fields}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tie) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.fields, self.to, self.to_fields))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.fields} = {self.to}{self.to_fields} name={self.name!r}>"
