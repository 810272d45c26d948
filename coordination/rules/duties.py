"""The morning split: who holds which post, from the usual week and from what was said for the day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

POSTS = ("mail", "phone", "consultations")


@dataclass(frozen=True)
class Held:
    """One person on one post; `there` is false when they are away or have left the team."""

    post: str
    user: int
    name: str
    there: bool = True


@dataclass(frozen=True)
class Split:
    """The day of one desk. `used` is false when the team splits nothing that day: nothing is then missing."""

    posts: Mapping[str, list[Held]]
    used: bool

    @property
    def unassigned(self) -> list[str]:
        return [post for post in POSTS if self.used and not self.posts[post]]

    def of(self, user: int) -> list[str]:
        """The posts that ``user`` holds."""
        return [post for post in POSTS if any(each.user == user for each in self.posts[post])]


def split(pattern: Iterable[Held], said: Iterable[Held] | None) -> Split:
    """What was ``said`` for the day alone counts when the day was split by hand; else the usual week. Only those who
    are there hold a post, so that an absence shows as a post without anyone."""
    usual = list(pattern)
    rows = usual if said is None else list(said)
    posts = {post: [each for each in rows if each.post == post and each.there] for post in POSTS}
    return Split(posts, used=said is not None or bool(usual))
