"""A whole pathway drawn at once, without living it: the facts and the end of it, for the bulk sizes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from pathways.rules import Calendar
from pathways.rules.milestones import MilestoneKind as Kind

PARIS = ZoneInfo("Europe/Paris")
DIAGNOSIS_DAYS = (0, 2)
"""Two days of diagnosis begin each week (SLT-05)."""

Fact = tuple[Kind, str, datetime]


class Days:
    """Worked days, remembered: the calendar is asked once for each day."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._worked: dict[date, bool] = {}

    def worked(self, day: date) -> bool:
        if day not in self._worked:
            self._worked[day] = self._calendar.is_working_day(day)
        return self._worked[day]

    def next(self, day: date, weekdays: Sequence[int] = range(7)) -> date:
        """The first worked day from ``day`` on that falls on one of ``weekdays``."""
        while not (day.weekday() in weekdays and self.worked(day)):
            day += timedelta(days=1)
        return day

    def after(
        self, instant: datetime, low: int, high: int, rng: Random, weekdays: Sequence[int] = range(7)
    ) -> datetime:
        """A worked instant ``low``..``high`` calendar days after ``instant``; later the same day when both are 0."""
        wanted = instant.date() + timedelta(days=rng.randint(low, high))
        day = self.next(wanted, weekdays)
        if day == instant.date():
            return min(instant + timedelta(minutes=rng.randint(20, 200)), at(day, 19, 0))
        return at(day, rng.randint(8, 17), rng.randrange(0, 60, 5))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant on the clock of the centre."""
    return datetime.combine(day, time(hour, minute), PARIS)


@dataclass(slots=True)
class Timeline:
    """What happens to one patient, in order; ``closed_at`` and ``reason`` when the pathway comes to an end."""

    facts: list[Fact] = field(default_factory=list)
    closed_at: datetime | None = None
    reason: str = ""

    def until(self, end: datetime) -> Timeline:
        """The part already lived at ``end``."""
        lived = [fact for fact in self.facts if fact[2] < end]
        if self.closed_at and self.closed_at < end:
            return Timeline(lived, self.closed_at, self.reason)
        return Timeline(lived)


class Drawing:
    """Draws timelines. ``days`` is shared by all of them; the meeting is held on ``meeting_days``."""

    def __init__(self, days: Days, *, meeting_days: Sequence[int]) -> None:
        self.days = days
        self.meeting_days = meeting_days

    def draw(self, rng: Random, *, received_at: datetime, fast: bool) -> Timeline:
        """One pathway on Instadiag, or on FAST, which takes more time."""
        line = Timeline()
        note = line.facts.append
        note((Kind.REFERRAL_RECEIVED, "", received_at))
        complete = received_at if rng.random() < 0.85 else self.days.after(received_at, 1, 3, rng)
        note((Kind.REFERRAL_COMPLETE, "", complete))
        offered = self.days.after(complete, 0, 1, rng)
        note((Kind.APPOINTMENT_OFFERED, "", offered))
        late = rng.random() < 0.12
        cared = self.days.after(
            offered, *((2, 5) if fast else (1, 1)), rng, range(7) if fast or late else DIAGNOSIS_DAYS
        )
        if rng.random() < 0.02:
            return self._ends(line, cared, "refused", rng)
        note((Kind.FIRST_CARE, "", cared))
        self._exams(line, rng, offered, cared, fast=fast)
        note((Kind.GP_INFORMED, "", self.days.after(cared, 0, 2, rng)))
        ready = self._pathology(line, rng, cared, fast=fast)
        return self._meeting(line, rng, cared, ready, fast=fast)

    def opinion(self, rng: Random, *, received_at: datetime) -> Timeline:
        """A file from elsewhere, only discussed."""
        registered = self.days.after(received_at, 0, 3, rng)
        held = at(self.days.next(registered.date() + timedelta(days=rng.randint(1, 5)), self.meeting_days), 14)
        sent = self.days.after(held, 1, 4, rng)
        facts = [
            (Kind.REFERRAL_RECEIVED, "", received_at),
            (Kind.RCP_REGISTERED, "", registered),
            (Kind.RCP_HELD, "", held),
            (Kind.RCP_DECISION_SENT, "", sent),
        ]
        return Timeline(facts, self.days.after(sent, 1, 8, rng), "completed")

    def _exams(self, line: Timeline, rng: Random, offered: datetime, cared: datetime, *, fast: bool) -> None:
        for exam in ("scanner", "irm"):
            done = self.days.after(offered, 1, 5, rng) if fast else self.days.after(cared, 0, 0, rng)
            if rng.random() < 0.04:
                done = self.days.after(done, 3, 9, rng)
            line.facts.append((Kind.EXAM_DONE, exam, done))

    def _pathology(self, line: Timeline, rng: Random, cared: datetime, *, fast: bool) -> datetime:
        exam = "echo_endoscopie" if rng.random() < 0.7 else "biopsie_percutanee"
        taken = self.days.after(cared, *((1, 4) if fast else (1, 1)), rng)
        line.facts.append((Kind.EXAM_DONE, exam, taken))
        for attempt in range(2):
            line.facts.append((Kind.BIOPSY_TAKEN, exam, taken))
            asked = taken + timedelta(minutes=rng.randint(10, 90))
            line.facts += [(Kind.LAB_REQUESTED, "", asked), (Kind.SAMPLE_SENT, "", asked + timedelta(hours=1))]
            if attempt or rng.random() > 0.08:
                break
            failed = self.days.after(asked, 2, 4, rng)
            line.facts.append((Kind.LAB_NONCONTRIBUTIVE, "", failed))
            taken = self.days.after(failed, 2, 6, rng)
        slow = rng.random() < 0.1
        line.facts.append((Kind.LAB_INTERMEDIATE, "", self.days.after(asked, 2, 6 if slow else 3, rng)))
        final = self.days.after(asked, 4, 14 if slow else 8 if fast else 5, rng)
        line.facts.append((Kind.LAB_FINAL, "", final))
        return final

    def _meeting(self, line: Timeline, rng: Random, cared: datetime, ready: datetime, *, fast: bool) -> Timeline:
        if rng.random() < 0.18:
            told = self.days.after(ready, 1, 5, rng)
            line.facts += [(Kind.NO_CANCER, "", told)]
            return self._ends(line, told, "no_cancer", rng)
        line.facts.append((Kind.RCP_REGISTERED, "", self.days.after(cared, 0, 6 if fast else 2, rng)))
        wanted = max(cared + timedelta(days=1), ready - timedelta(days=3 if fast else 4))
        held = at(self.days.next(wanted.date(), self.meeting_days), 14)
        line.facts.append((Kind.RCP_HELD, "", held))
        line.facts.append((Kind.RCP_DECISION_SENT, "", self.days.after(held, 0, 4, rng)))
        if rng.random() < 0.06:
            return self._ends(line, held, "transferred", rng)
        told = self.days.after(held, 1, 3, rng)
        line.facts.append((Kind.ANNOUNCEMENT, "", told))
        if rng.random() < 0.97:
            line.facts.append((Kind.PPS_GIVEN, "", self.days.after(told, 0, 6, rng)))
        if rng.random() < 0.5:
            line.facts.append((Kind.SUPPORT_SCREENING, "", self.days.after(told, 0, 12, rng)))
        return self._treatment(line, rng, told)

    def _treatment(self, line: Timeline, rng: Random, told: datetime) -> Timeline:
        if rng.random() < 0.04:
            return self._ends(line, self.days.after(told, 20, 60, rng), "lost", rng)
        began = self.days.after(told, *((14, 24) if rng.random() < 0.12 else (4, 10)), rng)
        palliative = rng.random() < 0.12
        line.facts.append((Kind.PALLIATIVE_ENTRY if palliative else Kind.TREATMENT_STARTED, "", began))
        if rng.random() < 0.1:
            died = self.days.after(began, 10, 80, rng)
            line.facts.append((Kind.DEATH, "", died))
            return self._ends(line, died, "died", rng)
        for review in range(rng.choice((0, 0, 0, 1, 1, 2))):
            seen = self.days.after(began, 85 + 90 * review, 95 + 90 * review, rng)
            line.facts.append((Kind.FOLLOWUP_CONTACT, "reevaluation", seen))
        return self._ends(line, line.facts[-1][2], "completed", rng)

    def _ends(self, line: Timeline, last: datetime, reason: str, rng: Random) -> Timeline:
        line.closed_at, line.reason = self.days.after(last, 1, 20, rng), reason
        line.facts.sort(key=lambda fact: fact[2])
        return line
