"""What every act of the story needs: the agenda, the world, and the people who act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.demo.engine import Agenda
from config.demo.story import Story
from config.demo.world import World
from coordination.models import Booking
from directory.models import User
from pathways.models import Milestone
from pathways.services import record_milestone
from rcp.models import RcpSeries

Chapter = Callable[["Life", Story], None]


@dataclass
class Life:
    """The hospital while it lives.

    ``when_over`` and ``when_ordinary`` say what follows an appointment in a protected slot and one on ordinary time.
    ``refusals`` counts what the services refused and the people worked around.
    """

    agenda: Agenda
    world: World
    series: RcpSeries
    when_over: Callable[[Booking, str], Chapter]
    when_ordinary: Callable[[str], Chapter]
    stories: list[Story] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.agenda.now

    def user(self, key: str) -> User:
        return self.world.users[key]

    def of_pathway(self, pathway_id: int) -> Story | None:
        """The story of a pathway, none for those of the neighbour."""
        return next((s for s in self.stories if s.known_pathway and s.known_pathway.pk == pathway_id), None)

    def then(self, story: Story, instant: datetime, chapter: Chapter, by: User | None = None) -> None:
        """Plans a chapter of a story, left unlived when the story is over by then."""

        def act() -> None:
            if not story.over:
                chapter(self, story)

        self.agenda.at(instant, act, by)

    def later(self, story: Story, hours: float, chapter: Chapter, by: User | None = None) -> None:
        """The same, about ``hours`` of worked time from now."""
        self.then(story, self.agenda.later(hours, story.rng), chapter, by)

    def in_days(self, story: Story, days: int, chapter: Chapter, by: User | None = None) -> None:
        """The same, some hour of the first worked day ``days`` calendar days from now or after."""
        day = self.agenda.worked_day(self.now.date() + timedelta(days=days))
        hour = 8.5 + story.rng.random() * 8.5
        self.then(story, max(self.agenda.on(day, hour), self.now), chapter, by)

    def refused(self, code: str) -> None:
        self.refusals[code] = self.refusals.get(code, 0) + 1

    def note(
        self, story: Story, kind: str, by: User | None, *, detail: str = "", at: datetime | None = None, note: str = ""
    ) -> Milestone:
        """Records a fact typed by someone."""
        return record_milestone(
            pathway=story.pathway, kind=kind, occurred_at=at or self.now, detail=detail, author=by,
            site=self.world.hospital, note=note,
        )  # fmt: skip
