"""Target pathways in and out: YAML text, JSON data, and the faults of either.

`parse_target(dump(target)) == target` and `from_dict(to_dict(target)) == target`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import yaml

from pathways.rules import resources
from pathways.rules.checks import check
from pathways.rules.definition import (
    Anchor,
    Choice,
    Contact,
    MailTemplate,
    Match,
    Objective,
    Partner,
    Repeat,
    SlotType,
    Stay,
    StepDef,
    Target,
    to_dict,
)
from pathways.rules.located import Located, UnreadableError, locate_data, locate_yaml
from pathways.rules.problem import Problem
from pathways.rules.reader import Reading, read_target
from pathways.rules.section import Fault, Section
from pathways.rules.vocabulary import Actor, EntryChannel, Period, Phase, Pick, SlotMode

__all__ = [
    "Actor",
    "Anchor",
    "Choice",
    "Contact",
    "EntryChannel",
    "Fault",
    "MailTemplate",
    "Match",
    "Objective",
    "Partner",
    "Period",
    "Phase",
    "Pick",
    "Repeat",
    "SlotMode",
    "SlotType",
    "Stay",
    "StepDef",
    "Target",
    "TargetError",
    "check",
    "digest",
    "dump",
    "from_dict",
    "from_draft",
    "parse_target",
    "to_dict",
]


class TargetError(ValueError):
    """A target pathway is refused whole. `faults` holds every fault, by line; `str()` prints one per line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(_printed(fault) for fault in self.faults))


def parse_target(text: str) -> Target:
    """Reads a target pathway from YAML text. Raises TargetError."""
    try:
        located = locate_yaml(text)
    except UnreadableError as error:
        raise TargetError([Fault(error.line, error.message)]) from error
    return _accepted(located)


def from_dict(data: dict[str, Any]) -> Target:
    """Reads a target pathway from what `to_dict` gave (the JSON kept in the database). Raises TargetError,
    with lines at 0."""
    return _accepted(locate_data(data))


def from_draft(data: dict[str, Any]) -> Target:
    """Reads what is being written: well formed, but not yet fit to be followed (`check` tells why). Raises
    TargetError."""
    reading = read_target(locate_data(data))
    if reading.faults:
        raise TargetError(reading.faults)
    return reading.target


def dump(target: Target) -> str:
    """The target as YAML text, keys in the order of the reference, defaults left out."""
    return yaml.safe_dump(to_dict(target), allow_unicode=True, sort_keys=False, width=110)


def digest(target: Target) -> str:
    """The SHA-256 of the content: two files that only differ by their comments or layout have the same."""
    return hashlib.sha256(json.dumps(to_dict(target), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _accepted(located: Located) -> Target:
    """The target, once nothing is wrong with it."""
    reading = read_target(located)
    faults = [*reading.faults, *(_placed(reading, problem) for problem in _news(reading))]
    if faults:
        raise TargetError(faults)
    return reading.target


def _news(reading: Reading) -> Iterable[Problem]:
    """The problems of meaning that are not the mere shadow of a fault of form."""
    # A step whose key or end could not be read may be the very one another step waits for; so may a choice, a partner.
    blurred = any({"key", "done_by", "exam_type"} & section.broken for section in reading.steps)
    blurred = blurred or bool(resources.LISTS & reading.head.broken)
    for problem in check(reading.target):
        broken = _section(reading, problem).broken
        of_nameless = problem.step is not None and "key" in broken
        if not (problem.field in broken or of_nameless or (blurred and problem.elsewhere)):
            yield problem


def _section(reading: Reading, problem: Problem) -> Section:
    return reading.head if problem.step is None else reading.steps[problem.step]


def _placed(reading: Reading, problem: Problem) -> Fault:
    return Fault(_section(reading, problem).line_of(problem.field, problem.item), problem.message)


def _printed(fault: Fault) -> str:
    return f"Ligne {fault.line} : {fault.message}" if fault.line else fault.message
