"""Several counts in one query: the figures of a page and those of its menu are read together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Expression, Func, IntegerField, QuerySet, Subquery, Value

from directory.models import User

Figure = Func | Subquery[Any]


def count_of(rows: QuerySet[Any]) -> Figure:
    """How many ``rows``, to be read with others by `read`."""
    return summed(rows, Count("pk"))


def count_up_to(rows: QuerySet[Any], most: int) -> Figure:
    """The same, but the database stops at ``most`` rows."""
    return Func(ArraySubquery(rows.order_by().values("pk")[:most]), function="CARDINALITY", output_field=IntegerField())


def summed(rows: QuerySet[Any], figure: Expression) -> Figure:
    """An aggregate over all ``rows``, to be read with others by `read`."""
    return Subquery(rows.order_by().annotate(_all=Value(1)).values("_all").annotate(_figure=figure).values("_figure"))


def read(user: User, figures: Mapping[str, Figure]) -> dict[str, Any]:
    """The value of each expression, in one query; none when there is nothing to read."""
    if not figures:
        return {}
    columns = {f"figure_{at}": expression for at, expression in enumerate(figures.values())}
    row = User.objects.filter(pk=user.pk).order_by().values_list(*columns.values()).get()
    return dict(zip(figures, row, strict=True))
