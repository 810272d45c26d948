"""What is awaited beyond the steps: kept as rows that the scan turns into alerts, met by evidence.

A patient's own watches follow his plan (`sync_watches`). The rooms above keep theirs with `watch` and `met`, from their
reactions and tasks: this room knows nothing of requests or meetings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from directory.joined import joined
from directory.models import Team
from pathways.models import Alert, AlertKind, Milestone, Pathway, Watch
from pathways.rules.calendar import Calendar
from pathways.rules.levels import Alerts, Ladder
from pathways.rules.plan import Fact
from pathways.rules.watches import ANSWERS, watched
from pathways.services.calendars import calendar_of

OF_A_PATHWAY = tuple(ANSWERS)


class _Wanted(NamedTuple):
    due_at: datetime
    ladder: Ladder


@joined
def watch(
    *,
    kind: AlertKind,
    subject: UUID,
    due_at: datetime,
    label: str,
    pathway: Pathway | None = None,
    team: Team | None = None,
    ladder: Ladder | None = None,
) -> None:
    """Raises an alert about ``subject`` at ``due_at`` unless `met` comes first. Saying it again changes nothing.

    Of a ``pathway``, else of a ``team``; it goes up as the pathway's target says unless ``ladder`` does. A new
    ``due_at`` closes what was raised for the old one.
    """
    _hold(kind, subject, pathway)
    if ladder is None:
        desk = pathway.team if pathway else team
        assert desk is not None  # one of the two, as the database asks
        content = pathway.version.content.alerts if pathway else Alerts()
        ladder = content.ladder(due_at, calendar_of(desk.establishment))
    known = Watch.objects.filter(subject=subject, kind=kind).first()
    if known and (known.due_at, known.ladder) == (due_at, ladder):
        return
    times = {"due_at": due_at, "next_alert_at": due_at, **ladder._asdict()}
    row = Watch(subject=subject, kind=kind, pathway=pathway, team=None if pathway else team, label=label[:200], **times)
    _upsert([row], ["pathway", "team", "label", *times])
    if known:
        _close({(subject, kind): None}, timezone.now())


@joined
def met(*, kind: AlertKind, subject: UUID, evidence: Milestone | None = None) -> None:
    """What was awaited of ``subject`` has come, or is no longer asked: nothing more is raised, what was is closed."""
    known = Watch.objects.filter(subject=subject, kind=kind).select_related("pathway").first()
    if known is None:
        return
    _hold(kind, subject, known.pathway)
    Watch.objects.filter(pk=known.pk).delete()
    _close({(subject, kind): evidence}, timezone.now())


def sync_watches(
    *,
    pathways: Sequence[Pathway],
    facts: Mapping[int, Sequence[Fact]],
    calendars: Mapping[int, Calendar],
    now: datetime,
) -> None:
    """Makes the watches of some locked pathways those that `rules.watches` asks for, in a fixed number of queries."""
    stored: dict[int, dict[str, Watch]] = defaultdict(dict)
    for each in Watch.objects.filter(pathway__in=[pathway.pk for pathway in pathways], kind__in=OF_A_PATHWAY):
        stored[each.pathway_id or 0][each.kind] = each
    written: list[Watch] = []
    moved: dict[tuple[UUID, str], Pathway] = {}
    gone: list[int] = []
    for pathway in pathways:
        wanted = _wanted(pathway, facts.get(pathway.pk, ()), calendars[pathway.team.establishment_id])
        known = stored[pathway.pk]
        for kind in OF_A_PATHWAY:
            row, want = known.get(kind), wanted.get(kind)
            if row and want and (row.due_at, row.ladder) == want:
                continue
            if row:
                moved[pathway.uuid, kind] = pathway
                gone.extend([] if want else [row.pk])
            if want:
                written.append(_row(pathway, kind, want))
    if gone:
        Watch.objects.filter(pk__in=gone).delete()
    if written:
        _upsert(written, ["due_at", "next_alert_at", *Ladder._fields])
    if moved:
        _close_with_evidence(moved, now)


def _wanted(pathway: Pathway, facts: Sequence[Fact], calendar: Calendar) -> dict[str, _Wanted]:
    if not pathway.is_active:
        return {}
    content = pathway.version.content
    due = watched(
        content,
        facts,
        opened_at=pathway.opened_at,
        last_contact_at=pathway.last_contact_at,
        calendar=calendar,
    )
    return {kind: _Wanted(at, content.alerts.ladder(at, calendar)) for kind, at in due.items()}


def _row(pathway: Pathway, kind: str, want: _Wanted) -> Watch:
    times = {"due_at": want.due_at, "next_alert_at": want.due_at, **want.ladder._asdict()}
    return Watch(pathway=pathway, subject=pathway.uuid, kind=kind, **times)


def _upsert(rows: list[Watch], columns: list[str]) -> None:
    Watch.objects.bulk_create(
        rows, batch_size=2000, update_conflicts=True, unique_fields=["subject", "kind"], update_fields=columns
    )


def _close_with_evidence(moved: Mapping[tuple[UUID, str], Pathway], now: datetime) -> None:
    """Closes the open alerts of what moved, each with the last fact that answers it."""
    opened = set(
        Alert.objects.open()
        .filter(pathway__in=set(moved.values()), kind__in=OF_A_PATHWAY)
        .values_list("subject", "kind")
    )
    keys = opened & moved.keys()
    if not keys:
        return
    latest: dict[tuple[int, str], Milestone] = {}
    facts = Milestone.objects.in_force().filter(pathway__in={moved[key].pk for key in keys}).only("pathway", "kind")
    for fact in facts.order_by("occurred_at", "id"):
        latest.update({(fact.pathway_id, kind): fact for kind in OF_A_PATHWAY if fact.kind in ANSWERS[kind]})
    _close({key: latest.get((moved[key].pk, key[1])) for key in keys}, now)


def _close(evidence: Mapping[tuple[UUID, str], Milestone | None], now: datetime) -> None:
    opened = Alert.objects.open().filter(subject__in=[subject for subject, _ in evidence])
    closed = [alert for alert in opened if (alert.subject, alert.kind) in evidence]
    for alert in closed:
        alert.closed_at, alert.closed_by = now, evidence[alert.subject, alert.kind]
    if closed:
        Alert.objects.bulk_update(closed, ["closed_at", "closed_by"], batch_size=500)


def _hold(kind: str, subject: UUID, pathway: Pathway | None) -> None:
    """Locks what the scan claims beside an alert, so that none goes up meanwhile."""
    if pathway:
        Pathway.objects.filter(pk=pathway.pk).held()
    else:
        held = Watch.objects.select_for_update(of=("self",), no_key=True).filter(subject=subject, kind=kind)
        list(held.values_list("pk"))
