"""Alerts: raised by the scan, closed by evidence, acknowledged or put off with a reason (DESIGN.md 3.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from pathways.models import Alert, AlertKind, AlertPreference, Milestone, Pathway, Step
from pathways.rules.alerts import WARNING, next_alert_at, standing
from pathways.rules.calendar import Calendar
from pathways.rules.levels import Ladder, Level, next_level_at
from pathways.rules.plan import PlannedStep
from pathways.services.calendars import calendar_of, calendars_of

BATCH = 5000
LONGEST_SNOOZE = timedelta(days=60)

OpenAlerts = dict[int, list[Alert]]
"""Open alerts by pathway id."""


def open_alerts_of(pathway_ids: Sequence[int]) -> OpenAlerts:
    """Open alerts of a batch of pathways, with their steps."""
    found: OpenAlerts = defaultdict(list)
    for alert in Alert.objects.open().filter(pathway__in=pathway_ids):
        found[alert.pathway_id or 0].append(alert)  # never 0: they were looked for by pathway
    return found


def step_next_alert(step: Step, planned: PlannedStep, ladder: Ladder, alerts: OpenAlerts) -> datetime | None:
    """When ``step``, about to be stored as ``planned``, must raise its next alert.

    An alert that no longer stands does not count: `settle_alerts` closes it in the same transaction.
    """
    now = timezone.now()
    kinds = frozenset(
        alert.kind
        for alert in alerts[step.pathway_id]
        if step.pk
        and alert.step_id == step.pk
        and standing(
            alert.kind,
            state=planned.state,
            warn_at=planned.warn_at,
            due_at=planned.due_at,
            now=now,
            level=alert.level,
            ladder=ladder,
        )
    )
    if planned.optional:
        return None
    return next_alert_at(state=planned.state, warn_at=planned.warn_at, due_at=planned.due_at, open_kinds=kinds)


class _Settled:
    """What a batch of pathways asks of its alerts, gathered to be written together."""

    def __init__(self, calendars: dict[int, Calendar], now: datetime) -> None:
        self.calendars = calendars
        self.now = now
        self.closed: list[tuple[Alert, Step | None]] = []
        self.moved: list[Alert] = []
        self.raised: list[Alert] = []

    def write(self) -> None:
        """A fixed number of queries, none when nothing changed."""
        if self.closed:
            evidence = _evidence([step for _, step in self.closed if step])
            for alert, step in self.closed:
                alert.closed_at = self.now
                alert.closed_by_id = evidence.get((step.pathway_id, step.done_at)) if step else None
            Alert.objects.bulk_update([alert for alert, _ in self.closed], ["closed_at", "closed_by"], batch_size=500)
        if self.moved:
            Alert.objects.bulk_update(self.moved, ["since", *Ladder._fields, "next_level_at"], batch_size=500)
        if self.raised:
            Alert.objects.bulk_create(
                self.raised,
                batch_size=2000,
                update_conflicts=True,
                unique_fields=["subject", "kind", "level"],
                update_fields=[*_TIMES, *_UNSEEN],
            )

    def of_a_step(self, alert: Alert, step: Step | None) -> None:
        """Closes the alert of a step when it no longer stands, else moves its levels to where they are now."""
        if step is None or not _still_true(alert, step, self.now):
            self.closed.append((alert, step))
        elif alert.kind != WARNING and _ladder_of(step) != alert.ladder:
            ladder = _ladder_of(step)
            self._move(alert, ladder, since=ladder.at(alert.level) or step.due_at or alert.since)

    def continuity(self, pathway: Pathway, opened: Sequence[Alert]) -> None:
        """Raises, keeps or closes the alerts of a pathway that has no next step or no owner."""
        for kind, missing in _continuity(pathway).items():
            alert = next((each for each in opened if each.step_id is None and each.kind == kind), None)
            if missing and alert is None:
                self.raised.append(self.row(pathway, kind))
            elif missing and alert and alert.level == Level.OWNER.rank:
                ladder = self._ladder(pathway, alert.since)
                if alert.ladder != ladder:
                    self._move(alert, ladder, since=alert.since)
            elif alert and not missing:
                self.closed.append((alert, None))

    def _move(self, alert: Alert, ladder: Ladder, since: datetime) -> None:
        """The delay of a standing alert ran out, or goes up, at another instant than the one told."""
        alert.since = since
        alert.team_at, alert.head_at, alert.harm_at = ladder
        alert.next_level_at = _looked_at(alert)
        self.moved.append(alert)

    def row(self, pathway: Pathway, kind: str) -> Alert:
        """A continuity alert since now."""
        ladder = self._ladder(pathway, self.now)
        times = {"since": self.now, "raised_at": self.now, "next_level_at": next_level_at(Level.OWNER.rank, ladder)}
        return Alert(pathway=pathway, subject=pathway.uuid, kind=kind, **times, **ladder._asdict())

    def _ladder(self, pathway: Pathway, since: datetime) -> Ladder:
        return pathway.version.content.alerts.ladder(since, self.calendars[pathway.team.establishment_id])


def settle_alerts(
    *,
    pathways: Sequence[Pathway],
    alerts: OpenAlerts,
    steps: Mapping[int, Sequence[Step]],
    calendars: dict[int, Calendar],
    now: datetime,
    continuity: bool = True,
) -> None:
    """After a rebuild: closes what no longer stands, moves the levels of what does; with ``continuity``, raises or
    closes those alerts too. ``steps`` are those of each pathway id, as just stored."""
    settled = _Settled(calendars, now)
    for pathway in pathways:
        known = {step.pk: step for step in steps[pathway.pk]}
        for alert in alerts[pathway.pk]:
            if alert.step_id:
                settled.of_a_step(alert, known.get(alert.step_id))
        if continuity:
            settled.continuity(pathway, alerts[pathway.pk])
    settled.write()


def _still_true(alert: Alert, step: Step, now: datetime) -> bool:
    return standing(
        alert.kind,
        state=step.state,
        warn_at=step.warn_at,
        due_at=step.due_at,
        now=now,
        level=alert.level,
        ladder=_ladder_of(step),
    )


def _ladder_of(step: Step) -> Ladder:
    return Ladder(step.team_at, step.head_at, step.harm_at)


def _looked_at(alert: Alert) -> datetime | None:
    seen = alert.acknowledged_at is not None
    return next_level_at(alert.level, alert.ladder, acknowledged=seen, snoozed_until=alert.snoozed_until)


def _evidence(steps: Sequence[Step]) -> dict[tuple[int, datetime | None], int]:
    """The milestone that made each step done, when it is one, by pathway and instant."""
    done = [step for step in steps if step.done_at is not None]
    if not done:
        return {}
    facts = Milestone.objects.in_force().filter(
        pathway__in={step.pathway_id for step in done}, occurred_at__in={step.done_at for step in done}
    )
    found: dict[tuple[int, datetime | None], int] = {}
    for pk, pathway_id, occurred_at in facts.order_by("-pk").values_list("pk", "pathway_id", "occurred_at"):
        found[pathway_id, occurred_at] = pk
    return found


def _continuity(pathway: Pathway) -> dict[str, bool]:
    """Every active pathway has a next step and an owner (DESIGN.md 3.6)."""
    return {
        AlertKind.NO_NEXT_STEP: pathway.is_active and pathway.next_step_id is None,
        AlertKind.NO_OWNER: pathway.is_active and pathway.owner_id is None,
    }


_TIMES = ("pathway", "since", "raised_at", "closed_at", "closed_by", "told_at", *Ladder._fields, "next_level_at")
_UNSEEN = ("acknowledged_at", "acknowledged_by", "acknowledge_reason", "snoozed_until")


@transaction.atomic
def acknowledge_alert(*, alert: Alert, user: User, reason: str, until: date | None = None) -> Alert:
    """Says who has seen an alert and why it waits, maybe until a day; it stays open until the evidence comes.

    An answer stops it from going up, but for the harm review; on the morning of ``until`` it asks again. Raises
    DomainError.
    """
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette alerte peut attendre.", field="reason")
    locked = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    if locked.closed_at:
        raise DomainError("Cette alerte est déjà close.")
    locked.snoozed_until = _morning(locked, until) if until else None
    locked.acknowledged_at, locked.acknowledged_by, locked.acknowledge_reason = timezone.now(), user, reason.strip()
    locked.next_level_at = _looked_at(locked)
    locked.save(
        update_fields=["acknowledged_at", "acknowledged_by", "acknowledge_reason", "snoozed_until", "next_level_at"]
    )
    return locked


def _morning(alert: Alert, until: date) -> datetime:
    """The start of that day where the patient is followed."""
    team = alert.pathway.team if alert.pathway else alert.team
    assert team is not None  # the database keeps one of the two
    calendar = calendar_of(team.establishment)
    today = calendar.local_date(timezone.now())
    if until <= today:
        raise DomainError("Choisissez un jour à venir.", field="until")
    if until > today + LONGEST_SNOOZE:
        raise DomainError(f"Une alerte attend {LONGEST_SNOOZE.days} jours au plus.", field="until")
    return calendar.start_of_day(until)


@transaction.atomic
def set_alert_preference(
    *, user: User, digest: bool, immediate: bool, mail_from: time, mail_until: time
) -> AlertPreference:
    """How a person wants to be told by e-mail. Raises DomainError when the hours leave none."""
    if mail_from >= mail_until:
        raise DomainError("L’heure de fin suit l’heure de début.", field="mail_until")
    wanted = {"digest": digest, "immediate": immediate, "mail_from": mail_from, "mail_until": mail_until}
    return AlertPreference.objects.update_or_create(user=user, defaults=wanted)[0]


def repair_continuity(*, now: datetime) -> int:
    """Safety net of the scan: active pathways without next step or owner that somehow have no alert for it."""
    raised = 0
    for kind, lacking in (
        (AlertKind.NO_NEXT_STEP, {"next_step__isnull": True}),
        (AlertKind.NO_OWNER, {"owner__isnull": True}),
    ):
        known = Alert.objects.open().filter(pathway=OuterRef("pk"), kind=kind)
        rows = Pathway.objects.active().filter(~Exists(known), **lacking)
        found = list(rows.select_related("version", "team__establishment").defer("version__definition")[:BATCH])
        settled = _Settled(calendars_of(pathway.team.establishment for pathway in found), now)
        settled.raised = [settled.row(pathway, kind) for pathway in found]
        with transaction.atomic():
            settled.write()
        raised += len(found)
    return raised
