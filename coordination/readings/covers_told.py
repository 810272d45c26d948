"""What the desk tells someone about absences, read along with its figures: the page pays no query more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import CharField, Count, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject, NullIf

from coordination.models import Cover, CoverLine
from directory.counting import Figure, summed
from directory.models import User


def name_of(person: str) -> Coalesce:
    """`str(user)` as an expression; ``person`` is the path to the account."""
    parts = (NullIf(F(f"{person}__professional__{each}"), Value("")) for each in ("title", "first_name", "last_name"))
    full = Func(Value(" "), *parts, function="CONCAT_WS", output_field=CharField())
    return Coalesce(NullIf(full, Value("")), F(f"{person}__email"))


def to_tell(user: User, today: date) -> QuerySet[Cover]:
    """The absences to speak of: theirs under way or just over and not read yet, and those they hold."""
    now_on = Q(starts_on__lte=today, ends_on__gte=today)
    unread = Q(pk__in=Cover.objects.to_read(user, today).values("pk"))
    return Cover.objects.filter(cancelled_at__isnull=True).filter(
        (Q(absent=user) & (now_on | unread)) | (Q(stand_in=user, interrupted_at__isnull=True) & now_on)
    )


def told_to(user: User, today: date) -> Figure:
    """The same, as `sorted_out` reads them."""
    lines = CoverLine.objects.filter(cover=OuterRef("pk")).order_by().values("cover")
    count = Coalesce(Subquery(lines.annotate(count=Count("pk")).values("count")), 0)
    row = JSONObject(
        uuid="uuid", absent=name_of("absent"), stand_in=name_of("stand_in"), ends_on="ends_on", note="note",
        patients=count, stand_in_id="stand_in_id",
    )  # fmt: skip
    return summed(to_tell(user, today), JSONBAgg(row, order_by=["ends_on", "pk"]))


def sorted_out(rows: Iterable[Mapping[str, Any]] | None, user: User, today: date) -> dict[str, list[dict[str, Any]]]:
    """`held` by the user, `mine` under way, `unread` since the return."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows or ():
        cover = {**row, "ends_on": date.fromisoformat(row["ends_on"])}
        held = cover["stand_in_id"] == user.pk
        told["held" if held else "mine" if cover["ends_on"] >= today else "unread"].append(cover)
    return dict(told)
