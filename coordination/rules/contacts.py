"""Contacts: where the calls of a pathway stand, and when to call again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pathways.rules.calendar import ONE_DAY, Calendar

REACHED = "reached"
CALL_BACK = "call_back"
MESSAGE = "message"
UNREACHABLE = "unreachable"
POSTPONED = "postponed"

ATTEMPTS_BEFORE_PROPOSAL = 3
"""Our own bound, not a published one: after so many calls without an answer, another way is proposed."""

PATIENT = ""
RELATIVE = "Un proche"
GP = "Le médecin traitant"
OTHER = "Un autre professionnel"
CORRESPONDENTS = ((PATIENT, "Le patient"), (RELATIVE, "Un proche"), (GP, "Le médecin traitant"), (OTHER, OTHER))


@dataclass(frozen=True)
class Standing:
    """Calls without an answer since the last answer, and the day a call is due, if any."""

    attempts: int = 0
    call_back_on: date | None = None


def standing(contacts: Iterable[tuple[str, str, date | None]]) -> Standing:
    """The standing after ``(outcome, whom, next_on)``, oldest first.

    An answer by anyone sets the count of attempts back to zero. Each contact replaces the day of the next call; but a
    professional reached about the patient leaves a promise made to the patient as it was. A promised call put off
    changes its day only.
    """
    now = Standing()
    for outcome, whom, next_on in contacts:
        if outcome == POSTPONED:
            now = Standing(now.attempts, next_on)
            continue
        if outcome in (REACHED, CALL_BACK):
            attempts = 0 if with_patient(whom) else now.attempts
        else:
            attempts = now.attempts + 1 if with_patient(whom) else now.attempts
        keeps = not with_patient(whom) and next_on is None
        now = Standing(attempts, now.call_back_on if keeps else next_on)
    return now


def proposes_another_way(attempts: int) -> bool:
    """True when calling again is no longer the best thing to do: write, or ask the GP."""
    return attempts >= ATTEMPTS_BEFORE_PROPOSAL


def with_patient(whom: str) -> bool:
    """True when the contact was with the patient or someone close: it counts as news of the patient."""
    return whom in (PATIENT, RELATIVE)


def is_news(outcome: str, whom: str) -> bool:
    """True when the contact proves that the patient is followed: someone was spoken to."""
    return outcome == REACHED and with_patient(whom)


def proposed_call_back(outcome: str, today: date, calendar: Calendar) -> date | None:
    """When to call again if nobody says otherwise: a worked day later, two after a message; never after an answer."""
    if outcome == UNREACHABLE:
        return worked_days_after(today, 1, calendar)
    if outcome == MESSAGE:
        return worked_days_after(today, 2, calendar)
    return None


def call_after_letter(today: date, calendar: Calendar) -> date:
    """A letter needs a week to be read."""
    return calendar.next_working_day(today + 7 * ONE_DAY)


def call_back_choices(today: date, calendar: Calendar) -> list[date]:
    """Three days to offer as buttons: the next worked day, the one after, and the worked day a week later."""
    return [
        worked_days_after(today, 1, calendar),
        worked_days_after(today, 2, calendar),
        calendar.next_working_day(today + 7 * ONE_DAY),
    ]


def worked_days_after(day: date, count: int, calendar: Calendar) -> date:
    """The ``count``-th worked day after ``day``."""
    for _ in range(count):
        day = calendar.next_working_day(day + ONE_DAY)
    return day
