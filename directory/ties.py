"""Composite foreign keys: what a row repeats of another row stays what that row says."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert model is not None and schema_editor is not None
        quote, other = schema_editor.quote_name, self._other(model)
        here, there = (
            ", ".join(quote(str(_field(of, name).column)) for name in names)
            for of, names in ((model, self.fields), (other, self.to_fields))
        )
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({here}) REFERENCES {quote(other._meta.db_table)} ({there})"
            " DEFERRABLE INITIALLY DEFERRED"
        )

    def create_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert model is not None and schema_editor is not None
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert model is not None and schema_editor is not None
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def _other(self, model: type[models.Model]) -> type[models.Model]:
        other: type[models.Model] = model._meta.apps.get_model(self.to)
        return other

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
        other = self._other(model)
        wanted = {
            _field(other, name).attname: getattr(instance, _field(model, field).attname)
            for field, name in zip(self.fields, self.to_fields, strict=True)
        }
        if None in wanted.values():
            return
        if not other._default_manager.using(using).filter(**wanted).exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, arguments, options = super().deconstruct()
        return path, arguments, {**options, "fields": self.fields, "to": self.to, "to_fields": self.to_fields}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tie) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.fields, self.to, self.to_fields))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.fields} = {self.to}{self.to_fields} name={self.name!r}>"


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field
