"""Alerts by e-mail: one digest per person and working day, and at once only for the levels a target says so.

A mail tells reference numbers and a link, never a patient. It leaves in the person's own hours, on the working days of
where they work; the outbox's key makes the same one leave once, whoever runs this and how often.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from directory.models import Establishment, Membership, OutboxMessage, User
from directory.services import post
from pathways.models import Alert, AlertPreference
from pathways.querysets import READS_TEAM
from pathways.rules.levels import Alerts, Level
from pathways.rules.mail_hours import next_mail_at
from pathways.services.calendars import calendars_of

BATCH = 500
SHOWN = 30
DIGEST, AT_ONCE = "alerts_digest", "alerts_now"


def send_alert_digests(*, now: datetime) -> int:
    """Writes the digest of each person whose hours have begun today and who has alerts; returns how many."""
    people = _people()
    calendars = calendars_of({_place(user) for user in people})
    awake = {}
    for user in people:
        preference, calendar = preference_of(user), calendars[_place(user).pk]
        if preference.digest and next_mail_at(now, preference.mail_from, preference.mail_until, calendar) == now:
            awake[user] = calendar.local_date(now)
    keys = {_digest_key(user, day): user for user, day in awake.items()}
    told = set(OutboxMessage.objects.filter(dedup_key__in=keys).values_list("dedup_key", flat=True))
    return sum(_digest(user, awake[user], now) for key, user in keys.items() if key not in told)


def tell_new_alerts(*, now: datetime) -> int:
    """Mails the new alerts of the levels told at once; returns how many mails were written.

    Each alert is judged once, and written off with its mails in one transaction.
    """
    written, seen = 0, BATCH
    while seen == BATCH:
        seen, mails = _tell_batch(now)
        written += mails
    return written


@transaction.atomic
def _tell_batch(now: datetime) -> tuple[int, int]:
    """How many alerts were judged, and how many mails written."""
    rows = Alert.objects.open().filter(told_at__isnull=True).order_by("pk")
    alerts = list(
        rows.select_for_update(skip_locked=True, of=("self",)).select_related("pathway__version", "team")[:BATCH]
    )
    urgent = [alert for alert in alerts if alert.acknowledged_at is None and _is_immediate(alert)]
    mails = 0
    if urgent:
        teams = {alert.pathway.team_id if alert.pathway else alert.team_id for alert in urgent}
        people = _people(teams)
        calendars = calendars_of({_place(user) for user in people})
        for user in people:
            preference = preference_of(user)
            mine = _addressed(user, urgent) if preference.immediate else []
            if mine:
                due = next_mail_at(now, preference.mail_from, preference.mail_until, calendars[_place(user).pk])
                mails += _mail(user, AT_ONCE, _batch_key(user, mine), mine, due)
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(told_at=now)
    return len(alerts), mails


def preference_of(user: User) -> AlertPreference:
    """How ``user`` wants to be told; the defaults for whoever never said."""
    try:
        return user.alert_preference
    except AlertPreference.DoesNotExist:
        return AlertPreference(user=user)


def _people(teams: Iterable[int | None] | None = None) -> list[User]:
    """Accounts with an address that follow patients, with what tells how to write to them."""
    current = Membership.objects.current().filter(role__in=READS_TEAM)
    if teams is not None:
        current = current.filter(team__in=set(teams))
    rows = User.objects.filter(is_active=True, pk__in=current.values("user")).exclude(email="")
    return list(rows.select_related("alert_preference", "professional").order_by("pk"))


def _place(user: User) -> Establishment:
    """Where the person works: the team through which they follow patients."""
    return next(each.team.establishment for each in user.current_memberships if each.role in READS_TEAM)


def _is_immediate(alert: Alert) -> bool:
    told = alert.pathway.version.content.alerts if alert.pathway else Alerts()
    return told.is_immediate(alert.level)


def _addressed(user: User, alerts: Sequence[Alert]) -> list[Alert]:
    keys = [alert.pk for alert in alerts]
    mine = set(Alert.objects.addressed_to(user).filter(pk__in=keys).values_list("pk", flat=True))
    return [alert for alert in alerts if alert.pk in mine]


def _digest(user: User, day: date, now: datetime) -> int:
    with transaction.atomic():
        mine = list(Alert.objects.addressed_to(user).unacknowledged().select_related("pathway").order_by("since", "pk"))
        return _mail(user, DIGEST, _digest_key(user, day), mine, now) if mine else 0


def _digest_key(user: User, day: date) -> str:
    return f"{DIGEST}:{user.uuid}:{day:%Y%m%d}"


def _batch_key(user: User, alerts: Sequence[Alert]) -> str:
    """Of those very alerts, raised at those very instants: one raised again is told again."""
    told = "".join(f"{alert.uuid}{alert.raised_at.timestamp()}" for alert in alerts)
    return f"{AT_ONCE}:{user.uuid}:{sha256(told.encode()).hexdigest()[:32]}"


def _mail(user: User, kind: str, key: str, alerts: Sequence[Alert], due_at: datetime) -> int:
    count = f"{len(alerts)} alerte{'s' if len(alerts) > 1 else ''}"
    place = _place(user)
    body = render_to_string(
        "pathways/post/alerts.txt",
        {
            "count": count,
            "several": len(alerts) > 1,
            "at_once": kind == AT_ONCE,
            "levels": _by_level(alerts),
            "link": settings.BASE_URL + reverse("pathways:alerts"),
            "settings": settings.BASE_URL + reverse("pathways:alert-preferences"),
            "establishment": place.name,
        },
    )
    post(
        kind=kind,
        dedup_key=key,
        establishment=place,
        recipient=user.email,
        professional=user.professional,
        subject=f"Jalon : {count} à traiter",
        body=body,
        due_at=due_at,
    )
    return 1


def _by_level(alerts: Sequence[Alert]) -> list[dict[str, object]]:
    """The reference numbers, each once, the highest level first."""
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for alert in alerts:
        found[alert.level][alert.reference] = None
    return [
        {
            "label": Level.of(rank).label,
            "references": ", ".join(list(references)[:SHOWN]),
            "more": max(0, len(references) - SHOWN),
        }
        for rank, references in sorted(found.items(), reverse=True)
    ]
