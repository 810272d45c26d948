"""What is counted within a window, in Redis."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache

from directory.tries import count

HOUR = timedelta(hours=1)
KEY = "counted-within-a-window"


@pytest.mark.usefixtures("clean_cache")
def test_each_counts_one_more_until_the_window_ends() -> None:
    assert [count(KEY, HOUR) for _ in range(3)] == [1, 2, 3]
    cache.touch(KEY, 0)
    assert count(KEY, HOUR) == 1


@pytest.mark.usefixtures("clean_cache")
def test_a_window_that_ends_between_asking_and_counting_begins_again() -> None:
    count(KEY, HOUR)
    really, late = cache.incr, [KEY]

    def ends_first(key: str, **more: Any) -> int:
        if late:
            cache.delete(late.pop())
        return int(really(key, **more))

    with patch.object(cache, "incr", ends_first):
        assert count(KEY, HOUR) == 1
    assert count(KEY, HOUR) == 2
