"""A platform with slots, and short ways to make what the tests of the desk need."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from coordination import services
from coordination.models import Booking, Convention, ExamType, Slot, SlotPolicy, SlotSeries
from directory.models import Role, Team, TeamKind, User
from pathways.models import Pathway, TargetPathway
from pathways.services import calendar_of
from tests.factories import PathwayFactory, TargetFactory, TeamFactory, UserFactory


def exam(code: str = "scanner") -> ExamType:
    """One of the shipped exam types."""
    if not ExamType.objects.filter(code=code).exists():
        services.load_exam_types()
    return ExamType.objects.get(code=code)


@dataclass
class Desk:
    """A coordination team with its target pathway, and a platform that lends it slots."""

    team: Team = field(default_factory=TeamFactory)

    @cached_property
    def coordinator(self) -> User:
        return UserFactory(role=Role.COORDINATOR, team=self.team)

    @cached_property
    def platform(self) -> Team:
        return TeamFactory(establishment=self.team.establishment, kind=TeamKind.PLATFORM, name="Scanner 1")

    @cached_property
    def technician(self) -> User:
        return UserFactory(role=Role.PLATFORM, team=self.platform)

    @cached_property
    def target(self) -> TargetPathway:
        return TargetFactory(team=self.team)

    def pathway(self, **options: Any) -> Pathway:
        options.setdefault("owner", self.coordinator)
        return PathwayFactory(team=self.team, target=self.target, **options)

    def series(self, **options: Any) -> SlotSeries:
        """A weekly series; its first slot is `in_days` ahead (10 by default; holidays, which have no slots, are not
        counted), at 9:00. On a platform of another establishment than its targets, by a convention."""
        day = self.day(options.pop("in_days", 10), options.get("platform"))
        options.setdefault("exam_type", exam())
        options.setdefault("starts_at", time(9))
        options.setdefault("platform", self.platform)
        options.setdefault("targets", [self.target])
        for target in options["targets"]:
            if target.establishment_id != options["platform"].establishment_id:
                self._agree_once(options["platform"], options["exam_type"].code, target)
        return services.create_series(weekday=day.weekday(), valid_from=day, **options)

    def day(self, ahead: int, platform: Team | None = None) -> date:
        """The ``ahead``-th day after today that is no public holiday there: tests run at Christmas too."""
        calendar, day = calendar_of((platform or self.platform).establishment), timezone.localdate()
        while ahead > 0:
            day += timedelta(days=1)
            ahead -= calendar.holiday_name(day) is None
        return day + timedelta(days=ahead)

    def slot(self, **options: Any) -> Slot:
        """The first slot of a new series."""
        options.setdefault("valid_until", self.day(options.get("in_days", 10), options.get("platform")))
        return self.series(**options).slots.order_by("starts_at")[0]

    def slot_at(self, starts_at: datetime, **options: Any) -> Slot:
        """A slot at a precise instant, past or future, made without the generator."""
        series = self.series(**{"valid_until": date(2100, 1, 1), **options})
        series.slots.all().delete()
        notice = timedelta(hours=series.release_notice_hours)
        return Slot.objects.create(
            series=series,
            exam_type=series.exam_type,
            platform=series.platform,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=series.duration_minutes),
            release_at=starts_at - notice,
            capacity=series.capacity,
        )

    def _agree_once(self, platform: Team, code: str, target: TargetPathway) -> None:
        if not SlotPolicy.objects.lending(platform).filter(target=target, exam_type__code=code).exists():
            self.agree(platform, code, target=target)

    def agree(self, platform: Team, code: str = "scanner", **options: Any) -> Convention:
        """A convention with the establishment of ``platform``, and the policy by which it serves the desk's target."""
        target = options.pop("target", self.target)
        first = options.setdefault("valid_from", timezone.localdate() - timedelta(days=30))
        reference = options.pop("reference", f"CONV-{Convention.objects.count() + 1}")
        within = options.pop("within", "")
        written = services.create_convention(
            reference=reference, kind="convention", holder=target.establishment, partner=platform.establishment,
            exam_types=[exam(code)], **options,
        )  # fmt: skip
        services.decide_policy(
            exam_type=exam(code), target=target, platform=platform, mode="partner", convention=written,
            within=within, decided_on=first, decided_by="Comité", user=self.coordinator, **options,
        )  # fmt: skip
        return written

    def booking(self, slot: Slot | None = None, pathway: Pathway | None = None, **options: Any) -> Booking:
        return services.book_slot(
            slot=slot or self.slot(), pathway=pathway or self.pathway(), user=self.coordinator, **options
        )

    def booked_before_release(self, slot: Slot, pathway: Pathway | None = None, **options: Any) -> Booking:
        """A booking made an hour before the slot would have gone back to its platform."""
        return self.booking(slot, pathway, at=slot.release_at - timedelta(hours=1), **options)

    def past_booking(
        self, code: str = "scanner", pathway: Pathway | None = None, hours: float = 2, step_key: str = ""
    ) -> Booking:
        """An appointment that began ``hours`` ago."""
        starts_at = timezone.now() - timedelta(hours=hours)
        slot = self.slot_at(starts_at, exam_type=exam(code))
        return self.booked_before_release(slot, pathway or self.pathway(days_ago=6), step_key=step_key)

    def call_back(self, pathway: Pathway, days: int) -> None:
        """A call promised, forty days ago, for ``days`` from today."""
        at, day = timezone.now() - timedelta(days=40), timezone.localdate() + timedelta(days=days)
        services.record_contact(pathway=pathway, author=self.coordinator, outcome="call_back", next_on=day, at=at)
