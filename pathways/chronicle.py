"""The history of a file in plain French: the ledger, and what the database's triggers kept of every other change.

The plan's own moves (due dates, next step) are results, not decisions: they are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.utils import timezone

from directory import typography
from directory.models import Professional, Team, User
from pathways.models import (
    Alert,
    Appointment,
    BoardOpinion,
    CareCircleMember,
    DelayCause,
    Document,
    Milestone,
    Pathway,
    Patient,
    Pause,
    Step,
    TargetPathwayVersion,
    Treatment,
)

AUTOMATIC = "Jalon"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history; the names are those of `components/history.html`."""

    title: str
    when: datetime
    who: str
    text: str = ""
    tone: str = "neutral"
    icon: str = ""


Row = Any
"""A row of a `<Model>History` table."""


@dataclass(frozen=True)
class Watch:
    """How the changes of one model are told: what its birth is called, which fields matter, in words."""

    model: type[Model]
    born: Callable[[Row], str] | None
    icon: str
    fields: Mapping[str, str] = field(default_factory=dict)
    changed: Callable[[Row], str] = str
    through: str = "pathway_id"
    joined: tuple[str, ...] = ()


def _always(title: str) -> Callable[[Row], str]:
    return lambda row: title


def _named(title: str, attribute: str) -> Callable[[Row], str]:
    return lambda row: f"{title} : {getattr(row, attribute)}"


