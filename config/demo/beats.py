"""What runs by itself, at the hours it runs: slots, meetings, releases, alerts, post."""

from __future__ import annotations

from datetime import timedelta

from config.demo import meeting
from config.demo.life import Life
from coordination import services as coordination
from directory import services as directory
from pathways import services as pathways
from rcp import services as rcp
from rcp.models import RcpSession, SessionStatus
from referrals import services as referrals

RELEASES = (9.05, 10.6, 15.1)
"""Just after hours at which slots begin: release instants are two days before them."""
POST = (8.2, 13.2, 18.7)
"""The worker sends every ten seconds; a few times a day is near enough for a story."""
QUORUM_MISSED = (44,)
"""Days before today around which a whole meeting lacks its oncologist and its radiotherapist."""


def plan_beats(life: Life) -> None:
    """Plans every job of every day."""
    agenda = life.agenda
    day = agenda.first_day
    while day < agenda.today:
        agenda.at(agenda.on(day, 0.2), lambda: _scan(life))
        if day.weekday() == 6 or day == agenda.first_day or day + timedelta(days=1) == agenda.today:
            agenda.at(agenda.on(day, 2.25), lambda: _night(life))
        for hour in RELEASES:
            agenda.at(agenda.on(day, hour), lambda: _release(life))
        for hour in POST if agenda.worked(day) else POST[1:2]:
            agenda.at(agenda.on(day, hour), _post)
        agenda.at(agenda.on(day, POST[0] + 0.1), _sent)
        agenda.at(agenda.on(day, 7.9), lambda: _todays_meeting(life))
        day += timedelta(days=1)


def _scan(life: Life) -> None:
    pathways.scan_delays(now=life.now)
    pathways.repair_continuity(now=life.now)


def _night(life: Life) -> None:
    """Every night in life; once a week is enough for a story, since both look weeks ahead."""
    coordination.generate_slots()
    rcp.open_sessions(now=life.now)
    referrals.purge_drafts(now=life.now)


def _release(life: Life) -> None:
    coordination.release_unused_slots(now=life.now)


def _post() -> None:
    """Sends what is due."""
    while directory.drain(limit=500) == 500:
        pass


def _sent() -> None:
    """Opinions whose notice has left are known as sent, at the instant it left; letters to the GP as told."""
    rcp.note_sent()
    coordination.note_told()


def _todays_meeting(life: Life) -> None:
    """On the day of a meeting, its preparation and its hour are planned."""
    start = life.agenda.on(life.now.date(), 0)
    sessions = RcpSession.objects.filter(
        series=life.series, status=SessionStatus.PLANNED, starts_at__gte=start, starts_at__lt=start + timedelta(days=1)
    )
    for session in sessions:
        back = (life.agenda.today - life.now.date()).days
        crowded = not any(0 <= around - back < 7 for around in QUORUM_MISSED)
        life.agenda.at(life.agenda.on(life.now.date(), 12.8), _prepares(life, session), life.world.idec)
        life.agenda.at(session.starts_at, _holds(life, session, crowded), life.world.idec)


def _prepares(life: Life, session: RcpSession) -> meeting.Act:
    return lambda: meeting.prepare(life, session)


def _holds(life: Life, session: RcpSession, crowded: bool) -> meeting.Act:
    return lambda: meeting.hold(life, session, crowded=crowded)
