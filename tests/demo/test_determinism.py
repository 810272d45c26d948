"""The same seed on the same day gives the same hospital."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from config.demo.load import fill
from config.demo.reset import empty_tables
from config.demo.simulate import Measure
from tests.demo.digest import key_facts

TODAY = datetime(2026, 5, 13, 9, 30, tzinfo=ZoneInfo("Europe/Paris"))
"""The eve of Ascension Day, after the weeks of May with their holidays."""
A_FEW = Measure(referrals=16, days=45, waiting=2, neighbours=1)


@pytest.mark.django_db(transaction=True)
def test_two_loads_of_the_same_day_tell_the_same_story() -> None:
    told = []
    for _ in range(2):
        empty_tables()
        with time_machine.travel(TODAY, tick=False):
            fill(A_FEW, today=TODAY.date(), seed=7, say=lambda line: None)
        told.append(key_facts())
    first, second = told
    assert {name: len(rows) for name, rows in first.items()} == {name: len(rows) for name, rows in second.items()}
    for name, rows in first.items():
        assert rows == second[name], name
    assert len(first["milestones"]) > 100 and len(first["decisions"]) > 2