WATCHED = (
    Watch(
        Pathway,
        _always("Parcours ouvert"),
        "route",
        {
            "status": "statut",
            "version_id": "parcours cible",
            "team_id": "équipe",
            "owner_id": "responsable",
            "closing_reason": "motif de clôture",
            "closing_note": "précision",
            "suspicion": "motif de la demande",
            "diagnosis": "diagnostic",
            "who_status": "état général (OMS)",
            "link_kind": "suite d’un parcours précédent",
        },
        _always("Parcours modifié"),
        through="id",
    ),
    Watch(
        Patient,
        _always("Dossier du patient créé"),
        "id",
        {
            name: str(Patient._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in (
                "birth_name", "first_name", "given_names", "used_name", "used_first_name", "birth_date", "sex",
                "birth_place_code", "identity_status", "file_number", "phone", "email", "address", "postal_code",
                "city", "gp_id", "deceased_on",
            )
        },
        _always("Dossier du patient modifié"),
        through="patient",
    ),
    Watch(
        Step,
        None,
        "list-check",
        {"skip_reason": "écartée, motif", "assignee_id": "responsable"},
        _named("Étape", "label"),
    ),
    Watch(
        Pause,
        lambda row: f"Décompte en pause : {row.kind}" if row.stops_clock else f"Attente notée : {row.kind}",
        "player-pause",
        {"ends_on": "dernier jour", "cancelled_at": "annulée", "cancel_reason": "motif"},
        lambda row: f"Pause modifiée : {row.kind}",
        joined=("kind",),
    ),
    Watch(
        DelayCause,
        lambda row: f"Cause du retard ({row.get_phase_display().lower()}) : {row.code}",
        "help-circle",
        {"avoidable": "évitable", "comment": "commentaire", "withdrawn_at": "retirée"},
        lambda row: f"Cause du retard ({row.get_phase_display().lower()}) : {row.code}",
        joined=("code",),
    ),
    Watch(
        CareCircleMember,
        lambda row: f"Cercle de soins, ajout : {row.professional}, {row.get_role_display().lower()}",
        "users",
        {"until": "lecture jusqu’au"},
        lambda row: f"Cercle de soins : {row.professional}, {row.get_role_display().lower()}",
        joined=("professional",),
    ),
    Watch(
        Document,
        lambda row: f"{row.title}, version {row.version}" if row.kind == "pps" else f"Document reçu : {row.title}",
        "file-text",
        {"status": "état", "given_at": "remis le", "error": "erreur"},
        lambda row: f"{row.title}, version {row.version}",
    ),
    Watch(
        Alert,
        lambda row: f"Alerte : {row.get_kind_display()}",
        "bell",
        {"acknowledged_by_id": "vue par", "acknowledge_reason": "peut attendre", "closed_at": "close le"},
        lambda row: f"Alerte : {row.get_kind_display()}",
    ),
    Watch(
        Appointment,
        _named("Rendez-vous", "label"),
        "calendar-event",
        {"status": "état", "starts_at": "date", "place": "lieu", "preparation": "préparation"},
        _named("Rendez-vous", "label"),
    ),
    Watch(
        BoardOpinion,
        _named("Avis de RCP", "meeting"),
        "users-group",
        {"proposal": "proposition", "alternatives": "autres options", "held_on": "date"},
        _named("Avis de RCP", "meeting"),
    ),
    Watch(
        Treatment,
        _named("Traitement", "label"),
        "medicine-syrup",
        {
            "status": "état", "label": "traitement", "place": "lieu", "planned_on": "date prévue", "rhythm": "rythme",
            "effects": "effets possibles",
        },
        _named("Traitement", "label"),
    ),
)  # fmt: skip


def chronicle(pathway: Pathway) -> list[Entry]:
    """Every decision and fact of the file, latest first; a fixed number of queries."""
    rows = {watch.model: _rows(watch, pathway) for watch in WATCHED}
    people = _People.of(rows.values())
    entries = _of_ledger(pathway)
    for watch in WATCHED:
        entries += _of_model(watch, rows[watch.model], people)
    return sorted(entries, key=lambda entry: entry.when, reverse=True)


def _rows(watch: Watch, pathway: Pathway) -> list[Row]:
    history = apps.get_model("pathways", f"{watch.model.__name__}History")
    value = {"id": pathway.pk, "patient": pathway.patient_id}.get(watch.through, pathway.pk)
    column = "pgh_obj_id" if watch.through in ("id", "patient") else watch.through
    rows = history.objects.filter(**{column: value}).select_related("pgh_context", *watch.joined)
    return list(rows.order_by("pgh_id"))


# --- the ledger -----------------------------------------------------------------------------------------------------
def _of_ledger(pathway: Pathway) -> list[Entry]:
    facts = Milestone.objects.filter(pathway=pathway).select_related("recorded_by__professional", "supersedes")
    exams = pathway.version.content.details
    return [_fact(fact, exams.get(fact.detail, "")) for fact in facts]


def _fact(fact: Milestone, exam: str) -> Entry:
    label = f"{fact.get_kind_display()} ({exam})" if exam else fact.get_kind_display()
    day = typography.moment(fact.occurred_at, timezone.localdate())
    if fact.withdrawn:
        title, text, tone, icon = f"Jalon retiré : {label}", "", "late", "trash"
    elif fact.supersedes:
        before = typography.moment(fact.supersedes.occurred_at, timezone.localdate())
        title, text, tone, icon = f"Date corrigée : {label}", f"{day} au lieu de {before}.", "soon", "pencil"
    else:
        title, text, tone, icon = label, f"A eu lieu le {day}.", "ok", "flag"
    text = " ".join(part for part in (text, fact.note) if part)
    return Entry(
        title, fact.recorded_at, _signed(fact.recorded_at, str(fact.recorded_by or AUTOMATIC)), text, tone, icon
    )


# --- the triggers' rows -----------------------------------------------------------------------------------------------
def _of_model(watch: Watch, rows: Iterable[Row], people: _People) -> list[Entry]:
    before: dict[int, Row] = {}
    entries = []
    for row in rows:
        entry = _told(watch, before.get(row.pgh_obj_id), row, people)
        if entry:
            entries.append(entry)
        before[row.pgh_obj_id] = row
    return entries


def _told(watch: Watch, before: Row | None, row: Row, people: _People) -> Entry | None:
    """What one row says, compared with the one before it; None when nothing that matters changed."""
    context = row.pgh_context.metadata if row.pgh_context else {}
    who = _signed(row.pgh_created_at, people.author(context))
    reason = str(context.get("reason", ""))
    if row.pgh_label == "insert":
        return Entry(watch.born(row), row.pgh_created_at, who, reason, "info", watch.icon) if watch.born else None
    if row.pgh_label == "delete":
        return Entry(f"Supprimé : {watch.changed(row)}", row.pgh_created_at, who, reason, "late", "trash")
    changes = [
        _change(label, getattr(before, name, None), getattr(row, name), name, row, people)
        for name, label in watch.fields.items()
        if before is None or getattr(before, name) != getattr(row, name)
    ]
    said = [change for change in changes if change]
    if not said:
        return None
    text = f"{typography.spaces(' ; '.join(said))}.{f' Motif : {reason}' if reason else ''}"
    return Entry(watch.changed(row), row.pgh_created_at, who, text, "neutral", watch.icon)


def _change(label: str, old: Any, new: Any, name: str, row: Row, people: _People) -> str:
    """« ville : Valbrune (avant : Rives) »; empty when both are."""
    shown, was = _value(new, name, row, people), _value(old, name, row, people)
    if not shown and not was:
        return ""
    return f"{label} : {shown or 'aucun'}{f' (avant : {was})' if was else ''}"


def _value(value: Any, name: str, row: Row, people: _People) -> str:
    if value in (None, ""):
        return ""
    if name.endswith("_id"):
        return people.name(name, value)
    choices = dict(row._meta.get_field(name).flatchoices)
    if choices:
        return str(choices.get(value, value))
    if isinstance(value, datetime):
        return typography.moment(value, timezone.localdate())
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return str(value)


class _People:
    """Names behind the ids met in the rows: authors of the context, owners, GPs; two queries. The versions and teams of
    a pathway that changed them, which few do: two more."""

    def __init__(self, users: dict[int, str], professionals: dict[int, str], others: dict[str, dict[int, str]]) -> None:
        self.users = users
        self.professionals = professionals
        self.others = others

    @classmethod
    def of(cls, tables: Collection[list[Row]]) -> _People:
        users, professionals = set[int](), set[int]()
        for row in (row for table in tables for row in table):
            if row.pgh_context and isinstance(row.pgh_context.metadata.get("user"), int):
                users.add(row.pgh_context.metadata["user"])
            for name in ("owner_id", "assignee_id", "acknowledged_by_id"):
                users.add(getattr(row, name, None) or 0)
            professionals.add(getattr(row, "gp_id", None) or 0)
        accounts = User.objects.select_related("professional").in_bulk(users - {0})
        known = Professional.objects.in_bulk(professionals - {0})
        rows = [row for table in tables for row in table]
        others = {
            "version_id": _named_rows(rows, "version_id", TargetPathwayVersion.objects.select_related("target")),
            "team_id": _named_rows(rows, "team_id", Team.objects.all()),
        }
        named = {pk: str(each) for pk, each in known.items()}
        return cls({pk: str(user) for pk, user in accounts.items()}, named, others)

    def author(self, context: Mapping[str, Any]) -> str:
        """Who made a change: the user of the request, or Jalon itself."""
        return self.users.get(context.get("user") or 0, AUTOMATIC)

    def name(self, field_name: str, pk: int) -> str:
        """The person, the version or the team behind a foreign key."""
        names = self.professionals if field_name == "gp_id" else self.others.get(field_name, self.users)
        return names.get(pk, "inconnu")


def _named_rows(rows: Iterable[Row], name: str, known: QuerySet[Any]) -> dict[int, str]:
    """The names of what a pathway went through; nothing is read for one that never changed."""
    met = {getattr(row, name) for row in rows if hasattr(row, name) and type(row).__name__ == "PathwayHistory"}
    if len(met) < 2:
        return {}
    return {each.pk: str(each) for each in known.filter(pk__in=met)}


def _signed(when: datetime, who: str) -> str:
    return f"{typography.hour(when)} · {who}"
