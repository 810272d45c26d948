"""What happened to a series in plain words, as the database's triggers kept it: its values, who is expected, whom it
serves, its weeks out of the ordinary, what was proposed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from coordination.models import ExceptionKind, ProposalState, ReleaseUnit, Resource, SlotSeries, Weekday
from directory.models import Professional, User
from directory.typography import NBSP, hour, moment
from pathways.models import TargetPathway

AUTOMATIC = "Jalon"
MOST = 200
COLUMNS = {
    "weekday": "Jour",
    "starts_at": "Heure",
    "duration_minutes": "Durée",
    "capacity": "Places",
    "release_notice_hours": "Rendues au plateau",
    "release_unit": "Comptées en",
    "room": "Lieu",
    "resource_id": "Appareil ou salle",
    "valid_from": "Premier jour",
    "valid_until": "Dernier jour",
}


@dataclass
class _Act:
    """What one transaction did: the rows it left, by table."""

    at: datetime
    facts: Mapping[str, Any]
    rows: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))


def history_of_series(series: SlotSeries) -> list[dict[str, Any]]:
    """Newest first, as `components/history.html` shows it, at most `MOST` acts; a fixed number of queries."""
    rows = [
        *_rows("SlotSeriesHistory", Q(id=series.pk)),
        *_rows("SeriesTargetHistory", Q(slotseries_id=series.pk)),
        *_rows("SeriesPractitionerHistory", Q(slotseries_id=series.pk)),
        *_rows("SlotExceptionHistory", _touching(series)),
        *_rows("SeriesProposalHistory", Q(series_id=series.pk)),
    ]
    acts: dict[tuple[datetime, Any], _Act] = {}
    for row in sorted(rows, key=lambda each: (each.pgh_created_at, each.pgh_id)):
        # One instant for one transaction: PostgreSQL's now() is that of its beginning.
        facts = row.pgh_context.metadata if row.pgh_context else {}
        key = (row.pgh_created_at, row.pgh_context_id)
        acts.setdefault(key, _Act(row.pgh_created_at, facts)).rows[type(row).__name__].append(row)
    said = _Words.of(rows, acts.values())
    before: dict[str, dict[int, Any]] = defaultdict(dict)
    entries = [entry for act in acts.values() for entry in _told(act, before, said)]
    return entries[::-1][:MOST]


def _touching(series: SlotSeries) -> Q:
    """Its own exceptions, and those of its platform, of its machine and of whoever is expected, as long as it runs."""
    about = Q(platform_id=series.platform_id) | Q(professional_id__in=series.practitioners.values("pk"))
    if series.resource_id:
        about |= Q(resource_id=series.resource_id)
    running = Q(last_on__gte=series.valid_from)
    if series.valid_until:
        running &= Q(first_on__lte=series.valid_until)
    return Q(series_id=series.pk) | (about & running)


def _rows(name: str, about: Q) -> list[Any]:
    rows = apps.get_model("coordination", name).objects.filter(about).select_related("pgh_context")
    return list(rows.order_by("pgh_id"))


@dataclass(frozen=True)
class _Words:
    """The names that keys stand for."""

    people: Mapping[int, str]
    machines: Mapping[int, str]
    staff: Mapping[int, str]
    targets: Mapping[int, str]
    former: Mapping[str, str]

    @classmethod
    def of(cls, rows: Iterable[Any], acts: Iterable[_Act]) -> _Words:
        users = {act.facts.get("user") for act in acts}
        former = {found for act in acts if (found := _uuid(act.facts.get("former")))}
        names: dict[str, set[int]] = defaultdict(set)
        for row in rows:
            for column in ("resource_id", "professional_id", "targetpathway_id"):
                if getattr(row, column, None):
                    names[column].add(getattr(row, column))
        accounts = User.objects.select_related("professional").in_bulk(
            [each for each in users if isinstance(each, int)]
        )
        series = SlotSeries.objects.filter(uuid__in=former).select_related("exam_type")
        return cls(
            {pk: str(each) for pk, each in accounts.items()},
            {pk: str(each) for pk, each in Resource.objects.in_bulk(names["resource_id"]).items()},
            {pk: str(each) for pk, each in Professional.objects.in_bulk(names["professional_id"]).items()},
            {pk: each.name for pk, each in TargetPathway.objects.in_bulk(names["targetpathway_id"]).items()},
            {str(each.uuid): str(each) for each in series},
        )

    def value(self, column: str, value: Any) -> str:
        """One value as it reads on the form."""
        if value in (None, ""):
            return "sans fin" if column == "valid_until" else "aucun"
        if column == "weekday":
            return Weekday(value).label
        if column == "release_unit":
            return ReleaseUnit(value).label
        if column == "resource_id":
            return self.machines.get(value, "retiré")
        if column == "starts_at":
            return hour(value)
        if column in ("valid_from", "valid_until"):
            return f"{value:%d/%m/%Y}"
        units = {"duration_minutes": f"{NBSP}min", "release_notice_hours": f"{NBSP}h avant"}
        return f"{value}{units.get(column, '')}"


def _told(act: _Act, before: dict[str, dict[int, Any]], said: _Words) -> list[dict[str, Any]]:
    """The entries of one transaction; ``before`` keeps the last row of each thing."""
    found: list[tuple[str, str, str, str]] = []
    lines = _members(act, said)
    made = False
    for row in act.rows["SlotSeriesHistory"]:
        former = before["series"].get(row.id)
        made = made or former is None
        if former is None:
            found.append((*_opened(act, said), f"{said.value('weekday', row.weekday)} {hour(row.starts_at)}"))
        else:
            lines = [*_changed(former, row, said), *lines]
        before["series"][row.id] = row
    if lines and not made:
        found.append((_reach(act), "info", "edit", " ; ".join(lines)))
    elif lines:
        title, tone, icon, text = found[-1]
        found[-1] = (title, tone, icon, " ; ".join([text, *lines]))
    for name, tell in (("SlotExceptionHistory", _exception), ("SeriesProposalHistory", _proposal)):
        for row in act.rows[name]:
            if entry := tell(before[name].get(row.id), row):
                found.append(entry)
            before[name][row.id] = row
    user = act.facts.get("user")
    who = said.people.get(user, AUTOMATIC) if isinstance(user, int) else AUTOMATIC
    return [
        {"title": title, "tone": tone, "icon": icon, "text": text, "when": act.at, "who": who}
        for title, tone, icon, text in found
    ]


def _opened(act: _Act, said: _Words) -> tuple[str, str, str]:
    former = said.former.get(str(act.facts.get("former", "")))
    if former:
        return f"Série ouverte à la suite de « {former} », à partir du {_day(act)}", "info", "git-branch"
    return "Série ouverte", "ok", "plus"


def _reach(act: _Act) -> str:
    """One week, this one and after, or all."""
    if act.facts.get("reach") == "following":
        return f"Changée à partir du {_day(act)} : la suite est une autre série"
    return "Changée pour tous les créneaux à venir"


def _day(act: _Act) -> str:
    return f"{date.fromisoformat(act.facts['monday']):%d/%m/%Y}" if act.facts.get("monday") else ""


def _changed(before: Any, row: Any, said: _Words) -> list[str]:
    return [
        f"{label}{NBSP}: {said.value(name, getattr(before, name))} → {said.value(name, getattr(row, name))}"
        for name, label in COLUMNS.items()
        if getattr(before, name) != getattr(row, name)
    ]


def _members(act: _Act, said: _Words) -> list[str]:
    """Who joined and who left; a member rewritten by the same act did neither."""
    lines = []
    for name, column, names, words in (
        ("SeriesTargetHistory", "targetpathway_id", said.targets, ("Parcours servi", "Parcours qui n’est plus servi")),
        ("SeriesPractitionerHistory", "professional_id", said.staff, ("Praticien attendu", "Praticien retiré")),
    ):
        joined = {getattr(row, column) for row in act.rows[name] if row.pgh_label == "joined"}
        left = {getattr(row, column) for row in act.rows[name] if row.pgh_label == "left"}
        for word, keys in zip(words, (joined - left, left - joined), strict=True):
            lines += [f"{word}{NBSP}: {names.get(key, '–')}" for key in sorted(keys)]
    return lines


def _exception(before: Any, row: Any) -> tuple[str, str, str, str] | None:
    days = f"{row.first_on:%d/%m/%Y}"
    if row.last_on != row.first_on:
        days = f"du {days} au {row.last_on:%d/%m/%Y}"
    if before is None:
        held = f", tenue {moment(row.moved_to, timezone.localdate())}" if row.moved_to else ""
        what = "Une seule semaine ou période" if row.series_id else ExceptionKind(row.kind).label
        return f"{what} : {days}{held}", "soon", "calendar-off", row.reason
    if row.taken_back_at and not before.taken_back_at:
        return f"Exception levée : {days}", "neutral", "arrow-back-up", row.reason
    return None


def _proposal(before: Any, row: Any) -> tuple[str, str, str, str] | None:
    if before is None:
        return "Proposition de la coordination", "info", "message", row.reason
    if row.state == before.state:
        return None
    tone = {ProposalState.ACCEPTED: "ok", ProposalState.DECLINED: "late"}.get(row.state, "neutral")
    return f"Proposition {ProposalState(row.state).label.lower()}", tone, "message", row.answer


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None
