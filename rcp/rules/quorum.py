"""The quorum of one case: who must be there for the opinion to be valid (french-standards 1.2, RCP-02).

A case reaches its quorum when the physicians present for it, absences of that case taken away, hold at least
``min_specialties`` distinct specialties, and each required group has at least one of them. A specialty counts once
whatever the number of its physicians; a nurse, a pharmacist or a secretary never counts; a physician without known
specialty does not either. Nobody recorded at all means nothing is known, which is not the same as a missed quorum.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from rcp.rules.specialties import family, label

Group = tuple[str, ...]


class RuleError(ValueError):
    """A quorum rule that cannot be read; the message is French and says where."""


class Outcome(StrEnum):
    """Values of `rcp.models.QuorumOutcome`."""

    REACHED = "reached"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Participant:
    """Someone in the room or on the screen. ``key`` tells them apart (`Attendance.pk`)."""

    key: int
    specialty: str
    is_physician: bool = True


@dataclass(frozen=True)
class QuorumRule:
    """What a series demands: ``required`` has one entry per group, any specialty of a group serves it."""

    min_specialties: int = 3
    required: tuple[Group, ...] = ()


@dataclass(frozen=True)
class Quorum:
    """The answer. ``missing`` reads after « manque : »; ``specialties`` are the distinct ones that count, sorted."""

    outcome: Outcome
    missing: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()

    @property
    def is_reached(self) -> bool:
        return self.outcome is Outcome.REACHED


def read_required(raw: object) -> tuple[Group, ...]:
    """The groups of ``RcpSeries.required_specialties`` (a list of non-empty lists of codes). Raises RuleError."""
    if not isinstance(raw, list):
        raise RuleError('Les spécialités exigées sont une liste de groupes, par exemple [["SM36"], ["SM37"]].')
    groups: list[Group] = []
    for number, group in enumerate(raw, start=1):
        codes = group if isinstance(group, list) else None
        if not codes or not all(isinstance(code, str) and code.strip() for code in codes):
            raise RuleError(f"Le groupe n° {number} doit être une liste d’au moins un code de spécialité.")
        groups.append(tuple(code.strip().upper() for code in codes))
    return tuple(groups)


def quorum(recorded: Collection[Participant], rule: QuorumRule, absent: Collection[int] = ()) -> Quorum:
    """The quorum of a case.

    ``recorded`` are all who attend the session, ``absent`` the keys of those who are not there for this case.
    """
    if not recorded:
        return Quorum(Outcome.UNKNOWN)
    held = {family(p.specialty) for p in recorded if p.is_physician and p.key not in absent} - {""}
    missing = _missing(held, rule)
    return Quorum(Outcome.MISSED if missing else Outcome.REACHED, tuple(missing), tuple(sorted(held)))


def _missing(held: set[str], rule: QuorumRule) -> list[str]:
    """What lacks, in French: the groups nobody represents, then how many more specialties would be needed."""
    empty = _distinct(group for group in rule.required if not held & {family(code) for code in group})
    words = [_named(group) for group in empty]
    # Each missing group brings one specialty when it comes; only what would still lack then is worth saying.
    more = rule.min_specialties - len(held) - len(empty)
    if more > 0:
        words.append("une autre spécialité" if more == 1 else f"{more} autres spécialités")
    return words


def _distinct(groups: Iterable[Group]) -> list[Group]:
    """The groups without those that ask for the same specialties."""
    seen: dict[frozenset[str], Group] = {}
    for group in groups:
        seen.setdefault(frozenset(family(code) for code in group), group)
    return list(seen.values())


def _named(group: Group) -> str:
    names = list(dict.fromkeys(label(code) for code in group))
    text = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} ou {names[-1]}"
    return text if len(text) <= 200 else f"{names[0]} ou une autre des {len(names)} spécialités admises"
