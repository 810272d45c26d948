"""Several counts in one query: the figures of a page and those of its menu are read together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Expression, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler


@dataclass(frozen=True, slots=True)
class Figure:
    """One value to be read with others: that of the only row of ``rows``, else how many ``rows`` there are."""

    rows: QuerySet[Any]
    how_many: bool = False
    empty: Any = None
    """What it is when nothing can match, so that the database is not asked."""


def count_of(rows: QuerySet[Any]) -> Figure:
    """How many ``rows``, to be read with others by `read`."""
    return summed(rows, Count("pk"), empty=0)


def count_up_to(rows: QuerySet[Any], most: int) -> Figure:
    """The same, but the database stops at ``most`` rows."""
    return Figure(rows.order_by().values("pk")[:most], how_many=True, empty=0)


def summed(rows: QuerySet[Any], figure: Expression, *, empty: Any = None) -> Figure:
    """An aggregate over all ``rows``, to be read with others by `read`."""
    one = rows.order_by().annotate(_all=Value(1)).values("_all").annotate(_figure=figure).values("_figure")
    return Figure(one, empty=empty)


def read(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """The value of each figure, in one query; none when there is nothing to read.

    The subqueries are put side by side as SQL. As annotations of one queryset the ORM would copy and rename each of
    them twice before it writes it, on every page: a third of what the worklist costs the server.
    """
    found: dict[str, Any] = {}
    columns: list[str] = []
    values: list[Any] = []
    compilers: dict[str, SQLCompiler] = {}
    for name, figure in figures.items():
        compiler = figure.rows.query.get_compiler(using=figure.rows.db)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:  # nothing can match: the database has nothing to say
            found[name] = figure.empty
            continue
        columns.append(f"CARDINALITY(ARRAY({sql}))" if figure.how_many else f"({sql})")
        values.extend(params)
        compilers[name] = compiler
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)}", values)
            row = cursor.fetchone()
        found |= {
            name: figures[name].empty if value is None else _as_python(compiler, value, figures[name])
            for (name, compiler), value in zip(compilers.items(), row, strict=True)
        }
    return {name: found[name] for name in figures}


def _as_python(compiler: SQLCompiler, value: Any, figure: Figure) -> Any:
    """What the ORM would have made of the value."""
    if figure.how_many:
        return value
    converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
    return next(iter(compiler.apply_converters([[value]], converters)))[0]
