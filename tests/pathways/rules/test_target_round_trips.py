"""Target pathways written and read again: nothing of the content is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from pathways.rules import Target, dump, from_dict, parse_target, to_dict
from pathways.rules.target import digest
from tests.pathways.rules.stories import TARGETS
from tests.pathways.rules.strategies import written_targets
from tests.pathways.rules.test_target_files import GOOD


@settings(max_examples=60, deadline=None)
@given(written_targets())
def test_round_trips_lose_nothing(target: Target) -> None:
    assert parse_target(dump(target)) == target
    assert from_dict(json.loads(json.dumps(to_dict(target)))) == target
    assert dump(parse_target(dump(target))) == dump(target)
    assert digest(parse_target(dump(target))) == digest(target)


@pytest.mark.parametrize("path", sorted(TARGETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_pathways_round_trip(path: Path) -> None:
    target = parse_target(path.read_text(encoding="utf-8"))
    assert parse_target(dump(target)) == from_dict(json.loads(json.dumps(to_dict(target)))) == target
    assert "all_of" not in dump(target), "a join is a list"


def test_comments_and_layout_do_not_change_the_digest() -> None:
    told = GOOD.replace("version: 3", "version: 3  # la troisième").replace(
        "[no_cancer, death]", "\n  - no_cancer\n  - death"
    )
    assert digest(parse_target(told)) == digest(parse_target(GOOD))
    assert digest(parse_target(GOOD.replace("objective: 14 days", "objective: 15 days"))) != digest(parse_target(GOOD))
